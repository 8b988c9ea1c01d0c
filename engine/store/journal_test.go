package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

func TestJournalOfOtherFiles(t *testing.T) {
	base, w, before, _ := pair(t)
	base.CutAfter(8)
	if err := w.Commit(context.Background()); err == nil {
		t.Fatal("committed")
	}
	left := base.CrashClone(1)
	j, err := store.ReadJournal(left, "a")
	must(t, err)
	if err := j.RollBack(left); !errors.Is(err, store.ErrUnfit) {
		t.Errorf("rolling back a file that the image does not name: %v", err)
	}
	j.Allow("b", "../x")
	f, err := left.OpenWrite("a")
	must(t, err)
	f.WriteAt([]byte{0xee}, 310)
	if err := j.RollBack(left); !errors.Is(err, store.ErrChanged) {
		t.Errorf("rolling back a file that somebody wrote to: %v", err)
	}
	f.WriteAt(before["a"][310:311], 310)
	j.Steps = slices.Concat(j.Steps, []store.Step{{File: "../x", Old: []byte("o"), New: []byte("x")}})
	if err := j.RollBack(left); !errors.Is(err, store.ErrOutside) {
		t.Errorf("rolling back a file outside: %v", err)
	}
}

// TestJournalOfShorterFiles rolls a commit whose files somebody has cut, or has
// written to where the commit was to cut: that is refused both ways.
func TestJournalOfShorterFiles(t *testing.T) {
	for name, c := range map[string]struct {
		stage  func(f store.File) error
		meddle func(f store.File) error
	}{
		"cut by somebody": {text("new", 3000),
			cut(100)},
		"cut in the middle of a write": {text("new", 3000),
			cut(3002)},
		"other bytes in the tail": {cut(1000),
			text("somebody's", 3000)},
	} {
		base := storetest.New()
		base.PutFile("a", bytes.Repeat([]byte("o"), 5000))
		w, _ := over(t, base)
		must(t, edit(w, name, c.stage))
		base.CutAfter(6) // the journal is whole, the file as it was
		if err := w.Commit(t.Context()); err == nil {
			t.Fatal("committed")
		}
		left := base.Clone()
		g, err := left.OpenWrite("a")
		must(t, err, c.meddle(g))
		before := content(t, g)
		j, err := store.ReadJournal(left, "a")
		must(t, err)
		if err := j.RollBack(left); !errors.Is(err, store.ErrChanged) {
			t.Errorf("%s: back: %v", name, err)
		}
		if err := j.RollForward(left); !errors.Is(err, store.ErrChanged) {
			t.Errorf("%s: forward: %v", name, err)
		}
		if content(t, g) != before || !store.HasJournal(left, "a") {
			t.Errorf("%s: the file was written to, or its journal is gone", name)
		}
	}
}

// TestRollSurvivesPowerCut cuts the power in a commit, and once more while that is
// rolled: the journal leads both ways still.
func TestRollSurvivesPowerCut(t *testing.T) {
	for n := 6; n < commitOps(t); n++ {
		for seed := range uint64(4) {
			for again := 0; ; again++ {
				base, w, before, after := pair(t)
				base.CutAfter(n)
				if err := w.Commit(t.Context()); err == nil {
					t.Fatal("committed")
				}
				next := revived(t, base.CrashClone(seed))
				j, err := store.ReadJournal(next, "a")
				if errors.Is(err, fs.ErrNotExist) {
					break
				}
				must(t, err)
				j.Allow("b")
				next.CutAfter(again)
				roll := j.RollBack
				if seed%2 == 0 {
					roll = j.RollForward
				}
				if err := roll(next); err == nil {
					break
				}
				recoverBoth(t, next, seed, n, before, after)
			}
		}
	}
}

// revived is what was left after a power cut, with power.
func revived(t *testing.T, left *store.Mem) *storetest.FS {
	t.Helper()
	s := storetest.New()
	names, err := left.ReadDir(".")
	must(t, err)
	for _, name := range names {
		s.PutFile(name, []byte(content(t, open(t, left, name))))
	}
	return s
}

// TestBrokenJournals tells a journal that was not written to its end, so that
// nothing else was, from one that is not what was written any more.
func TestBrokenJournals(t *testing.T) {
	base, w, _, _ := pair(t)
	base.CutAfter(8)
	if err := w.Commit(context.Background()); err == nil {
		t.Fatal("committed")
	}
	left := base.Clone()
	whole := []byte(content(t, open(t, left, store.JournalName("a"))))
	const magic = "platter commit journal 4\n"
	signed := func(records string) []byte {
		sum := sha256.Sum256([]byte(magic + "\x00" + records))
		return slices.Concat([]byte(magic+"\x00"+records), sum[:])
	}
	const step = "\x01\x00\x00\x00\x00\x00\x00\x01o\x01x" // one byte at the start of the image
	huge := strings.Repeat("\xff", 9) + "\x01"
	rotten := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[(at+len(b))%len(b)] ^= 0x10
		return b
	}
	hole := func(b []byte, from, to int) []byte {
		b = bytes.Clone(b)
		clear(b[from:to])
		return b
	}
	for name, c := range map[string]struct {
		journal []byte
		want    error
	}{
		"whole":                    {whole, nil},
		"empty":                    {nil, store.ErrTorn},
		"without a head":           {hole(whole, 0, len(magic)), store.ErrTorn},
		"a part without a head":    {hole(whole, 0, len(magic))[:700], store.ErrTorn},
		"without its first sector": {hole(whole, 0, 512), store.ErrTorn},
		"rot in the name":          {rotten(whole, 3), store.ErrDamaged},
		"rot in a length":          {rotten(whole, len(magic)+9), store.ErrDamaged},
		"rot in the steps":         {rotten(whole, -40), store.ErrDamaged},
		"rot in the sum":           {rotten(whole, -3), store.ErrDamaged},
		"a sector lost later":      {hole(whole, 512, 1024), store.ErrDamaged},
		"cut later":                {whole[:len(whole)-1], store.ErrDamaged},
		"longer":                   {append(bytes.Clone(whole), 0), store.ErrDamaged},
		"of an earlier version":    {bytes.Replace(whole, []byte("journal 4"), []byte("journal 3"), 1), store.ErrOtherVersion},
		"of a later version":       {bytes.Replace(whole, []byte("journal 4"), []byte("journal 5"), 1), store.ErrDamaged},
		"something else":           {[]byte("notes"), store.ErrDamaged},
		"somebody else's":          {signed(step + "\x00"), nil},
		"a length past the end":    {signed("\x01\x00\x00\x00\x00" + huge), store.ErrDamaged},
		"a length of 70 bits":      {signed("\x01\x00\x00\x00\x00\xff" + huge), store.ErrDamaged},
		"without an end":           {signed(step), store.ErrDamaged},
		"a million steps":          {signed(strings.Repeat(step, 1<<20) + "\x00"), store.ErrDamaged},
	} {
		left.PutFile(store.JournalName("a"), c.journal)
		j, err := store.ReadJournal(left, "a")
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || len(j.Steps) == 0) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestDroppedJournalStaysAway cuts the power after a journal was removed.
func TestDroppedJournalStaysAway(t *testing.T) {
	base := storetest.New()
	base.PutFile(store.JournalName("a"), nil)
	base.PutFile("a", nil)
	j, err := store.ReadJournal(base, "a")
	if !errors.Is(err, store.ErrTorn) || !errors.Is(j.RollForward(base), store.ErrTorn) {
		t.Fatalf("an empty journal: %v", err)
	}
	must(t, j.RollBack(base))
	for seed := range uint64(20) {
		if store.HasJournal(base.CrashClone(seed), "a") {
			t.Fatalf("seed %d: the journal is back", seed)
		}
	}
}

// TestRollBackOnAFullDisk has a disk that takes no more bytes: what was not written
// needs no room to be taken back.
func TestRollBackOnAFullDisk(t *testing.T) {
	base := storetest.New()
	base.PutFile("a", bytes.Repeat([]byte("o"), 100<<10))
	w, _ := over(t, base)
	must(t, edit(w, "write", text(strings.Repeat("n", 50<<10), 10)))
	base.CutAfter(6) // the journal is whole, the file as it was
	if err := w.Commit(t.Context()); err == nil {
		t.Fatal("committed")
	}
	left := revived(t, base.CrashClone(1))
	f, err := left.OpenWrite("a")
	must(t, err)
	_, err = f.WriteAt([]byte("nnnn"), 20<<10) // all that reached the file
	must(t, err, f.Sync())
	j, err := store.ReadJournal(left, "a")
	must(t, err)
	before := left.Ops()
	must(t, j.RollBack(left))
	if n := left.Ops() - before; n != 4 { // the one write, and to sync, remove, and sync the folder
		t.Errorf("%d operations", n)
	}
	check(t, open(t, left, "a"), bytes.Repeat([]byte("o"), 100<<10))
}
