package sectors

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
)

// wheelLines is how far one notch of the wheel goes.
const wheelLines = 3

// Mouse gives the focus to the pane under the mouse and acts there: a click
// puts the cursor, a double click goes, the wheel scrolls.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.dirty = true
	switch {
	case v.lay.bytes.holds(x, y):
		return v.mouseBytes(x-v.lay.bytes.x-1, y-v.lay.bytes.y-1, what)
	case v.lay.list.holds(x, y):
		return v.mouseList(y-v.lay.list.y-2, what)
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
	v.cursor, v.anchor = l.start, y
	if l.kind == bytesLine {
		if i, text, ok := v.format.At(x); ok {
			v.edit.SetColumn(text)
			per := int64(v.format.Bytes)
			v.cursor = max(l.start, min(l.start-l.start%per+int64(i), l.end-1))
		}
	}
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
	v.focus = listPane
	if i, ok := v.list.At(row); ok {
		v.list.To(i)
		if what == views.DoubleClick {
			return v.openPartition()
		}
	}
	return nil
}
