// Package grid paints screens: cells of a rune and a style index, drawn into
// by views and written out by one writer that emits SGR codes only where the
// style changes. A frame of 200 by 60 costs microseconds and, its string
// apart, no allocation.
package grid

import (
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"platter/views/theme"
)

type cell struct {
	r     rune // 0: the right half of the wide rune before it
	style theme.Style
}

// Grid is a screen of cells, as large as it was told, whatever is drawn.
type Grid struct {
	w, h  int
	cells []cell
	out   []byte

	paired bool // a wide rune was drawn: its halves must not come apart
}

// Resize makes the grid w columns by h rows and blank. Buffers are reused.
func (g *Grid) Resize(w, h int) {
	g.w, g.h = max(w, 0), max(h, 0)
	if n := g.w * g.h; cap(g.cells) < n {
		g.cells = make([]cell, n)
	} else {
		g.cells = g.cells[:n]
	}
	g.Clear()
}

// Clear makes all cells blank.
func (g *Grid) Clear() {
	g.paired = false
	for i := range g.cells {
		g.cells[i] = cell{' ', theme.Plain}
	}
}

// Area is the whole grid to draw into.
func (g *Grid) Area() Area { return Area{g, 0, 0, g.w, g.h} }

// String writes the frame: h lines of exactly w columns, without a line break
// at the end. Each line starts and ends in the plain style.
func (g *Grid) String(t *theme.Theme) string {
	b := g.out[:0]
	for y := range g.h {
		if y > 0 {
			b = append(b, '\n')
		}
		style := theme.Plain
		for _, c := range g.cells[y*g.w : (y+1)*g.w] {
			if c.r == 0 {
				continue
			}
			if c.style != style && (c.r != ' ' || !t.Blank(c.style) || !t.Blank(style)) {
				b = append(b, t.Turn(style, c.style)...)
				style = c.style
			}
			if c.r < utf8.RuneSelf {
				b = append(b, byte(c.r))
			} else {
				b = utf8.AppendRune(b, c.r)
			}
		}
		if style != theme.Plain {
			b = append(b, t.Turn(style, theme.Plain)...)
		}
	}
	g.out = b
	return string(b)
}

// narrow forgets the locale: box characters and the like are one column wide.
var narrow = &runewidth.Condition{EastAsianWidth: false}

// Width is the number of columns that a text takes.
func Width(s string) int {
	w := 0
	for _, r := range s {
		w += runeWidth(r)
	}
	return w
}

func runeWidth(r rune) int {
	if r >= ' ' && r < 0x7F {
		return 1
	}
	return narrow.RuneWidth(r)
}

// Fit cuts a text to at most w columns; where something had to go, ".." says
// so.
func Fit(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	if w < 3 {
		return cut(s, w)
	}
	return cut(s, w-2) + ".."
}

// FitLeft is Fit that keeps the end of the text: for paths.
func FitLeft(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	if w < 3 {
		return cut(s, w)
	}
	over := Width(s) - (w - 2)
	for i, r := range s {
		if over <= 0 {
			return ".." + s[i:]
		}
		over -= runeWidth(r)
	}
	return ".."
}

func cut(s string, w int) string {
	for i, r := range s {
		if w -= runeWidth(r); w < 0 {
			return s[:i]
		}
	}
	return s
}
