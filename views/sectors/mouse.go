package sectors

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/grid"
)

// Mouse gives the focus to the pane under the mouse and acts there: a click
// puts the cursor, a double click goes, the wheel scrolls.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	v.hex.Release()
	switch {
	case v.lay.bytes.Holds(x, y):
		return v.mouseBytes(x-v.lay.bytes.X-1, y-v.lay.bytes.Y-1, what)
	case v.lay.list.Holds(x, y):
		return v.mouseList(y-v.lay.list.Y-2, what)
	case what != views.Click && what != views.DoubleClick:
	case v.lay.where.Holds(x, y) && v.lay.where.H > 2 && !v.lay.inspect.Shows() && y-v.lay.where.Y-1 == fieldRow:
		return v.crumb(x - v.lay.where.X - 1)
	case v.lay.explain.Holds(x, y) && y == v.lay.explain.Y+1: // the name over what is explained
		return v.crumb(x - v.lay.explain.X - 1)
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
	if n := what.Wheel(); n != 0 {
		v.hex.Wheel(int(n))
		return v.moved()
	}
	if v.focus != bytesPane {
		v.focus = bytesPane
		v.place()
	}
	text, ok := v.hex.Click(x, y)
	if !ok {
		return nil
	}
	v.edit.SetColumn(text)
	if what == views.DoubleClick {
		return tea.Batch(v.refresh(), v.follow())
	}
	return v.refresh()
}

func (v *View) mouseList(row int, what views.Mouse) tea.Cmd {
	if what.Wheel() == 0 {
		v.edit.Stop() // what is typed is not for the list
		v.focus = listPane
	}
	if what.On(&v.list, row) && what == views.DoubleClick {
		return v.openPartition()
	}
	return nil
}

// Drag selects in the bytes.
func (v *View) Drag(x, y int) tea.Cmd {
	r := v.lay.bytes.Inside()
	if v.focus != bytesPane || r.H == 0 || !v.hex.Drag(x-r.X, y-r.Y) {
		return nil
	}
	return v.moved()
}
