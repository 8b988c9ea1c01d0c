package blockmap

import (
	"platter/decode"
	"platter/keymap"
	"platter/views/grid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	if v.lay.cols > 0 {
		v.refill()
		v.drawMap(a)
		v.drawFacts(a)
		v.drawBoxes(a)
	}
}

// refill counts the cells that show, if they are not those of the last frame.
func (v *View) refill() {
	if !v.stale {
		return
	}
	v.stale = false
	first, n := v.window()
	v.cells, v.shown = resized(v.cells, n), resized(v.shown, n)
	held := v.fine.holds(v.level, first, n)
	for i := range v.cells {
		cell := first + int64(i)
		switch {
		case v.level >= v.tally.shape.shift:
			v.cells[i] = v.tally.sum(v.level, cell)
		case held:
			v.cells[i] = v.fine.cells[cell-v.fine.first]
		default:
			v.cells[i] = count{}
		}
	}
	v.judge(first, n)
}

func resized[T any](s []T, n int64) []T {
	if int64(cap(s)) < n {
		return make([]T, n)
	}
	return s[:n]
}

// judge finds the looks of the cells, and which ones the legend must have.
func (v *View) judge(first, n int64) {
	clear(v.used[:])
	sampled := v.content.covers(v.level, first, n)
	for i := range v.cells {
		l := uint8(lookUnknown)
		switch {
		case v.overlay == allocation:
			l = allocated(&v.cells[i])
		case v.overlay == fileOrder:
			l = ordered(&v.cells[i])
		case v.overlay == layered:
			l = layerLook(&v.cells[i])
		case v.overlay == readers:
			l = v.disputed(first + int64(i))
		case sampled && i < v.content.done:
			l = v.content.cells[i].look
		}
		v.shown[i] = l
		v.used[l] = true
	}
}

// count is what is known of the cell under the cursor.
func (v *View) count() count {
	first, _ := v.window()
	if i := v.cell() - first; i >= 0 && i < int64(len(v.cells)) {
		return v.cells[i]
	}
	return count{}
}

func (v *View) drawMap(a grid.Area) {
	focus := v.focus == mapPane
	if f := v.lay.frame; f.Shows() {
		f.In(a).Box(v.theme, v.title(true), focus)
	} else {
		v.drawHead(a.Row(0))
	}
	if v.info.Refused != nil {
		v.drawRefused(a)
		return
	}
	v.drawCells(v.lay.cells.In(a), focus)
	v.drawLabels(a)
	if focus || v.lay.frame.Shows() {
		v.drawLegend(a)
	} else {
		v.drawKinds(a.Sub(v.lay.legend.X, v.lay.legend.Y, v.lay.legend.W, 2))
	}
}

// drawCells paints the cells that show. Wide ones have a gap between them.
func (v *View) drawCells(a grid.Area, focus bool) {
	table, cols, wide := v.looks[v.overlay], v.lay.cols, v.lay.wide
	for i, shown := range v.shown {
		l := table[shown]
		a.HLine(i%cols*wide, i/cols, max(wide-1, 1), l.glyph, l.style)
	}
	first, _ := v.window()
	if at := int(v.cell() - first); at >= 0 && at < len(v.shown) {
		l := table[v.shown[at]]
		a.HLine(at%cols*wide, at/cols, max(wide-1, 1), theme.UnderCursor(l.glyph, l.style), cursorStyle(focus))
	}
}

// drawLabels writes where each row starts on the disk.
func (v *View) drawLabels(a grid.Area) {
	l, cols := v.lay.labels, v.lay.cols
	first, _ := v.window()
	for y := 0; y*cols < len(v.shown); y++ {
		block := (first + int64(y*cols)) << v.level
		k := v.ink.line()
		k.b = appendLabel(k.b, v.tally.shape.offset(block))
		k.right(0, l.W-1).draw(a, l.X, l.Y+y, theme.Offset)
	}
}

func cursorStyle(focus bool) theme.Style {
	if focus {
		return theme.Cursor
	}
	return theme.CursorIdle
}

func (v *View) drawRefused(a grid.Area) {
	m := a.Sub(v.lay.labels.X+1, v.lay.cells.Y, labelWidth+v.lay.cols-1, v.lay.rows)
	m.Text(0, 0, "The virtual disk can't be read:", theme.Error)
	for y, line := range grid.Wrap(decode.Printable(v.info.Refused.Error()), m.W()) {
		m.Text(0, 1+y, line, theme.Value)
	}
}

// drawHead is the title of a map without frames, and the key to the pane that
// has not the focus: without frames nothing else tells that there are two.
func (v *View) drawHead(a grid.Area) {
	hint, key := "", keymap.Key(keymap.Map, keymap.NextPane)
	switch {
	case key == "" || !v.lay.files.Shows():
	case v.focus == stripPane:
		hint = key + ": map"
	default:
		hint = key + ": file"
	}
	room := a.W() - 2 - grid.Width(hint)
	title := v.title(true)
	if grid.Width(title) >= room {
		title = v.title(false)
	}
	a.TextFit(1, 0, room-1, title, theme.FrameTitle)
	a.TextRight(a.W()-1, 0, hint, theme.Hint)
}

// title says what the cells show and how large they are, in detail also how
// many blocks that is.
func (v *View) title(detailed bool) string {
	sh := &v.tally.shape
	k := v.ink.line().str(v.overlay.String()).str("  ").size(sh.size)
	if sh.blocks > 0 {
		k.str(" = ").num(sh.cells(v.level)).str(" cells x ").size(sh.offset(1 << v.level))
		if n := min(int64(1)<<v.level, sh.blocks); n > 1 && detailed {
			k.str(" (").num(n).str(" ").str(v.unit()).str("s)")
		}
		k.str("  zoom ").num(int64(v.top-v.level) + 1).str("/").num(int64(v.top) + 1)
	}
	return k.String()
}

// unit is what the disk is divided into, in the format's term.
func (v *View) unit() string {
	switch {
	case !v.tally.shape.natural:
		return "unit"
	case v.info.Format == "vmdk":
		return "grain"
	}
	return "block"
}

// drawLegend explains every look that shows. It takes the line of facts too
// if it needs two.
func (v *View) drawLegend(a grid.Area) {
	v.layLegend(func(x, y int, l look) {
		if l.glyph == ' ' {
			a.Text(x, y, "'", theme.Dim)
			x += 2
			a.Text(x, y, "'", theme.Dim)
		} else {
			a.Set(x, y, l.glyph, l.style)
		}
		a.Text(x+2, y, l.words, theme.Dim)
	})
}

// layLegend finds the place of every look that shows, and how many lines they
// take. A blank is put in quotes.
func (v *View) layLegend(put func(x, y int, l look)) (lines int) {
	at, x := v.lay.legend, 0
	for i, l := range v.looks[v.overlay] {
		if !v.used[i] {
			continue
		}
		w := 2 + len(l.words)
		if l.glyph == ' ' {
			w += 2
		}
		if x > 0 && x+w > at.W {
			x, lines = 0, lines+1
		}
		put(at.X+x, at.Y+lines, l)
		x += w + 2
	}
	return lines + 1
}
