package tui_test

import (
	"context"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
)

// TestNoScreenIsLargerThanItsTerminal holds that no screen is larger than its terminal.
func TestNoScreenIsLargerThanItsTerminal(t *testing.T) {
	s := withImage(t)
	for w := 1; w < 70; w += 3 {
		for h := 1; h < 18; h++ {
			s.m.Update(tea.WindowSizeMsg{Width: w, Height: h})
			lines := strings.Split(s.m.View(), "\n")
			if len(lines) > h {
				t.Errorf("%d x %d: %d lines", w, h, len(lines))
			}
			for _, l := range lines {
				if (w < 60 || h < 15) && len([]rune(l)) > w {
					t.Fatalf("%d x %d: a line of %d columns", w, h, len([]rune(l)))
				}
			}
		}
	}
}

// TestOpenAnother opens a second image in the place of the first.
func TestOpenAnother(t *testing.T) {
	img, err := engine.Open(t.Context(), "sample:vhd", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context, path, parent string) (disk.Image, tui.Editing, error) {
		img, err := engine.Open(ctx, path, engine.Options{Parent: parent})
		return img, tui.Editing{}, err
	}
	s := tell(t, tui.Config{Image: img, Path: "sample:vhd", Open: open}, 80, 24)
	s.keys("O").expect("open:").keys(strings.Split("sample:split", "")...).keys("enter").expect("sample:split", "VMDK")
}

// TestRowsByNumber chooses rows of a list by their numbers.
func TestRowsByNumber(t *testing.T) {
	s := atDesk(t, "damaged")
	s.keys("U", "2").expect(">", "0x201000").keys("enter").expect("0x201000 |")
	s.keys("U", "9", "1", "enter").expect("0x800 |")
}
