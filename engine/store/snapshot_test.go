package store_test

import (
	"errors"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

// TestChangesAppearWhole has another reader look between the two writes of one change,
// in two files: it sees neither of them, and then both.
func TestChangesAppearWhole(t *testing.T) {
	mem := store.NewMem()
	mem.PutFile("a", []byte("0000"))
	mem.PutFile("b", []byte("0000"))
	w, a := over(t, mem)
	b := live{open(t, w.Snapshot(), "b"), w, "b"}
	must(t, w.Do("both", func(tx *store.Tx) error {
		own := open(t, tx, "a")
		generation := w.Generation()
		for i, name := range []string{"a", "b"} {
			f, err := tx.OpenWrite(name)
			must(t, err, text("11", int64(i))(f))
			check(t, a, []byte("0000"))
			check(t, b, []byte("0000"))
			check(t, own, []byte("1100"))
			if w.Generation() != generation || len(w.Plan()) > 0 || len(w.History()) > 0 {
				t.Error("half of a change can be told from outside")
			}
		}
		info, err := tx.Stat("a")
		if err != nil || info.Size != 4 {
			t.Errorf("stat: %+v, %v", info, err)
		}
		return nil
	}))
	check(t, a, []byte("1100"))
	check(t, b, []byte("0110"))
}

// TestSnapshotsStay reads snapshots after later changes, commits, cuts and growth.
func TestSnapshotsStay(t *testing.T) {
	base := storetest.New()
	base.PutFile("a", []byte("0123456789"))
	base.PutFile("b", []byte("abcdef"))
	w, _ := over(t, base)
	first := w.Snapshot()
	write(t, w, 2, "xy")
	second := w.Snapshot()
	opened := open(t, second, "a")
	must(t, w.Commit(t.Context()), edit(w, "cut", cut(4)), w.Commit(t.Context()), edit(w, "grow", text("new", 9)), w.Commit(t.Context()))
	must(t, w.Do("b", func(tx *store.Tx) error {
		f, err := tx.OpenWrite("b")
		must(t, err)
		return text("B", 1)(f)
	}), w.Commit(t.Context()))
	check(t, open(t, first, "a"), []byte("0123456789"))
	check(t, open(t, first, "b"), []byte("abcdef")) // opened long after
	check(t, open(t, second, "a"), []byte("01xy456789"))
	check(t, opened, []byte("01xy456789"))
	check(t, open(t, w.Snapshot(), "a"), []byte("01xy\x00\x00\x00\x00\x00new"))
	if info, err := first.Stat("a"); err != nil || info.Size != 10 {
		t.Errorf("stat: %+v, %v", info, err)
	}
	if r, err := store.NextData(open(t, first, "a"), 4, 10); err != nil || r != (store.Range{Offset: 4, Length: 6}) {
		t.Errorf("data at %v, %v", r, err)
	}
}

// TestTry tells what would be edited, and leaves nothing, also while a change is made.
func TestTry(t *testing.T) {
	w, f := workspace(t, []byte("0123456789"))
	write(t, w, 0, "a")
	generation := w.Generation()
	must(t, w.Do("meanwhile", func(*store.Tx) error {
		edits, err := w.Try(func(tx *store.Tx) error {
			f, err := tx.OpenWrite("a")
			must(t, err, text("ab", 0)(f), cut(8)(f))
			check(t, f, []byte("ab234567"))
			return nil
		})
		want := []store.Edit{{File: "a", Offset: 1, Before: []byte("1"), After: []byte("b")}, {File: "a", Offset: 8, Before: []byte("89")}, {File: "a", Offset: 8, SizeBefore: 10, SizeAfter: 8}}
		if err != nil || len(edits) != len(want) {
			t.Fatalf("edits %+v, %v", edits, err)
		}
		for i := range want {
			if !sameEdit(edits[i], want[i]) {
				t.Errorf("edit %+v, want %+v", edits[i], want[i])
			}
		}
		return nil
	}))
	cause := errors.New("cause")
	if edits, err := w.Try(func(*store.Tx) error { return cause }); edits != nil || err != cause {
		t.Errorf("edits %+v, %v", edits, err)
	}
	check(t, f, []byte("a123456789"))
	if w.Generation() != generation || w.Staged() != 1 {
		t.Error("trying has changed something")
	}
}
