package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	return w, open(t, w, "a")
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
func write(t *testing.T, w *store.Workspace, f store.File, off int64, s string) {
	t.Helper()
	err := w.Do(fmt.Sprintf("%s at %d", s, off), func() error {
		_, err := f.WriteAt([]byte(s), off)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
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
	write(t, w, f, 3, "abc")
	must(t, w.Do("grow", func() error { return f.Truncate(12) }))
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
	check(t, disk, []byte("012abc6789\x00\x00"))
	if names, _ := base.ReadDir("."); !slices.Equal(names, []string{"a"}) {
		t.Errorf("folder holds %q", names)
	}
}

func TestWritesNeedAChange(t *testing.T) {
	_, f := workspace(t, []byte("0123"))
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrNotStaging) {
		t.Errorf("write: %v", err)
	}
	if err := f.Truncate(9); !errors.Is(err, store.ErrNotStaging) {
		t.Errorf("truncate: %v", err)
	}
	check(t, f, []byte("0123"))
}

func TestErrorRollsBack(t *testing.T) {
	mem := store.NewMem()
	mem.PutFile("a", []byte("0123456789"))
	mem.PutFile("b", []byte("abcdef"))
	w, a := over(t, mem)
	b := open(t, w, "b")
	write(t, w, a, 2, "xy")
	cause := errors.New("cause")
	err := w.Do("fails", func() error {
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
		w.Do("panics", func() error {
			f.WriteAt([]byte("x"), 0)
			panic("cause")
		})
	}()
	check(t, f, []byte("0123"))
	write(t, w, f, 1, "y")
	check(t, f, []byte("0y23"))
}

func TestOneChangeAtATime(t *testing.T) {
	w, f := workspace(t, []byte("0123"))
	write(t, w, f, 0, "a")
	must(t, w.Do("outer", func() error {
		for name, err := range map[string]error{
			"do":     w.Do("inner", func() error { return nil }),
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
	write(t, w, f, 0, "a")
	write(t, w, f, 1, "b")
	must(t, w.Do("nothing", func() error { _, err := f.WriteAt([]byte("ab2"), 0); return err }))
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
	write(t, w, f, 5, "c")
	states(store.Staged)
	check(t, f, []byte("01234c6789"))
	if err := w.Redo(); !errors.Is(err, store.ErrNothing) {
		t.Errorf("redo: %v", err)
	}
}

func TestEdits(t *testing.T) {
	w, f := workspace(t, []byte("0123456789"))
	write(t, w, f, 2, "ab")
	must(t, w.Do("cut", func() error { return f.Truncate(3) }))
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
	w, f := workspace(t, []byte("0123456789"))
	dirty := func(want ...store.Range) {
		t.Helper()
		if got := w.Dirty("a"); !slices.Equal(got, want) {
			t.Errorf("dirty: %v, want %v", got, want)
		}
	}
	dirty()
	write(t, w, f, 2, "2b45x") // only b and x are not on disk
	dirty(store.Range{Offset: 3, Length: 1}, store.Range{Offset: 6, Length: 1})
	write(t, w, f, 7, "z")
	dirty(store.Range{Offset: 3, Length: 1}, store.Range{Offset: 6, Length: 2})
	must(t, w.Do("revert", func() error { return w.Revert("a", 0, 7) }))
	dirty(store.Range{Offset: 7, Length: 1})
	must(t, w.Undo())
	dirty(store.Range{Offset: 3, Length: 1}, store.Range{Offset: 6, Length: 2})
	write(t, w, f, 0, "0123456789")
	dirty()
	if w.Dirty("never opened") != nil {
		t.Error("a file that was never opened is dirty")
	}
}

func TestPlan(t *testing.T) {
	mem := store.NewMem()
	mem.PutFile("a", []byte("0123456789"))
	mem.PutFile("b", []byte("abcdef"))
	w, a := over(t, mem)
	b := open(t, w, "b")
	write(t, w, a, 8, "xyz")
	must(t, w.Do("two files", func() error {
		a.WriteAt([]byte("Q"), 0)
		a.WriteAt([]byte("R"), 1)
		return b.Truncate(4)
	}))
	write(t, w, a, 2, "S")
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

func TestDrop(t *testing.T) {
	w, f := workspace(t, []byte("0123456789"))
	write(t, w, f, 0, "ab")
	write(t, w, f, 1, "c")
	write(t, w, f, 6, "d")
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
	apart := func(w *store.Workspace, f store.File) error {
		_, err := f.WriteAt([]byte("a123456789d"), 0) // only a and the old byte of d are new
		return err
	}
	revert := func(w *store.Workspace, _ store.File) error { return w.Revert("a", 0, 20) }
	for name, do := range map[string]func(*store.Workspace, store.File) error{"write": apart, "revert": revert} {
		w, f := workspace(t, []byte("0123456789def"))
		write(t, w, f, 10, "D")
		must(t, w.Do(name, func() error { return do(w, f) }))
		second := w.History()[1].ID
		write(t, w, f, 5, "B")
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
		write(t, w, f, 1, "a")
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
	must(t, w.Do("cut", func() error { return f.Truncate(4) }))
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

func TestTwoNamesOfOneFile(t *testing.T) {
	mem := store.NewMem()
	mem.Put("b", mem.PutFile("a", []byte("0123")))
	w, a := over(t, mem)
	b := open(t, w, "b")
	write(t, w, a, 1, "x")
	check(t, b, []byte("0x23"))
}

func TestTooMuch(t *testing.T) {
	w, f := workspace(t, []byte("0123"))
	err := w.Do("much", func() error {
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
	must(t, w.Do("grow", func() error { return f.Truncate(1 << 45) }))
	must(t, w.Undo())
	write(t, w, f, 0, "x")
}

// TestRandomWalk stages, undoes, redoes, drops and commits at random, and compares
// every step with a list of whole contents.
func TestRandomWalk(t *testing.T) {
	for seed := range uint64(8) {
		walk(t, seed, 1500)
	}
}

func walk(t *testing.T, seed uint64, steps int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	start := random(rng, 500+rng.IntN(5000))
	base := storetest.New()
	base.PutFile("a", start)
	w, f := over(t, base)
	states, at, disk := [][]byte{start}, 0, start
	stage := func(next []byte) {
		states = append(states[:at+1], next)
		at++
	}
	for range steps {
		switch rng.IntN(11) {
		case 0, 1, 2:
			if at > 0 {
				must(t, w.Undo())
				at--
			}
		case 3, 4:
			if at < len(states)-1 {
				must(t, w.Redo())
				at++
			}
		case 5:
			if rng.IntN(5) == 0 {
				must(t, w.Commit(context.Background()))
				disk = states[at]
			}
		case 6:
			if n := at - 1 - rng.IntN(4); n >= 0 && dropped(t, w, n) {
				stage(without(states[at], states[n], states[n+1]))
			}
		default:
			before := w.Generation()
			next, err := randomChange(w, f, rng, states[at], disk)
			if err == nil && w.Generation() > before {
				stage(next)
			}
		}
		check(t, f, states[at])
		checkPlan(t, w, disk, states[at])
	}
	check(t, open(t, base, "a"), disk)
}

// dropped drops the n-th change of the history, unless a later one builds on it
// or it was dropped before.
func dropped(t *testing.T, w *store.Workspace, n int) bool {
	t.Helper()
	c := w.History()[n]
	err := w.Drop(c.ID)
	if gone := c.State == store.Dropped; gone != errors.Is(err, store.ErrNothing) || !gone && err != nil && !errors.Is(err, store.ErrEntangled) {
		t.Fatalf("dropping what is %s: %v", c.State, err)
	}
	return err == nil
}

// without is what is visible now but for one change, of which the contents before
// and after are given.
func without(now, before, after []byte) []byte {
	next := slices.Clone(now)
	if len(before) != len(after) {
		common := min(len(before), len(after))
		next = append(next[:common], before[common:]...)
	}
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			next[i] = before[i]
		}
	}
	return next
}

// randomChange stages some edits, or fails in the middle of them.
func randomChange(w *store.Workspace, f store.File, rng *rand.Rand, now, disk []byte) ([]byte, error) {
	next := slices.Clone(now)
	err := w.Do("random", func() (err error) {
		for range 1 + rng.IntN(3) {
			if next, err = randomEdit(w, f, rng, next, disk); err != nil {
				return err
			}
		}
		if rng.IntN(6) == 0 {
			return errors.New("changed its mind")
		}
		return nil
	})
	return next, err
}

// randomEdit stages another length, what is on disk, or a write, of which all
// bytes or a few are new.
func randomEdit(w *store.Workspace, f store.File, rng *rand.Rand, now, disk []byte) ([]byte, error) {
	off, n := rng.IntN(len(now)+100), rng.IntN(200)
	switch rng.IntN(12) {
	case 0:
		size := rng.IntN(len(now) + 300)
		return resize(now, size), f.Truncate(int64(size))
	case 1, 2:
		for i := off; i < min(off+n, len(now)); i++ {
			now[i] = 0
			if i < len(disk) {
				now[i] = disk[i]
			}
		}
		return now, w.Revert("a", int64(off), int64(n))
	}
	p := random(rng, n)
	few := rng.IntN(2) == 0
	for i := 0; few && i < n && off+i < len(now); i++ {
		if rng.IntN(8) > 0 {
			p[i] = now[off+i]
		}
	}
	if n > 0 {
		now = overwrite(now, p, off)
	}
	_, err := f.WriteAt(p, int64(off))
	return now, err
}

// checkPlan carries the plan out on a copy of the disk: it must give what is
// visible, and touch exactly the bytes that differ.
func checkPlan(t *testing.T, w *store.Workspace, disk, visible []byte) {
	t.Helper()
	got := slices.Clone(disk)
	planned := 0
	for _, s := range w.Plan() {
		if s.Resizes() {
			if s.SizeAfter < s.SizeBefore && !bytes.Equal(got[s.SizeAfter:], s.Old) {
				t.Fatalf("the step cuts off other bytes than it says")
			}
			got = resize(got, int(s.SizeAfter))
			continue
		}
		planned += len(s.New)
		for i, b := range s.New {
			at := int(s.Offset) + i
			if i < len(s.Old) && (at >= len(disk) || disk[at] != s.Old[i]) || got[at] == b {
				t.Fatalf("step at %d: old or new byte %d is wrong", s.Offset, i)
			}
			got[at] = b
		}
	}
	if !bytes.Equal(got, visible) {
		t.Fatalf("the plan does not lead to what is visible")
	}
	dirty := 0
	for _, r := range w.Dirty("a") {
		dirty += int(r.Length)
	}
	if dirty != planned {
		t.Fatalf("%d bytes dirty, %d planned", dirty, planned)
	}
}

// TestPlanOfManyRuns stages bytes of which every other one differs: the plan
// stays short, and a commit of it is right.
func TestPlanOfManyRuns(t *testing.T) {
	const n = 1 << 20
	base := storetest.New()
	base.PutFile("a", make([]byte, n))
	w, f := over(t, base)
	data := bytes.Repeat([]byte{0, 1}, n/2)
	must(t, w.Do("fill", func() error { _, err := f.WriteAt(data, 0); return err }))
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
