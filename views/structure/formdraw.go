package structure

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// formRows is the height of the field editor with its frame.
const formRows = 7

// The rows of the field editor that listen to the mouse.
const (
	lineRow = iota
	valueRow
	wasRow
	sumRow
	choiceRow
)

// draw paints the field editor over the lower edge of the screen.
func (f *form) draw(a grid.Area, th *theme.Theme) {
	h := min(formRows, a.H())
	a = a.Sub(0, a.H()-h, a.W(), h)
	for y := range h {
		a.HLine(0, y, a.W(), ' ', theme.Plain)
	}
	in := a.EditBox(th, "EDIT field  "+f.name)
	if len(f.recs) == 0 && f.err == nil {
		in.Text(1, 0, "reading ..", theme.Dim)
		return
	}
	f.drawLine(in)
	text, style := "= "+decode.Printable(f.words), theme.Value
	if f.err != nil {
		text, style = "! "+decode.Printable(f.err.Error()), theme.Warn
	}
	in.TextFit(1, valueRow, in.W()-2, text, style)
	if len(f.recs) > 0 {
		in.TextFit(1, wasRow, in.W()-2, "was  "+decode.Printable(f.node.Field.Text(f.recs[0].Data)), theme.Dim)
	}
	in.TextFit(1, sumRow, in.W()-2, f.sumText(), theme.Label)
	in.TextFit(1, choiceRow, in.W()-2, f.choices(), theme.Dim)
}

// drawLine paints the line with its cursor. Of a line that is too long the part
// around the cursor shows.
func (f *form) drawLine(a grid.Area) {
	x := a.Text(1, lineRow, "new  ", theme.Label)
	value, at := []rune(f.input.Value()), f.input.Position()
	if over := at - (a.W() - x - 3); over > 0 {
		value, at = value[over:], at-over
	}
	f.from, f.cut = x, len([]rune(f.input.Value()))-len(value)
	for i, r := range append(value, ' ') {
		style := theme.Strong
		if i == at {
			style = theme.Cursor
		}
		x += a.Set(x, lineRow, r, style)
	}
}

// sumText says what becomes of the checksum.
func (f *form) sumText() string {
	switch {
	case f.node.Field.IsSum():
		return "this is the checksum itself"
	case f.bytes == nil:
		return ""
	case len(f.sums) == 0 && f.same():
		return "nothing changes yet"
	case len(f.sums) == 0:
		return "no checksum changes with it"
	}
	mark, words := "[x]", "updated too, as a second change"
	if !f.seal {
		mark, words = "[ ]", "left as it is: it won't match"
	}
	return fmt.Sprintf("%s checksum of %s: %s (alt+c)", mark, f.sealed(), words)
}

// choices says what can be typed.
func (f *form) choices() string {
	field := f.node.Field
	if lead, names := f.names(); len(names) > 0 {
		return lead + strings.Join(names, ", ")
	}
	switch field.Kind() {
	case decode.KindUint:
		return "a number: 4096, 0x1000, 4K; up/down steps"
	case decode.KindGUID:
		return "a GUID: 5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611"
	case decode.KindText, decode.KindUTF16:
		return fmt.Sprintf("text of at most %d bytes, in quotes or bare", field.Size())
	case decode.KindCHS:
		return "cylinder/head/sector"
	}
	return fmt.Sprintf("%d bytes in hexadecimal, or 0 for zeros", field.Size())
}

// names are those of the values or flags that can be typed, and what stands
// before them.
func (f *form) names() (lead string, names []string) {
	field := f.node.Field
	for _, n := range field.Names() {
		names = append(names, n.Name)
	}
	lead = "up/down or a name: "
	if len(names) == 0 {
		lead = "names joined by commas, or a number: "
	}
	for _, fl := range field.Flags() {
		names = append(names, fl.Name)
	}
	return lead, names
}

// choose puts the name at a column of the choices into the line. A flag joins
// those that are there.
func (f *form) choose(x int) {
	lead, names := f.names()
	at := len(lead)
	for _, n := range names {
		if x >= at && x < at+grid.Width(n) {
			if len(f.node.Field.Names()) == 0 && f.bytes != nil && f.node.Field.Uint(f.patched(f.recs[0], []disk.Edit{f.edit()})) != 0 {
				n = f.input.Value() + ", " + n
			}
			f.set(n)
			return
		}
		at += grid.Width(n) + 2
	}
}

// click puts the cursor into the line, turns the checksum on or off, or chooses
// a named value.
func (f *form) click(x, row int) {
	if len(f.recs) == 0 {
		return
	}
	switch row {
	case lineRow:
		if x >= f.from {
			f.input.SetCursor(f.cut + x - f.from)
		}
	case sumRow:
		f.seal = f.seal != (len(f.sums) > 0)
	case choiceRow:
		f.choose(x - 1)
	}
}
