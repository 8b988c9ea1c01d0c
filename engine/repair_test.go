package engine_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/sample"
	"platter/engine/store"
)

// bytesOf is the file of a sample.
func bytesOf(t *testing.T, name string) (file string, b []byte) {
	t.Helper()
	s, ok := sample.Named(name)
	if !ok {
		t.Fatalf("no sample %s", name)
	}
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	f, err := files.Open(s.File)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b = make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return s.File, b
}

// TestRepairsOfferedWork damages samples at many places, and carries out all that is
// offered: none fails.
func TestRepairsOfferedWork(t *testing.T) {
	offered := 0
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		file, whole := bytesOf(t, name)
		for at := 0; at < min(len(whole), 1<<20); at += len(whole)/97 + 4 {
			b := bytes.Clone(whole)
			copy(b[at:], []byte{0xA5, 0x5A, 3})
			path := filepath.Join(t.TempDir(), file)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			offered += offeredWork(t, path)
		}
	}
	if offered == 0 {
		t.Error("nothing was offered")
	}
}

func offeredWork(t *testing.T, path string) (n int) {
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		return 0
	}
	defer img.Close()
	folder, name, f, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	f.Close()
	ws := store.NewWorkspace(folder, name)
	defer ws.Close()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list, _ := engine.Repairs(t.Context(), img, f)
		for _, r := range list {
			n++
			if _, err := ws.Try(func(tx *store.Tx) error { return r.Apply(t.Context(), tx) }); err != nil {
				t.Errorf("%s offers %q, which fails: %v", f.Code, r.Title, err)
			}
		}
		if list == nil && f.Repairable && f.Severity == disk.SeverityError {
			t.Logf("%s: no repair can be carried out", f.Code)
		}
	}
	return n
}
