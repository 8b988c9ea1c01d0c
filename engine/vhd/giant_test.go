package vhd_test

import (
	"encoding/binary"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// sparse places the structures of a small image in a file with a table of any
// length, most of it a hole.
func sparse(t *testing.T, entries uint32, size, fileSize int64) (*fixture, *store.MemFile) {
	t.Helper()
	f := build(t, plan{kind: layout.Dynamic, size: 1 << 20, block: 2 << 20, id: 1})
	layout.HeaderEntries.Put(f.header(), entries)
	layout.FooterCurrentSize.Put(f.footer(), uint64(size))
	g := layout.GeometryFor(uint64(size))
	layout.FooterCylinders.Put(f.footer(), g.Cylinders)
	layout.FooterHeads.Put(f.footer(), g.Heads)
	layout.FooterSectors.Put(f.footer(), g.Sectors)
	f.both()
	f.sealHeader()
	file := store.NewMemFile(fileSize)
	put(t, file, f.bytes[:tableAt], 0)
	put(t, file, f.footer().Bytes(), fileSize-layout.FooterSize)
	return f, file
}

func put(t *testing.T, f store.File, b []byte, off int64) {
	t.Helper()
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

func openFile(t *testing.T, f *store.MemFile) disk.Image {
	t.Helper()
	m := store.NewMem()
	m.Put("disk.vhd", f)
	return open(t, enginetest.Memory(t, m, "disk.vhd", formats))
}

// TestTableInHole has a table of 16 GiB that takes no room: all entries are
// zero, which is wrong for each of them, and said once.
func TestTableInHole(t *testing.T) {
	_, file := sparse(t, 1<<32-1, 2040<<30, 20<<30)
	img := openFile(t, file)
	list := check(t, img)
	n := 0
	for _, f := range list {
		if f.Code == "vhd/V031" {
			n++
		}
	}
	if n == 0 || n > 3 {
		t.Errorf("%d findings of zero entries", n)
	}
	enginetest.Regions(t, img)
	if _, err := img.ReadAt(make([]byte, 512), 1<<40); !isKind(err, disk.ErrDamaged) {
		t.Errorf("read: %v", err)
	}
}

// TestFullTable has the largest disk with every block in the same place, and
// with every block in a place of its own.
func TestFullTable(t *testing.T) {
	const entries = 1_044_480
	for _, stride := range []uint32{0, 4097} {
		f, file := sparse(t, entries, 2040<<30, 2041<<30)
		table := make([]byte, 4*entries)
		for i := range uint32(entries) {
			binary.BigEndian.PutUint32(table[4*i:], 16384+i*stride)
		}
		put(t, file, table, f.table)
		img := openFile(t, file)
		if !img.Info().Readable() {
			t.Fatal(img.Info().Refused)
		}
		spans := int64(0)
		for s, err := range img.Map(0, 2040<<30) {
			if err != nil || s.State != disk.Unallocated {
				t.Fatalf("%+v: %v", s, err)
			}
			spans++
		}
		errors := 0
		for _, found := range check(t, img) {
			if found.Severity == bad {
				errors++
			}
		}
		if want := map[uint32]int{0: 1001, 4097: 0}[stride]; spans != 1 || errors != want {
			t.Errorf("stride %d: %d spans, %d errors", stride, spans, errors)
		}
		regions := int64(0)
		for _, err := range img.Regions(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			regions++
		}
		if want := map[uint32]int64{0: 8, 4097: 2 * entries}[stride]; regions < want || regions > want+10 {
			t.Errorf("stride %d: %d regions", stride, regions)
		}
	}
}

// TestMapOfTableInHole maps a disk of the smallest blocks whose table of 16 GiB
// is a hole: not one of its entries is looked at by itself.
func TestMapOfTableInHole(t *testing.T) {
	const entries = 1<<32 - 1
	f, file := sparse(t, entries, entries*512, 20<<30)
	layout.HeaderBlockSize.Put(f.header(), 512)
	f.sealHeader()
	put(t, file, f.bytes[:tableAt], 0)
	m := store.NewMem()
	m.Put("disk.vhd", file)
	src := enginetest.Memory(t, m, "disk.vhd", formats)
	count := &counted{File: src.File}
	src.File = count
	img := open(t, src)
	if !img.Info().Readable() {
		t.Fatal(img.Info().Refused)
	}
	count.reads = 0
	for s, err := range img.Map(0, entries*512) {
		if err != nil || s.State != disk.Missing || s.Length != entries*512 {
			t.Fatalf("%+v: %v", s, err)
		}
	}
	if count.reads > 1000 {
		t.Errorf("%d reads of a table that is a hole", count.reads)
	}
}

// counted counts the reads of a file.
type counted struct {
	store.File
	reads int
}

// ReadAt is io.ReaderAt.
func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.File.ReadAt(p, off)
}
