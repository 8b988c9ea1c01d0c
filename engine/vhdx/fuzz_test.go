package vhdx_test

import (
	"context"
	"testing"
	"time"

	"platter/decode/decodetest"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
	"platter/engine/vhdx/writer"
)

// packed is the parts of an image that a fuzzer should change, one after the
// other: the first two of each structure's 4 KiB pages.
var packed = []int64{0, layout.HeaderOffset(0), layout.HeaderOffset(1), layout.RegionOffset(0), layout.RegionOffset(1),
	logAt, logAt + 4096, logAt + 8192, metadataAt, metadataAt + 64<<10, batAt, batAt + 4096*8}

// unpack lays the fuzzer's pages out as an image. Checksums are made right, or
// nothing after them would ever be reached; bits of seal leave one wrong.
func unpack(b []byte, seal byte) *store.MemFile {
	f := store.NewMemFile(6 * mib)
	for i, off := range packed {
		page := make([]byte, 4096)
		copy(page, b[min(len(b), i*512):min(len(b), (i+1)*512)])
		if (i == 1 || i == 2) && seal>>i&1 == 0 {
			layout.HeaderTable.Seal(page)
		}
		if _, err := f.WriteAt(page, off); err != nil {
			panic(err)
		}
	}
	for i := range 2 {
		table := make([]byte, layout.RegionTableSize)
		if _, err := f.ReadAt(table, layout.RegionOffset(i)); err == nil && seal>>(3+i)&1 == 0 {
			layout.RegionTable.Seal(table)
			f.WriteAt(table[:16], layout.RegionOffset(i))
		}
	}
	sealLog(f, seal)
	return f
}

// sealLog makes the checksum of an entry at the log's start right.
func sealLog(f *store.MemFile, seal byte) {
	head := make([]byte, layout.LogHeadSize)
	f.ReadAt(head, logAt)
	rec, _ := layout.LogEntryTable.Of(head)
	n := layout.LogEntryLength.Get(rec)
	if seal>>5&1 != 0 || n < layout.LogSector || n > mib {
		return
	}
	entry := make([]byte, n)
	f.ReadAt(entry, logAt)
	whole, _ := layout.LogEntryTable.Of(entry)
	layout.LogChecksum.Put(whole, 0)
	layout.LogChecksum.Put(whole, uint32(layout.Checksum(entry)))
	f.WriteAt(entry[:64], logAt)
}

// pack takes the fuzzer's pages out of an image.
func pack(f *fixture) []byte {
	var b []byte
	for _, off := range packed {
		b = append(b, f.get(off, 512)...)
	}
	return b
}

// FuzzOpen opens any bytes and does everything with what comes out: it must
// end, and soon.
func FuzzOpen(f *testing.F) {
	seeds := []plan{plain, lone, derived, {size: 4100 * mib, sector: 4096}, {size: 64 << 40, block: 256 * mib}}
	for _, p := range seeds {
		f.Add(pack(build(f, p)), byte(0))
	}
	logged, entries := dirty(f)
	logged.log(logged.record(0, 5, 0, setting(logged, entries, 2), logChange{target: metadataAt + 512<<10, length: 8192}))
	f.Add(pack(logged), byte(0))
	f.Add([]byte(layout.Signature), byte(0xFF))
	f.Fuzz(func(t *testing.T, b []byte, seal byte) {
		file := unpack(b, seal)
		img, err := vhdx.Open(t.Context(), disk.Source{Path: "f", Name: "f", File: file})
		if err != nil {
			return
		}
		everything(t, file, img)
	})
}

// everything exercises an image as far as 5 seconds allow.
func everything(t *testing.T, f *store.MemFile, img disk.Image) {
	t.Helper()
	files := store.NewMem()
	files.Put(img.Files()[0].Name, f)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	info := img.Info()
	buf := make([]byte, 64<<10)
	for _, off := range []int64{0, 1, mib - 7, info.VirtualSize / 2, info.VirtualSize - 100} {
		img.ReadAt(buf, off)
	}
	n := 0
	pos := int64(0)
	for s, err := range img.Map(0, info.VirtualSize) {
		if err != nil {
			break
		}
		if s.Start != pos || s.Length <= 0 {
			t.Fatalf("span %+v at 0x%x", s, pos)
		}
		pos += s.Length
		if n++; n > 1000 {
			break
		}
	}
	end := int64(0)
	for r, err := range img.Regions(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Offset != end || r.Length <= 0 {
			t.Fatalf("region %+v at 0x%x", r, end)
		}
		end = r.Offset + r.Length
	}
	if end != info.FileSize {
		t.Fatalf("regions end at 0x%x of 0x%x", end, info.FileSize)
	}
	for f, err := range img.Check(ctx) {
		if err == nil && (f.Text == "" || f.Code == "") {
			t.Fatalf("finding %+v", f)
		}
		enginetest.Offers(t, files, img, writer.Repairs, f)
	}
	if ctx.Err() != nil {
		t.Fatal("took 5 seconds")
	}
	decodetest.Walk(t, img.Tree(), 3000)
	logged := img.(disk.Logged)
	log, err := logged.Log(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log.Entries {
		for d, err := range e.Descriptors {
			if err != nil || d.Target.Length < 0 {
				t.Fatalf("descriptor %+v, %v", d, err)
			}
		}
	}
	if at, err := logged.AtStep(ctx, 0); err == nil {
		at.ReadAt(buf, 0)
	}
}
