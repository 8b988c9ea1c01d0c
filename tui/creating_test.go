package tui_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/tui"
)

// onForm opens the form for a new image in a folder of its own, at the start screen.
func onForm(t *testing.T, w, h int) (s *story, dir string) {
	t.Helper()
	dir = t.TempDir()
	cfg := tui.Config{Creator: engine.Creator{}, Explorer: engine.Explorer{}, Finder: engine.Finder{}, Folder: dir}
	cfg.Open = func(ctx context.Context, path, parent string) (disk.Image, tui.Editing, error) {
		img, err := engine.Open(ctx, path, engine.Options{Parent: parent})
		return img, tui.Editing{}, err
	}
	s = tell(t, cfg, w, h)
	t.Cleanup(s.m.Close)
	return s.keys("C").expect("New image", "platter create disk.vhdx 1G", "[ Create ]"), dir
}

// name types another name of the file.
func (s *story) name(path string) *story {
	s.keys("ctrl+u")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(path), Paste: true})
	return s
}

// TestCreateScreen describes an image in the form: the layout, the bytes and the command
// line follow, wrong values are told at their line, and the image is made and opened.
func TestCreateScreen(t *testing.T) {
	s, dir := onForm(t, 120, 40)
	path := filepath.Join(dir, "new.vhdx")
	s.name(path).expect("vhdx dynamic, a disk of 1 GiB", "takes 4 MiB, grows to 1 GiB", "header 1", "76 68 64 78").not("! ")
	s.keys("pgdown", "pgdown").expect("First bytes of header 1", "68 65 61 64")
	s.keys("down", "down", "ctrl+u", "9Q").expect("! size", "platter create "+path+" 9Q")
	s.keys("ctrl+s")
	if list, _ := os.ReadDir(dir); len(list) > 0 {
		t.Fatal("something was made of a wrong size")
	}
	s.keys("ctrl+u", "64M").expect("a disk of 64 MiB").keys("down", "down", "right", "right").expect("< fixed >", "vhdx fixed", "--type=fixed")
	s.keys("ctrl+s").expect("made ", "vhdx fixed, 64 MiB", "[1 Overview]")
	enginetest.Run(t, "qemu-img", "check", "-q", "-f", "vhdx", path)
	s.keys("C").name(path).expect("! file", "exist").keys("ctrl+s")
	if img, err := engine.Open(t.Context(), path, engine.Options{}); err != nil || img.Info().Type != "fixed" {
		t.Errorf("the image that was there is another one: %v", err)
	}
}

// TestCreateChild makes a child, by the mouse where that is shorter.
func TestCreateChild(t *testing.T) {
	s, dir := onForm(t, 80, 24)
	base := filepath.Join(dir, "base.vhd")
	s.name(base).keys("ctrl+s").expect("made")
	s.keys("C").name(filepath.Join(dir, "child.vhd")).keys("down", "down", "down")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(base), Paste: true})
	s.expect("vhd differencing, a disk of 1 GiB", "size        1G (default)")
	x, y := s.at("[ Create ]")
	s.press(x+2, y)
	s.expect("VHD differencing")
	if _, err := os.Stat(filepath.Join(dir, "child.vhd")); err != nil {
		t.Error(err)
	}
}

// TestCreateSizes draws the form at all sizes.
func TestCreateSizes(t *testing.T) {
	s, _ := onForm(t, 80, 24)
	for w := 60; w < 200; w += 13 {
		for h := 15; h < 60; h += 9 {
			s.w, s.h = w, h
			s.send(tea.WindowSizeMsg{Width: w, Height: h})
			s.expect("New image", "[ Create ]")
		}
	}
}

// TestCreateFormatsKeepWhatTheyShare goes through the formats and the choices of a line.
func TestCreateFormatsKeepWhatTheyShare(t *testing.T) {
	s, dir := onForm(t, 160, 50)
	s.name(filepath.Join(dir, "x.vmdk")).expect("vmdk monolithicSparse", "adapter", "platter create "+filepath.Join(dir, "x.vmdk")+" 1G")
	s.keys("down", "right").expect("< vhdx >", "--format=vhdx", "log-size").keys("left").expect("(by the name)").not("--format")
	s.keys("v").expect("< vhdx >").keys("ctrl+u").expect("adapter")
}

// TestCreateScreenIsNarrow has room for whole names of regions, and tells the size of the
// chosen one, on a small screen.
func TestCreateScreenIsNarrow(t *testing.T) {
	s, _ := onForm(t, 80, 24)
	s.expect("file type identifier  ", "520 B, its first bytes:", "a disk of 1 GiB")
	s.keys("down", "right", "right").expect("redundant grain directory", "vmdk monolithicSparse, 1 GiB")
}

// TestFormCutsNothing holds that at 80x24 the longest type shows whole, and all of what is
// said about a row.
func TestFormCutsNothing(t *testing.T) {
	s, dir := onForm(t, 80, 24)
	s.expect("name of the file", "be there yet; the ending tells the", "| format  ").name(filepath.Join(dir, "disk.vmdk"))
	s.keys("down", "down", "down", "down").expect("< monolithicSparse >").keys("up").expect("type        monolithicSparse ")
}
