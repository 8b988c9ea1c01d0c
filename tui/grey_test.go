package tui_test

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/tui"
	"platter/tui/wire"
	"platter/views/viewtest"
)

// greyCells is the screen as cells; it fails the test if a colour is sent.
func (s *story) greyCells() [][]wire.Cell {
	s.t.Helper()
	var out [][]wire.Cell
	for y, line := range strings.Split(s.m.View(), "\n") {
		row, ok := wire.Cells(line)
		if !ok {
			s.t.Errorf("line %d has more than attributes: %q", y, line)
		}
		for _, c := range row {
			if c.Look.FG != 0 || c.Look.BG != 0 {
				s.t.Fatalf("line %d has colours: %q", y, line)
			}
		}
		out = append(out, row)
	}
	return out
}

// attr is the attributes of the first cell of a text.
func (s *story) attr(text string) uint8 {
	s.t.Helper()
	x, y := s.at(text)
	return s.greyCells()[y][x].Look.Attr
}

// TestListsReadInGrey holds that each list has its cursor as a sign in its row,
// which moves with it, and that nothing but attributes is sent.
func TestListsReadInGrey(t *testing.T) {
	staged := func(screen ...string) *story {
		b := onFile(t, "vhd", 120, 40)
		b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "right", "11", "esc")
		return b.keys(screen...)
	}
	image := func(img disk.Image, screen ...string) *story {
		return tell(t, tui.Config{Image: img, Path: "image"}, 120, 40).keys(screen...)
	}
	for name, s := range map[string]*story{
		"structure": image(viewtest.New(), "2", "L"), "findings": image(viewtest.New(), "5"), "log": image(viewtest.NewDirty(), "4"),
		"review": staged("s"), "palette": image(viewtest.New(), "ctrl+p"), "overview": image(viewtest.New(), "1"),
	} {
		cursor := func() int {
			for y, row := range s.greyCells() {
				for x, c := range row {
					if c.Rune == '>' && c.Look.Attr&(1<<7) != 0 && x < 45 {
						return y
					}
				}
			}
			t.Errorf("%s: no row has the cursor:\n%s", name, s.screen())
			return -1
		}
		first := cursor()
		if s.keys("down"); cursor() == first {
			t.Errorf("%s: the cursor does not move:\n%s", name, s.screen())
		}
	}
}

// TestSeveritiesReadInGrey holds that the findings say in letters how bad they
// are.
func TestSeveritiesReadInGrey(t *testing.T) {
	s := tell(t, tui.Config{Image: viewtest.New(), Path: "image"}, 120, 40).keys("5")
	marks := map[string]bool{}
	for _, line := range strings.Split(s.screen(), "\n") {
		for _, mark := range []string{"!!", "!", "i"} {
			if f := strings.Fields(strings.Trim(line, "|> ")); len(f) > 1 && f[0] == mark {
				marks[mark] = true
			}
		}
	}
	if len(marks) < 2 {
		t.Errorf("severities %v in\n%s", marks, s.screen())
	}
	s.greyCells()
}

// TestBytesReadInGrey holds that plain, selected, staged and found bytes and
// the cursor differ in both views of bytes, and that a row with staged bytes
// has a sign.
func TestBytesReadInGrey(t *testing.T) {
	for screen, start := range map[string][2]string{"2": {"tab", "0x100"}, "6": {"esc", "0x1b0"}} {
		b := onFile(t, "vhd", 120, 40)
		b.keys(screen, start[0], ":", start[1], "enter", "e", "c1c2c3c4c5c6c7c8", "esc")
		b.keys(":", start[1], "enter", "right", "u") // one change: nothing is staged
		plain := func(text string) uint8 { return b.attr(text) }
		zero := plain("00 00")
		b.keys("ctrl+r", ":", start[1], "enter").expect("*")
		seen := map[string]uint8{"plain": zero, "cursor": plain("c1"), "staged": plain("c8")}
		b.keys("right", "right", "v", "right", "right")
		seen["selected"] = plain("c4")
		b.keys("esc", "/", "talP", "enter", "esc")
		if screen == "6" {
			seen["found"] = plain("61 6c 50")
		}
		for one, a := range seen {
			for other, c := range seen {
				if one != other && a == c {
					t.Errorf("screen %s: %s and %s look the same (attributes %b):\n%s", screen, one, other, a, b.screen())
				}
			}
		}
		x, y := b.at("c1 ")
		if row := b.greyCells()[y]; row[x-2].Rune != '*' && row[x-1].Rune != '*' && !strings.Contains(b.screen(), "0*") {
			t.Errorf("screen %s: no sign in the row of the staged bytes", screen)
		}
	}
}

// TestMapReadsInGrey holds that the map's cursor shows, and that its states are
// signs: the legend has none twice.
func TestMapReadsInGrey(t *testing.T) {
	for _, size := range sizes {
		s := tell(t, tui.Config{Image: viewtest.New(), Path: "image"}, size[0], size[1]).keys("3")
		reversed := func() (list [][2]int) {
			for y, row := range s.greyCells()[2:] {
				for x, c := range row {
					if c.Look.Attr&(1<<7) != 0 {
						list = append(list, [2]int{x, y})
					}
				}
			}
			return list
		}
		before := reversed()
		if s.send(tea.KeyMsg{Type: tea.KeyRight}); len(before) == 0 || len(reversed()) == 0 || before[0] == reversed()[0] {
			t.Errorf("the cursor can't be seen: %v, %v\n%s", before, reversed(), s.screen())
		}
	}
}
