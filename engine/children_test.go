package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
)

// basedOn is the finding that tells of images beside the one at path that are based on it.
func basedOn(t *testing.T, path string) disk.Finding {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for _, f := range img.Info().Findings {
		if f.Code == engine.CodeBase {
			return f
		}
	}
	return disk.Finding{}
}

// TestBaseTellsOfChildren opens bases of each format beside a child, beside a stranger,
// beside a child that wants another identity, and after a rename.
func TestBaseTellsOfChildren(t *testing.T) {
	for ext, delta := range map[string]string{".vhd": "avhd", ".vhdx": "avhdx", ".vmdk": "vmdk"} {
		dir := t.TempDir()
		base, child := filepath.Join(dir, "base"+ext), filepath.Join(dir, "base-000001."+delta)
		create(t, base, engine.CreateOptions{Values: values("size", "8M")}).Close()
		create(t, filepath.Join(dir, "other"+ext), engine.CreateOptions{Values: values("size", "8M")}).Close()
		if f := basedOn(t, base); f.Code != "" {
			t.Errorf("%s: without a child: %s", ext, f.Text)
		}
		made := create(t, filepath.Join(dir, "child"+ext), engine.CreateOptions{Parent: base})
		made.Close()
		if err := os.Rename(filepath.Join(dir, "child"+ext), child); err != nil {
			t.Fatal(err)
		}
		f := basedOn(t, base)
		if !strings.Contains(f.Text, "base-000001."+delta+" beside it is based on this image") || f.Severity != disk.SeverityInfo || strings.Contains(f.Text, "identity") {
			t.Errorf("%s: %q", ext, f.Text)
		}
		for _, n := range []string{child, filepath.Join(dir, "other"+ext)} {
			if f := basedOn(t, n); f.Code != "" {
				t.Errorf("%s: %s: %s", ext, filepath.Base(n), f.Text)
			}
		}
		// under another name the identity tells, where the name that the child gives is nobody's
		moved := filepath.Join(dir, "moved"+ext)
		if err := os.Rename(base, moved); err != nil {
			t.Fatal(err)
		}
		if f := basedOn(t, moved); f.Code == "" {
			t.Errorf("%s, renamed: %q", ext, f.Text)
		}
		if err := os.Rename(filepath.Join(dir, "other"+ext), base); err != nil {
			t.Fatal(err)
		}
		if f := basedOn(t, base); !strings.Contains(f.Text, "wants another identity") {
			t.Errorf("%s, replaced: %q", ext, f.Text)
		}
		if f := basedOn(t, moved); f.Code != "" {
			t.Errorf("%s: the child's parent is another file: %q", ext, f.Text)
		}
	}
}

// counting counts the files that are opened.
type counting struct {
	store.Opener
	opened map[string]bool
}

func (c *counting) Open(name string) (store.File, error) {
	c.opened[name] = true
	return c.Opener.Open(name)
}

// TestBaseLooksSoFar has a folder of many images: a bounded number is opened, and it is
// said how many were not.
func TestBaseLooksSoFar(t *testing.T) {
	files := store.NewMem()
	b := sampleBytes(t, "vhd")
	files.PutFile("base.vhd", b)
	for i := range 300 {
		files.PutFile(fmt.Sprintf("disk%03d.vhd", i), b)
		files.PutFile(fmt.Sprintf("notes%03d.txt", i), b)
	}
	in := &counting{files, map[string]bool{}}
	file, err := files.Open("base.vhd")
	if err != nil {
		t.Fatal(err)
	}
	img, err := engine.OpenIn(t.Context(), in, "base.vhd", file, "base.vhd", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	said := said(img)
	if !strings.Contains(said, "known of 100 of 300") || len(in.opened) > 110 {
		t.Errorf("%d files opened: %s", len(in.opened), said)
	}
}

// TestAnyParent reads children over a parent of another identity: refused, unless it is
// asked for; then with an error finding, and never to be written to.
func TestAnyParent(t *testing.T) {
	for _, ext := range []string{".vhd", ".vhdx", ".vmdk"} {
		dir := t.TempDir()
		base, child := filepath.Join(dir, "base"+ext), filepath.Join(dir, "child"+ext)
		create(t, base, engine.CreateOptions{Values: values("size", "8M")}).Close()
		create(t, child, engine.CreateOptions{Parent: base}).Close()
		create(t, filepath.Join(dir, "new"+ext), engine.CreateOptions{Values: values("size", "8M")}).Close()
		if err := os.Rename(filepath.Join(dir, "new"+ext), base); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, child, engine.Options{}).ReadAt(make([]byte, 512), 0); err == nil {
			t.Errorf("%s: a stranger's bytes are served unasked", ext)
		}
		img := open(t, child, engine.Options{AnyParent: true})
		if _, err := img.ReadAt(make([]byte, 512), 0); err != nil || img.Parent() == nil {
			t.Errorf("%s: %v", ext, err)
		}
		told := 0
		for f, err := range img.Check(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if f.Severity == disk.SeverityError && strings.Contains(f.Text, "is read all the same") {
				told++
			}
		}
		if told != 1 || img.(disk.Linked).Link().Forced == nil {
			t.Errorf("%s: told %d times", ext, told)
		}
		if _, err := edit.Open(t.Context(), child, engine.Options{AnyParent: true}); !errors.Is(err, disk.ErrReadOnly) {
			t.Errorf("%s: opened for editing: %v", ext, err)
		}
	}
}

// TestBelowAnUnreadableLayer has the middle one of three layers refused, since its table
// or a size makes no sense: the base is known all the same, and listed.
func TestBelowAnUnreadableLayer(t *testing.T) {
	for ext, spoil := range map[string]func(b []byte){
		".vhd": func(b []byte) { // the table's place in the dynamic header
			at := bytes.Index(b, []byte("cxsparse"))
			binary.BigEndian.PutUint64(b[at+16:], 1<<50)
		},
		".vhdx": func(b []byte) { // the size of the disk
			at := bytes.Index(b, binary.LittleEndian.AppendUint64(nil, 8<<20|7<<9))
			binary.LittleEndian.PutUint64(b[at:], 0)
		},
	} {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name+ext) }
		create(t, at("base"), engine.CreateOptions{Values: values("size", fmt.Sprint(8<<20|7<<9))}).Close()
		create(t, at("middle"), engine.CreateOptions{Parent: at("base")}).Close()
		create(t, at("top"), engine.CreateOptions{Parent: at("middle")}).Close()
		b, err := os.ReadFile(at("middle"))
		if err != nil {
			t.Fatal(err)
		}
		spoil(b)
		if err := os.WriteFile(at("middle"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		img := open(t, at("top"), engine.Options{})
		if n := layers(img); n != 3 {
			t.Errorf("%s: %d layers: %s", ext, n, said(img))
			continue
		}
		if _, err := img.ReadAt(make([]byte, 512), 0); err == nil {
			t.Errorf("%s: read through a layer that is refused", ext)
		}
		if _, err := img.Parent().Parent().ReadAt(make([]byte, 512), 0); err != nil {
			t.Errorf("%s: the base: %v", ext, err)
		}
	}
}
