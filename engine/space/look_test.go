package space

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"platter/engine/store"
)

// memory is a file of bytes, whose zeros are holes if it is sparse.
func memory(t *testing.T, b []byte, sparse bool) Source {
	t.Helper()
	f := store.NewMemFile(int64(len(b)))
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	if sparse {
		return f
	}
	return dense{f, int64(len(b))}
}

// dense is a file that knows of no holes.
type dense struct {
	*store.MemFile
	size int64
}

func (d dense) NextData(off int64) (store.Range, error) {
	return store.Range{Offset: off, Length: d.size - off}, nil
}

// TestLookAgreesWithCounting compares looks at random ranges of random fillings
// with a count of their bytes.
func TestLookAgreesWithCounting(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 14))
		b := make([]byte, 1+r.IntN(300<<10))
		for i := range r.IntN(1 + r.IntN(len(b))) {
			b[i] = 0xFF
		}
		for range r.IntN(3) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		l := NewLooker(memory(t, b, r.IntN(2) == 0), int64(len(b)))
		for range 5 {
			off := r.IntN(len(b))
			part := b[off : off+r.IntN(len(b)-off+1)]
			want := Filling{Length: int64(len(part)), Other: -1}
			for i, c := range part {
				switch {
				case c == 0xFF && want.Zeros == 0:
					want.Ones++
				case c == 0:
					want.Zeros++
				default:
					want.Other = int64(off + i)
				}
				if want.Other >= 0 {
					break
				}
			}
			got, err := l.Look(t.Context(), int64(off), int64(len(part)), All)
			if err != nil || got != want {
				t.Fatalf("seed %d: got %#v, want %#v, %v", seed, got, want, err)
			}
			first := int64(-1)
			for i, c := range part {
				if c != 0 {
					first = int64(off + i)
					break
				}
			}
			if at, err := l.NotZero(t.Context(), int64(off), int64(len(part))); err != nil || at != first {
				t.Fatalf("seed %d: first at %d, want %d, %v", seed, at, first, err)
			}
		}
	}
}

// TestQuickLookSaysHowFar plants a byte at many distances: a look that ends
// before it must not claim to have seen all.
func TestQuickLookSaysHowFar(t *testing.T) {
	const size = 3 << 20
	for _, at := range []int{0, 1, Quick - 1, Quick, Quick + 1, size - 1} {
		b := make([]byte, size)
		b[at] = 7
		l := NewLooker(memory(t, b, false), size)
		f, err := l.Look(t.Context(), 0, size, Quick)
		if err != nil || f.Zero() || f.Whole() {
			t.Errorf("byte at %d: %+v, %v", at, f, err)
		}
		want := "data"
		if at >= Quick {
			want = "zeros in the first 1 MiB, the rest not read"
		}
		if f.String() != want {
			t.Errorf("byte at %d: %s, want %s", at, f, want)
		}
	}
}

// TestLookSkipsHoles reads nothing of a hole, however long.
func TestLookSkipsHoles(t *testing.T) {
	f := store.NewMemFile(1 << 50)
	l := NewLooker(f, 1<<50)
	if got, err := l.Look(t.Context(), 0, 1<<50, Quick); err != nil || !got.Zero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLookFails hands on that it was stopped, and that the file ends.
func TestLookFails(t *testing.T) {
	l := NewLooker(memory(t, []byte{1, 2, 3}, false), 3)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := l.Look(stopped, 0, 3, All); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	broken := NewLooker(shrunk{}, 20)
	if f, err := broken.Look(t.Context(), 0, 20, All); err == nil || f.Zero() {
		t.Errorf("a file that ends early: %+v, %v", f, err)
	}
	if _, err := broken.NotZero(t.Context(), 0, 20); err == nil {
		t.Error("a file that ends early has zeros")
	}
}

// shrunk is a file that says it has data and has none.
type shrunk struct{}

func (shrunk) ReadAt([]byte, int64) (int, error) { return 0, nil }
func (shrunk) NextData(off int64) (store.Range, error) {
	return store.Range{Offset: off, Length: 100}, nil
}
