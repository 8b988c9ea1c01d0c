package vmdk_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// TestHolesOfTerabytes puts a small image into a file of 64 TiB: what lies far
// after everything costs no time, is reported once, and a grain out there is
// still found to be claimed twice.
func TestHolesOfTerabytes(t *testing.T) {
	const size, far = 64 << 40, 1 << 40
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	f.entry(40, far/sector)
	f.entry(41, far/sector)
	m := folder(map[string][]byte{"d.vmdk": f.b})
	file, err := m.OpenWrite("d.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
	img := openSource(t, enginetest.Memory(t, m, "d.vmdk", formats))
	leaks, shared := "", 0
	for found, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		switch found.Code {
		case "vmdk/G12":
			leaks = found.Text
		case "vmdk/G8":
			shared++
		}
	}
	if shared != 1 {
		t.Errorf("%d findings of the grain that two entries claim", shared)
	}
	if want := fmt.Sprintf("%d bytes", size-int64(len(f.b))-grainSectors*sector); !strings.HasPrefix(leaks, want) {
		t.Errorf("unreferenced: %q, want %s", leaks, want)
	}
}

// TestManySparseExtents opens a disk of hundreds of extents, whose tables must
// share the memory that a single one may use.
func TestManySparseExtents(t *testing.T) {
	const extents, tables = 100, 1024
	f := hosted("", nil)
	head := f.b[:sector]
	h, _ := vmdk.HeaderTable.Of(head)
	vmdk.HeaderFlags.Put(h, vmdk.FlagNewlines)
	vmdk.HeaderRedundantOffset.Put(h, 0)
	vmdk.HeaderCapacity.Put(h, tables*65536)
	const at = 64
	vmdk.HeaderDirectoryOffset.Put(h, at)
	first := at + 4*tables/sector
	vmdk.HeaderOverHead.Put(h, uint64(first+4*tables))
	directory := make([]byte, 4*tables)
	for i := range tables {
		binary.LittleEndian.PutUint32(directory[4*i:], uint32(first+4*i))
	}
	b := append(append(append([]byte(nil), head...), make([]byte, (at-1)*sector)...), directory...)
	m, lines := store.NewMem(), ""
	for i := range extents {
		name := fmt.Sprintf("s%03d.vmdk", i)
		if err := m.PutFile(name, b).Truncate(int64(len(b) + tables*tableBytes)); err != nil {
			t.Fatal(err)
		}
		lines += fmt.Sprintf("RW %d SPARSE %q\n", tables*65536, name)
	}
	m.PutFile("d.vmdk", []byte(text("twoGbMaxExtentSparse", lines)))
	img := openSource(t, enginetest.Memory(t, m, "d.vmdk", formats))
	before := heap()
	end := int64(0)
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil || s.Start != end || s.State != disk.Unallocated {
			t.Fatalf("%+v: %v", s, err)
		}
		end += s.Length
	}
	if end != extents*tables*65536*sector {
		t.Errorf("the map ends at 0x%x", end)
	}
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("%d bytes are kept of the tables", grown)
	}
	runtime.KeepAlive(img)
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// counting counts the bytes read from a file.
type counting struct {
	store.File
	read int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.read += int64(len(p))
	return c.File.ReadAt(p, off)
}

// TestBrokenGrainIsUnpackedOnce reads a damaged compressed grain sector by
// sector, as a search for what can be saved does.
func TestBrokenGrainIsUnpackedOnce(t *testing.T) {
	f := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains())
	f.b[f.grain[3]+40] ^= 0x55
	src := enginetest.Memory(t, folder(map[string][]byte{"d.vmdk": f.b}), "d.vmdk", formats)
	c := &counting{File: src.File}
	src.File = c
	img := openSource(t, src)
	buf := make([]byte, sector)
	read := func(i int64) {
		if _, err := img.ReadAt(buf, 3*grainBytes+i*sector); err == nil {
			t.Fatal("a damaged grain was read")
		}
	}
	c.read = 0
	if read(0); c.read == 0 {
		t.Fatal("the file was not read")
	}
	c.read = 0
	for i := range int64(grainSectors) {
		read(i)
	}
	if c.read != 0 {
		t.Errorf("%d bytes were read again", c.read)
	}
}
