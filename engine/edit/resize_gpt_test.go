package edit_test

import (
	"bytes"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/uuid"

	layout "platter/decode/guest"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/guest"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

// gpt is a GUID partition table with one partition, for a disk of some bytes: what lies at its
// start, and what lies at its end.
func gpt(size int64, lastUsed uint64) (start, end []byte) {
	sectors := uint64(size / 512)
	start, end = make([]byte, 34*512), make([]byte, 33*512)
	mbr, _ := layout.MBR.Of(start)
	e, _ := layout.MBREntries.At(mbr, 0)
	layout.MBREntryType.Put(e, layout.TypeProtective)
	layout.MBREntryLBA.Put(e, 1)
	layout.MBREntrySectors.Put(e, uint32(sectors-1))
	layout.MBRSignature.Put(mbr, 0xAA55)
	p, _ := layout.GPTEntry.Of(start[1024:])
	layout.GPTEntryType.Put(p, uuid.MustParse("0fc63daf-8483-4772-8e79-3d69d8477de4"))
	layout.GPTEntryGUID.Put(p, uuid.MustParse("11111111-2222-4333-8444-555555555555"))
	layout.GPTEntryFirst.Put(p, 64)
	layout.GPTEntryLast.Put(p, lastUsed)
	copy(end, start[1024:])
	for _, h := range []struct {
		at               []byte
		own, other, list uint64
	}{{start[512:1024], 1, sectors - 1, 2}, {end[32*512:], sectors - 1, 1, sectors - 33}} {
		rec, _ := layout.GPTHeader.Of(h.at)
		layout.GPTSignature.Put(rec, "EFI PART")
		layout.GPTRevision.Put(rec, 0x10000)
		layout.GPTHeaderSize.Put(rec, 92)
		layout.GPTMyLBA.Put(rec, h.own)
		layout.GPTAlternateLBA.Put(rec, h.other)
		layout.GPTFirstUsable.Put(rec, 34)
		layout.GPTLastUsable.Put(rec, sectors-34)
		layout.GPTEntryLBA.Put(rec, h.list)
		layout.GPTEntryCount.Put(rec, 128)
		layout.GPTEntrySize.Put(rec, 128)
		layout.GPTEntriesCRC.Put(rec, crc32.ChecksumIEEE(end[:32*512]))
		layout.GPTHeaderCRC.Put(rec, crc32.ChecksumIEEE(h.at[:92]))
	}
	return start, end
}

// partitioned makes an image with a partition table.
func (k sized) partitioned(t *testing.T, files store.FS, lastUsed uint64) {
	t.Helper()
	k.made(t, files)
	w, err := engine.WriteIn(t.Context(), files, k.image(), k.image(), k.options(), disk.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	start, end := gpt(k.size, lastUsed)
	err = w.Zero(t.Context(), 0, k.size)
	_, err2 := w.WriteAt(start, 0)
	_, err3 := w.WriteAt(end, k.size-int64(len(end)))
	if err := errors.Join(err, err2, err3, w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// TestResizeMovesBackupGPT holds the second copy of a partition table at the end of the disk
// that grew or shrank, each copy and the protective MBR right; all in the commit of the size.
func TestResizeMovesBackupGPT(t *testing.T) {
	const m = int64(1 << 20)
	for _, k := range []sized{
		{"raw", "raw", "", 2 * m, []int64{3 * m, m + 512}},
		{"vhd", "vhd", "", 2 * m, []int64{5 * m, m + 512}},
		{"vhd, a block is stored for it", "vhd", "block-size=512K", 8 * m, []int64{4*m + 512}},
		{"vhdx", "vhdx", "block-size=1M", 2 * m, []int64{5 * m, m + 512}},
		{"vmdk", "vmdk", "", 2 * m, []int64{40 * m}},
		{"vmdk flat", "vmdk", "type=monolithicFlat", 2 * m, []int64{5 * m}},
	} {
		for _, to := range k.to {
			files := storetest.New()
			k.partitioned(t, files, 1000)
			trace := files.Record()
			how := edit.Sizing{NewSize: disk.NewSize{Size: to}, MoveGPT: true}
			if err := k.resize(t.Context(), files, how); err != nil {
				t.Fatalf("%s to %d: %v", k.name, to, err)
			}
			start, end := gpt(to, 1000)
			want := sizedAs{make([]byte, to), to}
			copy(want.content, start)
			copy(want.content[to-int64(len(end)):], end)
			if err := k.fault(t, files, disk.SeverityWarning, want); err != nil {
				t.Errorf("%s to %d: %v", k.name, to, err)
			}
			table, err := guest.Partitions(t.Context(), k.open(t, files))
			if err != nil || len(table.Findings) > 0 || table.Backup != to-512 {
				t.Errorf("%s to %d: %+v %v", k.name, to, table, err)
			}
			if k.name != "vhd" && k.name != "raw" && !enginetest.Full() {
				continue
			}
			old := sizedAs{make([]byte, k.size), k.size}
			start, end = gpt(k.size, 1000)
			copy(old.content, start)
			copy(old.content[k.size-int64(len(end)):], end)
			for p, left := range trace.Crashes(enginetest.Scale(1, 8)) {
				settled(t, left, k.image(), p.Ops%2 == 0)
				if err := k.fault(t, left, disk.SeverityError, old, want); err != nil && (to > k.size || !strings.Contains(k.name, "raw")) {
					t.Fatalf("%s to %d, %v: %v", k.name, to, p, err)
				}
				if err := k.resize(t.Context(), left, how); err != nil {
					t.Fatalf("%s to %d, %v, again: %v", k.name, to, p, err)
				}
				if err := k.fault(t, left, disk.SeverityError, want); err != nil {
					t.Fatalf("%s to %d, %v, again: %v", k.name, to, p, err)
				}
			}
		}
	}
}

// TestBackupGPTNeedsRoom refuses a size at whose end a partition lies, with leave to lose
// content too: the table would be wrong.
func TestBackupGPTNeedsRoom(t *testing.T) {
	k := sized{"raw", "raw", "", 2 << 20, nil}
	files := storetest.New()
	k.partitioned(t, files, 2040)
	err := k.resize(t.Context(), files, edit.Sizing{NewSize: disk.NewSize{Size: 1<<20 + 4096}, MoveGPT: true, Discard: true})
	var refused *disk.Refusal
	if !errors.As(err, &refused) || refused.Reason != disk.RefusedLoss {
		t.Error(err)
	}
	if err := k.resize(t.Context(), files, edit.Sizing{NewSize: disk.NewSize{Size: 1 << 19}}); !errors.As(err, &refused) || !strings.Contains(err.Error(), "partition 1 ends") {
		t.Error(err)
	}
}

// TestResizeEndsChangeTracking takes changeTrackPath out of a descriptor, whose map is of the
// old size, with a word about it.
func TestResizeEndsChangeTracking(t *testing.T) {
	k := sized{"vmdk flat", "vmdk", "type=monolithicFlat", 1 << 20, nil}
	files := store.NewMem()
	k.made(t, files)
	text := func() string {
		f, err := files.Open(k.image())
		if err != nil {
			t.Fatal(err)
		}
		size, _ := f.Size()
		b := make([]byte, size)
		f.ReadAt(b, 0)
		return string(b)
	}
	tracked := strings.Replace(text(), "version=1\n", "version=3\n", 1)
	tracked = strings.Replace(tracked, "\n# The Disk Data Base", "\n# Change Tracking File\nchangeTrackPath=\"d-ctk.vmdk\"\n\n# The Disk Data Base", 1)
	files.PutFile(k.image(), []byte(tracked))
	s, err := edit.OpenIn(t.Context(), files, k.image(), k.options())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Resize(t.Context(), edit.Sizing{NewSize: disk.NewSize{Size: 2 << 20, Geometry: "auto"}})
	if err != nil || len(plan.Warnings) != 1 || plan.Warnings[0].Code != "vmdk/tracking" {
		t.Fatalf("%+v %v", plan, err)
	}
	if err := plan.CarryOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := text(); strings.Contains(now, "changeTrackPath") || !strings.Contains(now, "version=1\n") || !strings.Contains(now, "RW 4096 FLAT") || bytes.Count([]byte(now), []byte("CID=")) != 2 {
		t.Error(now)
	}
}
