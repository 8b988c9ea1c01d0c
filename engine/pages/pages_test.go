package pages_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"platter/engine/pages"
	"platter/engine/store"
)

// file counts what is asked of it.
type file struct {
	*store.MemFile
	reads, asked atomic.Int64
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.reads.Add(1)
	return f.MemFile.ReadAt(p, off)
}

func (f *file) NextData(off int64) (store.Range, error) {
	f.asked.Add(1)
	return f.MemFile.NextData(off)
}

// filled is a file of bytes that are not zero, of an odd length.
func filled(n int) (*file, []byte) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + rng.IntN(255))
	}
	f := store.NewMemFile(0)
	f.WriteAt(b, 0)
	return &file{MemFile: f}, b
}

func TestAgreesWithFile(t *testing.T) {
	f, b := filled(100_001)
	c := pages.New(f, int64(len(b)), 9, 16<<9)
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 3))
			for range 20_000 {
				off := rng.Int64N(int64(len(b)))
				end := min(off>>9<<9+1<<9, int64(len(b)))
				got, err := c.Get(off)
				if err != nil || !bytes.Equal(got, b[off:end]) {
					t.Errorf("at %d: %d bytes, %v", off, len(got), err)
					return
				}
				if p := c.Peek(off); p != nil && !bytes.Equal(p, b[off:end]) {
					t.Errorf("at hand at %d: %d bytes", off, len(p))
				}
			}
		})
	}
	wg.Wait()
}

func TestHitsReadNothing(t *testing.T) {
	f, b := filled(64 << 10)
	c := pages.New(f, int64(len(b)), 12, 64<<10)
	if c.Peek(5) != nil {
		t.Error("a page is at hand before it was read")
	}
	var first int64
	for pass := range 3 {
		for off := int64(0); off < int64(len(b)); off += 4096 {
			c.Get(off)
		}
		if pass == 0 {
			first = f.reads.Load()
		}
	}
	if n := f.reads.Load(); n != first || n > 16 {
		t.Errorf("%d reads of 16 pages, %d of them in the first pass", n, first)
	}
	if n := testing.AllocsPerRun(100, func() { c.Get(9000); c.Peek(9000) }); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

// TestReadsAhead goes through two places by turns, as through a table and its second copy:
// what is read at once is right, and makes the reads few. Other orders read page by page.
func TestReadsAhead(t *testing.T) {
	f, b := filled(3<<20 + 77)
	c := pages.New(f, int64(len(b)), 12, 512<<10)
	look := func(off int64) {
		t.Helper()
		end := min(off>>12<<12+1<<12, int64(len(b)))
		if got, err := c.Get(off); err != nil || !bytes.Equal(got, b[off:end]) {
			t.Fatalf("at %d: %d bytes, %v", off, len(got), err)
		}
	}
	for at := int64(0); at < 1<<20; at += 4096 {
		look(at)
		look(1<<20 + 200<<10 + at + 5)
	}
	if n := f.reads.Load(); n > 512/8 {
		t.Errorf("%d reads of 512 pages in order", n)
	}
	f.reads.Store(0)
	c = pages.New(f, int64(len(b)), 12, 1<<20)
	for at := int64(2<<20 - 4096); at > 0; at -= 8192 {
		look(at)
	}
	if n := f.reads.Load(); n != 256 {
		t.Errorf("%d reads of 256 pages from the end to the front", n)
	}
}

// TestBudget counts the pages that are at hand after all have been read.
func TestBudget(t *testing.T) {
	f, b := filled(256 << 10)
	for budget, want := range map[int64]int{-1: 1, 0: 1, 8 << 10: 2, 60 << 10: 8, 1 << 40: 64} {
		c := pages.New(f, int64(len(b)), 12, budget)
		kept := 0
		for off := int64(0); off < int64(len(b)); off += 4096 {
			c.Get(off)
		}
		for off := int64(0); off < int64(len(b)); off += 4096 {
			if c.Peek(off) != nil {
				kept++
			}
		}
		if kept != want {
			t.Errorf("a budget of %d bytes keeps %d pages, want %d", budget, kept, want)
		}
	}
}

func TestOutside(t *testing.T) {
	f, b := filled(1000)
	c := pages.New(f, int64(len(b)), 9, 1<<20)
	c.Get(999)
	for _, off := range []int64{-1, -1 << 63, 1000, 1023, 1 << 40, 1<<63 - 1} {
		if got, err := c.Get(off); got != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("at %d: %d bytes, %v", off, len(got), err)
		}
		if c.Peek(off) != nil {
			t.Errorf("at %d: a page is at hand", off)
		}
	}
}

// TestShortRead has the file end before it should, and be read again.
func TestShortRead(t *testing.T) {
	f, _ := filled(700)
	c := pages.New(f, 1024, 9, 1<<20)
	for range 2 {
		if _, err := c.Get(600); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "188 of 512 bytes at 0x200") {
			t.Errorf("error: %v", err)
		}
	}
	if _, err := c.Get(100); err != nil {
		t.Error(err)
	}
}

// TestHoles goes through a table of a terabyte with little data in it.
func TestHoles(t *testing.T) {
	f := &file{MemFile: store.NewMemFile(1 << 40)}
	f.WriteAt([]byte("data"), 1<<39)
	c := pages.New(f, 1<<40, 14, 1<<20)
	for i := range int64(1000) {
		for _, base := range []int64{0, 1<<39 + 1<<20} {
			b, err := c.Get(base + i<<14 + 5)
			if err != nil || len(b) != 1<<14-5 || len(bytes.Trim(b, "\x00")) > 0 {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
		}
	}
	if f.reads.Load() > 2 || f.asked.Load() > 2 {
		t.Errorf("%d reads and %d questions for two holes", f.reads.Load(), f.asked.Load())
	}
	for _, r := range []struct {
		off, n int64
		want   bool
	}{{0, 1 << 39, true}, {1 << 38, 1 << 38, true}, {1, 1 << 39, false}, {1 << 39, 1, false}, {1<<39 + 4096, 1 << 30, true}, {1<<40 - 5, 5, true}} {
		if got := c.Hole(r.off, r.n); got != r.want {
			t.Errorf("%d bytes at %d are a hole: %t", r.n, r.off, got)
		}
	}
}

// BenchmarkPeek looks up an entry that is at hand, as each layer of a chain does.
func BenchmarkPeek(b *testing.B) {
	f, data := filled(8 << 20)
	c := pages.New(f, int64(len(data)), 13, 8<<20)
	for off := int64(0); off < int64(len(data)); off += 4096 {
		c.Get(off)
	}
	sum := 0
	for i := int64(0); b.Loop(); i += 4 * 4099 {
		sum += int(c.Peek(i & (8<<20 - 1))[0])
	}
}

// BenchmarkGet reads a table that does not fit into the budget.
func BenchmarkGet(b *testing.B) {
	f, data := filled(8 << 20)
	c := pages.New(f, int64(len(data)), 13, 1<<20)
	for i := int64(0); b.Loop(); i += 4 * 4099 {
		if _, err := c.Get(i & (8<<20 - 1)); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLedgerReads holds what a ledger reads against what was edited and flushed, with
// pages asked for again and again; those of the file are read once.
func TestLedgerReads(t *testing.T) {
	f, b := filled(64 << 9)
	l := pages.NewLedger(f, 512)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		off, n := rng.Int64N(int64(len(b))-600), rng.Int64N(600)
		switch rng.IntN(20) {
		case 0:
			page, err := l.Edit(l.Page(off), false, "a byte")
			if err != nil {
				t.Fatal(err)
			}
			page[off%512]++
			b[off]++
		case 1:
			if err := l.Flush(t.Context(), pages.Direct{File: f}); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, n)
		if _, err := l.ReadAt(got, off); err != nil || !bytes.Equal(got, b[off:off+n]) {
			t.Fatalf("%d bytes at %d differ, %v", n, off, err)
		}
	}
	l.Flush(t.Context(), pages.Direct{File: f})
	f.reads.Store(0)
	for at := range int64(128) {
		if _, err := l.ReadAt(make([]byte, 4), at*4); err != nil {
			t.Fatal(err)
		}
	}
	if f.reads.Load() != 1 {
		t.Errorf("a page was read %d times", f.reads.Load())
	}
}
