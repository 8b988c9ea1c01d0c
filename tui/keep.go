package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
)

// keepDue is the message that what is staged is to be kept now, in case the program dies.
type keepDue struct{ editor disk.Session }

// keepSoon has what is staged kept a little later, together with what follows until then.
func (e *edits) keepSoon() tea.Cmd {
	if e.Keep == nil || e.cfg.KeepAfter <= 0 || e.due || e.Editor.Generation() == e.kept {
		return nil
	}
	e.due = true
	ed := e.Editor
	return tea.Tick(e.cfg.KeepAfter, func(time.Time) tea.Msg { return keepDue{ed} })
}

// keepNow keeps what is staged, after what waits to be staged. A commit keeps it by itself,
// and forgets it afterwards.
func (e *edits) keepNow(msg keepDue) tea.Cmd {
	e.due = false
	if msg.editor != e.Editor || e.commit || e.settled || e.locked() != "" {
		return nil
	}
	put := e.Editing.put
	e.todo = append(e.todo, work{keeps: true, do: func(disk.Session) (string, error) { return "", put() }})
	return e.next()
}

// keptSo takes in that what was staged is kept.
func (e *edits) keptSo(msg worked) {
	e.kept = msg.generation
	if msg.err != nil && !e.unkept {
		e.unkept = true
		e.say("what is staged is lost if the program dies: "+msg.err.Error(), true)
	}
}
