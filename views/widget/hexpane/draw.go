package hexpane

import (
	"fmt"

	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

func (p *Pane) drawFold(a grid.Area, r row) {
	per := int64(p.PerRow())
	x := p.format.Lead()
	text := fmt.Sprintf("* %d zero rows folded (o to unfold)", r.fold)
	switch {
	case r.more:
		text = fmt.Sprintf("* zeros for at least %d MiB (o to unfold)", r.fold*per>>20)
	case r.off+r.fold*per >= p.cache.src.Size:
		text = fmt.Sprintf("* %d zero rows folded, up to the end (o to unfold)", r.fold)
	}
	style := theme.Dim
	if p.frame.from < r.off+r.fold*per && p.frame.to > r.off {
		style = theme.ByteZero.Field()
	}
	a.TextFit(x, 0, a.W()-x, text, style)
}

func (p *Pane) drawRow(a grid.Area, off int64) {
	n := int(min(int64(p.PerRow()), p.cache.src.Size-off))
	b, known := p.row(off, n)
	row := hexgrid.Row{Off: off, N: n, Data: b}
	if known && len(b) < n {
		p.lost[0] = hexgrid.Range{Start: off + int64(len(b)), End: off + int64(n)}
		row.Lost = p.lost[:]
	}
	gutter := rune(0)
	if p.wrong && p.frame.from >= off && p.frame.from < off+int64(n) {
		gutter = '!'
	}
	p.format.Paint(a, 0, row, &p.Marks, gutter)
}

// mark tells the marks what the pane knows itself.
func (p *Pane) mark(focus bool) {
	p.Marks.Cursor, p.Marks.Focus = p.cursor, focus
	p.Marks.Field = hexgrid.Range{Start: p.frame.from, End: p.frame.to}
}

// row is what is at hand of the bytes of a row; known tells that the rest is
// not there rather than not read yet.
func (p *Pane) row(off int64, n int) (b []byte, known bool) {
	pg := p.cache.page(off)
	if pg == nil {
		return nil, false
	}
	in := int(off & (pageSize - 1))
	if in >= len(pg.data) {
		return nil, true
	}
	b = pg.data[in:min(len(pg.data), in+n)]
	if len(b) < n && in+len(b) == pageSize {
		return p.Bytes(off, n), true
	}
	return b, true
}
