package tui

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/views/viewtest"
)

// TestBurstsCostFewFrames sends keys faster than frames are shown: few are made,
// and the one after the burst shows where it led.
func TestBurstsCostFewFrames(t *testing.T) {
	m := newModel(t.Context(), Config{Image: viewtest.New(), Theme: viewtest.Theme(t)})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.Update(keyMsg("2"))
	clock := time.Unix(1000, 0)
	p := newThrottle(m)
	p.now = func() time.Time { return clock }
	frames := map[string]bool{p.View(): true}
	for range 600 {
		p.Update(tea.KeyMsg{Type: tea.KeyDown})
		frames[p.View()] = true
		clock = clock.Add(100 * time.Microsecond)
	}
	if len(frames) > 8 {
		t.Errorf("%d frames in 60 ms", len(frames))
	}
	p.Update(repaint{})
	if p.View() != m.View() {
		t.Error("the frame after the burst is not the model's")
	}
	clock = clock.Add(time.Second)
	p.Update(tea.KeyMsg{Type: tea.KeyHome})
	if p.View() != m.View() {
		t.Error("a key of its own does not show at once")
	}
}

// TestRepaintIsAskedForOnce has one repaint on its way, however long the burst.
func TestRepaintIsAskedForOnce(t *testing.T) {
	m := newModel(t.Context(), Config{Image: viewtest.New(), Theme: viewtest.Theme(t)})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.Update(keyMsg("2"))
	p := newThrottle(m)
	p.now = func() time.Time { return time.Unix(1000, 0) }
	p.View()
	p.Update(tea.KeyMsg{Type: tea.KeyDown})
	if !p.awake {
		t.Fatal("nothing draws the frame that was left out")
	}
	p.Update(repaint{})
	if p.awake || p.early {
		t.Error("the repaint leaves the frame out again")
	}
}
