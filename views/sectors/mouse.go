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
	v.dirty = true
	v.hex.Release()
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
		v.hex.Wheel(-wheelLines)
		return v.moved()
	case views.WheelDown:
		v.hex.Wheel(wheelLines)
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

// Drag selects in the bytes.
func (v *View) Drag(x, y int) tea.Cmd {
	r := v.lay.bytes.inside()
	if v.focus != bytesPane || r.h == 0 || !v.hex.Drag(x-r.x, y-r.y) {
		return nil
	}
	return v.moved()
}
