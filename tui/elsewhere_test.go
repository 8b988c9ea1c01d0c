package tui_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/edit"
)

// answer types a name in place of the one that a prompt holds.
func (b *story) answer(text string) *story {
	b.keys("ctrl+u")
	b.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
	b.keys("enter")
	return b
}

// TestChangesGoElsewhere writes what is staged to a patch, a copy and a child: the image
// stays as it is, and each of them holds what was typed and all the rest.
func TestChangesGoElsewhere(t *testing.T) {
	for _, sample := range []string{"vhd", "vhdx", "vmdk"} {
		b := onFile(t, sample, 120, 40)
		dir, ext := filepath.Dir(b.path), filepath.Ext(b.path)
		want := diskOf(t, b.path)
		copy(want[0x500010:], "ZZ")
		b.keys("6", ":", "0x500010", "enter", "e", "5a5a", "esc", "s")
		b.keys("o").expect("a patch", "a copy", "a child").keys("enter").answer(filepath.Join(dir, "c.patch")).expect("saved")
		b.keys("o", "down", "enter").answer(filepath.Join(dir, "copy"+ext)).expect("The changes are written", "[ Stay here ]").keys("enter")
		b.keys("o", "down", "down", "enter").answer(filepath.Join(dir, "child"+ext)).expect("The changes are written").keys("enter")
		if !bytes.Equal(b.file(), b.first) {
			t.Fatalf("%s: the image changed", sample)
		}
		for _, name := range []string{"copy", "child"} {
			if !bytes.Equal(diskOf(t, filepath.Join(dir, name+ext)), want) {
				t.Errorf("%s: the %s has another disk", sample, name)
			}
		}
		applied(t, b.path, filepath.Join(dir, "c.patch"), want)
	}
}

// applied applies a patch and looks at the disk.
func applied(t *testing.T, image, patch string, want []byte) {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	p, err := edit.ReadPatch(bytes.NewReader(text))
	if err != nil || len(p.Edits) != 1 || p.Edits[0].Offset != 0x500010 {
		t.Fatalf("%s, %v", text, err)
	}
	s, err := edit.Open(t.Context(), image, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Write(t.Context(), "patch", p.Edits[0].Offset, p.Edits[0].New); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the patched disk is another one: %v", err)
	}
}

// TestChildTakesNoFileBytes stages a byte of a header: a patch holds it, a child can't.
func TestChildTakesNoFileBytes(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	dir := filepath.Dir(b.path)
	b.keys("2", "tab", ":", "0x10048", "enter", "e", "07", "esc", "s", "o", "down", "down", "enter").answer(filepath.Join(dir, "child.vhdx"))
	b.expect("so a child")
	if _, err := os.Stat(filepath.Join(dir, "child.vhdx")); err == nil {
		t.Error("a child was made")
	}
	b.keys("o", "enter").answer(filepath.Join(dir, "c.patch")).expect("saved")
	if text, err := os.ReadFile(filepath.Join(dir, "c.patch")); err != nil || !strings.Contains(string(text), "plane file sample.vhdx") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestLastWriteIsTakenBackLater writes with an undo file, and takes that back in a later
// session.
func TestLastWriteIsTakenBackLater(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("6", ":", "0x500010", "enter", "e", "5a5a", "esc")
	b.write()
	first := b.file()
	b.keys("esc", "6", ":", "0xa00010", "enter", "e", "5a5a", "esc", "s", "w").expect("Undo file too").keys("u").expect("written and read back")
	b.keys("esc", "R", "s", "v").expect("staged: the opposite of the last write").keys("esc", "W", "t", "s", "w", filepath.Base(b.path), "enter").expect("written and read back")
	if !bytes.Equal(b.file(), first) {
		t.Error("the file is not as it was before the write")
	}
	if _, err := os.Stat(b.path + ".platter-undo"); err == nil {
		t.Error("the undo file is still there")
	}
	b.keys("v").expect("there is no undo file")
}
