package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/store"
)

// TestCreateBesideAWriter replaces no image that somebody has open for writing, by
// whatever leave.
func TestCreateBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.vhd")
	if err := os.WriteFile(path, []byte("in use"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	defer folder.Close()
	held, err := folder.OpenWrite(name)
	if err != nil {
		t.Fatal(err)
	}
	opt := engine.CreateOptions{Values: values("size", "1M"), Replace: true}
	if _, err := engine.Create(t.Context(), path, opt); !errors.Is(err, store.ErrRunning) && !errors.Is(err, store.ErrLocked) {
		t.Errorf("replaced under a writer: %v", err)
	}
	held.Close()
	if _, err := engine.Create(t.Context(), path, opt); err != nil {
		t.Errorf("after the writer: %v", err)
	}
}
