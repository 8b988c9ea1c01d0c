package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/transfer"
)

// patched is a disk of stretches that are data or not; what is not data must
// not be read in pieces worth a read of their own.
type patched struct {
	disk.Image
	content []byte
	spans   []disk.Span
	reads   atomic.Int64 // bytes
	broken  int64        // reads from here on fail; 0 for never
}

var errBroken = errors.New("broken")

func (p *patched) Info() disk.Info { return disk.Info{VirtualSize: int64(len(p.content))} }

func (p *patched) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		for _, s := range p.spans {
			start, end := max(s.Start, off), min(s.Start+s.Length, off+n)
			if start < end {
				s.Start, s.Length = start, end-start
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	p.reads.Add(int64(len(b)))
	n := copy(b, p.content[off:])
	if p.broken > 0 && off+int64(n) > p.broken {
		return int(max(p.broken-off, 0)), errBroken
	}
	return n, nil
}

// newPatched alternates stretches of random length.
func newPatched(rnd *rand.Rand) (p *patched, data int64) {
	p = &patched{content: make([]byte, 6<<20+rnd.IntN(1<<20))}
	states := []disk.State{disk.Data, disk.Zero, disk.Data, disk.Unallocated, disk.Unmapped}
	for pos, i := 0, 0; pos < len(p.content); i++ {
		n := min(1+rnd.IntN(1<<20), len(p.content)-pos)
		state := states[i%len(states)]
		if state == disk.Data {
			for j := range n {
				p.content[pos+j] = byte(rnd.Uint32())
			}
			data += int64(n)
		}
		p.spans = append(p.spans, disk.Span{Start: int64(pos), Length: int64(n), State: state})
		pos += n
	}
	return p, data
}

func TestStreamGivesTheDisk(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		p, data := newPatched(rnd)
		for range 4 {
			off := rnd.Int64N(int64(len(p.content)))
			n := rnd.Int64N(int64(len(p.content)) - off + 1)
			var got bytes.Buffer
			if err := transfer.Disk(t.Context(), p, off, n, func(b []byte) error { got.Write(b); return nil }); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), p.content[off:off+n]) {
				t.Fatalf("%d bytes from %d differ", n, off)
			}
		}
		p.reads.Store(0)
		if err := transfer.Disk(t.Context(), p, 0, int64(len(p.content)), func([]byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		// Only stretches of zeros below 256 KiB are read along.
		if most := data + int64(len(p.spans))*(256<<10); p.reads.Load() > most {
			t.Errorf("%d bytes read for %d of data in %d spans", p.reads.Load(), data, len(p.spans))
		}
	}
}

func TestStreamStops(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	p, _ := newPatched(rnd)
	size := int64(len(p.content))
	full := errors.New("no room left")
	if err := transfer.Disk(t.Context(), p, 0, size, func([]byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("a failing receiver ends with %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := transfer.Disk(ctx, p, 0, size, func([]byte) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled stream ends with %v", err)
	}
	for _, r := range [][2]int64{{-1, 5}, {0, -1}, {size, 1}, {size + 1, 0}, {5, size}} {
		if err := transfer.Disk(t.Context(), p, r[0], r[1], nil); !errors.Is(err, disk.ErrOutOfRange) {
			t.Errorf("%d bytes from %d: %v", r[1], r[0], err)
		}
	}
}

// TestStreamGivesWhatCanBeRead has a disk that breaks in the middle of data.
func TestStreamGivesWhatCanBeRead(t *testing.T) {
	p := &patched{content: bytes.Repeat([]byte("platter "), 400<<10), broken: 1<<20 + 4097}
	p.spans = []disk.Span{{Length: int64(len(p.content))}}
	var got bytes.Buffer
	err := transfer.Disk(t.Context(), p, 0, int64(len(p.content)), func(b []byte) error { got.Write(b); return nil })
	if !errors.Is(err, errBroken) || !bytes.Equal(got.Bytes(), p.content[:p.broken]) {
		t.Errorf("%d bytes and error %v, want %d bytes", got.Len(), err, p.broken)
	}
}

func TestStreamFileSkipsHoles(t *testing.T) {
	f := store.NewMemFile(40 << 20)
	if _, err := f.WriteAt([]byte("in the middle"), 17<<20+5); err != nil {
		t.Fatal(err)
	}
	counted := &countingFile{MemFile: f}
	var got bytes.Buffer
	file := disk.File{Name: "f", Size: 40 << 20, Data: counted}
	if err := transfer.File(t.Context(), file, 1, 40<<20-1, func(b []byte) error { got.Write(b); return nil }); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 40<<20-1)
	copy(want[17<<20+4:], "in the middle")
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the content differs")
	}
	if counted.bytes.Load() > 1<<20 {
		t.Errorf("%d bytes read", counted.bytes.Load())
	}
}

type countingFile struct {
	*store.MemFile
	bytes atomic.Int64
}

func (c *countingFile) ReadAt(b []byte, off int64) (int, error) {
	c.bytes.Add(int64(len(b)))
	return c.MemFile.ReadAt(b, off)
}
