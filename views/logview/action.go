package logview

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
)

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	switch a {
	case keymap.NextPane, keymap.PrevPane:
		v.focus = changesPane - v.focus
	case keymap.Open:
		if v.focus == entriesPane {
			v.focus = changesPane
			return nil
		}
		return v.follow()
	case keymap.Follow:
		return v.follow()
	case keymap.LogBytes:
		v.mode = (v.mode + 1) % modes
		v.changes.Cursor = 0
		v.list()
	case keymap.Verify:
		return v.verify()
	case keymap.ReplayStep:
		return replay((v.log.At + 1) % (v.log.Steps + 1))
	case keymap.ReplayAll:
		if v.log.At < v.log.Steps {
			return replay(v.log.Steps)
		}
		return replay(0)
	default:
		return v.move(a)
	}
	return nil
}

func replay(steps int) tea.Cmd { return views.Send(views.Replay{Steps: steps}) }

// move moves the cursor of the pane with the focus.
func (v *View) move(a keymap.Action) tea.Cmd {
	s := &v.entries
	if v.focus == changesPane {
		s = &v.changes
	}
	was := v.entries.Cursor
	s.Do(a)
	if v.entries.Cursor != was {
		return v.selected()
	}
	return nil
}

// follow goes to the bytes that the cursor stands for: those of the entry, or
// those that it changes.
func (v *View) follow() tea.Cmd {
	to := views.Spot{}
	if e, ok := v.entry(); ok && v.focus == entriesPane {
		to.Place = e.Place
	} else if r, ok := v.row(); ok && v.focus == changesPane {
		to.Place = r.place
	}
	if to.Place.File == "" {
		return nil
	}
	return views.Send(views.Goto{To: to})
}

// Disabled tells why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	_, entry := v.entry()
	switch a {
	case keymap.Verify, keymap.SaveEntry:
		if !entry {
			return "the log has no entries"
		}
	case keymap.Open, keymap.Follow, keymap.LogBytes:
		r, ok := v.row()
		switch {
		case !entry:
			return "the log has no entries"
		case v.focus == changesPane && a != keymap.LogBytes && (!ok || r.place.File == ""):
			return "this row leads nowhere"
		}
	case keymap.ReplayStep, keymap.ReplayAll:
		switch {
		case v.log.Refused != nil:
			return "the log can't be replayed"
		case v.log.Steps == 0:
			return "there is nothing to replay: the image was closed cleanly"
		}
	case keymap.Escape:
		return "there is nothing to leave"
	}
	return ""
}
