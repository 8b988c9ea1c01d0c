package store_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"platter/engine/store"
)

// counter counts reads and may fail where a test says so.
type counter struct {
	io.ReaderAt
	reads atomic.Int64
	bad   int64 // offset of a byte that can't be read; 0: none
}

var errBad = errors.New("bad sector")

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.reads.Add(1)
	if c.bad > 0 && off <= c.bad && c.bad < off+int64(len(p)) {
		n, _ := c.ReaderAt.ReadAt(p[:c.bad-off], off)
		return n, errBad
	}
	return c.ReaderAt.ReadAt(p, off)
}

func TestPagesAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	model := random(rng, 100_001)
	p := store.NewPages(bytes.NewReader(model), int64(len(model)), 512, 8*512)
	for range 5000 {
		off, n := rng.IntN(len(model)+600), rng.IntN(3000)
		want := model[min(off, len(model)):min(off+n, len(model))]
		got := make([]byte, n)
		read, err := p.ReadAt(got, int64(off))
		if !bytes.Equal(got[:read], want) || (err == io.EOF) != (len(want) < n) {
			t.Fatalf("%d bytes at %d: read %d, %v", n, off, read, err)
		}
	}
}

func TestPagesReadOnce(t *testing.T) {
	c := &counter{ReaderAt: bytes.NewReader(make([]byte, 1<<20))}
	p := store.NewPages(c, 1<<20, 4096, 1<<20)
	buf := make([]byte, 100)
	for range 3 {
		for off := int64(0); off < 1<<20; off += 1000 {
			if _, err := p.ReadAt(buf, min(off, 1<<20-100)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := c.reads.Load(); got != 256 {
		t.Errorf("%d reads of 256 pages", got)
	}
	p.Invalidate()
	p.ReadAt(buf, 0)
	if got := c.reads.Load(); got != 257 {
		t.Errorf("%d reads after Invalidate", got)
	}
	if n := testing.AllocsPerRun(100, func() { p.ReadAt(buf, 50) }); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

func TestPagesEvictOldest(t *testing.T) {
	c := &counter{ReaderAt: bytes.NewReader(make([]byte, 1<<20))}
	p := store.NewPages(c, 1<<20, 4096, 2*4096)
	buf := make([]byte, 1)
	for _, page := range []int64{0, 1, 0, 2, 0, 1} { // 2 evicts 1, then 1 evicts 2
		p.ReadAt(buf, page*4096)
	}
	if got := c.reads.Load(); got != 4 {
		t.Errorf("%d reads, expected 4", got)
	}
	last := int64(3)
	if n := testing.AllocsPerRun(100, func() { p.ReadAt(buf, last%200*4096); last++ }); n > 4 {
		t.Errorf("a miss in a full cache allocates %v times", n)
	}
}

func TestPagesShortFile(t *testing.T) {
	p := store.NewPages(bytes.NewReader(make([]byte, 1000)), 1<<50, 4096, 1<<20)
	buf := make([]byte, 100)
	if n, err := p.ReadAt(buf, 900); n != 100 || err != nil {
		t.Errorf("inside: %d, %v", n, err)
	}
	n, err := p.ReadAt(buf, 950)
	if n != 50 || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "0x3e8") {
		t.Errorf("across the end: %d, %v", n, err)
	}
	if n, err := p.ReadAt(buf, 1<<40); n != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("far past the end: %d, %v", n, err)
	}
	if n, err := p.ReadAt(buf, 1<<50); n != 0 || err != io.EOF {
		t.Errorf("past the size: %d, %v", n, err)
	}
}

func TestPagesAroundBadBytes(t *testing.T) {
	data := bytes.Repeat([]byte("x"), 8192)
	p := store.NewPages(&counter{ReaderAt: bytes.NewReader(data), bad: 2000}, 8192, 4096, 1<<20)
	buf := make([]byte, 500)
	for _, off := range []int64{0, 1500, 2001, 4000, 7000} {
		if n, err := p.ReadAt(buf, off); n != 500 || err != nil || !bytes.Equal(buf, data[:500]) {
			t.Errorf("at %d: %d, %v", off, n, err)
		}
	}
	if n, err := p.ReadAt(buf, 1900); n != 100 || !errors.Is(err, errBad) {
		t.Errorf("across: %d, %v", n, err)
	}
}

func TestPagesFollowWorkspace(t *testing.T) {
	w, f := workspace(t, []byte("before"))
	p := store.NewPages(f, 6, 0, 0)
	buf := make([]byte, 6)
	p.ReadAt(buf, 0)
	err := w.Do("edit", func() error {
		if _, err := f.WriteAt([]byte("after!"), 0); err != nil {
			return err
		}
		_, err := p.ReadAt(buf, 0)
		return err
	})
	if err != nil || string(buf) != "after!" {
		t.Errorf("within the change: %q, %v", buf, err)
	}
	if err := w.Undo(); err != nil {
		t.Fatal(err)
	}
	p.ReadAt(buf, 0)
	if string(buf) != "before" {
		t.Errorf("after undo: %q", buf)
	}
}

func TestPagesInParallel(t *testing.T) {
	model := random(rand.New(rand.NewPCG(5, 6)), 1<<16)
	p := store.NewPages(bytes.NewReader(model), int64(len(model)), 512, 4096)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 0))
			buf := make([]byte, 700)
			for range 500 {
				off := rng.IntN(len(model) - len(buf))
				if _, err := p.ReadAt(buf, int64(off)); err != nil || !bytes.Equal(buf, model[off:off+len(buf)]) {
					t.Errorf("at %d: %v", off, err)
					return
				}
				if rng.IntN(50) == 0 {
					p.Invalidate()
				}
			}
		})
	}
	wg.Wait()
}

// meddler changes its bytes, and says so, while it is being read.
type meddler struct {
	data []byte
	told func()
}

func (m *meddler) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, m.data[off:])
	m.data[0]++
	m.told()
	return n, nil
}

func TestPagesDoNotKeepWhatChangedWhileRead(t *testing.T) {
	m := &meddler{data: make([]byte, 100)}
	p := store.NewPages(m, 100, 100, 100)
	m.told = p.Invalidate
	buf := make([]byte, 1)
	p.ReadAt(buf, 0)
	p.ReadAt(buf, 0)
	if buf[0] != 1 {
		t.Errorf("the second read gives %d, from before the change", buf[0])
	}
}
