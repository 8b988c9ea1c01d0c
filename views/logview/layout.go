package logview

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
	"platter/views/grid"
)

type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

func (r rect) in(a grid.Area) grid.Area { return a.Sub(r.x, r.y, r.w, r.h) }

// layout is where the panes lie; facts may not show.
type layout struct{ ring, entries, facts, changes rect }

// The widths from which on the facts of an entry stand beside the list, and
// the bytes of a change in columns of their own.
const (
	factsWidth   = 109
	columnsWidth = 100
)

func (v *View) arrange() {
	ring := min(4, v.h)
	list := max(0, v.h-ring) / 2
	l := layout{
		ring:    rect{0, 0, v.w, ring},
		entries: rect{0, ring, v.w, list},
		changes: rect{0, ring + list, v.w, v.h - ring - list},
	}
	if v.w >= factsWidth {
		l.entries.w = v.w * 55 / 100
		l.facts = rect{l.entries.w, ring, v.w - l.entries.w, list}
	}
	v.lay = l
	v.entries.Fit(int64(len(v.log.Entries)), l.entries.h-3)
	v.changes.Fit(int64(len(v.rows)), l.changes.h-2)
}

// Mouse puts the cursor on a row; twice goes where it leads.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.dirty = true
	step := map[views.Mouse]int64{views.WheelUp: -3, views.WheelDown: 3}[what]
	switch {
	case v.lay.entries.holds(x, y):
		return v.mouseEntries(y-v.lay.entries.y-2, what, step)
	case v.lay.changes.holds(x, y):
		if v.changes.Wheel(step); step != 0 {
			return nil
		}
		v.focus = changesPane
		if i, ok := v.changes.At(y - v.lay.changes.y - 1); ok {
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
