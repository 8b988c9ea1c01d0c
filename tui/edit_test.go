package tui

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/enginetest"
	"platter/engine/sample"
	"platter/engine/store"
	"platter/views/viewtest"
)

// bench is a story about a file on disk.
type bench struct {
	*story
	path  string
	first []byte // the file before the story
	kept  *bytes.Buffer
}

// onFile opens a sample that was written to disk, so that it can be edited.
func onFile(t *testing.T, name string, w, h int) *bench {
	t.Helper()
	from, _ := sample.Named(name)
	files, err := from.Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		writeOut(t, files, n, filepath.Join(dir, n))
	}
	return editFile(t, filepath.Join(dir, from.File), w, h)
}

func writeOut(t *testing.T, files *store.Mem, name, path string) {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func editFile(t *testing.T, path string, w, h int) *bench {
	t.Helper()
	b := &bench{path: path, kept: &bytes.Buffer{}}
	b.first = b.file(t)
	ed, err := engine.OpenSession(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := ed.Image()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Image: img, Path: path, Explorer: engine.Explorer{}, Finder: engine.Finder{}, Editing: func(any) Editing { return Editing{} }(nil)}
	_ = cfg
	return b
}

func (b *bench) file(t *testing.T) []byte {
	t.Helper()
	all, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
