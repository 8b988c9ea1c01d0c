package sectors

import tea "github.com/charmbracelet/bubbletea"

// jump goes to a byte, wherever it is.
func (v *View) jump(off int64) tea.Cmd {
	v.cursor = max(0, min(off, v.win.size-1))
	v.column = v.cursor % int64(max(v.format.Bytes, 1))
	if _, ok := v.win.find(v.cursor); !ok {
		v.restart(v.cursor)
		v.anchor = v.rows / 3
		return v.refresh()
	}
	v.settle(v.rows / 3)
	return v.refresh()
}

// settle puts the anchor where the cursor's line is on the screen already, or
// else where told.
func (v *View) settle(anchor int) {
	here := v.lineAt(v.cursor)
	for y, l := range v.lines {
		if l.same(here) || l.kind == zeroLine && here.start >= l.start && here.start < l.end {
			v.anchor = y
			return
		}
	}
	v.anchor = anchor
}

// step goes n bytes on. What is folded is left at once.
func (v *View) step(n int64) tea.Cmd {
	to := v.cursor + n
	if l := v.lineAt(v.cursor); l.kind == foldLine {
		if to = l.start - 1; n > 0 {
			to = l.end
		}
		if to < 0 || to >= v.win.size {
			to = v.cursor + n
		}
	}
	return v.goTo(to)
}

// goTo goes to a byte near by: the screen scrolls as little as need be.
func (v *View) goTo(off int64) tea.Cmd {
	off = max(0, min(off, v.win.size-1))
	down := off > v.cursor
	if _, ok := v.win.find(off); !ok {
		return v.jump(off)
	}
	v.cursor = off
	v.column = off % int64(v.format.Bytes)
	if down {
		v.settle(v.rows - 1)
	} else {
		v.settle(0)
	}
	return v.refresh()
}

// vertical moves the cursor by n lines and the view by scroll lines.
func (v *View) vertical(n, scroll int) tea.Cmd {
	if len(v.lines) == 0 {
		return nil
	}
	l := v.lineAt(v.cursor)
	moved := 0
	for moved != n {
		next, lines, ok := v.towards(l, n > 0)
		if !ok {
			break
		}
		l = next
		if n > 0 {
			moved = min(moved+lines, n)
			v.anchor += lines
		} else {
			moved = max(moved-lines, n)
			v.anchor -= lines
		}
		v.put(l, n > 0)
	}
	v.anchor -= scroll
	return v.refresh()
}

// towards is the next line that the cursor can be on, down or up, and how many
// lines away it is.
func (v *View) towards(l line, down bool) (line, int, bool) {
	for lines := 1; ; lines++ {
		next, ok := v.above(l)
		if down {
			next, ok = v.below(l)
		}
		if !ok || next.kind == edgeLine {
			return l, 0, false
		}
		if l = next; l.goes() && l.kind != zeroLine {
			return l, lines, true
		}
	}
}

// put puts the cursor on a line, at its column if that has bytes there.
func (v *View) put(l line, down bool) {
	if l.kind == foldLine {
		v.cursor = l.start
		return
	}
	per := int64(v.format.Bytes)
	v.cursor = max(l.start, min(l.start-l.start%per+v.column, l.end-1))
}

// page moves by a page, less one line, or half of one.
func (v *View) page(down, half bool) tea.Cmd {
	n := max(1, v.rows-1)
	if half {
		n = max(1, v.rows/2)
	}
	if !down {
		n = -n
	}
	return v.vertical(n, n)
}

// wheel scrolls the view; the cursor goes along only if it must.
func (v *View) wheel(n int) tea.Cmd {
	v.anchor -= n
	switch {
	case v.anchor < 0:
		return v.vertical(-v.anchor, 0)
	case v.anchor >= v.rows:
		return v.vertical(v.rows-1-v.anchor, 0)
	}
	return v.refresh()
}

// word is how far the field keys go where there is no field, in bytes.
const word = 4

// nextField goes behind the field under the cursor.
func (v *View) nextField() tea.Cmd {
	if n, ok := v.current(); ok {
		return v.goTo(n.Place.End())
	}
	return v.goTo(v.cursor/word*word + word)
}

// prevField goes to the start of the field under the cursor, or before it.
func (v *View) prevField() tea.Cmd {
	if n, ok := v.current(); ok && n.Place.Offset < v.cursor {
		return v.goTo(n.Place.Offset)
	}
	return v.goTo((v.cursor - 1) / word * word)
}

// sector goes to the start of the sector n further on; with n of 0 to the
// start of this one, or the one before if it is there already.
func (v *View) sector(n int64) tea.Cmd {
	size := v.format.Sector
	to := (v.cursor/size + n) * size
	if n == 0 && to == v.cursor {
		to -= size
	}
	return v.goTo(to)
}

// rowEdge goes to the first or the last byte of the row.
func (v *View) rowEdge(last bool) tea.Cmd {
	l := v.lineAt(v.cursor)
	if l.kind != bytesLine {
		return nil
	}
	if last {
		return v.goTo(l.end - 1)
	}
	return v.goTo(l.start)
}
