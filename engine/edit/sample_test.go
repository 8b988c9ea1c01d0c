package edit_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/sample"
)

// TestSamplesAreEdited stages a byte in each sample, takes it back and brings it again;
// nothing is committed, and a copy holds what is staged.
func TestSamplesAreEdited(t *testing.T) {
	for _, sm := range sample.All() {
		s, err := edit.Open(t.Context(), engine.SamplePrefix+sm.Name, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		change := disk.Edit{File: sm.File, Offset: 3, Data: []byte("!")}
		if err := s.Stage("a byte", change); err != nil {
			t.Fatalf("%s: %v", sm.Name, err)
		}
		_, undo := s.Undo()
		undone := s.Staged()
		if _, redo := s.Redo(); undo != nil || redo != nil || undone != 0 || s.Staged() != 1 {
			t.Errorf("%s: %d staged after undo (%v), %d after redo (%v)", sm.Name, undone, undo, s.Staged(), redo)
		}
		if _, err := s.Writable(t.Context()); !errors.Is(err, disk.ErrReadOnly) {
			t.Errorf("%s: writable: %v", sm.Name, err)
		}
		if err := s.Commit(t.Context()); !errors.Is(err, disk.ErrReadOnly) {
			t.Errorf("%s: committed: %v", sm.Name, err)
		}
		if !s.Sample() {
			t.Errorf("%s: not known as a sample", sm.Name)
		}
		copied(t, s, sm)
	}
}

// copied saves a copy and compares it; a second one does not replace it.
func copied(t *testing.T, s *edit.Session, sm sample.Sample) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path, err := s.Copy(t.Context(), dir)
	if err != nil {
		t.Fatalf("%s: %v", sm.Name, err)
	}
	files, err := sm.Files()
	if err != nil {
		t.Fatal(err)
	}
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		size, _ := f.Size()
		want := make([]byte, size)
		if n, err := f.ReadAt(want, 0); n < len(want) {
			t.Fatal(err)
		}
		if name == sm.File {
			want[3] = '!'
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s: the copy of %s differs: %v", sm.Name, name, err)
		}
	}
	if path != filepath.Join(dir, sm.File) {
		t.Errorf("%s: the copy is said to be %s", sm.Name, path)
	}
	if _, err := s.Copy(t.Context(), dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("%s: a second copy: %v", sm.Name, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != len(names) {
		t.Errorf("%s: %d files in the folder, want %d, %v", sm.Name, len(left), len(names), err)
	}
}
