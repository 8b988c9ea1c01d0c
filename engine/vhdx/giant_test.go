package vhdx_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"platter/decode/decodetest"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/vhdx"
)

// giant is a file of a disk with a full BAT that is made up while it is read:
// block n lies after the BAT at the place that order gives it.
type giant struct {
	*store.MemFile
	geo   layout.Geometry
	size  int64
	data  int64 // where the first block is
	order func(block int64) int64
	asked int // how often for the next data
}

// newGiant makes a disk of size bytes in blocks of 1 MiB.
func newGiant(t testing.TB, size int64, order func(int64) int64) *giant {
	t.Helper()
	geo, _ := layout.NewGeometry(mib, 512, uint64(size))
	room := (geo.Entries(false)*layout.EntrySize + mib - 1) / mib
	f := build(t, plan{size: size, bat: room})
	g := &giant{MemFile: f.MemFile, geo: geo, data: batAt + room*mib, order: order}
	g.size = g.data + geo.Blocks*mib
	return g
}

func (g *giant) Size() (int64, error) { return g.size, nil }

// NextData says that the whole table is stored; where the blocks would be
// there is nothing.
func (g *giant) NextData(off int64) (store.Range, error) {
	g.asked++
	if off >= g.data {
		return store.Range{}, io.EOF
	}
	return store.Range{Offset: off, Length: g.data - off}, nil
}

func (g *giant) ReadAt(p []byte, off int64) (int, error) {
	bat := batAt + g.geo.Entries(false)*layout.EntrySize
	switch {
	case off >= bat:
		clear(p)
		return len(p), nil
	case off < batAt:
		return g.MemFile.ReadAt(p, off)
	}
	entry := make([]byte, 8)
	clear(p)
	for n := 0; n < len(p) && off+int64(n) < bat; {
		index, at := (off+int64(n)-batAt)/8, (off+int64(n))%8
		number, bitmap := g.geo.IsBitmap(index)
		v := uint64(0)
		if !bitmap {
			v = uint64(g.data+g.order(number)*mib) | layout.FullyPresent
		}
		binary.LittleEndian.PutUint64(entry, v)
		n += copy(p[n:], entry[at:])
	}
	return len(p), nil
}

func openGiant(t testing.TB, g *giant) disk.Image {
	t.Helper()
	img, err := vhdx.Open(t.Context(), disk.Source{Path: "giant", Name: "giant", File: g})
	if err != nil || !img.Info().Readable() {
		t.Fatalf("%v, %v", err, img.Info().Refused)
	}
	return img
}

// TestDataIsAskedForOnce goes through a table that is stored whole: each question
// where data lie makes a file system walk through the rest of it.
func TestDataIsAskedForOnce(t *testing.T) {
	g := newGiant(t, 1<<40, func(n int64) int64 { return n })
	img := openGiant(t, g)
	for _, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range img.Map(0, g.geo.DiskSize) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if g.asked > 10 {
		t.Errorf("asked %d times", g.asked)
	}
}

// memory is what is in use after a collection, in bytes.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestGiantsOpenSmall opens 64 TiB of full table, walks its tree and reads
// here and there: none of it may take memory by the size of the disk.
func TestGiantsOpenSmall(t *testing.T) {
	const size = 64 << 40
	blocks := int64(size / mib)
	g := newGiant(t, size, func(b int64) int64 { return blocks - 1 - b })
	before := memory()
	img := openGiant(t, g)
	decodetest.Walk(t, img.Tree(), 3000)
	buf := make([]byte, 4096)
	for off := int64(0); off < size-4096; off += size / 1000 {
		if _, err := img.ReadAt(buf, off); err != nil {
			t.Fatal(err)
		}
		for s, err := range img.Map(off, 3*mib) {
			if block := off / mib; err != nil || s.Offset != g.data+(blocks-1-block)*mib+off%mib {
				t.Fatalf("span %+v, %v", s, err)
			}
			break
		}
	}
	if used := memory() - before; used > 24*mib {
		t.Errorf("%d MiB in use", used/mib)
	}
	runtime.KeepAlive(img)
}

// TestGiantTables scans a table of a million entries in either order.
func TestGiantTables(t *testing.T) {
	const size = 1 << 40
	blocks := int64(size / mib)
	for name, c := range map[string]struct {
		order func(int64) int64
		spans int64
	}{
		"ascending":  {func(b int64) int64 { return b }, 1},
		"descending": {func(b int64) int64 { return blocks - 1 - b }, blocks},
		"in pairs":   {func(b int64) int64 { return (b/2*7919*2 + b%2) % blocks }, blocks / 2},
	} {
		t.Run(name, func(t *testing.T) {
			img := openGiant(t, newGiant(t, size, c.order))
			var spans, total int64
			for s, err := range img.Map(0, size) {
				if err != nil {
					t.Fatal(err)
				}
				spans++
				total += s.Length
			}
			if spans != c.spans || total != size {
				t.Errorf("%d spans, %d bytes, want %d", spans, total, c.spans)
			}
			var end int64
			for r, err := range img.Regions(t.Context()) {
				if err != nil || r.Offset != end {
					t.Fatalf("region %+v at 0x%x, %v", r, end, err)
				}
				end = r.Offset + r.Length
			}
			if end != img.Info().FileSize {
				t.Errorf("regions end at 0x%x", end)
			}
			if list := check(t, img); len(list) != 0 {
				t.Errorf("findings: %+v", list[0])
			}
		})
	}
}

// TestGiantOverlap finds two blocks in one place among a million.
func TestGiantOverlap(t *testing.T) {
	const size = 1 << 40
	img := openGiant(t, newGiant(t, size, func(b int64) int64 {
		if b == 700_000 {
			return 5
		}
		return b
	}))
	list := check(t, img)
	expectCodes(t, list, "vhdx/44", "vhdx/50")
	if !bytes.Contains([]byte(list[0].Text), []byte("block 5 and block 700000")) {
		t.Errorf("%+v", list[0])
	}
	overlap := false
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		overlap = overlap || r.Kind == disk.KindOverlap && r.Length == mib
	}
	if !overlap {
		t.Error("the regions show no overlap")
	}
}

// BenchmarkListBlocks lists 67 million blocks in no order.
func BenchmarkListBlocks(b *testing.B) {
	const size = 64 << 40
	img := openGiant(b, newGiant(b, size, func(n int64) int64 { return n ^ 1 })).(disk.BlockLister)
	buf := make([]disk.BlockPlace, 2048)
	for b.Loop() {
		for first := int64(0); first < size/mib; {
			n, _, err := img.ListBlocks(first, buf)
			if n == 0 || err != nil {
				b.Fatal(first, err)
			}
			first += int64(n)
		}
	}
}

// BenchmarkWholeMap walks the map of 64 TiB, in order and in no order.
func BenchmarkWholeMap(b *testing.B) {
	const size = 64 << 40
	orders := map[string]func(int64) int64{
		"contiguous": func(n int64) int64 { return n },
		"scattered":  func(n int64) int64 { return n ^ 1 },
	}
	for name, order := range orders {
		b.Run(name, func(b *testing.B) {
			img := openGiant(b, newGiant(b, size, order))
			for b.Loop() {
				for s, err := range img.Map(0, size) {
					if err != nil || s.Length == 0 {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// counting counts the bytes read from a file.
type counting struct {
	*store.MemFile
	read int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.read += int64(len(p))
	return c.MemFile.ReadAt(p, off)
}

// TestTableInAHole maps 64 TiB whose table of half a gibibyte is a hole but for
// one block, which the table has or only the log: the hole is passed by.
func TestTableInAHole(t *testing.T) {
	const size, stored = 64 << 40, 40 << 40
	geo, _ := layout.NewGeometry(mib, 512, size)
	at := batAt + geo.PayloadIndex(stored/mib)*layout.EntrySize
	entry := binary.LittleEndian.AppendUint64(nil, 513*mib+batAt|layout.FullyPresent)
	for name, put := range map[string]func(f *fixture){
		"table": func(f *fixture) { f.put(at, entry) },
		"log": func(f *fixture) {
			page := make([]byte, layout.LogSector)
			copy(page[at%layout.LogSector:], entry)
			f.log(f.record(0, 1, 0, logChange{target: uint64(at - at%layout.LogSector), page: page}))
		},
	} {
		f := build(t, plan{size: size, bat: (geo.Entries(false)*layout.EntrySize + mib - 1) / mib})
		if err := f.Truncate(batAt + 514*mib); err != nil {
			t.Fatal(err)
		}
		put(f)
		c := &counting{MemFile: f.MemFile}
		img, err := vhdx.Open(t.Context(), disk.Source{Path: "hole", Name: "hole", File: c})
		if err != nil || !img.Info().Readable() {
			t.Fatalf("%s: %v, %v", name, err, img.Info().Refused)
		}
		c.read = 0
		expectOneBlock(t, name, img, stored, batAt+513*mib)
		if c.read > 16*mib {
			t.Errorf("%s: %d MiB were read", name, c.read/mib)
		}
	}
}

// expectOneBlock maps a disk that has one block, at virtual and in the file at
// stored.
func expectOneBlock(t *testing.T, name string, img disk.Image, virtual, stored int64) {
	t.Helper()
	var spans []disk.Span
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil {
			t.Fatal(err)
		}
		s.Via = nil
		spans = append(spans, s)
	}
	if len(spans) != 3 || spans[0].Length != virtual || spans[1].State != disk.Data || spans[1].Length != mib || spans[1].Offset != stored {
		t.Errorf("%s: spans %+v", name, spans)
	}
	payload := false
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		payload = payload || r.Kind == disk.KindPayload && r.Offset == stored && r.Length == mib
	}
	if !payload {
		t.Errorf("%s: the block has no region", name)
	}
}
