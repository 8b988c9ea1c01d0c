package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// frameTime is the shortest time between two frames. Bubbletea asks for one
// after every message but sends 60 a second: of a burst of keys nobody would see
// the others.
const frameTime = 12 * time.Millisecond

// throttle is the model as bubbletea runs it: a frame that comes too early is left
// to a later message, which throttle sends itself.
type throttle struct {
	*model
	now   func() time.Time
	last  time.Time // of the frame that shows
	text  string
	awake bool // a repaint is on its way
	early bool // the next frame is left to it
}

// repaint is the message after a burst.
type repaint struct{}

func newThrottle(m *model) *throttle { return &throttle{model: m, now: time.Now} }

// Update passes messages on.
func (p *throttle) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(repaint); ok {
		p.awake, p.early = false, false
		return p, nil
	}
	_, cmd := p.model.Update(msg)
	wait := frameTime - p.now().Sub(p.last)
	if p.early = wait > 0; p.early && !p.awake {
		p.awake = true
		cmd = tea.Batch(cmd, tea.Tick(wait, func(time.Time) tea.Msg { return repaint{} }))
	}
	return p, cmd
}

// View is the frame, or the last one if it is too early for another.
func (p *throttle) View() string {
	if !p.early && p.model.dirty {
		p.last, p.text = p.now(), p.model.View()
	}
	return p.text
}
