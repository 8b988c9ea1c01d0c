package vhdx_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
	"platter/engine/vhdx/writer"
)

// sumAfterFirst is the digest of the disk after the first repair of the first finding
// of a code, with that repair and all of the finding's.
func sumAfterFirst(t *testing.T, f *fixture, code string) ([32]byte, []disk.Repair) {
	t.Helper()
	folder := files(map[string]*fixture{"disk.vhdx": f})
	img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))
	for _, found := range check(t, img) {
		if found.Code != code {
			continue
		}
		list, err := writer.Repairs(t.Context(), img, found)
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		w := store.NewWorkspace(folder, "disk.vhdx")
		defer w.Close()
		if err := enginetest.Repair(t, w, list[0]); err != nil {
			t.Fatal(err)
		}
		again, err := vhdx.Open(t.Context(), enginetest.Staged(t, w, "disk.vhdx", formats))
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(all(t, again)), list
	}
	t.Fatalf("no %s", code)
	return [32]byte{}, nil
}

// TestStateFiveKeepsTheBlock damages the state of each block that is stored: what lies at
// its place comes first, and nothing gives it up without a risk.
func TestStateFiveKeepsTheBlock(t *testing.T) {
	for lost := range int64(4) {
		f := ascending(t, false)
		want := sha256.Sum256(all(t, openFixture(t, f)))
		f.batEntry(lost, uint64(f.next-(4-lost)*mib)|layout.UnmappedDraft)
		got, list := sumAfterFirst(t, f, "vhdx/38")
		if got != want {
			t.Errorf("block %d: the disk is not as before", lost)
		}
		for _, r := range list {
			if r.Risk == "" {
				t.Errorf("block %d: no risk is said of %q", lost, r.Title)
			}
		}
	}
	f := ascending(t, false)
	f.batEntry(1, uint64(f.grow(mib))|layout.UnmappedDraft)
	if _, list := sumAfterFirst(t, f, "vhdx/38"); len(list) != 1 || list[0].Risk != "" {
		t.Errorf("a block of zeros: %+v", list)
	}
}

// TestBlockLedOntoStructure has the entry of each block in turn lead onto the log, the
// metadata or the BAT: the block that nothing names any more comes first, and copying a
// structure into the disk has a risk that says so.
func TestBlockLedOntoStructure(t *testing.T) {
	for lost := range int64(4) {
		for _, at := range []uint64{logAt, metadataAt, batAt} {
			f := ascending(t, false)
			want := sha256.Sum256(all(t, openFixture(t, f)))
			f.batEntry(lost, at|layout.FullyPresent)
			got, list := sumAfterFirst(t, f, "vhdx/44")
			if got != want {
				t.Errorf("block %d at 0x%x: the disk is not as before: %q", lost, at, list[0].Title)
			}
			for _, r := range list {
				if r.Risk == "" || strings.HasPrefix(r.Title, "copy") && !strings.Contains(r.Risk, "structure") {
					t.Errorf("%q: risk %q", r.Title, r.Risk)
				}
			}
		}
	}
}

// TestLargeBlockLedOntoStructure: the place that a block is led to covers the structures,
// and after them a part of the room that was its own.
func TestLargeBlockLedOntoStructure(t *testing.T) {
	f := build(t, plan{size: 32 * mib, block: 8 * mib, states: map[int64]uint64{0: 6, 2: 6, 3: 6}})
	want := sha256.Sum256(all(t, openFixture(t, f)))
	f.batEntry(0, logAt|layout.FullyPresent)
	if got, list := sumAfterFirst(t, f, "vhdx/44"); got != want {
		t.Errorf("the disk is not as before: %q", list[0].Title)
	}
}

// TestBytesAfterLastMiB puts a few bytes after the last whole MiB: the check warns and says
// where they are, and lengthening the file over them is a risk.
func TestBytesAfterLastMiB(t *testing.T) {
	for _, text := range []string{"", "kept here by somebody"} {
		f := ascending(t, false)
		f.Truncate(f.next + 512)
		f.put(f.next+100, []byte(text))
		img := openFixture(t, f)
		var seen []disk.Finding
		for _, found := range check(t, img) {
			if found.Code == "vhdx/51" {
				seen = append(seen, found)
			}
		}
		if len(seen) != 1 {
			t.Fatalf("%q: %v", text, seen)
		}
		list := repairsOf(t, img, seen[0])
		if len(list) != 1 || (list[0].Risk != "") != (text != "") {
			t.Errorf("%q: %+v", text, list)
		}
		if text == "" {
			expectCodes(t, seen, "vhdx/51")
			continue
		}
		if seen[0].Severity != disk.SeverityWarning || !strings.Contains(seen[0].Text, "0x800064 to 0x800078") {
			t.Errorf("%s: %s", seen[0].Severity, seen[0].Text)
		}
		if err := list[0].Apply(t.Context(), files(map[string]*fixture{"disk.vhdx": f})); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.get(f.next+100, len(text)), []byte(text)) {
			t.Error("the bytes are gone")
		}
	}
}

// TestLoneBlockBesideZeros: room that is longer than a block holds as much data as one, in
// one place, as QEMU lays its images out.
func TestLoneBlockBesideZeros(t *testing.T) {
	f := build(t, plan{size: 32 * mib, block: 8 * mib})
	f.grow(3 * mib)
	for _, block := range []int64{0, 2} {
		at := f.grow(8 * mib)
		f.put(at, bytes.Repeat([]byte{byte(block + 1)}, 8*mib))
		f.batEntry(block, uint64(at)|layout.FullyPresent)
	}
	want := sha256.Sum256(all(t, openFixture(t, f)))
	f.batEntry(0, logAt|layout.FullyPresent)
	if got, list := sumAfterFirst(t, f, "vhdx/44"); got != want {
		t.Errorf("the disk is not as before: %q", list[0].Title)
	}
}

// TestWipedBAT zeroes all entries: that data is there which nothing leads to is an error
// where it is much, and a warning where a write that was cut off may have left it.
func TestWipedBAT(t *testing.T) {
	for blocks, want := range map[int64]disk.Severity{4: disk.SeverityWarning, 40: disk.SeverityError} {
		f := build(t, plan{size: 64 * mib})
		f.put(f.grow(blocks*mib), []byte("text"))
		text := fmt.Sprintf("the %d MiB at 0x400000 hold data that nothing leads to", blocks)
		list := check(t, openFixture(t, f))
		if len(list) != 1 || list[0].Code != "vhdx/50" || list[0].Severity != want || !strings.Contains(list[0].Text, text) || list[0].Repairable {
			t.Errorf("%d blocks: %+v", blocks, list)
		}
		f.batEntry(9, 2) // a block that was zeroed
		if list := check(t, openFixture(t, f)); len(list) != 1 || list[0].Severity != disk.SeverityWarning || strings.Contains(list[0].Text, "no entry of the BAT") {
			t.Errorf("%d blocks, and an entry: %+v", blocks, list)
		}
	}
}

// TestMissingParentNamesTheWay: a parent in another folder is not followed to by itself, and
// reading says what allows it.
func TestMissingParentNamesTheWay(t *testing.T) {
	child := derived
	child.states = nil
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": build(t, child)}), "disk.vhdx", formats))
	if _, err := img.ReadAt(make([]byte, 512), 0); err == nil || !strings.Contains(err.Error(), "is missing (one in another folder needs --allow DIR, or --parent PATH)") {
		t.Error(err)
	}
}
