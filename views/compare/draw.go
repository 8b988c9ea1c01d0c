package compare

import (
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	below := hexRows(v.h)
	v.drawList(a.Sub(0, 0, v.w, v.h-below))
	v.drawHex(a.Sub(0, v.h-below, v.w, below))
}

func (v *View) drawList(a grid.Area) {
	in := a.Box(v.theme, "Blocks that differ  "+v.verdict(), v.focus == listPane)
	if len(v.blocks) == 0 {
		in.TextFit(1, 1, in.W()-2, v.nothing(), theme.Label)
		return
	}
	c := v.columns(in.W())
	for i, head := range []string{"block", "virtual", "length", "differ", "this: " + decode.BaseName(v.images[0].Info().Path), "other: " + decode.BaseName(v.images[1].Info().Path)} {
		end := in.W()
		if i+1 < len(c) {
			end = c[i+1] - 1
		}
		in.TextFit(c[i], 0, end-c[i], head, theme.Label)
	}
	for y := range v.list.Rows {
		if i, ok := v.list.At(y); ok {
			v.drawBlock(in.Row(y+1), c, v.blocks[i], i == v.list.Cursor)
		}
	}
}

// columns is where those of the list start.
func (v *View) columns(w int) [6]int {
	number, offset := len("block"), len("virtual")
	last := v.blocks[len(v.blocks)-1]
	number = max(number, len(decode.Grouped(last.Start/v.unit())))
	offset = max(offset, len(fmt.Sprintf("0x%x", last.Start)))
	c := [6]int{0: 2}
	for i, width := range []int{number, offset, 7, 10} {
		c[i+1] = c[i] + width + 2
	}
	c[5] = c[4] + max(13, (w-c[4])/2)
	return c
}

// unit is the size of a block.
func (v *View) unit() int64 {
	if size := v.images[0].Info().BlockSize; size > 0 {
		return size
	}
	return v.blocks[0].Length
}

func (v *View) drawBlock(row grid.Area, c [6]int, b disk.BlockDiff, cursor bool) {
	row.TextRight(c[1]-2, 0, decode.Grouped(b.Start/v.unit()), theme.Strong)
	row.Text(c[1], 0, fmt.Sprintf("0x%x", b.Start), theme.Offset)
	row.TextRight(c[3]-2, 0, decode.FormatSize(uint64(b.Length)), theme.Value)
	row.TextRight(c[4]-2, 0, amount(b.Bytes), theme.Warn)
	for i, s := range b.Sides {
		row.TextFit(c[4+i], 0, c[5]-c[4]-1, s.String(), sideStyle(s))
	}
	if cursor {
		row.Paint(0, 0, row.W(), theme.Selected)
		row.Set(0, 0, '>', theme.Selected)
	}
}

func sideStyle(s disk.Side) theme.Style {
	switch {
	case s.Past || s.State == disk.Missing || s.State == disk.FromParent:
		return theme.Warn
	case s.State == disk.Data:
		return theme.Value
	}
	return theme.Dim
}

// nothing says why no block is listed.
func (v *View) nothing() string {
	switch {
	case v.err != nil:
		return "The comparison could not be made: " + decode.Printable(v.err.Error())
	case v.over && v.unread == 0:
		return "Both disks hold the same bytes, from the first to the last."
	case v.over:
		return "What could be read of both disks is the same."
	}
	return "Nothing yet: the disks are being compared."
}

func (v *View) drawHex(a grid.Area) {
	in := a.Box(v.theme, "Bytes side by side  * differs", v.focus == bytesPane)
	x := &v.hex
	left := 1 + x.digits + 1
	right := left + x.width() + 2
	in.Text(1, 0, "virtual", theme.Label)
	in.TextFit(left+1, 0, x.width(), "this: "+decode.BaseName(v.images[0].Info().Path), theme.Label)
	in.TextFit(right+1, 0, in.W()-right-1, "other: "+decode.BaseName(v.images[1].Info().Path), theme.Label)
	shown, per := x.lines.Shown(), int64(x.lines.PerRow())
	for y, off := 1, shown.Start; off < shown.End; y, off = y+1, off+per {
		row := in.Row(y)
		for i := range x.digits {
			row.Set(1+i, 0, rune(digits[off>>(4*(x.digits-1-i))&15]), theme.Offset)
		}
		p := x.at(off, int(per))
		for i, at := range []int{left, right} {
			v.drawSide(row.Sub(at, 0, x.width(), 1), off, &p, i)
		}
		if at := x.lines.Cursor(); at >= off && at < off+per {
			row.Set(0, 0, '>', theme.Selected)
		}
	}
}

const digits = "0123456789abcdef"

// drawSide draws a row of bytes of one disk; a star stands before each that
// differs from the other disk's.
func (v *View) drawSide(a grid.Area, off int64, p *piece, i int) {
	x, s := &v.hex, &p[i]
	per := x.lines.PerRow()
	for k := range per {
		b, ok := s.has(k)
		high, low, style, mark := ' ', ' ', theme.ByteMissing, ' '
		switch {
		case ok:
			high, low, style = rune(digits[b>>4]), rune(digits[b&15]), theme.Class(b)
		case s.lost && int64(k) < s.size:
			high, low = '?', '?'
		}
		if p.differs(k) {
			mark = '*'
			style = theme.Warn
		}
		if off+int64(k) == x.lines.Cursor() && v.focus == bytesPane {
			style = theme.Cursor
		}
		a.Set(3*k, 0, mark, theme.Warn)
		a.Set(3*k+1, 0, high, style)
		a.Set(3*k+2, 0, low, style)
		if x.text && ok {
			a.Set(3*per+1+k, 0, letter(b), style)
		}
	}
}

func letter(b byte) rune {
	if b < ' ' || b > '~' {
		return '.'
	}
	return rune(b)
}
