//go:build unix

package store_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"platter/engine/store"
)

func TestPipesAndSocketsAreRefused(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.vmdk")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666); err != nil {
		t.Skip(err)
	}
	if l, err := net.Listen("unix", filepath.Join(dir, "socket")); err == nil {
		defer l.Close()
	}
	if err := os.Symlink("/dev/null", filepath.Join(dir, "null")); err != nil {
		t.Fatal(err)
	}
	d, _, _ := openImage(t, filepath.Join(dir, "a.vmdk"))
	for name, want := range map[string]error{"pipe": store.ErrNotRegular, "socket": store.ErrNotRegular, "null": store.ErrOutside} {
		if _, err := d.Open(name); !errors.Is(err, want) {
			t.Errorf("%s named by an image: %v", name, err)
		}
		if _, _, _, err := store.OpenImage(filepath.Join(dir, name)); !errors.Is(err, store.ErrNotRegular) {
			t.Errorf("%s named by the user: %v", name, err)
		}
	}
}

// watched looks at the journal of a commit before it is removed.
type watched struct {
	*store.Folder
	mode os.FileMode
}

func (w *watched) Remove(name string) error {
	fi, err := os.Stat(filepath.Join(w.Dir(), name))
	if err != nil {
		return err
	}
	w.mode = fi.Mode().Perm()
	return w.Folder.Remove(name)
}

// TestJournalIsPrivate commits to an image that nobody else may read.
func TestJournalIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	put(t, dir, "a")
	d, _, _ := openImage(t, filepath.Join(dir, "a"))
	base := &watched{Folder: d}
	w, _ := over(t, base)
	write(t, w, 0, "secret")
	must(t, w.Commit(t.Context()))
	if base.mode != 0o600 {
		t.Errorf("the journal has the mode %o", base.mode)
	}
}
