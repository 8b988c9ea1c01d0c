// Package inspector is the pane that reads the bytes at a cursor as all that
// they may be. Several screens have it.
package inspector

import (
	"bytes"
	"strings"

	"platter/decode"
	"platter/decode/inspect"
	"platter/views/grid"
	"platter/views/theme"
)

// Window is how many bytes the pane looks at, at most.
const Window = inspect.Window

// Pane holds what was read last: drawing the same bytes again costs nothing.
type Pane struct {
	order decode.Order
	bytes [Window]byte
	n     int
	list  []inspect.Reading
}

// Order is the byte order of the readings.
func (p *Pane) Order() decode.Order { return p.order }

// Turn goes to the other byte order.
func (p *Pane) Turn() {
	p.order, p.list = 1-p.order, nil
}

// Read takes the bytes from the cursor on in; fewer than Window where there
// are no more, or none are loaded.
func (p *Pane) Read(b []byte) {
	b = b[:min(len(b), Window)]
	if p.list != nil && bytes.Equal(b, p.bytes[:p.n]) {
		return
	}
	p.n = copy(p.bytes[:], b)
	p.list = inspect.Readings(b, p.order)
}

// Title is what stands over the pane.
func (p *Pane) Title() string { return "Inspector  " + p.order.String() }

// Columns of the readings where there is room, and where there is little.
const (
	wideColumn, narrowColumn = 20, 16
)

// Draw paints the readings that say something, one in a line, or in two where
// it is long.
func (p *Pane) Draw(a grid.Area) {
	column := wideColumn
	if a.W() < 2*column {
		column = narrowColumn
	}
	y := 0
	for _, r := range p.list {
		if r.Text == "" {
			continue
		}
		a.TextFit(0, y, column-1, r.Name, theme.Label)
		x, text := column, r.Text
		if grid.Width(text) > a.W()-x {
			text, _, _ = strings.Cut(text, " 0x") // the integer goes without its digits
		}
		if w := grid.Width(text); w > a.W()-x {
			x = max(0, a.W()-w)
			y++
		}
		a.TextFit(x, y, a.W(), text, theme.Value)
		y++
	}
	if y == 0 {
		a.TextFit(0, 0, a.W(), "no byte to show here", theme.Dim)
	}
}

// roomy is the width from which on a line has room for the longest integer.
const roomy = 100

// DrawLine paints the unsigned integers in one line from column x on, and
// returns the column after them.
func (p *Pane) DrawLine(a grid.Area, x, y int) int {
	for _, r := range p.list {
		if r.Text == "" || len(r.Name) > 3 || r.Name[0] != 'u' || r.Name == "u64" && a.W() < roomy {
			continue
		}
		text, _, _ := strings.Cut(r.Text, " ")
		if r.Name == "u32" {
			text = r.Text
		}
		x = a.Text(x, y, r.Name, theme.Label)
		x = a.Text(x+1, y, text, theme.Value) + 2
	}
	if p.n > 0 && p.order == decode.Big {
		x = a.Text(x, y, "BE", theme.Label) + 1
	}
	return x
}
