package grid

import "platter/views/theme"

// Area is a rectangle of a grid to draw into. Whatever is drawn is cut at its
// edges; coordinates count from its corner.
type Area struct {
	g          *Grid
	x, y, w, h int
}

// W is the number of columns.
func (a Area) W() int { return a.w }

// H is the number of rows.
func (a Area) H() int { return a.h }

// Sub is the part of the area that starts at x, y and is w by h, cut to fit.
func (a Area) Sub(x, y, w, h int) Area {
	x, y = min(max(x, 0), a.w), min(max(y, 0), a.h)
	return Area{a.g, a.x + x, a.y + y, max(0, min(w, a.w-x)), max(0, min(h, a.h-y))}
}

// Row is one row of the area.
func (a Area) Row(y int) Area {
	if y < 0 || y >= a.h {
		return Area{g: a.g}
	}
	return a.Sub(0, y, a.w, 1)
}

func (a Area) at(x, y int) *cell {
	if x < 0 || y < 0 || x >= a.w || y >= a.h {
		return nil
	}
	return &a.g.cells[(a.y+y)*a.g.w+a.x+x]
}

// Set draws one rune and returns the number of columns that it takes. Runes
// without a width are left out; a wide one that would cross the edge becomes
// a blank.
func (a Area) Set(x, y int, r rune, s theme.Style) int {
	if r >= ' ' && r < 0x7F {
		if uint(x) < uint(a.w) && uint(y) < uint(a.h) {
			if a.g.paired {
				a.unpair(x, y)
			}
			a.g.cells[(a.y+y)*a.g.w+a.x+x] = cell{r, s}
		}
		return 1
	}
	return a.setWide(x, y, r, s)
}

func (a Area) setWide(x, y int, r rune, s theme.Style) int {
	w := runeWidth(r)
	if w <= 0 {
		return 0
	}
	first, second := a.at(x, y), a.at(x+1, y)
	switch {
	case w == 1 && first != nil:
		a.unpair(x, y)
		*first = cell{r, s}
	case w == 2 && first != nil && second != nil:
		a.g.paired = true
		a.unpair(x, y)
		a.unpair(x+1, y)
		*first, *second = cell{r, s}, cell{0, s}
	case w == 2 && first != nil:
		a.unpair(x, y)
		*first = cell{' ', s}
	case w == 2 && second != nil:
		a.unpair(x+1, y)
		*second = cell{' ', s}
	}
	return w
}

// unpair blanks what is left of a wide rune when one of its halves is drawn
// over.
func (a Area) unpair(x, y int) {
	i := (a.y+y)*a.g.w + a.x + x
	if c := &a.g.cells[i]; c.r == 0 && a.x+x > 0 {
		a.g.cells[i-1].r = ' '
		c.r = ' '
	} else if a.x+x+1 < a.g.w && a.g.cells[i+1].r == 0 {
		a.g.cells[i+1].r = ' '
	}
}

// Text draws a text in one line and returns the column after it.
func (a Area) Text(x, y int, text string, s theme.Style) int {
	if y < 0 || y >= a.h {
		return x
	}
	for _, r := range text {
		x += a.Set(x, y, r, s)
		if x >= a.w {
			return x
		}
	}
	return x
}

// TextFit draws a text cut to w columns; ".." says that it was cut.
func (a Area) TextFit(x, y, w int, text string, s theme.Style) int {
	return a.Text(x, y, Fit(text, min(w, a.w-x)), s)
}

// TextRight draws a text that ends before column x.
func (a Area) TextRight(x, y int, text string, s theme.Style) {
	a.Text(x-Width(text), y, text, s)
}

// Bytes draws ASCII text from a buffer, byte for byte.
func (a Area) Bytes(x, y int, text []byte, s theme.Style) int {
	for _, b := range text {
		a.Set(x, y, rune(b), s)
		x++
	}
	return x
}

// HLine draws n times the same rune.
func (a Area) HLine(x, y, n int, r rune, s theme.Style) {
	for i := range n {
		a.Set(x+i, y, r, s)
	}
}

// Paint gives a run of cells another style and leaves their runes.
func (a Area) Paint(x, y, n int, s theme.Style) {
	for i := range n {
		if c := a.at(x+i, y); c != nil {
			c.style = s
		}
	}
}

// Box draws a frame around the area with a title in its upper edge and
// returns what is inside.
func (a Area) Box(t *theme.Theme, title string, focus bool) Area {
	style := theme.Frame
	if focus {
		style = theme.FrameFocus
	}
	return a.box(t.Glyphs.Border(focus), style, title)
}

// EditBox is [Area.Box] for a pane in which keys overwrite bytes: its frame
// shows that from afar.
func (a Area) EditBox(t *theme.Theme, title string) Area {
	return a.box(t.Glyphs.EditBorder(), theme.Mark, title)
}

func (a Area) box(b theme.Border, style theme.Style, title string) Area {
	if a.w < 2 || a.h < 2 {
		return a.Sub(0, 0, 0, 0)
	}
	a.HLine(1, 0, a.w-2, b.Horizontal, style)
	a.HLine(1, a.h-1, a.w-2, b.Horizontal, style)
	for y := 1; y < a.h-1; y++ {
		a.Set(0, y, b.Vertical, style)
		a.Set(a.w-1, y, b.Vertical, style)
	}
	a.Set(0, 0, b.TopLeft, style)
	a.Set(a.w-1, 0, b.TopRight, style)
	a.Set(0, a.h-1, b.BottomLeft, style)
	a.Set(a.w-1, a.h-1, b.BottomRight, style)
	if title != "" && a.w > 6 {
		a.Text(2, 0, " "+Fit(title, a.w-6)+" ", theme.FrameTitle)
	}
	return a.Sub(1, 1, a.w-2, a.h-2)
}
