package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
)

// click is where and when the mouse was pressed last.
type click struct {
	x, y int
	at   time.Time
}

// doubleClick is how soon a second click on the same cell must come.
const doubleClick = 400 * time.Millisecond

// mouse acts on tabs itself and passes on what lies below them.
func (m *model) mouse(msg tea.MouseMsg) tea.Cmd {
	what, ok := m.mouseKind(msg)
	if !ok || m.prompt != nil {
		return nil
	}
	if m.help != nil {
		m.help.mouse(what)
		return nil
	}
	if m.over != nil && msg.Y >= chromeTop {
		return m.over.mouse(m, msg.Y-chromeTop, what)
	}
	if msg.Y == 1 && what == views.Click {
		for _, t := range m.tabs() {
			if msg.X >= t.x && msg.X < t.x+t.w {
				return m.goScreen(t.screen)
			}
		}
	}
	y := msg.Y - chromeTop
	v, ok := m.view().(views.Mouser)
	if !ok || y < 0 || y >= m.h-chromeTop-chromeBottom {
		return nil
	}
	m.message = ""
	return v.Mouse(msg.X, y, what)
}

func (m *model) mouseKind(msg tea.MouseMsg) (views.Mouse, bool) {
	if msg.Action != tea.MouseActionPress {
		return 0, false
	}
	switch msg.Button {
	case tea.MouseButtonWheelUp:
		return views.WheelUp, true
	case tea.MouseButtonWheelDown:
		return views.WheelDown, true
	case tea.MouseButtonLeft:
		now := time.Now()
		c := click{msg.X, msg.Y, now}
		if m.clicked.x == c.x && m.clicked.y == c.y && now.Sub(m.clicked.at) < doubleClick {
			m.clicked = click{}
			return views.DoubleClick, true
		}
		m.clicked = c
		return views.Click, true
	}
	return 0, false
}
