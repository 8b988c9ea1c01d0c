package structure

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
)

// Mouse gives the focus to the pane under the mouse and acts there: a click
// puts the cursor, a double click opens or follows, the wheel scrolls.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	v.hex.Release()
	if v.form.open() {
		if what == views.Click || what == views.DoubleClick {
			v.form.click(x-1, y-(v.h-min(formRows, v.h))-1)
		}
		return nil
	}
	if !v.lay.hex.Holds(x, y) {
		v.edit.Stop()
	}
	switch {
	case v.lay.tree.Holds(x, y):
		return v.mouseTree(x, y, what)
	case v.lay.hex.Holds(x, y):
		return v.mouseHex(x, y, what)
	case v.lay.explain.Holds(x, y):
		if v.lines.Wheel(what.Wheel()); what.Wheel() == 0 {
			v.focus = explainPane
		}
	}
	return nil
}

func (v *View) mouseTree(x, y int, what views.Mouse) tea.Cmd {
	if n := what.Wheel(); n != 0 {
		v.rows.Wheel(n)
		return v.wheeled()
	}
	v.focus = treePane
	row, ok := v.rows.At(y - v.lay.tree.Y - 1)
	if !ok {
		return nil
	}
	v.tree.goRow(int(row))
	in := v.tree.cursor.in
	mark := v.lay.tree.X + 1 + nameColumn(in) - 2
	if what == views.DoubleClick || x >= mark && x < mark+2 {
		return tea.Batch(v.moved(), v.Do(keymap.Open))
	}
	return v.moved()
}

// wheeled brings the cursor along with the view.
func (v *View) wheeled() tea.Cmd {
	if int(v.rows.Cursor) != v.tree.row() {
		v.tree.goRow(int(v.rows.Cursor))
		return v.moved()
	}
	return v.fetch()
}

func (v *View) mouseHex(x, y int, what views.Mouse) tea.Cmd {
	if n := what.Wheel(); n != 0 {
		v.hex.Down(int(n))
		return v.hexMoved(stay)
	}
	v.focus = hexPane
	text, ok := v.hex.Click(x-v.lay.hex.X-1, y-v.lay.hex.Y-1)
	if !ok {
		return nil
	}
	v.edit.SetColumn(text)
	cmd := v.hexMoved(stay)
	if what == views.DoubleClick {
		return tea.Batch(cmd, v.follow())
	}
	return cmd
}

// Drag selects in the hex pane.
func (v *View) Drag(x, y int) tea.Cmd {
	if r := v.lay.hex; v.focus != hexPane || v.form.open() || !r.Shows() || !v.hex.Drag(x-r.X-1, y-r.Y-1) {
		return nil
	}
	return v.hexMoved(stay)
}
