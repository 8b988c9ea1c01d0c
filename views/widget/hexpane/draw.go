package hexpane

import (
	"strconv"

	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// Draw paints the pane. With focus the cursor is full, without it is hinted.
func (p *Pane) Draw(a grid.Area, focus bool) {
	p.layout()
	p.Marks.Cursor, p.Marks.Focus, p.Marks.Selected = p.cursor, focus, p.Selection()
	p.Marks.Field = p.frame
	for y, l := range p.lines {
		p.drawLine(a.Row(y), l)
	}
}

func (p *Pane) drawLine(a grid.Area, l line) {
	x := p.format.Lead()
	switch l.kind {
	case rowLine:
		p.drawRow(a, l)
	case ruleLine:
		t := p.cache.src.Runs.Label(l.start)
		a.HLine(0, 0, a.W(), t.Glyph, theme.Frame)
		a.TextFit(2, 0, a.W()-4, t.Text, theme.Label)
	case bareLine:
		t := p.cache.src.Runs.Label(l.start)
		x = p.format.PaintOffset(a, 0, p.counted(l.start))
		p.drawStaged(a, l)
		a.Set(x+1, 0, t.Glyph, p.style(l, t.Style))
		a.TextFit(x+3, 0, a.W()-x-3, t.Text, p.style(l, theme.Value))
	case zeroLine:
		p.drawFold(a, x, l)
		p.drawStaged(a, l)
	case edgeLine:
		a.TextFit(x, 0, a.W()-x, p.cache.src.Runs.Edge(), theme.Dim)
	}
}

// drawStaged marks a line that stands for bytes some of which are marked.
func (p *Pane) drawStaged(a grid.Area, l line) {
	if hexgrid.Touches(p.Marks.Staged, hexgrid.Range{Start: l.start, End: l.end}) {
		a.Set(p.format.Gutter(), 0, '*', theme.Mark)
	}
}

// drawFold says how much is folded. Many may show in a frame that follows a
// key: none of them takes memory.
func (p *Pane) drawFold(a grid.Area, x int, l line) {
	var buf [80]byte
	b := append(buf[:0], "* "...)
	if l.more {
		b = strconv.AppendInt(append(b, "zeros for at least "...), (l.end-l.start)>>20, 10)
		b = append(b, " MiB"...)
	} else {
		b = append(strconv.AppendInt(b, p.rowsIn(l.start, l.end), 10), " zero rows folded"...)
		if p.cache.src.Runs == nil && l.end == p.cache.src.Size {
			b = append(b, ", up to the end"...)
		}
	}
	b = append(b, " (o to unfold)"...)
	style := p.style(l, theme.Dim)
	if len(b) <= a.W()-x {
		a.Bytes(x, 0, b, style)
		return
	}
	a.TextFit(x, 0, a.W()-x, string(b), style)
}

// style is that of a line of text, or of what lies on it: the cursor, the
// selection, the framed field.
func (p *Pane) style(l line, s theme.Style) theme.Style {
	m := &p.Marks
	switch {
	case l.holds(p.cursor) && m.Focus:
		return theme.Cursor
	case l.holds(p.cursor):
		return theme.CursorIdle
	case m.Selected.Start < l.end && m.Selected.End > l.start:
		return theme.ByteSelected
	case l.kind == zeroLine && p.frame.Start < l.end && p.frame.End > l.start:
		return theme.ByteZero.Field()
	}
	return s
}

// counted is the offset to show for a byte; negative for none, outside of
// what offsets count from.
func (p *Pane) counted(off int64) int64 {
	switch {
	case p.Origin.Empty():
		return off
	case off >= p.Origin.End:
		return -1
	}
	return off - p.Origin.Start
}

func (p *Pane) drawRow(a grid.Area, l line) {
	row := hexgrid.Row{Off: p.format.Row(l.start), N: int(l.end - l.start)}
	row.From, row.Shift = int(l.start-row.Off), row.Off-p.counted(row.Off)
	row.Data, row.Lost = p.at(l)
	gutter := rune(0)
	if hexgrid.Touches(row.Lost, hexgrid.Range{Start: l.start, End: l.end}) || p.wrong && l.holds(p.frame.Start) {
		gutter = '!'
	}
	p.format.Paint(a, 0, row, &p.Marks, gutter)
}

// at is what is loaded of the bytes of a row, and what can't be read of the
// bytes around.
func (p *Pane) at(l line) ([]byte, []hexgrid.Range) {
	pg := p.cache.page(l.start)
	if pg == nil {
		return nil, nil
	}
	base := l.start &^ (pageSize - 1)
	if l.end <= base+pageSize {
		n := int64(len(pg.data))
		return pg.data[min(l.start-base, n):min(l.end-base, n)], pg.lost
	}
	next := p.cache.page(l.end - 1)
	if next == nil {
		return pg.data[l.start-base:], pg.lost
	}
	both := append(pg.data[l.start-base:len(pg.data):len(pg.data)], next.data[:min(l.end-base-pageSize, int64(len(next.data)))]...)
	if len(next.lost) == 0 {
		return both, pg.lost
	}
	return both, append(pg.lost[:len(pg.lost):len(pg.lost)], next.lost...)
}
