package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
)

// answering reports whether something takes what the user types: an answer that
// took its place would get the rest of it, as commands.
func (m *model) answering() bool {
	switch m.over.(type) {
	case *dialog, *choice:
		return true
	}
	if t, ok := m.view().(views.Typist); ok && m.over == nil && t.Typing() {
		return true
	}
	return m.prompt != nil
}

// waits reports whether a message would cover the screen while the user types.
func (m *model) waits(msg tea.Msg) bool {
	switch msg.(type) {
	case views.Answer, views.Goto, shown, second:
		return m.answering()
	}
	return false
}

// waiting is an answer that waits.
type waiting struct {
	of  views.Gen // the image that showed when it came
	msg tea.Msg
}

// showLate shows the answers that have waited, one after the other. Those of
// another image go nowhere.
func (m *model) showLate() tea.Cmd {
	var cmds []tea.Cmd
	for len(m.late) > 0 && !m.answering() {
		l := m.late[0]
		m.late = m.late[1:]
		if _, goes := l.msg.(views.Goto); goes && l.of != m.number {
			continue
		}
		cmds = append(cmds, m.update(l.msg))
	}
	return tea.Batch(cmds...)
}

// dropLate closes what came too late to be shown.
func (m *model) dropLate() {
	for _, l := range m.late {
		if s, ok := l.msg.(second); ok {
			s.other.Close()
		}
	}
	m.late = nil
}
