package logview

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
	"platter/views/grid"
)

// layout is where the panes lie; facts may not show.
type layout struct{ ring, entries, facts, changes grid.Rect }

// The widths from which on the facts of an entry stand beside the list, and
// the bytes of a change in columns of their own.
const (
	factsWidth   = 109
	columnsWidth = 100
)

// ringHeight is the height from which on the ring shows: in less the entries and what they
// change take its rows.
const ringHeight = 14

func (v *View) arrange() {
	ring := 4
	if v.h < ringHeight {
		ring = 0
	}
	list := max(0, v.h-ring) / 2
	l := layout{
		ring:    grid.At(0, 0, v.w, ring),
		entries: grid.At(0, ring, v.w, list),
		changes: grid.At(0, ring+list, v.w, v.h-ring-list),
	}
	if v.w >= factsWidth {
		l.entries.W = v.w * 55 / 100
		l.facts = grid.At(l.entries.W, ring, v.w-l.entries.W, list)
	}
	v.lay = l
	v.entries.Fit(int64(len(v.log.Entries)), l.entries.H-3)
	v.changes.Fit(int64(len(v.rows)), l.changes.H-2)
}

// Mouse puts the cursor on a row; twice goes where it leads.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	step := what.Wheel()
	switch {
	case v.lay.entries.Holds(x, y):
		return v.mouseEntries(y-v.lay.entries.Y-2, what, step)
	case v.lay.changes.Holds(x, y):
		if v.changes.Wheel(step); step != 0 {
			return nil
		}
		v.focus = changesPane
		if i, ok := v.changes.At(y - v.lay.changes.Y - 1); ok {
			v.changes.To(i)
			if what == views.DoubleClick {
				return v.follow()
			}
		}
	}
	return nil
}

func (v *View) mouseEntries(line int, what views.Mouse, step int64) tea.Cmd {
	was := v.entries.Cursor
	v.entries.Wheel(step)
	if step == 0 {
		v.focus = entriesPane
		if i, ok := v.entries.At(line); ok {
			v.entries.To(i)
		}
		if what == views.DoubleClick && v.entries.Cursor == was {
			return v.follow()
		}
	}
	if v.entries.Cursor != was {
		return v.selected()
	}
	return nil
}
