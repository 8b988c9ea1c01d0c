package store_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

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
	var kept []kept
	for range steps {
		if n := len(kept); rng.IntN(8) == 0 {
			kept = append(kept[max(0, n-3):], keep(t, w, states[at]))
		}
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
			next, err := randomChange(w, rng, states[at], disk)
			if err == nil && w.Generation() > before {
				stage(next)
			}
		}
		check(t, f, states[at])
		checkPlan(t, w, disk, states[at])
		for _, k := range kept {
			check(t, k.file, k.content)
		}
	}
	check(t, open(t, base, "a"), disk)
}

// kept is a file of an earlier snapshot, and what it showed then.
type kept struct {
	file    store.File
	content []byte
}

func keep(t *testing.T, w *store.Workspace, content []byte) kept {
	return kept{open(t, w.Snapshot(), "a"), slices.Clone(content)}
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
func randomChange(w *store.Workspace, rng *rand.Rand, now, disk []byte) ([]byte, error) {
	next := slices.Clone(now)
	err := w.Do("random", func(tx *store.Tx) error {
		f, err := tx.OpenWrite("a")
		for range 1 + rng.IntN(3) {
			if next, err = randomEdit(tx, f, rng, next, disk); err != nil {
				return err
			}
		}
		if rng.IntN(6) == 0 {
			return errors.New("changed its mind")
		}
		return err
	})
	return next, err
}

// randomEdit stages another length, what is on disk, or a write, of which all
// bytes or a few are new.
func randomEdit(tx *store.Tx, f store.File, rng *rand.Rand, now, disk []byte) ([]byte, error) {
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
		return now, tx.Revert("a", int64(off), int64(n))
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
// visible, and begin and end with bytes that differ.
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
		for i, b := range s.New {
			at := int(s.Offset) + i
			if i < len(s.Old) && (at >= len(disk) || disk[at] != s.Old[i]) || got[at] == b && (i == 0 || i == len(s.New)-1) {
				t.Fatalf("step at %d: old or new byte %d is wrong", s.Offset, i)
			}
			if got[at] != b {
				planned++
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
