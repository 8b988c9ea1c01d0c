package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/views/theme"
)

// wireMost is what a cursor move may send, in bytes: over a slow line more
// than that lags.
const wireMost = 4096

// perLine is what the renderer adds to a line that it writes: erasing its end,
// and the way to the next one.
const perLine = 8

// sent is how many bytes the terminal gets for a frame that follows another.
// The renderer of bubbletea writes the lines that changed, and those whole.
func sent(before, after string) int {
	n := 0
	old := strings.Split(before, "\n")
	for i, l := range strings.Split(after, "\n") {
		if i >= len(old) || old[i] != l {
			n += len(l) + perLine
		}
	}
	return n
}

// TestCursorMovesAreSmallOnTheWire moves the cursor on every screen of the
// largest size in full colour. Moves that scroll are another matter.
func TestCursorMovesAreSmallOnTheWire(t *testing.T) {
	look, err := theme.New("dark", theme.Colors256, theme.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range append(heldKeys, heldKey{"overview", "1", "j"}, heldKey{"log", "4", "j"}, heldKey{"chain", "7", "j"}) {
		s := hold(t, h)
		s.m.theme = look
		s.m.show(s.m.image, "sample:vhdx")
		s.run(s.m.startViews())
		s.send(tea.WindowSizeMsg{Width: 200, Height: 60})
		for _, r := range h.screen {
			s.keys(map[rune]string{'\t': "tab"}[r], string(r))
		}
		before, worst := s.m.View(), 0
		var all []int
		for range 40 {
			s.keys(h.key)
			after := s.m.View()
			n := sent(before, after)
			all = append(all, n)
			worst = max(worst, n)
			before = after
		}
		if t.Logf("%s: %d bytes %v", h.name, worst, all); worst > wireMost {
			t.Errorf("%s: a move of the cursor sends %d bytes", h.name, worst)
		}
	}
}
