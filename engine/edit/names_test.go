package edit_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
)

// failing is a folder whose disk takes nothing any more after a write was begun.
type failing struct{ *store.Folder }

type failingFile struct{ store.File }

var errFailing = errors.New("disk on fire")

func (d failing) OpenWrite(name string) (store.File, error) {
	f, err := d.Folder.OpenWrite(name)
	return failingFile{f}, err
}

func (f failingFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p[:len(p)/2], off)
	return n, errors.Join(errFailing, err)
}

// leaveTorn makes a folder with disk.img, part.img and other.img of "o", and tears a
// commit to the first two.
func leaveTorn(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"disk.img", "part.img", "other.img"} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("o"), 512), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder, name, file, err := store.OpenImage(filepath.Join(dir, "disk.img"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	defer file.Close()
	w := store.NewWorkspace(failing{folder}, name)
	defer w.Close()
	err = w.Do("write", func(tx *store.Tx) error {
		for _, name := range []string{"disk.img", "part.img"} {
			f, err := tx.OpenWrite(name)
			if err != nil {
				return err
			}
			defer f.Close()
			if _, err := f.WriteAt(bytes.Repeat([]byte("n"), 100), 50); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(t.Context()); !errors.Is(err, errFailing) {
		t.Fatal(err)
	}
	return dir
}

// told are the findings of an image that opening made.
func told(t *testing.T, path string) string {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{Format: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	var b strings.Builder
	for _, f := range img.Info().Findings {
		b.WriteString(f.Code + ": " + f.Text + "\n")
	}
	return b.String()
}

// commitTo writes a byte to an image.
func commitTo(t *testing.T, path string) error {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{Format: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Stage("byte", disk.Edit{File: filepath.Base(path), Offset: 0, Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	return s.Commit(t.Context())
}

// TestTornUnderAnotherName reaches a torn image by a hard link, and by the name that it
// got since: nothing is written to it until it is recovered, by any of its names.
func TestTornUnderAnotherName(t *testing.T) {
	for how, name := range map[string]func(from, to string) error{"link": os.Link, "rename": os.Rename} {
		dir := leaveTorn(t)
		path := filepath.Join(dir, "second.img")
		if err := name(filepath.Join(dir, "disk.img"), path); err != nil {
			t.Fatal(err)
		}
		if said := told(t, path); !strings.Contains(said, engine.CodeInterrupted) || !strings.Contains(said, "disk.img.platter-journal") {
			t.Errorf("%s: told %q", how, said)
		}
		if err := commitTo(t, path); !errors.Is(err, disk.ErrReadOnly) || !strings.Contains(err.Error(), "recover second.img") {
			t.Errorf("%s: commit: %v", how, err)
		}
		i, err := edit.FindInterrupted(t.Context(), path, engine.Options{Format: "raw"})
		var at *store.RecordError
		if !errors.As(err, &at) || at.File != "part.img" { // a raw image names no other file
			t.Fatalf("%s: %v, %v", how, i, err)
		}
	}
}

// TestTornAndItsNeighbours looks from a file that the torn commit was to write to, and
// from one that it has nothing to do with.
func TestTornAndItsNeighbours(t *testing.T) {
	dir := leaveTorn(t)
	part, other := filepath.Join(dir, "part.img"), filepath.Join(dir, "other.img")
	if said := told(t, part); !strings.Contains(said, engine.CodeInterrupted) || !strings.Contains(said, "a part of disk.img") {
		t.Errorf("the part: told %q", said)
	}
	if err := commitTo(t, part); !errors.Is(err, disk.ErrReadOnly) || !strings.Contains(err.Error(), "recover disk.img") {
		t.Errorf("the part: commit: %v", err)
	}
	if _, err := edit.FindInterrupted(t.Context(), part, engine.Options{}); err == nil || !strings.Contains(err.Error(), "a write to disk.img was interrupted") {
		t.Errorf("the part: recover: %v", err)
	}
	if said := told(t, other); strings.Contains(said, engine.CodeInterrupted) || !strings.Contains(said, engine.CodeForeign) {
		t.Errorf("the other: told %q", said)
	}
	if err := commitTo(t, other); err != nil {
		t.Errorf("the other: commit: %v", err)
	}
}

// TestCopiedPair backs up a torn image with its journal beside it: each of the two is
// recovered by its own journal only.
func TestCopiedPair(t *testing.T) {
	dir := leaveTorn(t)
	first, second := filepath.Join(dir, "disk.img"), filepath.Join(dir, "copy.img")
	for from, to := range map[string]string{first: second, store.JournalName(first): store.JournalName(second)} {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(store.JournalName(first)); err != nil { // as when it was recovered
		t.Fatal(err)
	}
	if said := told(t, first); strings.Contains(said, engine.CodeInterrupted) || !strings.Contains(said, engine.CodeForeign) {
		t.Errorf("the first: told %q", said)
	}
	if said := told(t, second); !strings.Contains(said, engine.CodeInterrupted) {
		t.Errorf("the copy: told %q", said)
	}
	if i, err := edit.FindInterrupted(t.Context(), first, engine.Options{Format: "raw"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal of the copy is used for the first: %v, %v", i, err)
	}
	if err := commitTo(t, first); err != nil {
		t.Errorf("the first: commit: %v", err)
	}
	if _, err := os.Stat(store.JournalName(second)); err != nil {
		t.Errorf("the copy's journal is gone: %v", err)
	}
}

// TestRecoverByAnotherName finishes a torn write by the image's second name.
func TestRecoverByAnotherName(t *testing.T) {
	dir := t.TempDir()
	path, second := filepath.Join(dir, "disk.img"), filepath.Join(dir, "second.img")
	old := bytes.Repeat([]byte("o"), 512)
	if err := errors.Join(os.WriteFile(path, old, 0o600), os.Link(path, second)); err != nil {
		t.Fatal(err)
	}
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	w := store.NewWorkspace(failing{folder}, name)
	err = w.Do("write", func(tx *store.Tx) error {
		f, err := tx.OpenWrite(name)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(bytes.Repeat([]byte("n"), 100), 50)
		return errors.Join(err, f.Close())
	})
	if err := errors.Join(err, w.Commit(t.Context()), w.Close(), file.Close(), folder.Close()); !errors.Is(err, errFailing) {
		t.Fatal(err)
	}
	i, err := edit.FindInterrupted(t.Context(), second, engine.Options{Format: "raw"})
	if err != nil || strings.Contains(i.Summary(), "another file") {
		t.Fatal(i, err)
	}
	if err := errors.Join(i.Back(), i.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, old) {
		t.Errorf("it is not as it was: %v", err)
	}
	if err := commitTo(t, second); err != nil {
		t.Errorf("commit afterwards: %v", err)
	}
}
