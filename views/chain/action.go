package chain

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	switch a {
	case keymap.NextPane:
		v.focus = (v.focus + 1) % v.shown()
		return v.entered()
	case keymap.PrevPane:
		v.focus = (v.focus + v.shown() - 1) % v.shown()
		return v.entered()
	case keymap.Open:
		return v.open()
	case keymap.Overlay:
		return v.overlay()
	}
	switch v.focus {
	case layersPane:
		was := v.rows.Cursor
		v.rows.Do(a)
		v.rewrap()
		if v.own.img != nil && v.rows.Cursor != was {
			return v.showOwn()
		}
	case linkPane:
		v.about.Roll(a)
	case stripPane:
		return v.moveCell(a)
	}
	return nil
}

// shown is how many panes show; the strip, the last of them, does not where there is no room.
func (v *View) shown() pane {
	if v.lay.answers.Shows() {
		return panes
	}
	return stripPane
}

// entered reads what the strip tells about its cell when it gets the focus.
func (v *View) entered() tea.Cmd {
	if v.focus == stripPane {
		return v.way()
	}
	return nil
}

// moveCell moves the cursor on the strip.
func (v *View) moveCell(a keymap.Action) tea.Cmd {
	step := map[keymap.Action]int{
		keymap.Right: 1, keymap.Left: -1, keymap.Down: v.lay.strip.W, keymap.Up: -v.lay.strip.W,
		keymap.PageDown: 8, keymap.PageUp: -8, keymap.HalfDown: 8, keymap.HalfUp: -8,
		keymap.First: -v.cells(), keymap.Last: v.cells(),
	}[a]
	return v.toCell(v.cell + step)
}

func (v *View) toCell(i int) tea.Cmd {
	i = max(0, min(i, v.cells()-1))
	if i == v.cell {
		return nil
	}
	v.cell = i
	return v.way()
}

// open opens the layer under the cursor as an image of its own, or goes to
// the disk's bytes under the cell.
func (v *View) open() tea.Cmd {
	if v.focus == stripPane {
		start, _ := v.scan.Bounds(v.cell, v.cells())
		at := decode.Place{File: disk.VirtualDisk, Offset: start, Length: 1}
		return views.Send(views.Goto{To: views.Spot{Place: at}})
	}
	if v.rows.Cursor == 0 {
		return nil
	}
	return views.Send(views.OpenPath{Path: v.current().path})
}

// noStrip is why what is done on the strip is not, in a small terminal.
const noStrip = "there is no room for the strip: it shows in a terminal with more rows"

// Disabled tells why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.Overlay:
		if !v.lay.answers.Shows() {
			return noStrip
		}
		if v.cells() == 0 {
			return "the disk can't be read"
		}
	case keymap.Parent:
		switch {
		case v.current().link.Term == "":
			return "this layer has no parent: it is the base of the chain"
		case v.rows.Cursor > 0:
			return "only the parent of the image that is open can be chosen: enter opens this layer as an image of its own"
		}
	case keymap.Open:
		switch {
		case v.focus == stripPane && v.cells() == 0:
			return "the disk can't be read"
		case v.focus != stripPane && v.rows.Cursor == 0:
			return "this is the image that is open"
		}
	case keymap.Left, keymap.Right:
		if !v.lay.answers.Shows() {
			return noStrip
		}
		if v.focus != stripPane {
			return "tab goes to the strip first"
		}
	case keymap.Escape:
		return "there is nothing to leave"
	}
	return ""
}

// cellWords tells about the cell under the cursor.
func (v *View) cellWords() string {
	n := v.cells()
	if n == 0 {
		return "the disk can't be read"
	}
	from, to := v.scan.Bounds(v.cell, n)
	s := fmt.Sprintf("0x%x to 0x%x (%s): ", from, to, decode.FormatSize(uint64(to-from)))
	if v.own.img != nil {
		return s + v.own.words(v.cell, n)
	}
	switch a := v.scan.cell(v.cell, n); {
	case !a.known:
		return s + "not scanned yet"
	case a.state == disk.Data && a.mixed:
		return s + fmt.Sprintf("some of it comes from layer %d, %s", a.layer, v.layers[a.layer].name())
	case a.state == disk.Data:
		return s + fmt.Sprintf("layer %d, %s", a.layer, v.layers[a.layer].name())
	case a.state == disk.Missing && a.mixed:
		return s + "some of it is missing"
	case a.mixed:
		return s + "mostly " + a.state.String()
	default:
		return s + a.state.String()
	}
}

// Mouse focuses and selects; a double click opens.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	step := what.Wheel()
	switch {
	case v.lay.layers.Holds(x, y):
		v.rows.Wheel(step)
		if i, ok := v.rows.At(y - v.lay.layers.Y - 2); ok && step == 0 {
			v.focus = layersPane
			v.rows.To(i)
		}
		v.rewrap()
		if v.own.img != nil && int(v.rows.Cursor) != v.own.layer && what != views.DoubleClick {
			return v.showOwn()
		}
	case v.lay.link.Holds(x, y):
		if v.about.Wheel(step); step == 0 {
			v.focus = linkPane
		}
		return nil
	case v.lay.strip.Holds(x, y):
		if step != 0 {
			return nil
		}
		v.focus, v.cell = stripPane, min((y-v.lay.strip.Y)*v.lay.strip.W+x-v.lay.strip.X, max(v.cells()-1, 0))
		if what == views.Click {
			return v.way()
		}
	default:
		return nil
	}
	if what == views.DoubleClick && v.Disabled(keymap.Open) == "" {
		return v.open()
	}
	return nil
}
