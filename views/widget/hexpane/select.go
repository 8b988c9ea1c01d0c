package hexpane

import (
	"platter/keymap"
	"platter/views/hexgrid"
)

// Selection is the bytes selected.
func (p *Pane) Selection() hexgrid.Range {
	if !p.selecting {
		return hexgrid.Range{}
	}
	return hexgrid.Range{Start: min(p.begun, p.cursor), End: max(p.begun, p.cursor) + 1}
}

// Select selects a range; the cursor goes to its last byte.
func (p *Pane) Select(r hexgrid.Range) {
	p.selecting, p.begun = true, r.Start
	p.Go(r.End - 1)
}

// Unselect ends the selection, and reports whether there was one.
func (p *Pane) Unselect() bool {
	was := p.selecting
	p.selecting = false
	return was
}

// extend begins a selection at a byte if there is none.
func (p *Pane) extend(from int64) {
	if !p.selecting {
		p.selecting, p.begun = true, from
	}
}

// doSelect starts, ends and extends the selection.
func (p *Pane) doSelect(a keymap.Action) bool {
	if a == keymap.Select {
		if !p.Unselect() {
			p.extend(p.cursor)
		}
		return true
	}
	move, ok := map[keymap.Action]keymap.Action{
		keymap.ExtendDown: keymap.Down, keymap.ExtendUp: keymap.Up, keymap.ExtendLeft: keymap.Left, keymap.ExtendRight: keymap.Right,
	}[a]
	if ok {
		p.extend(p.cursor)
		p.Do(move)
	}
	return ok
}

// Look carries out what changes how bytes look; it reports false for all other
// actions.
func (p *Pane) Look(a keymap.Action) bool {
	switch a {
	case keymap.FoldZeros:
		p.ToggleFold()
	case keymap.OffsetBase:
		p.Cycle()
	case keymap.TextColumn:
		p.CycleText()
	case keymap.MoreBytes:
		p.Widen(1)
	case keymap.FewerBytes:
		p.Widen(-1)
	default:
		return false
	}
	return true
}

// Release tells that the mouse did something else than to drag.
func (p *Pane) Release() { p.held = false }

// Click puts the cursor on the byte drawn at a cell of the pane, and reports
// whether there is one, and whether it was hit in the text column. Dragging
// selects from there.
func (p *Pane) Click(x, y int) (text, ok bool) {
	p.layout()
	if y < 0 || y >= len(p.lines) || !p.lines[y].goes() {
		return false, false
	}
	p.selecting = false
	p.held = x >= 0 && x < p.w
	return p.hit(p.lines[y], x), true
}

// hit puts the cursor on a line that shows, at the byte of column x.
func (p *Pane) hit(l line, x int) (text bool) {
	at := l.start
	if l.kind == rowLine {
		i, inText, ok := p.format.At(x)
		at, text = max(l.start, min(p.format.Row(l.start)+int64(i), l.end-1)), inText && ok
	}
	p.Go(at)
	return text
}

// Drag selects, from the byte that was clicked to the one at a cell. Beyond
// the pane's edges it goes on line by line. It reports whether it did anything.
func (p *Pane) Drag(x, y int) bool {
	p.layout()
	if !p.held || len(p.lines) == 0 {
		return false
	}
	from := p.cursor
	switch {
	case y < 0:
		p.down(-1)
	case y >= len(p.lines):
		p.down(1)
	case !p.lines[y].goes():
		return false
	default:
		l := p.lines[y]
		p.hit(l, min(max(x, 0), p.w-1))
		if l.kind != rowLine && l.start > from {
			p.set(l.end - 1)
		}
	}
	if p.cursor != from {
		p.extend(from)
	}
	return true
}
