package tui_test

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/tui"
	"platter/views/viewtest"
)

// heldKey is a screen at 200x60 with a key that is held.
type heldKey struct {
	name, screen, key string
}

var heldKeys = []heldKey{
	{"tree", "2", "j"}, {"hex", "2\t", "l"}, {"hex rows", "2\t", "j"}, {"map", "3", "l"}, {"findings", "5", "j"}, {"sectors", "6", "l"}, {"sectors rows", "6", "j"},
}

// hold opens the built-in VHDX on a screen.
func hold(t testing.TB, h heldKey) *story {
	t.Helper()
	img, err := engine.Open(t.Context(), "sample:vhdx", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	m := tui.New(t.Context(), tui.Config{Image: img, Path: "sample:vhdx", Theme: viewtest.Theme(t), Finder: engine.Finder{}, Explorer: engine.Explorer{}})
	s := &story{m: m}
	s.run(m.Init())
	s.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	for _, r := range h.screen {
		s.keys(map[rune]string{'\t': "tab"}[r], string(r))
	}
	return s
}

// TestHeldKeysAreCheapEverywhere bounds what a key and its frame allocate, on
// every screen: a key that is held must not lag.
func TestHeldKeysAreCheapEverywhere(t *testing.T) {
	for _, h := range heldKeys {
		s := hold(t, h)
		n := testing.AllocsPerRun(300, func() {
			s.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(h.key)})
			_ = s.m.View()
		})
		if t.Logf("%s: %v", h.name, n); n > 160 {
			t.Errorf("%s: %v allocations for a key and its frame", h.name, n)
		}
	}
}

// BenchmarkHeldKeys measures 600 keys and a frame for each of them: paced makes
// a part of these only.
func BenchmarkHeldKeys(b *testing.B) {
	for _, h := range heldKeys {
		b.Run(h.name, func(b *testing.B) {
			s := hold(b, h)
			for b.Loop() {
				for range 600 {
					s.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(h.key)})
					_ = s.m.View()
				}
			}
		})
	}
}

// BenchmarkBurst measures 600 keys as they go through the program.
func BenchmarkBurst(b *testing.B) {
	for _, h := range heldKeys {
		b.Run(h.name, func(b *testing.B) {
			p := tui.Throttled(hold(b, h).m)
			for b.Loop() {
				for range 600 {
					p.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(h.key)})
					_ = p.View()
				}
			}
		})
	}
}
