package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"platter/engine/store"
)

func TestDrop(t *testing.T) {
	w, f := workspace(t, []byte("0123456789"))
	write(t, w, 0, "ab")
	write(t, w, 1, "c")
	write(t, w, 6, "d")
	if err := w.Drop(1); !errors.Is(err, store.ErrEntangled) {
		t.Errorf("dropping what a later change builds on: %v", err)
	}
	must(t, w.Drop(2))
	check(t, f, []byte("ab2345d789"))
	if got := w.Plan(); len(got) != 2 || got[0].Title != "ab at 0" {
		t.Errorf("plan: %+v", got)
	}
	if h := w.History(); h[1].State != store.Dropped || w.Staged() != 2 {
		t.Errorf("state %v, %d staged", h[1].State, w.Staged())
	}
	if err := w.Drop(2); !errors.Is(err, store.ErrNothing) {
		t.Errorf("dropping it twice: %v", err)
	}
	must(t, w.Undo())
	check(t, f, []byte("ac2345d789"))
	must(t, w.Commit(context.Background()), w.Drop(3))
	check(t, f, []byte("ac23456789"))
	must(t, w.Undo(), w.Undo(), w.Undo(), w.Undo())
	check(t, f, []byte("0123456789"))
}

// TestDropKeepsWhatLiesBetween drops changes whose bytes lie apart, with a later
// change between them.
func TestDropKeepsWhatLiesBetween(t *testing.T) {
	apart := func(tx *store.Tx) error {
		f, err := tx.OpenWrite("a")
		must(t, err)
		return text("a123456789d", 0)(f) // only a and the old byte of d are new
	}
	revert := func(tx *store.Tx) error { return tx.Revert("a", 0, 20) }
	for name, do := range map[string]func(*store.Tx) error{"write": apart, "revert": revert} {
		w, f := workspace(t, []byte("0123456789def"))
		write(t, w, 10, "D")
		must(t, w.Do(name, do))
		second := w.History()[1].ID
		write(t, w, 5, "B")
		must(t, w.Drop(second))
		check(t, f, []byte("01234B6789Def"))
		if h := w.History(); h[2].State != store.Staged || len(w.Plan()) != 2 {
			t.Errorf("%s: %s is %v, plan %+v", name, h[2].Title, h[2].State, w.Plan())
		}
		must(t, w.Undo(), w.Undo(), w.Undo(), w.Redo(), w.Redo(), w.Redo())
		check(t, f, []byte("01234B6789Def"))
	}
}

// TestDropOfADrop brings a change back, staged or committed as it was, and drops it
// once more.
func TestDropOfADrop(t *testing.T) {
	for _, committed := range []bool{false, true} {
		w, f := workspace(t, []byte("0123"))
		expect := func(content string, staged int, want ...store.State) {
			t.Helper()
			check(t, f, []byte(content))
			var got []store.State
			for _, c := range w.History() {
				got = append(got, c.State)
			}
			if !slices.Equal(got, want) || w.Staged() != staged {
				t.Errorf("committed %t: %v, %d staged; want %v, %d", committed, got, w.Staged(), want, staged)
			}
		}
		write(t, w, 1, "a")
		first, changed := store.Staged, 1 // what is staged of the first change while it is visible
		if committed {
			must(t, w.Commit(context.Background()))
			first, changed = store.Committed, 0
		}
		last := func() int { h := w.History(); return h[len(h)-1].ID }
		must(t, w.Drop(1))
		expect("0123", 1-changed, store.Dropped, store.Staged)
		must(t, w.Drop(last()))
		expect("0a23", changed, first, store.Dropped, store.Staged)
		must(t, w.Undo())
		expect("0123", 1-changed, store.Dropped, store.Staged, store.Undone)
		must(t, w.Redo())
		expect("0a23", changed, first, store.Dropped, store.Staged)
		must(t, w.Drop(1))
		expect("0123", 1-changed, store.Dropped, store.Dropped, store.Staged, store.Staged)
		must(t, w.Drop(last()), w.Commit(context.Background()))
		expect("0a23", 0, store.Committed, store.Dropped, store.Committed, store.Dropped, store.Committed)
	}
}

// TestDropOfACut takes a cut out, and moves that over commits: the bytes that come
// back are in its edits.
func TestDropOfACut(t *testing.T) {
	w, f := workspace(t, []byte("0123456789"))
	must(t, edit(w, "cut", cut(4)))
	must(t, w.Drop(1))
	want := []store.Edit{{File: "a", Offset: 4, SizeBefore: 4, SizeAfter: 10}, {File: "a", Offset: 4, After: []byte("456789")}}
	if got := w.History()[1].Edits; !slices.EqualFunc(got, want, sameEdit) {
		t.Errorf("edits: %+v", got)
	}
	must(t, w.Commit(context.Background()), w.Undo())
	check(t, f, []byte("0123"))
	must(t, w.Commit(context.Background()), w.Redo())
	check(t, f, []byte("0123456789"))
}
