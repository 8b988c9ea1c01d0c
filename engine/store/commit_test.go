package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

// pair is a workspace over two files with changes in both: bytes, growth, a cut.
func pair(t *testing.T) (base *storetest.FS, w *store.Workspace, before, after map[string][]byte) {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 12))
	a, b := random(rng, 3000), random(rng, 2500)
	base = storetest.New()
	base.PutFile("a", a)
	base.PutFile("b", b)
	w, fa := over(t, base)
	fb := open(t, w, "b")
	must(t, w.Do("edit", func() error {
		_, err := fa.WriteAt(bytes.Repeat([]byte{9}, 1100), 300)
		return errors.Join(err, fb.Truncate(1700))
	}))
	must(t, w.Do("grow", func() error {
		_, err := fa.WriteAt(bytes.Repeat([]byte{8}, 700), 2900)
		_, err2 := fb.WriteAt([]byte("second"), 600)
		return errors.Join(err, err2, fa.Truncate(5000))
	}))
	before = map[string][]byte{"a": a, "b": b}
	after = map[string][]byte{"a": []byte(content(t, fa)), "b": []byte(content(t, fb))}
	return base, w, before, after
}

// holds tells whether a file system consists of exactly these files.
func holds(t *testing.T, o store.Opener, want map[string][]byte) bool {
	t.Helper()
	names, err := o.ReadDir(".")
	must(t, err)
	same := len(names) == len(want)
	for _, name := range names {
		same = same && content(t, open(t, o, name)) == string(want[name])
	}
	return same
}

// commitOps is the number of operations that the commit of a pair takes.
func commitOps(t *testing.T) int {
	base, w, _, after := pair(t)
	must(t, w.Commit(context.Background()))
	if !holds(t, base.CrashClone(0), after) {
		t.Fatal("a finished commit is not durable")
	}
	return base.Ops()
}

func TestCommitFailsWhole(t *testing.T) {
	for n := range commitOps(t) {
		base, w, before, after := pair(t)
		cause := errors.New("disk on fire")
		base.FailAt(n+1, cause)
		err := w.Commit(context.Background())
		if !errors.Is(err, cause) {
			t.Fatalf("operation %d: %v", n, err)
		}
		if strings.Contains(err.Error(), "the changes are on disk") {
			before = after
		} else if w.Staged() != 2 {
			t.Errorf("operation %d: %d staged", n, w.Staged())
		}
		got := base.Clone()
		got.Remove(store.JournalName("a")) // it stays where removing it failed
		if !holds(t, got, before) {
			t.Errorf("operation %d: neither old nor new: %v", n, err)
		}
		if journal := store.HasJournal(base, "a"); !journal && !bytes.Equal(before["a"], after["a"]) {
			if err := w.Commit(context.Background()); err != nil || !holds(t, base, after) {
				t.Errorf("operation %d: a second commit: %v", n, err)
			}
		}
	}
}

func TestCommitSurvivesPowerCut(t *testing.T) {
	for n := range commitOps(t) {
		base, w, before, after := pair(t)
		base.CutAfter(n)
		if err := w.Commit(context.Background()); !errors.Is(err, storetest.ErrPowerCut) {
			t.Fatalf("operation %d: %v", n, err)
		}
		for seed := range uint64(12) {
			recoverBoth(t, base, seed, n, before, after)
		}
	}
}

// recoverBoth recovers what is left after a power cut, in both directions.
func recoverBoth(t *testing.T, base *storetest.FS, seed uint64, n int, before, after map[string][]byte) {
	t.Helper()
	for _, forward := range []bool{false, true} {
		left := base.CrashClone(seed)
		j, err := store.ReadJournal(left, "a")
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if !holds(t, left, before) && !holds(t, left, after) {
				t.Fatalf("operation %d, seed %d: torn without a journal", n, seed)
			}
			continue
		case errors.Is(err, store.ErrTorn):
			must(t, store.DropJournal(left, "a"))
			if !holds(t, left, before) {
				t.Fatalf("operation %d, seed %d: written before the journal was", n, seed)
			}
			continue
		}
		must(t, err)
		want := before
		if forward {
			want, err = after, j.RollForward(left)
		} else {
			err = j.RollBack(left)
		}
		if err != nil || !holds(t, left, want) {
			t.Fatalf("operation %d, seed %d, forward %v: %v", n, seed, forward, err)
		}
	}
}

func TestCommitRefusesChangedFiles(t *testing.T) {
	tests := map[string]func(base *storetest.FS, f store.File) error{
		"bytes":   func(_ *storetest.FS, f store.File) error { _, err := f.WriteAt([]byte("X"), 4); return err },
		"size":    func(_ *storetest.FS, f store.File) error { return f.Truncate(11) },
		"another": func(base *storetest.FS, _ store.File) error { base.PutFile("a", []byte("0123456789")); return nil },
	}
	for name, meddle := range tests {
		base := storetest.New()
		base.PutFile("a", []byte("0123456789"))
		w, f := over(t, base)
		write(t, w, f, 3, "abc")
		disk, err := base.OpenWrite("a")
		must(t, err, meddle(base, disk))
		ops := base.Ops()
		if err := w.Commit(context.Background()); !errors.Is(err, store.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		if base.Ops() != ops || w.Staged() != 1 {
			t.Errorf("%s: %d operations, %d staged", name, base.Ops()-ops, w.Staged())
		}
	}
}

func TestCommitToldToStop(t *testing.T) {
	base, w, before, _ := pair(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Commit(ctx); !errors.Is(err, context.Canceled) || !holds(t, base, before) {
		t.Errorf("commit: %v", err)
	}
}

func TestCommitWithoutJournal(t *testing.T) {
	base, w, _, after := pair(t)
	base.FailAt(1, fs.ErrPermission)
	if err := w.Commit(context.Background()); !errors.Is(err, store.ErrNoJournal) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("commit: %v", err)
	}
	must(t, w.CommitUnjournaled(context.Background()))
	if !holds(t, base, after) {
		t.Error("not committed")
	}
}

func TestCommitMeetsOldJournal(t *testing.T) {
	base, w, before, _ := pair(t)
	base.PutFile(store.JournalName("a"), []byte("old"))
	before[store.JournalName("a")] = []byte("old")
	if err := w.Commit(context.Background()); !errors.Is(err, fs.ErrExist) || !holds(t, base, before) {
		t.Errorf("commit: %v", err)
	}
}

// lying is a file system whose files forget what is written to them.
type lying struct{ *store.Mem }

type lyingFile struct{ store.File }

func (l lying) OpenWrite(name string) (store.File, error) {
	f, err := l.Mem.OpenWrite(name)
	return lyingFile{f}, err
}

func (f lyingFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

func TestCommitVerifies(t *testing.T) {
	mem := store.NewMem()
	mem.PutFile("a", []byte("0123"))
	w, f := over(t, lying{mem})
	write(t, w, f, 1, "x")
	if err := w.Commit(context.Background()); !errors.Is(err, store.ErrVerify) || w.Staged() != 1 {
		t.Errorf("commit: %v", err)
	}
}

func TestJournalOfOtherFiles(t *testing.T) {
	base, w, before, _ := pair(t)
	base.CutAfter(8)
	if err := w.Commit(context.Background()); err == nil {
		t.Fatal("committed")
	}
	left := base.CrashClone(1)
	j, err := store.ReadJournal(left, "a")
	must(t, err)
	f, err := left.OpenWrite("a")
	must(t, err)
	f.WriteAt([]byte{0xee}, 310)
	if err := j.RollBack(left); !errors.Is(err, store.ErrChanged) {
		t.Errorf("rolling back a file that somebody wrote to: %v", err)
	}
	f.WriteAt(before["a"][310:311], 310)
	j.Steps = slices.Concat(j.Steps, []store.Step{{File: "../x", New: []byte("x")}})
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
		"cut by somebody": {func(f store.File) error { _, err := f.WriteAt([]byte("new"), 3000); return err },
			func(f store.File) error { return f.Truncate(100) }},
		"cut in the middle of a write": {func(f store.File) error { _, err := f.WriteAt([]byte("new"), 3000); return err },
			func(f store.File) error { return f.Truncate(3002) }},
		"other bytes in the tail": {func(f store.File) error { return f.Truncate(1000) },
			func(f store.File) error { _, err := f.WriteAt([]byte("somebody's"), 3000); return err }},
	} {
		base := storetest.New()
		base.PutFile("a", bytes.Repeat([]byte("o"), 5000))
		w, f := over(t, base)
		must(t, w.Do(name, func() error { return c.stage(f) }))
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
	body := whole[bytes.LastIndexByte(whole, '\n')+1:]
	first := fmt.Appendf(nil, "platter commit journal 1\n%x\n%s", sha256.Sum256(body), body)
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
		"whole":                       {whole, nil},
		"empty":                       {nil, store.ErrTorn},
		"without a head":              {hole(whole, 0, len(whole)-len(body)), store.ErrTorn},
		"a part without a head":       {hole(whole, 0, len(whole)-len(body))[:700], store.ErrTorn},
		"without its first sector":    {hole(whole, 0, 512), store.ErrTorn},
		"rot in the name":             {rotten(whole, 3), store.ErrDamaged},
		"rot in the sum":              {rotten(whole, 40), store.ErrDamaged},
		"rot in the steps":            {rotten(whole, -30), store.ErrDamaged},
		"a sector lost later":         {hole(whole, 512, 1024), store.ErrDamaged},
		"cut later":                   {whole[:len(whole)-1], store.ErrDamaged},
		"of a later version":          {bytes.Replace(whole, []byte("journal 2"), []byte("journal 3"), 1), store.ErrDamaged},
		"something else":              {[]byte("notes"), store.ErrDamaged},
		"first format":                {first, nil},
		"first format, cut":           {first[:len(first)-1], store.ErrTorn},
		"first format, cut early":     {first[:30], store.ErrTorn},
		"first format, sector absent": {hole(first, 512, 1024), store.ErrTorn},
		"first format, no head":       {hole(first, 0, 512), store.ErrTorn},
		"first format, rot":           {rotten(first, -30), store.ErrDamaged},
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
	must(t, store.DropJournal(base, "a"))
	for seed := range uint64(20) {
		if store.HasJournal(base.CrashClone(seed), "a") {
			t.Fatalf("seed %d: the journal is back", seed)
		}
	}
}

func TestCommitOnHost(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a")
	d, _, _ := openImage(t, dir+"/a")
	w, f := over(t, d)
	write(t, w, f, 0, "CONTENT")
	must(t, w.Commit(context.Background()))
	check(t, open(t, d, "a"), []byte("CONTENT of a"))
	if names, _ := d.ReadDir("."); !slices.Equal(names, []string{"a"}) {
		t.Errorf("folder holds %q", names)
	}
}

func TestSaveAndLoad(t *testing.T) {
	base, w, before, after := pair(t)
	var saved bytes.Buffer
	must(t, w.Save(&saved))
	text := saved.Bytes()

	again, a := over(t, base)
	b := open(t, again, "b")
	must(t, again.Load(bytes.NewReader(text)))
	check(t, a, after["a"])
	check(t, b, after["b"])
	if h := again.History(); len(h) != 2 || h[0].Title != "edit" || h[1].Title != "grow" {
		t.Errorf("history: %+v", h)
	}
	if err := again.Load(bytes.NewReader(text)); !errors.Is(err, store.ErrBusy) {
		t.Errorf("loading it twice: %v", err)
	}
	must(t, again.Undo(), again.Undo())
	check(t, a, before["a"])

	if err := again.Load(bytes.NewReader(text[:len(text)-1])); !errors.Is(err, store.ErrTorn) {
		t.Errorf("loading a part: %v", err)
	}
	disk, err := base.OpenWrite("b")
	must(t, err)
	disk.WriteAt([]byte{0xee}, 602)
	if err := again.Load(bytes.NewReader(text)); !errors.Is(err, store.ErrChanged) || again.Staged() != 0 {
		t.Errorf("loading over other bytes: %v, %d staged", err, again.Staged())
	}
}
