package edit_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

// leaveInterrupted leaves in a folder what a power cut leaves of a commit that
// could do n operations, and returns the image's path and contents before and
// after. It reports false if the commit comes to its end.
func leaveInterrupted(t *testing.T, n int) (path string, before, after []byte, cut bool) {
	t.Helper()
	base := storetest.New()
	before = bytes.Repeat([]byte("old."), 512)
	after = bytes.Clone(before)
	base.PutFile("disk.img", before)
	w := store.NewWorkspace(base, "disk.img")
	defer w.Close()
	if err := w.Do("overwrite", func(tx *store.Tx) error {
		f, err := tx.OpenWrite("disk.img")
		if err != nil {
			return err
		}
		defer f.Close()
		_, err1 := f.WriteAt([]byte("first"), 100)
		_, err2 := f.WriteAt([]byte("second"), 1500)
		return errors.Join(err1, err2)
	}); err != nil {
		t.Fatal(err)
	}
	copy(after[100:], "first")
	copy(after[1500:], "second")
	base.CutAfter(n)
	if err := w.Commit(t.Context()); err == nil {
		return "", nil, nil, false
	}
	left := base.CrashClone(uint64(n))
	dir := t.TempDir()
	for _, name := range []string{"disk.img", store.JournalName("disk.img")} {
		if b, err := contentOf(left, name); err == nil {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return filepath.Join(dir, "disk.img"), before, after, true
}

func contentOf(in store.Opener, name string) ([]byte, error) {
	f, err := in.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, size))
}

// TestRecover cuts the power at every operation of a commit, and takes what is
// left both ways.
func TestRecover(t *testing.T) {
	torn, whole := 0, 0
	for _, forward := range []bool{false, true} {
		for n := 0; ; n++ {
			path, before, after, cut := leaveInterrupted(t, n)
			if !cut {
				break
			}
			i, err := edit.FindInterrupted(t.Context(), path, engine.Options{})
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			want, act := before, i.Back
			switch {
			case i.Torn:
				torn++
				if err := i.Forward(); !errors.Is(err, store.ErrTorn) {
					t.Errorf("operation %d: forward with half a journal: %v", n, err)
				}
			case forward:
				want, act = after, i.Forward
				fallthrough
			default:
				whole++
				if i.Places != 2 || i.Bytes != 11 || !strings.Contains(i.Summary(), "another file") {
					t.Errorf("operation %d: %s", n, i.Summary())
				}
			}
			if err := errors.Join(act(), i.Close()); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("operation %d, forward %t: the image is neither what it was nor what it should be, %v", n, forward, err)
			}
			if _, err := os.Stat(store.JournalName(path)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("operation %d: the journal is still there", n)
			}
		}
	}
	if torn == 0 || whole == 0 {
		t.Errorf("%d torn journals and %d whole ones: expected some of both", torn, whole)
	}
}

// TestRecoverFromAnEmptyJournal has a journal that plans nothing, as only
// somebody else can have written it.
func TestRecoverFromAnEmptyJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	journal := []byte("platter commit journal 4\n\x00\x00")
	sum := sha256.Sum256(journal)
	journal = append(journal, sum[:]...)
	if err := errors.Join(os.WriteFile(path, make([]byte, 512), 0o600), os.WriteFile(store.JournalName(path), journal, 0o600)); err != nil {
		t.Fatal(err)
	}
	i, err := edit.FindInterrupted(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if i.Summary() == "" || i.Back() != nil || i.Close() != nil {
		t.Error("an empty journal can't be undone")
	}
}

// TestRecoverNamesAnotherVersion has a journal that this program can't read.
func TestRecoverNamesAnotherVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := errors.Join(os.WriteFile(path, make([]byte, 512), 0o600), os.WriteFile(store.JournalName(path), []byte("platter commit journal 2\nsum\n[]"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := edit.FindInterrupted(t.Context(), path, engine.Options{}); !errors.Is(err, store.ErrOtherVersion) || !strings.Contains(err.Error(), "with that version") {
		t.Errorf("found: %v", err)
	}
}

// TestRecoverKeepsADamagedJournal has a bit rot in a journal that was whole, anywhere:
// it is neither taken for a torn one nor removed.
func TestRecoverKeepsADamagedJournal(t *testing.T) {
	for n := 0; ; n++ {
		path, _, _, cut := leaveInterrupted(t, n)
		if !cut {
			break
		}
		journal, err := os.ReadFile(store.JournalName(path))
		if i, found := edit.FindInterrupted(t.Context(), path, engine.Options{}); err != nil || found != nil || i.Torn {
			continue
		}
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(journal); at += 7 {
			journal[at] ^= 1
			if err := os.WriteFile(store.JournalName(path), journal, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := edit.FindInterrupted(t.Context(), path, engine.Options{}); !errors.Is(err, store.ErrDamaged) || !errors.Is(err, disk.ErrDamaged) || !strings.Contains(err.Error(), "keep the file") {
				t.Fatalf("operation %d, byte %d: %v", n, at, err)
			}
			journal[at] ^= 1
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, image) {
			t.Errorf("operation %d: the image was written to, %v", n, err)
		}
		if _, err := os.Stat(store.JournalName(path)); err != nil {
			t.Errorf("operation %d: %v", n, err)
		}
	}
}

// TestRecoverFollowsTheImage renames a torn image with its journal, and puts
// another file under the old name: that one is left alone.
func TestRecoverFollowsTheImage(t *testing.T) {
	for n := range 40 {
		path, before, after, cut := leaveInterrupted(t, n)
		if !cut {
			return
		}
		moved := filepath.Join(filepath.Dir(path), "moved.img")
		if os.Rename(store.JournalName(path), store.JournalName(moved)) != nil {
			continue
		}
		other := bytes.Repeat([]byte("left"), 512)
		if err := errors.Join(os.Rename(path, moved), os.WriteFile(path, other, 0o600)); err != nil {
			t.Fatal(err)
		}
		i, err := edit.FindInterrupted(t.Context(), moved, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, act := after, i.Forward
		if i.Torn {
			want, act = before, i.Back
		}
		if err := errors.Join(act(), i.Close()); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(moved); err != nil || !bytes.Equal(got, want) {
			t.Errorf("operation %d: the renamed image was not recovered, %v", n, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, other) {
			t.Errorf("operation %d: the file with the old name was written to", n)
		}
	}
}
