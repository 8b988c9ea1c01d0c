package store_test

import (
	"errors"
	"os"
	"testing"

	"platter/engine/store"
)

// TestLocks holds a file for writing: nobody else gets it until it is closed, all can
// read it, and who has it is told.
func TestLocks(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "b")
	d, _, _ := openImage(t, dir+"/a")
	e, _, _ := openImage(t, dir+"/a")
	if err := store.HeldBy(e, "a"); err != nil {
		t.Fatal(err)
	}
	f, err := d.OpenWrite("a")
	must(t, err)
	if store.Unlocked(f) {
		t.Skip("this file system knows no locks")
	}
	held := func() {
		t.Helper()
		if _, err := e.OpenWrite("a"); !errors.Is(err, store.ErrRunning) || !errors.Is(err, store.ErrLocked) {
			t.Errorf("a second writer: %v", err)
		}
		if err := store.HeldBy(e, "a"); !errors.Is(err, store.ErrRunning) {
			t.Errorf("held by %v", err)
		}
		check(t, open(t, e, "a"), []byte("content of a"))
	}
	held()
	again, err := d.OpenWrite("a") // by the same one
	must(t, err, store.HeldBy(d, "a"), f.Close())
	held()
	_, err = again.WriteAt([]byte("c"), 0)
	must(t, err, again.Close())
	if again.Close() == nil {
		t.Error("closed twice")
	}
	f, err = e.OpenWrite("a")
	must(t, err, f.Close())
	if err := errors.Join(store.HeldBy(d, "a"), store.HeldBy(d, "absent")); err != nil {
		t.Error(err)
	}
	made, err := d.Create("made")
	must(t, err)
	defer made.Close()
	if _, err := e.OpenWrite("made"); !errors.Is(err, store.ErrRunning) {
		t.Errorf("a new file: %v", err)
	}
}

// TestCommitHoldsTheImage has somebody hold the image while another of its files is to be
// written.
func TestCommitHoldsTheImage(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "b")
	d, _, _ := openImage(t, dir+"/a")
	w := store.NewWorkspace(d, "a")
	defer w.Close()
	must(t, w.Do("edit", func(tx *store.Tx) error {
		f, err := tx.OpenWrite("b")
		must(t, err)
		_, err = f.WriteAt([]byte("C"), 0)
		return err
	}))
	e, _, _ := openImage(t, dir+"/a")
	f, err := e.OpenWrite("a")
	must(t, err)
	if err := w.Commit(t.Context()); !errors.Is(err, store.ErrRunning) {
		t.Errorf("commit: %v", err)
	}
	must(t, f.Close())
	must(t, w.Commit(t.Context()))
}

// TestNames counts hard links.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a")
	must(t, os.Link(dir+"/a", dir+"/b"))
	_, _, f := openImage(t, dir+"/a")
	if n := store.Names(f); n != 2 {
		t.Errorf("%d names", n)
	}
}
