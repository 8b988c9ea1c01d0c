package structure

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/keymap"
)

// Do carries an action out, in the pane with the focus.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	if cmd, ok := v.common(a); ok {
		return cmd
	}
	switch v.focus {
	case hexPane:
		return v.doHex(a)
	case explainPane:
		v.lines.Roll(a)
		return nil
	}
	return v.doTree(a)
}

// common is what all panes understand alike.
func (v *View) common(a keymap.Action) (tea.Cmd, bool) {
	switch a {
	case keymap.NextPane:
		v.turn(1)
	case keymap.PrevPane:
		v.turn(-1)
	case keymap.ExplainPane:
		v.explain, v.chosen = !v.lay.explain.Shows(), true
		if !v.explain && v.focus == explainPane {
			v.focus = treePane
		}
	case keymap.Zoom:
		v.zoomed = !v.zoomed
	case keymap.Escape:
		v.zoomed = v.hex.Unselect() && v.zoomed
	case keymap.Endian:
		v.inspector.Turn()
	case keymap.OffsetBase:
		v.hex.Cycle()
	case keymap.Follow:
		return v.follow(), true
	case keymap.SecondCopy:
		return v.goSecondCopy(), true
	case keymap.NextFile:
		return v.turnFile(1), true
	case keymap.PrevFile:
		return v.turnFile(-1), true
	default:
		return nil, false
	}
	v.arrange()
	return v.refresh(), true
}

// turn gives the focus to the next pane that shows, or in a single pane
// screen shows the next one.
func (v *View) turn(step int) {
	const panes = 3
	for range panes {
		v.focus = pane((int(v.focus) + step + panes) % panes)
		if v.focus != explainPane || v.lay.single || v.lay.explain.Shows() {
			return
		}
	}
}

// turnFile shows the next file of the image in the hex pane.
func (v *View) turnFile(step int) tea.Cmd {
	i, ok := v.file(v.hex.Source().Name)
	if !ok || len(v.files) < 2 {
		return nil
	}
	v.showFile((i + step + len(v.files)) % len(v.files))
	return v.hexMoved(stay)
}

func (v *View) doTree(a keymap.Action) tea.Cmd {
	v.scrollTree()
	if !v.rows.Do(a) {
		return v.doBranch(a)
	}
	v.tree.goRow(int(v.rows.Cursor))
	return v.moved()
}

// doBranch is the actions that open, close and go along branches.
func (v *View) doBranch(a keymap.Action) tea.Cmd {
	c := v.tree.cursor
	switch a {
	case keymap.Open:
		if n, ok := v.current(); ok && n.Len() == 0 && n.Target != nil {
			return v.follow()
		}
		v.tree.toggle()
	case keymap.Right:
		if !v.tree.expand() && c.in.open[c.index] != nil && c.in.open[c.index].node.Len() > 0 {
			v.tree.cursor = key{c.in.open[c.index], 0}
		}
	case keymap.Left:
		if c.in.open[c.index] != nil {
			c.in.close(c.index)
		} else {
			v.tree.up()
		}
	case keymap.NextSibling:
		v.tree.cursor.index = min(c.index+1, c.in.node.Len()-1)
	case keymap.PrevSibling:
		v.tree.cursor.index = max(c.index-1, 0)
	case keymap.FoldAll:
		v.tree.foldAll()
	case keymap.UnfoldAll:
		return v.unfold()
	case keymap.EditField, keymap.RevertBytes:
		return v.doEdit(a)
	default:
		return nil
	}
	return v.moved()
}

func (v *View) doHex(a keymap.Action) tea.Cmd {
	switch {
	case v.hex.Do(a):
		return v.hexMoved(stay)
	case a == keymap.Open:
		return v.follow()
	}
	switch a {
	case keymap.EditBytes, keymap.FillBytes, keymap.PasteBytes, keymap.RevertBytes:
		return v.doEdit(a)
	}
	return v.doJump(a)
}

// wordSize is how far the field keys go where there is no field, in bytes.
const wordSize = 4

// doJump is the moves of the hex cursor by fields and structures.
func (v *View) doJump(a keymap.Action) tea.Cmd {
	at := v.hex.Cursor()
	switch a {
	case keymap.NextField:
		v.hex.Go(v.fieldEnd(at))
	case keymap.PrevField:
		if n, ok := v.field(at); ok && n.Place.Offset < at {
			v.hex.Go(n.Place.Offset)
		} else if !ok {
			v.hex.Go((at - 1) &^ (wordSize - 1))
		} else {
			v.hex.Step(-1)
			return v.hexMoved(fieldStart)
		}
	case keymap.NextStruct:
		return v.look(seek{file: v.hex.Source().Name, off: at, next: true})
	case keymap.PrevStruct:
		if n, ok := v.record(); ok && n.Place.Holds(v.hex.Source().Name, at) && n.Place.Offset < at {
			v.hex.Go(n.Place.Offset)
		} else {
			v.hex.Step(-1)
			return v.hexMoved(structStart)
		}
	default:
		return nil
	}
	return v.hexMoved(stay)
}

// field is the current node if it is a leaf that holds the byte.
func (v *View) field(at int64) (decode.Node, bool) {
	n, ok := v.current()
	return n, ok && n.Len() == 0 && n.Place.Holds(v.hex.Source().Name, at)
}

func (v *View) fieldEnd(at int64) int64 {
	if n, ok := v.field(at); ok {
		return n.Place.End()
	}
	return at&^(wordSize-1) + wordSize
}

// Disabled says why an action would do nothing where the cursor is.
func (v *View) Disabled(a keymap.Action) string {
	n, ok := v.current()
	switch a {
	case keymap.Follow:
		if !ok || n.Target == nil {
			return "this is not a pointer: there is nothing to follow"
		}
	case keymap.SecondCopy:
		if _, ok := v.secondPlace(); !ok {
			return "this structure has no second copy"
		}
	case keymap.NextFile, keymap.PrevFile:
		if len(v.files) < 2 {
			return "the image has only one file"
		}
	case keymap.Open:
		if ok && n.Target == nil && (v.focus == hexPane || n.Len() == 0) {
			return "there is nothing to open or follow here"
		}
	case keymap.ExplainPane:
		if v.zoomed {
			return "one pane has the whole screen; z shows the others again"
		}
	case keymap.Escape:
		if !v.zoomed && v.hex.Selection().Empty() {
			return "there is nothing to leave"
		}
	case keymap.EditField:
		return v.noField()
	case keymap.EditBytes, keymap.FillBytes, keymap.PasteBytes, keymap.RevertBytes:
		return v.locked()
	}
	return ""
}
