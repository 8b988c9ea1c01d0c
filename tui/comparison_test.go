package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
	"platter/views/viewtest"
)

// besides opens a raw disk with a second one beside it that differs in some
// bytes; both are in the working directory.
func besides(t *testing.T, w, h int) *story {
	t.Helper()
	t.Chdir(t.TempDir())
	data := bytes.Repeat([]byte("same line of text\n"), 200_000)
	second := bytes.Clone(data)
	copy(second[5000:], "OTHER")
	copy(second[5100:], "!")
	copy(second[2<<20+7:], "\x00\x00")
	for name, b := range map[string][]byte{"one.raw": data, "two.raw": second, "text.txt": []byte("no image")} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func(ctx context.Context, path, parent string) (disk.Image, error) {
		format := "raw"
		if filepath.Ext(path) == ".txt" {
			format = ""
		}
		return engine.Open(ctx, path, engine.Options{Format: format, Parent: parent})
	}
	img, err := look(t.Context(), "one.raw", "")
	if err != nil {
		t.Fatal(err)
	}
	return tell(t, tui.Config{Image: img, Path: "one.raw", Look: look}, w, h)
}

func TestCompareWithAnotherImage(t *testing.T) {
	s := besides(t, 160, 50)
	s.keys("9").expect("there is no second image").keys("=").expect("compare with:").keys("tw", "tab").expect("compare with: two.raw").keys("enter")
	s.expect("[9 Compare]", "8 bytes in 2 blocks differ", "complete", "this: one.raw", "other: two.raw", "data", "Bytes side by side", "*4f*54*48")
	s.keys(".").expect("*00*00").keys("enter").expect("[6 Sectors]", "virtual 0x200007").keys("[").expect("[9 Compare]")
	s.keys("1", "=").expect("[9 Compare]").keys("tab", "g", ".").expect("virtual 0x1388", "one.raw: ", "differs").keys(".").expect("0x13ec").keys(".").expect("0x200007").keys(".").expect("no difference after this one")
	s.keys(",").expect("0x13ec").keys("!").expect("8 bytes in 2 blocks differ")
	s.keys("=").send(tea.KeyMsg{Type: tea.KeyCtrlU})
	s.keys("one.raw", "enter").expect("the same: no byte differs", "Both disks hold the same bytes")
	s.keys("=").send(tea.KeyMsg{Type: tea.KeyCtrlU})
	s.keys("text.txt", "enter").expect("text.txt has no disk that can be read")
	s.keys("=").send(tea.KeyMsg{Type: tea.KeyCtrlU})
	s.keys("none", "enter").expect("no such file")
}

// TestTwinLeadsToAnotherImage presses = twice on a structure with a second copy, and
// once on one without.
func TestTwinLeadsToAnotherImage(t *testing.T) {
	path := engine.SamplePrefix + "vhdx"
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	look := func(ctx context.Context, path, _ string) (disk.Image, error) {
		return engine.Open(ctx, path, engine.Options{})
	}
	s := tell(t, tui.Config{Image: img, Path: path, Look: look}, 80, 24)
	s.keys("2", ":", "hdr1.sequence_number", "enter", "=").expect("header 1 and its second copy", "= another image").keys("=").expect("compare with:")
	s.keys("sample:vhd", "enter").expect("[9 Compare]", "differ", "past the end")
	s.keys("2").expect("[2 Structure]", "9 Com").keys(":", "identifier", "enter", "=").expect("[9 Compare]")
}

// stuck is an image whose comparison does not end by itself.
type stuck struct{ *viewtest.Image }

func (stuck) ReadAt([]byte, int64) (int, error) { return 0, errors.New("stuck") }

// TestStoppedComparison stops a comparison that runs.
func TestStoppedComparison(t *testing.T) {
	s := besides(t, 120, 40)
	_, look := s.keys("=", "two.raw").m.Update(key("enter"))
	_, cmd := s.m.Update(look())
	s.expect("[9 Compare]", "no difference so far, comparing", "esc stops").keys("esc").expect("stopped comparing")
	s.run(cmd)
	s.expect("not complete: it was stopped")
	s.keys("!").expect("8 bytes in 2 blocks differ", "complete")
}

// TestUnreadableSides counts what can't be compared.
func TestUnreadableSides(t *testing.T) {
	s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx", Look: func(context.Context, string, string) (disk.Image, error) { return stuck{viewtest.New()}, nil }}, 120, 40)
	s.keys("=").send(tea.KeyMsg{Type: tea.KeyCtrlU})
	s.keys("x", "enter").expect("no difference in what was compared", "can't be read", "??")
}

func TestComparisonGolden(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		s := besides(t, size[0], size[1])
		s.keys("=", "two.raw", "enter")
		screen := s.m.View()
		t.Chdir(here)
		viewtest.Golden(t, fmt.Sprintf("comparison-%dx%d", size[0], size[1]), screen, size[0]-1, size[1])
	}
}
