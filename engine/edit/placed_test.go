package edit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
)

// twoBlocks makes a dynamic VHD of four blocks of 512 KiB, of which the first two are
// stored and hold the same bytes, and opens it.
func twoBlocks(t *testing.T) (path string, s *edit.Session) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "disk.vhd")
	made := engine.CreateOptions{Values: map[string]string{disk.OptionSize: "2M", disk.OptionBlockSize: "512K"}}
	if _, err := engine.Create(t.Context(), path, made); err != nil {
		t.Fatal(err)
	}
	s = opened(t, path)
	if _, err := s.Write(t.Context(), "fill", 0, bytes.Repeat([]byte("same"), 256<<10)); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path, opened(t, path)
}

func opened(t *testing.T, path string) *edit.Session {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// swapped exchanges the first two entries of the image's block table, as another program
// does that moves blocks, and leaves the file's time as it was.
func swapped(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	table := b[1536:]
	first, second := binary.BigEndian.Uint32(table), binary.BigEndian.Uint32(table[4:])
	if first == second || first > 1<<20 || second > 1<<20 {
		t.Fatalf("entries %#x, %#x", first, second)
	}
	binary.BigEndian.PutUint32(table, second)
	binary.BigEndian.PutUint32(table[4:], first)
	if err := errors.Join(os.WriteFile(path, b, 0o600), os.Chtimes(path, time.Time{}, info.ModTime())); err != nil {
		t.Fatal(err)
	}
}

// TestCommitLooksWhereTheDiskIs has another program move blocks of equal bytes between
// an edit and its commit: the edit does not land in the other block.
func TestCommitLooksWhereTheDiskIs(t *testing.T) {
	path, s := twoBlocks(t)
	if _, err := s.Write(t.Context(), "write", 1000, []byte("other")); err != nil {
		t.Fatal(err)
	}
	swapped(t, path)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); !errors.Is(err, store.ErrChanged) {
		t.Errorf("commit: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the image was written to: %v", err)
	}
	swapped(t, path) // and back
	if err := s.Commit(t.Context()); err != nil {
		t.Errorf("commit where it was: %v", err)
	}
	if _, err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Errorf("commit of the way back: %v", err)
	}
}

// TestCommitLooksAtTimes has the file touched: what was placed by tables that are as they
// were is written, what chose room for a block is not.
func TestCommitLooksAtTimes(t *testing.T) {
	for name, c := range map[string]struct {
		at    int64
		wrong error
	}{"in place": {1000, nil}, "a new block": {1536 << 10, store.ErrChanged}} {
		path, s := twoBlocks(t)
		if _, err := s.Write(t.Context(), "write", c.at, []byte("other")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(t.Context()); !errors.Is(err, c.wrong) {
			t.Errorf("%s: %v", name, err)
		}
		again := opened(t, path)
		if _, err := again.Write(t.Context(), "write", c.at, []byte("again")); err != nil {
			t.Fatal(err)
		}
		if err := again.Commit(t.Context()); err != nil {
			t.Errorf("%s, read again: %v", name, err)
		}
		if _, err := again.Write(t.Context(), "write", 1100<<10, []byte("more")); err != nil {
			t.Fatal(err)
		}
		if err := again.Commit(t.Context()); err != nil { // after its own commit
			t.Errorf("%s, once more: %v", name, err)
		}
		for range 2 {
			if _, err := again.Undo(); err != nil {
				t.Fatal(err)
			}
		}
		if err := again.Commit(t.Context()); err != nil {
			t.Errorf("%s, undone: %v", name, err)
		}
	}
}
