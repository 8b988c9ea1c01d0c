package store_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"platter/engine/store"
)

// rehearsed opens a file of random bytes for a rehearsal, and a copy of it.
func rehearsed(t *testing.T, size int64) (*store.Rehearsal, store.File, *store.MemFile, *store.MemFile) {
	t.Helper()
	base, model := store.NewMemFile(size), store.NewMemFile(size)
	b := make([]byte, size/2)
	rand.NewChaCha8([32]byte{1}).Read(b)
	for _, f := range []*store.MemFile{base, model} {
		if _, err := f.WriteAt(b, size/4); err != nil {
			t.Fatal(err)
		}
	}
	files := store.NewMem()
	files.Put("a", base)
	r := store.Rehearse(files)
	f, err := r.OpenWrite("a")
	if err != nil {
		t.Fatal(err)
	}
	return r, f, base, model
}

// TestRehearsalAgreesWithAFile writes, cuts and grows at random: what is read is what a
// file would hold, and what is said to be written is what differs from before at most.
func TestRehearsalAgreesWithAFile(t *testing.T) {
	const size = 3 << 20
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		r, f, base, model := rehearsed(t, size)
		for range 400 {
			off, n := rnd.Int64N(size+100_000), rnd.Int64N(40_000)
			if rnd.IntN(3) > 0 {
				n = rnd.Int64N(1500)
			}
			switch rnd.IntN(12) {
			case 0:
				for _, f := range []store.File{f, model} {
					if err := f.Truncate(off); err != nil {
						t.Fatal(err)
					}
				}
			default:
				b := bytes.Repeat([]byte{byte(rnd.IntN(256) * rnd.IntN(2))}, int(n))
				for _, f := range []store.File{f, model} {
					if _, err := f.WriteAt(b, off); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		want, got := all(t, model), all(t, f)
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: the file reads as something else", seed)
		}
		for _, c := range r.Changes() {
			told := all(t, base)
			told = append(told, make([]byte, len(want))...)[:len(want)]
			clear(told[min(c.Before, int64(len(told))):])
			for _, w := range c.Written {
				copy(told[w.Offset:w.End()], want[w.Offset:])
			}
			if c.Before != size || c.After != int64(len(want)) {
				t.Errorf("seed %d: %d bytes before, %d after", seed, c.Before, c.After)
			}
			for at := range told {
				if told[at] != want[at] && want[at] != 0 { // what was cut off and grew again is zeros
					t.Fatalf("seed %d: byte %d has changed and is not told", seed, at)
				}
			}
		}
		data, off := make([]byte, len(want)), int64(0)
		for {
			d, err := f.NextData(off)
			if err == io.EOF {
				break
			}
			if err != nil || d.End() <= off {
				t.Fatal(d, err)
			}
			copy(data[d.Offset:min(d.End(), int64(len(want)))], want[d.Offset:])
			off = d.End()
		}
		if !bytes.Equal(data, want) {
			t.Fatalf("seed %d: a part that is no hole is not data", seed)
		}
	}
}

func all(t *testing.T, f store.File) []byte {
	t.Helper()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return b
}

// TestRehearsalForgets keeps headers, and what is used again and again; what was written
// long ago can't be read, and is no other bytes.
func TestRehearsalForgets(t *testing.T) {
	r, f, base, _ := rehearsed(t, 4<<20)
	before := all(t, base)
	write := func(n int, off int64) {
		if _, err := f.WriteAt(bytes.Repeat([]byte{7}, n), off); err != nil {
			t.Fatal(err)
		}
	}
	write(512, 0)
	write(100, 2<<20)
	for i := range int64(200) {
		write(1<<20, (8+i)<<20)
		if _, err := f.ReadAt(make([]byte, 1), 2<<20); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 512)
	for _, off := range []int64{0, 2 << 20, 207 << 20} {
		if n, err := f.ReadAt(b[:100], off); n < 100 || b[0] != 7 {
			t.Errorf("byte %d: %x, %v", off, b[0], err)
		}
	}
	if _, err := f.ReadAt(b, 20<<20); !errors.Is(err, store.ErrForgotten) {
		t.Errorf("what was forgotten reads as %x, %v", b[0], err)
	}
	if _, err := f.WriteAt(b[:1], 20<<20+1); !errors.Is(err, store.ErrForgotten) {
		t.Errorf("a byte in a sector that was forgotten: %v", err)
	}
	c := r.Changes()
	if len(c) != 1 || c[0].Before != 4<<20 || c[0].After != 208<<20 || len(c[0].Written) != 3 || c[0].Written[2] != (store.Range{Offset: 8 << 20, Length: 200 << 20}) {
		t.Errorf("%+v", c)
	}
	if !bytes.Equal(all(t, base), before) {
		t.Error("the file underneath has changed")
	}
	for _, err := range []error{r.Remove("a"), r.Rename("a", "b")} {
		if !errors.Is(err, store.ErrNames) {
			t.Error(err)
		}
	}
	g, err := r.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.WriteAt(b, 0); !errors.Is(err, store.ErrReadOnly) {
		t.Error(err)
	}
}

// TestRehearsalOfScatteredWrites stays small: pages of a table all over a giant.
func TestRehearsalOfScatteredWrites(t *testing.T) {
	r, f, _, _ := rehearsed(t, 1<<20)
	const n = 50_000
	b := make([]byte, 512)
	for i := range int64(n) {
		if _, err := f.WriteAt(b, i*7919%n<<22); err != nil {
			t.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.GC()
	if runtime.ReadMemStats(&m); m.HeapAlloc > 64<<20 {
		t.Errorf("%d MiB are held", m.HeapAlloc>>20)
	}
	if c := r.Changes(); len(c[0].Written) != n {
		t.Errorf("%d ranges are told", len(c[0].Written))
	}
}
