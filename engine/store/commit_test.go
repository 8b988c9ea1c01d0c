package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"runtime"
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
	must(t, w.Do("edit", func(tx *store.Tx) error {
		fa, errA := tx.OpenWrite("a")
		fb, errB := tx.OpenWrite("b")
		must(t, errA, errB)
		_, err := fa.WriteAt(bytes.Repeat([]byte{9}, 1100), 300)
		return errors.Join(err, fb.Truncate(1700))
	}))
	must(t, w.Do("grow", func(tx *store.Tx) error {
		fa, errA := tx.OpenWrite("a")
		fb, errB := tx.OpenWrite("b")
		must(t, errA, errB)
		_, err := fa.WriteAt(bytes.Repeat([]byte{8}, 700), 2900)
		_, err2 := fb.WriteAt([]byte("second"), 600)
		return errors.Join(err, err2, fa.Truncate(5000))
	}))
	before = map[string][]byte{"a": a, "b": b}
	after = map[string][]byte{"a": []byte(content(t, fa)), "b": []byte(content(t, open(t, w.Snapshot(), "b")))}
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
			must(t, j.RollBack(left))
			if !holds(t, left, before) {
				t.Fatalf("operation %d, seed %d: written before the journal was", n, seed)
			}
			continue
		}
		must(t, err)
		j.Allow("b")
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
		w, _ := over(t, base)
		write(t, w, 3, "abc")
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
	w, _ := over(t, lying{mem})
	write(t, w, 1, "x")
	if err := w.Commit(context.Background()); !errors.Is(err, store.ErrVerify) || w.Staged() != 1 {
		t.Errorf("commit: %v", err)
	}
}

func TestCommitOnHost(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a")
	d, _, _ := openImage(t, dir+"/a")
	w, _ := over(t, d)
	write(t, w, 0, "CONTENT")
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
	b := live{open(t, again.Snapshot(), "b"), again, "b"}
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

	for n := range text {
		if err := again.Load(bytes.NewReader(text[:n])); !errors.Is(err, store.ErrTorn) {
			t.Errorf("loading %d bytes: %v", n, err)
		}
	}
	disk, err := base.OpenWrite("b")
	must(t, err)
	disk.WriteAt([]byte{0xee}, 602)
	if err := again.Load(bytes.NewReader(text)); !errors.Is(err, store.ErrChanged) || again.Staged() != 0 {
		t.Errorf("loading over other bytes: %v, %d staged", err, again.Staged())
	}
}

// TestLoadKnowsWhatWasWritten loads what a run kept that was stopped while it wrote it, or
// just past that: the bytes are its own, and no other program's.
func TestLoadKnowsWhatWasWritten(t *testing.T) {
	base, w, _, after := pair(t)
	var saved bytes.Buffer
	must(t, w.Save(&saved))
	half, err := base.OpenWrite("a")
	must(t, err, half.Truncate(int64(len(after["a"]))))
	half.WriteAt(after["a"], 0)
	again, _ := over(t, base)
	if err := again.Load(bytes.NewReader(saved.Bytes())); !errors.Is(err, store.ErrPartly) || errors.Is(err, store.ErrChanged) {
		t.Errorf("one of two files is written: %v", err)
	}
	half, err = base.OpenWrite("b")
	must(t, err, half.Truncate(int64(len(after["b"]))))
	half.WriteAt(after["b"], 0)
	again, _ = over(t, base)
	if err := again.Load(bytes.NewReader(saved.Bytes())); !errors.Is(err, store.ErrWritten) || again.Staged() != 0 {
		t.Errorf("all is written: %v", err)
	}
}

// TestStepsAreStreamed saves many bytes in little memory.
func TestStepsAreStreamed(t *testing.T) {
	w, _ := workspace(t, nil)
	must(t, edit(w, "fill", text(strings.Repeat("bytes", 3<<20), 0)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, w.Save(io.Discard))
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were taken to save 15 MiB", n)
	}
}

// TestFewSteps fills much at once over bytes that agree with it here and there, and
// over whole runs that do: it is written in few pieces.
func TestFewSteps(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 1))
	old := random(rng, 4<<20)
	for at := 0; at < len(old); at += 1 + rng.IntN(5000) {
		for i := range min(rng.IntN(100), len(old)-at) {
			old[at+i] = 0xaa
		}
	}
	base := storetest.New()
	base.PutFile("a", old)
	w, _ := over(t, base)
	must(t, edit(w, "fill", text(strings.Repeat("\xaa", len(old)-1000), 500)))
	if n := len(w.Plan()); n > 3 {
		t.Errorf("%d steps", n)
	}
	must(t, w.Commit(t.Context()))
	if ops := base.Ops(); ops > 30 {
		t.Errorf("%d operations", ops)
	}
	if len(w.Plan()) > 0 {
		t.Errorf("left: %d steps", len(w.Plan()))
	}
}
