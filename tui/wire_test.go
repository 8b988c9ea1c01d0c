package tui_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
	"platter/tui/wire"
	"platter/tui/wire/wiretest"
	"platter/views/theme"
	"platter/views/viewtest"
)

// wireMost is what a cursor move may send, in bytes.
const wireMost = 4096

// TestCursorMovesAreSmallOnTheWire moves the cursor on every screen in full
// colour, past the end of what shows too. What the terminal shows must be the
// frame; what it got must be small. A step of the tree to another structure brings
// other bytes into sight, and on the largest size a scroll may bring another
// structure's text too: there the median tells.
func TestCursorMovesAreSmallOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		image disk.Image
		keys  []string // to the screen
		key   string
		jumps bool
	}{
		"tree":         {keys: []string{"2", ":", "hdr2.signature", "enter"}, key: "j", jumps: true},
		"hex":          {keys: []string{"2", ":", "0x500000", "enter", "tab"}, key: "l"},
		"hex rows":     {keys: []string{"2", ":", "0x8a5000", "enter", "tab"}, key: "j"},
		"hex up":       {keys: []string{"2", ":", "0x8a8000", "enter", "tab"}, key: "k"},
		"map":          {keys: []string{"3"}, key: "l"},
		"sectors":      {keys: []string{"6"}, key: "l"},
		"sectors rows": {keys: []string{"6", "j"}, key: "j"},
		"sectors up":   {keys: []string{"6", ":", "lba 2500", "enter"}, key: "k"},
		"findings":     {image: viewtest.New(), keys: []string{"5"}, key: "j"},
		"overview":     {image: viewtest.New(), keys: []string{"1"}, key: "j"},
		"log":          {image: viewtest.NewDirty(), keys: []string{"4"}, key: "j"},
		"palette":      {keys: []string{"2", "ctrl+p"}, key: "down"},
	} {
		for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 120, Height: 40}, {Width: 200, Height: 60}} {
			s := inColour(t, c.image, size)
			s.keys(c.keys...)
			sizes := s.move(t, name, c.key, size)
			if len(sizes) == 0 {
				t.Errorf("%s: no move sends anything", name)
				continue
			}
			slices.Sort(sizes)
			told := sizes[len(sizes)-1]
			if c.jumps || size.Width == 200 {
				told = sizes[len(sizes)/2]
			}
			if t.Logf("%s, %d columns: %v", name, size.Width, sizes); told > wireMost {
				t.Errorf("%s, %d columns: a move of the cursor sends %d bytes", name, size.Width, told)
			}
		}
	}
}

// move presses a key some times and returns how much the terminal got for each
// that changed something.
func (s *story) move(t *testing.T, name, key string, size tea.WindowSizeMsg) []int {
	t.Helper()
	term := wiretest.New(size.Width, size.Height)
	w := &wire.Wire{Out: term}
	before := s.m.View()
	w.Write(wiretest.Flush("", before))
	var sent []int
	for range 40 {
		s.keys(key)
		after := s.m.View()
		if after == before {
			continue
		}
		term.Sent = nil
		w.Write(wiretest.Flush(before, after))
		if y := term.Differs(after); y >= 0 {
			t.Fatalf("%s: line %d of the terminal is not that of the frame", name, y)
		}
		before, sent = after, append(sent, len(term.Sent))
	}
	return sent
}

// inColour opens an image, or the built-in VHDX, in 256 colours.
func inColour(t *testing.T, img disk.Image, size tea.WindowSizeMsg) *story {
	t.Helper()
	look, err := theme.New("dark", theme.Colors256, theme.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	if img == nil {
		if img, err = engine.Open(t.Context(), "sample:vhdx", engine.Options{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { img.Close() })
	}
	m := tui.New(t.Context(), tui.Config{Image: img, Path: "image", Theme: look, Finder: engine.Finder{}, Explorer: engine.Explorer{}})
	s := &story{t: t, m: m}
	s.run(m.Init())
	s.send(size)
	return s
}

// TestWireFollowsTheProgram presses keys at random, on the built-in samples, and
// holds that the terminal shows each frame.
func TestWireFollowsTheProgram(t *testing.T) {
	keys := []string{"j", "k", "l", "h", "}", "{", "tab", "g", "G", "2", "3", "5", "6", "t", "z", "o", "v", "e", "4", "x", "?", "esc", "esc", "pgdown", ":", "0x1b0", "enter"}
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		rnd := rand.New(rand.NewPCG(uint64(len(name)), 2))
		img, err := engine.Open(t.Context(), "sample:"+name, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { img.Close() })
		size := tea.WindowSizeMsg{Width: 120, Height: 40}
		s := inColour(t, img, size)
		term := wiretest.New(size.Width, size.Height)
		w := &wire.Wire{Out: term}
		before := s.m.View()
		w.Write(wiretest.Flush("", before))
		var pressed []string
		for range 200 {
			key := keys[rnd.IntN(len(keys))]
			pressed = append(pressed, key)
			after := s.keys(key).m.View()
			if s.quit = false; after == before {
				continue
			}
			w.Write(wiretest.Flush(before, after))
			if y := term.Differs(after); y >= 0 {
				t.Fatalf("%s: line %d is not that of the frame after %q", name, y, pressed[max(0, len(pressed)-6):])
			}
			before = after
		}
	}
}
