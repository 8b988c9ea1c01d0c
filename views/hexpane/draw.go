package hexpane

import (
	"fmt"

	"platter/views/grid"
	"platter/views/theme"
)

func (p *Pane) drawFold(a grid.Area, r row) {
	per := int64(p.PerRow())
	x := p.offsetDigits() + 2
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

func (p *Pane) drawRow(a grid.Area, off int64, focus bool) {
	per := p.PerRow()
	n := int(min(int64(per), p.cache.src.Size-off))
	b, known := p.row(off, n)
	x := p.drawOffset(a, off)
	if p.wrong && p.frame.from >= off && p.frame.from < off+int64(per) {
		a.Set(x, 0, '!', theme.Error)
	}
	x += 2
	for i := range n {
		at := x + column(i)
		s := p.style(off+int64(i), b, i, known, focus)
		if i < len(b) {
			a.Set(at, 0, hexDigits[b[i]>>4], s)
			a.Set(at+1, 0, hexDigits[b[i]&15], s)
		} else {
			r := '.'
			if known {
				r = '?'
			}
			a.HLine(at, 0, 2, r, s)
		}
		p.bridge(a, off+int64(i), at+2, i, per)
	}
	if p.showText() {
		p.drawText(a, x+column(per-1)+4, off, b, known, focus)
	}
}

var hexDigits = [...]rune{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'}

// column is where byte i of a row starts, from the first one on.
func column(i int) int { return 3*i + i/8 }

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

// drawOffset writes a row's offset and returns the column behind it. Where a
// sector starts it stands out.
func (p *Pane) drawOffset(a grid.Area, off int64) int {
	style := theme.Offset
	if off%SectorSize == 0 {
		style = theme.OffsetSector
	}
	width := p.offsetDigits()
	b := p.offset[:0]
	switch p.Base {
	case Decimal:
		b = number(b, off, 10, width, ' ')
	case Sector:
		b = number(b, off/SectorSize, 10, width-4, ' ')
		b = append(b, '+')
		b = number(b, off%SectorSize, 16, 3, '0')
	default:
		b = number(b, off, 16, width, '0')
	}
	p.offset = b
	return a.Bytes(0, 0, b, style)
}

// number appends v in a base, filled up to width.
func number(b []byte, v, base int64, width int, fill byte) []byte {
	start := len(b)
	for range width {
		b = append(b, fill)
	}
	for i := len(b) - 1; i >= start; i-- {
		b[i] = byte(hexDigits[v%base])
		if v /= base; v == 0 {
			break
		}
	}
	return b
}

// style is how a byte looks: its class, the frame, the cursor.
func (p *Pane) style(off int64, b []byte, i int, known, focus bool) theme.Style {
	s := theme.ByteMissing
	if i < len(b) {
		s = theme.Class(b[i])
	} else if known {
		s = theme.Error
	}
	switch {
	case off == p.cursor && focus:
		return theme.Cursor
	case off == p.cursor:
		return theme.CursorIdle
	case p.framed(off):
		return s.Field()
	}
	return s
}

func (p *Pane) framed(off int64) bool { return off >= p.frame.from && off < p.frame.to }

// bridge carries the frame over the blanks between two of its bytes.
func (p *Pane) bridge(a grid.Area, off int64, x, i, per int) {
	if i+1 < per && p.framed(off) && p.framed(off+1) {
		a.HLine(x, 0, column(i+1)-column(i)-2, ' ', theme.ByteHigh.Field())
	}
}

func (p *Pane) drawText(a grid.Area, x int, off int64, b []byte, known, focus bool) {
	if len(p.line) < len(b) {
		p.line = make([]rune, 2*len(b))
	}
	p.Text.render(b, off, p.line)
	for i := range b {
		a.Set(x+i, 0, p.line[i], p.style(off+int64(i), b, i, known, focus))
	}
}
