package sectors

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/grid"
)

// wheelLines is how far one notch of the wheel goes.
const wheelLines = 3

// Mouse gives the focus to the pane under the mouse and acts there: a click
// puts the cursor, a double click goes, the wheel scrolls.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.dirty, v.held = true, false
	switch {
	case v.lay.bytes.holds(x, y):
		return v.mouseBytes(x-v.lay.bytes.x-1, y-v.lay.bytes.y-1, what)
	case v.lay.list.holds(x, y):
		return v.mouseList(y-v.lay.list.y-2, what)
	case what != views.Click && what != views.DoubleClick:
	case v.lay.where.holds(x, y) && v.lay.where.h > 2 && !v.lay.inspect.shows() && y-v.lay.where.y-1 == fieldRow:
		return v.crumb(x - v.lay.where.x - 1)
	case v.lay.explain.holds(x, y) && y == v.lay.explain.y+1: // the name over what is explained
		return v.crumb(x - v.lay.explain.x - 1)
	}
	return nil
}

// crumb goes to the structure that a name on the way to the field stands for.
func (v *View) crumb(x int) tea.Cmd {
	if _, ok := v.current(); !ok {
		return nil
	}
	at := 0
	for _, n := range v.fact.nodes {
		w := grid.Width(decode.Printable(n.Name))
		if x >= at && x < at+w && n.Place.File == disk.VirtualDisk {
			return views.Send(views.Goto{To: views.Spot{Place: n.Place}})
		}
		at += w + len(crumbGap)
	}
	return nil
}

func (v *View) mouseBytes(x, y int, what views.Mouse) tea.Cmd {
	switch what {
	case views.WheelUp:
		return v.wheel(-wheelLines)
	case views.WheelDown:
		return v.wheel(wheelLines)
	}
	if v.focus != bytesPane {
		v.focus = bytesPane
		v.place()
	}
	if y < 0 || y >= len(v.lines) {
		return nil
	}
	l := v.lines[y]
	if !l.goes() {
		return nil
	}
	v.begun = -1
	v.held = x >= 0 && x < v.lay.bytes.inside().w
	v.hit(l, x, y)
	v.column = v.cursor % int64(v.format.Bytes)
	if what == views.DoubleClick {
		return tea.Batch(v.refresh(), v.follow())
	}
	return v.refresh()
}

func (v *View) mouseList(row int, what views.Mouse) tea.Cmd {
	switch what {
	case views.WheelUp:
		v.list.Wheel(-wheelLines)
		return nil
	case views.WheelDown:
		v.list.Wheel(wheelLines)
		return nil
	}
	v.edit.Stop() // what is typed is not for the list
	v.focus = listPane
	if i, ok := v.list.At(row); ok {
		v.list.To(i)
		if what == views.DoubleClick {
			return v.openPartition()
		}
	}
	return nil
}

// hit places the cursor on line y, at the byte of column x.
func (v *View) hit(l line, x, y int) {
	v.cursor, v.anchor = l.start, y
	if l.kind != bytesLine {
		return
	}
	if i, text, ok := v.format.At(x); ok {
		v.edit.SetColumn(text)
		per := int64(v.format.Bytes)
		v.cursor = max(l.start, min(l.start-l.start%per+int64(i), l.end-1))
	}
}

// Drag selects, from the byte that was clicked to the one under the mouse.
// Beyond the pane's edges it goes on line by line.
func (v *View) Drag(x, y int) tea.Cmd {
	r := v.lay.bytes.inside()
	if !v.held || v.focus != bytesPane || r.h == 0 || len(v.lines) == 0 {
		return nil
	}
	v.dirty = true
	from := v.cursor
	var cmd tea.Cmd
	switch y -= r.y; {
	case y < 0:
		cmd = v.vertical(-1, 0)
	case y >= len(v.lines):
		cmd = v.vertical(1, 0)
	case !v.lines[y].goes():
		return nil
	default:
		v.hit(v.lines[y], min(max(x-r.x, 0), r.w-1), y)
		if v.lines[y].start > from && v.lines[y].kind != bytesLine {
			v.cursor = v.lines[y].end - 1
		}
		v.column = v.cursor % int64(v.format.Bytes)
		cmd = v.refresh()
	}
	if v.begun < 0 && v.cursor != from {
		v.begun = from
	}
	return cmd
}
