package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

// workspace opens one over a file "a" in memory.
func workspace(t *testing.T, content []byte) (*store.Workspace, store.File) {
	t.Helper()
	mem := store.NewMem()
	mem.PutFile("a", content)
	return over(t, mem)
}

func over(t *testing.T, base store.FS) (*store.Workspace, store.File) {
	t.Helper()
	w := store.NewWorkspace(base, "a")
	t.Cleanup(func() { w.Close() })
	return w, live{open(t, w.Snapshot(), "a"), w, "a"}
}

// live is a file as a workspace shows it whenever it is read.
type live struct {
	store.File
	w    *store.Workspace
	name string
}

func (l live) now() (store.File, error) { return l.w.Snapshot().Open(l.name) }

func (l live) ReadAt(p []byte, off int64) (int, error) {
	f, err := l.now()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, off)
}

func (l live) Size() (int64, error) {
	f, err := l.now()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.Size()
}

// edit makes a change of what fn writes to the file "a".
func edit(w *store.Workspace, title string, fn func(f store.File) error) error {
	return w.Do(title, func(tx *store.Tx) error {
		f, err := tx.OpenWrite("a")
		if err != nil {
			return err
		}
		return errors.Join(fn(f), f.Close())
	})
}

// text writes a string.
func text(s string, off int64) func(store.File) error {
	return func(f store.File) error {
		_, err := f.WriteAt([]byte(s), off)
		return err
	}
}

// cut gives the file another length.
func cut(size int64) func(store.File) error {
	return func(f store.File) error { return f.Truncate(size) }
}

func open(t *testing.T, o store.Opener, name string) store.File {
	t.Helper()
	f, err := o.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// write stages one write.
func write(t *testing.T, w *store.Workspace, off int64, s string) {
	t.Helper()
	must(t, edit(w, fmt.Sprintf("%s at %d", s, off), text(s, off)))
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestNothingReachesTheDiskBeforeCommit(t *testing.T) {
	base := storetest.New()
	base.PutFile("a", []byte("0123456789"))
	w, f := over(t, base)
	write(t, w, 3, "abc")
	must(t, edit(w, "grow", cut(12)))
	check(t, f, []byte("012abc6789\x00\x00"))
	check(t, open(t, base, "a"), []byte("0123456789"))
	disk, err := w.OnDisk("a")
	must(t, err)
	check(t, disk, []byte("0123456789"))
	if base.Ops() != 0 {
		t.Errorf("%d operations before the commit", base.Ops())
	}
	must(t, w.Commit(context.Background()))
	check(t, open(t, base, "a"), []byte("012abc6789\x00\x00"))
	check(t, disk, []byte("0123456789")) // as it was when it was opened
	disk, err = w.OnDisk("a")
	must(t, err)
	check(t, disk, []byte("012abc6789\x00\x00"))
	if names, _ := base.ReadDir("."); !slices.Equal(names, []string{"a"}) {
		t.Errorf("folder holds %q", names)
	}
}

func TestWritesNeedAChange(t *testing.T) {
	w, f := workspace(t, []byte("0123"))
	var late, reader store.File
	must(t, w.Do("nothing", func(tx *store.Tx) (err error) {
		reader = open(t, tx, "a")
		late, err = tx.OpenWrite("a")
		return err
	}))
	for name, c := range map[string]struct {
		f    store.File
		want error
	}{"snapshot": {f, store.ErrReadOnly}, "opened for reading": {reader, store.ErrReadOnly}, "after the change": {late, fs.ErrClosed}} {
		if _, err := c.f.WriteAt([]byte("x"), 0); !errors.Is(err, c.want) {
			t.Errorf("%s: write: %v", name, err)
		}
		if err := c.f.Truncate(9); !errors.Is(err, c.want) {
			t.Errorf("%s: truncate: %v", name, err)
		}
	}
	if _, err := w.Snapshot().OpenWrite("a"); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("open: %v", err)
	}
	check(t, f, []byte("0123"))
}

// TestChangesMakeNoNames has a change try what only files on disk can.
func TestChangesMakeNoNames(t *testing.T) {
	w, _ := workspace(t, []byte("0123"))
	must(t, w.Do("names", func(tx *store.Tx) error {
		_, err := tx.Create("b")
		for name, err := range map[string]error{"create": err, "remove": tx.Remove("a"), "rename": tx.Rename("a", "b")} {
			if !errors.Is(err, store.ErrNames) {
				t.Errorf("%s: %v", name, err)
			}
		}
		return tx.SyncDir()
	}))
}

func TestErrorRollsBack(t *testing.T) {
	mem := store.NewMem()
	mem.PutFile("a", []byte("0123456789"))
	mem.PutFile("b", []byte("abcdef"))
	w, a := over(t, mem)
	b := live{open(t, w.Snapshot(), "b"), w, "b"}
	write(t, w, 2, "xy")
	cause := errors.New("cause")
	err := w.Do("fails", func(tx *store.Tx) error {
		a, errA := tx.OpenWrite("a")
		b, errB := tx.OpenWrite("b")
		must(t, errA, errB)
		a.WriteAt([]byte("zzzz"), 1)
		a.Truncate(4)
		b.WriteAt([]byte("tail"), 9)
		return cause
	})
	if !errors.Is(err, cause) {
		t.Errorf("error: %v", err)
	}
	check(t, a, []byte("01xy456789"))
	check(t, b, []byte("abcdef"))
	if got := w.Dirty("b"); got != nil {
		t.Errorf("b is dirty: %v", got)
	}
	if n := len(w.History()); n != 1 {
		t.Errorf("%d changes", n)
	}
}

func TestPanicRollsBack(t *testing.T) {
	w, f := workspace(t, []byte("0123"))
	func() {
		defer func() { recover() }()
		edit(w, "panics", func(f store.File) error {
			f.WriteAt([]byte("x"), 0)
			panic("cause")
		})
	}()
	check(t, f, []byte("0123"))
	write(t, w, 1, "y")
	check(t, f, []byte("0y23"))
}

func TestOneChangeAtATime(t *testing.T) {
	w, _ := workspace(t, []byte("0123"))
	write(t, w, 0, "a")
	must(t, w.Do("outer", func(*store.Tx) error {
		for name, err := range map[string]error{
			"do":     w.Do("inner", func(*store.Tx) error { return nil }),
			"undo":   w.Undo(),
			"redo":   w.Redo(),
			"drop":   w.Drop(1),
			"commit": w.Commit(context.Background()),
		} {
			if !errors.Is(err, store.ErrBusy) {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	}))
}

func TestHistory(t *testing.T) {
	w, f := workspace(t, []byte("0123456789"))
	generation := w.Generation()
	write(t, w, 0, "a")
	write(t, w, 1, "b")
	must(t, edit(w, "nothing", text("ab2", 0)))
	states := func(want ...store.State) {
		t.Helper()
		var got []store.State
		for _, c := range w.History() {
			got = append(got, c.State)
		}
		if !slices.Equal(got, want) {
			t.Errorf("states %v, want %v", got, want)
		}
		if g := w.Generation(); g <= generation {
			t.Errorf("generation went from %d to %d", generation, g)
		} else {
			generation = g
		}
	}
	states(store.Staged, store.Staged)
	must(t, w.Undo())
	states(store.Staged, store.Undone)
	check(t, f, []byte("a123456789"))
	must(t, w.Redo())
	must(t, w.Commit(context.Background()))
	states(store.Committed, store.Committed)
	if n := w.Staged(); n != 0 {
		t.Errorf("%d staged after commit", n)
	}
	must(t, w.Undo())
	states(store.Committed, store.Reverting)
	if n := w.Staged(); n != 1 {
		t.Errorf("%d staged after undoing a committed change", n)
	}
	check(t, f, []byte("a123456789"))
	if plan := w.Plan(); len(plan) != 1 || plan[0].Title != "undo: b at 1" || string(plan[0].New) != "1" {
		t.Errorf("plan: %+v", plan)
	}
	must(t, w.Commit(context.Background()))
	states(store.Committed, store.Undone)
	must(t, w.Undo())
	must(t, w.Redo())
	must(t, w.Redo())
	states(store.Committed, store.Staged)
	must(t, w.Undo(), w.Undo())
	if err := w.Undo(); !errors.Is(err, store.ErrNothing) {
		t.Errorf("undo: %v", err)
	}
	write(t, w, 5, "c")
	states(store.Staged)
	check(t, f, []byte("01234c6789"))
	if err := w.Redo(); !errors.Is(err, store.ErrNothing) {
		t.Errorf("redo: %v", err)
	}
}

func TestEdits(t *testing.T) {
	w, _ := workspace(t, []byte("0123456789"))
	write(t, w, 2, "ab")
	must(t, edit(w, "cut", cut(3)))
	want := []store.Edit{{File: "a", Offset: 3, Before: []byte("b456789")}, {File: "a", Offset: 3, SizeBefore: 10, SizeAfter: 3}}
	for range 2 {
		got := w.History()
		if !slices.EqualFunc(got[1].Edits, want, sameEdit) {
			t.Errorf("cut: %+v", got[1].Edits)
		}
		if e := got[0].Edits; len(e) != 1 || string(e[0].Before) != "23" || string(e[0].After) != "ab" || e[0].Offset != 2 {
			t.Errorf("write: %+v", e)
		}
		must(t, w.Commit(context.Background()))
	}
}

func sameEdit(a, b store.Edit) bool {
	return a.File == b.File && a.Offset == b.Offset && bytes.Equal(a.Before, b.Before) && bytes.Equal(a.After, b.After) &&
		a.SizeBefore == b.SizeBefore && a.SizeAfter == b.SizeAfter
}

func TestDirty(t *testing.T) {
	w, _ := workspace(t, []byte("0123456789"))
	dirty := func(want ...store.Range) {
		t.Helper()
		if got := w.Dirty("a"); !slices.Equal(got, want) {
			t.Errorf("dirty: %v, want %v", got, want)
		}
	}
	dirty()
	write(t, w, 2, "2b45x") // only b and x are not on disk
	dirty(store.Range{Offset: 3, Length: 1}, store.Range{Offset: 6, Length: 1})
	write(t, w, 7, "z")
	dirty(store.Range{Offset: 3, Length: 1}, store.Range{Offset: 6, Length: 2})
	must(t, w.Do("revert", func(tx *store.Tx) error { return tx.Revert("a", 0, 7) }))
	dirty(store.Range{Offset: 7, Length: 1})
	must(t, w.Undo())
	dirty(store.Range{Offset: 3, Length: 1}, store.Range{Offset: 6, Length: 2})
	write(t, w, 0, "0123456789")
	dirty()
	if w.Dirty("never opened") != nil {
		t.Error("a file that was never opened is dirty")
	}
}

func TestPlan(t *testing.T) {
	mem := store.NewMem()
	mem.PutFile("a", []byte("0123456789"))
	mem.PutFile("b", []byte("abcdef"))
	w, _ := over(t, mem)
	write(t, w, 8, "xyz")
	must(t, w.Do("two files", func(tx *store.Tx) error {
		a, errA := tx.OpenWrite("a")
		b, errB := tx.OpenWrite("b")
		must(t, errA, errB)
		a.WriteAt([]byte("Q"), 0)
		a.WriteAt([]byte("R"), 1)
		return b.Truncate(4)
	}))
	write(t, w, 2, "S")
	var got []string
	for _, s := range w.Plan() {
		got = append(got, fmt.Sprintf("%s %d %q>%q %d>%d %d %s", s.File, s.Offset, s.Old, s.New, s.SizeBefore, s.SizeAfter, s.Change, s.Title))
	}
	want := []string{
		`a 10 "">"" 10>11 1 xyz at 8`,
		`a 0 "01">"QR" 0>0 2 two files`,
		`a 2 "2">"S" 0>0 3 S at 2`,
		`a 8 "89">"xyz" 0>0 1 xyz at 8`,
		`b 4 "ef">"" 6>4 2 two files`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("plan:\n%q\nwant:\n%q", got, want)
	}
}

func TestTwoNamesOfOneFile(t *testing.T) {
	mem := store.NewMem()
	mem.Put("b", mem.PutFile("a", []byte("0123")))
	w, _ := over(t, mem)
	b := live{open(t, w.Snapshot(), "b"), w, "b"}
	write(t, w, 1, "x")
	check(t, b, []byte("0x23"))
}

func TestTooMuch(t *testing.T) {
	w, f := workspace(t, []byte("0123"))
	err := edit(w, "much", func(f store.File) error {
		p := bytes.Repeat([]byte{1}, 1<<20)
		for i := range int64(40) {
			if _, err := f.WriteAt(p, i<<20); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("error: %v", err)
	}
	check(t, f, []byte("0123"))
	must(t, edit(w, "grow", cut(1<<45)))
	must(t, w.Undo())
	write(t, w, 0, "x")
}

// TestPlanOfManyRuns stages bytes of which every other one differs: the plan
// stays short, and a commit of it is right.
func TestPlanOfManyRuns(t *testing.T) {
	const n = 1 << 20
	base := storetest.New()
	base.PutFile("a", make([]byte, n))
	w, _ := over(t, base)
	data := bytes.Repeat([]byte{0, 1}, n/2)
	must(t, edit(w, "fill", text(string(data), 0)))
	if got := len(w.Plan()); got > 1<<16+1 {
		t.Errorf("%d steps", got)
	}
	if got := len(w.Dirty("a")); got > 1<<16+1 {
		t.Errorf("%d ranges", got)
	}
	must(t, w.Commit(t.Context()))
	if content(t, open(t, base, "a")) != string(data) {
		t.Error("the file holds something else than was staged")
	}
}
