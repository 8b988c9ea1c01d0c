package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"platter/engine/store"
)

// wide is a text of three letters with a hundred bytes between them.
func wide(a, b, c string) []byte {
	return []byte(a + strings.Repeat("-", 99) + b + strings.Repeat("-", 99) + c)
}

// TestEarlier lets changes change places: what is visible stays, the later one is undone
// first, and bytes in the gap of a change are left alone by its undo.
func TestEarlier(t *testing.T) {
	w, f := workspace(t, wide("0", "5", "9"))
	must(t, w.Do("apart", func(tx *store.Tx) error {
		f, err := tx.OpenWrite("a")
		must(t, err)
		return text(string(wide("a", "5", "d")), 0)(f) // only a and d are new
	}))
	write(t, w, 100, "B")
	write(t, w, 100, "C")
	if err := w.Earlier(3); !errors.Is(err, store.ErrEntangled) {
		t.Errorf("before what it builds on: %v", err)
	}
	must(t, w.Undo(), w.Earlier(2))
	check(t, f, wide("a", "B", "d"))
	must(t, w.Undo())
	check(t, f, wide("0", "B", "9"))
	must(t, w.Redo())
	check(t, f, wide("a", "B", "d"))
	if err := w.Earlier(2); !errors.Is(err, store.ErrNothing) {
		t.Errorf("the first one, earlier: %v", err)
	}
	must(t, w.Earlier(1), w.Undo())
	check(t, f, wide("a", "5", "d"))
	must(t, w.Redo(), w.Commit(context.Background()))
	if err := w.Earlier(2); !errors.Is(err, store.ErrFixed) {
		t.Errorf("on disk: %v", err)
	}
	must(t, w.Undo(), w.Undo())
	check(t, f, wide("0", "5", "9"))
}

// TestEarlierAtRandom holds that the order of changes is no matter for what is visible, and
// that undoing all of them restores every byte.
func TestEarlierAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 4))
	for range 200 {
		w, f := workspace(t, []byte("0123456789abcdef"))
		for range 6 {
			write(t, w, rng.Int64N(14), []string{"x", "yz"}[rng.IntN(2)])
		}
		want := make([]byte, 16)
		_, err := f.ReadAt(want, 0)
		must(t, err)
		moved := 0
		for range 12 {
			h := w.History()
			if err := w.Earlier(h[rng.IntN(len(h))].ID); err == nil {
				moved++
			} else if !errors.Is(err, store.ErrEntangled) && !errors.Is(err, store.ErrNothing) {
				t.Fatal(err)
			}
			check(t, f, want)
		}
		n := len(w.History())
		for range n {
			must(t, w.Undo())
		}
		check(t, f, []byte("0123456789abcdef"))
		for range n {
			must(t, w.Redo())
		}
		check(t, f, want)
		if moved == 0 {
			t.Log("none of them could move")
		}
	}
}
