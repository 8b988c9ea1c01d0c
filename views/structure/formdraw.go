package structure

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// formRows is the height of the field editor with its frame.
const formRows = 7

// drawForm paints the field editor over the lower edge of the screen.
func (v *View) drawForm(a grid.Area) {
	f := &v.form
	h := min(formRows, a.H())
	a = a.Sub(0, a.H()-h, a.W(), h)
	for y := range h {
		a.HLine(0, y, a.W(), ' ', theme.Plain)
	}
	in := a.EditBox(v.theme, "EDIT field  "+f.name)
	if len(f.recs) == 0 && f.err == nil {
		in.Text(1, 0, "reading ..", theme.Dim)
		return
	}
	f.drawLine(in)
	text, style := "= "+decode.Printable(f.words), theme.Value
	if f.err != nil {
		text, style = "! "+decode.Printable(f.err.Error()), theme.Warn
	}
	in.TextFit(1, 1, in.W()-2, text, style)
	if len(f.recs) > 0 {
		in.TextFit(1, 2, in.W()-2, "was  "+decode.Printable(f.node.Field.Text(f.recs[0].data)), theme.Dim)
	}
	in.TextFit(1, 3, in.W()-2, f.sumText(), theme.Label)
	in.TextFit(1, 4, in.W()-2, f.choices(), theme.Dim)
}

// drawLine paints the line with its cursor. Of a line that is too long the part
// around the cursor shows.
func (f *form) drawLine(a grid.Area) {
	x := a.Text(1, 0, "new  ", theme.Label)
	value, at := []rune(f.input.Value()), f.input.Position()
	if over := at - (a.W() - x - 3); over > 0 {
		value, at = value[over:], at-over
	}
	for i, r := range append(value, ' ') {
		style := theme.Strong
		if i == at {
			style = theme.Cursor
		}
		x += a.Set(x, 0, r, style)
	}
}

// sumText says what becomes of the checksum.
func (f *form) sumText() string {
	switch {
	case f.node.Field.IsSum():
		return "this is the checksum itself"
	case f.bytes == nil:
		return ""
	case len(f.sums) == 0:
		return "no checksum changes with it"
	}
	mark, words := "[x]", "made to fit, as a second change"
	if !f.seal {
		mark, words = "[ ]", "left as it is: it won't fit"
	}
	return fmt.Sprintf("%s checksum of %s: %s (alt+c)", mark, f.sealed(), words)
}

// choices says what can be typed.
func (f *form) choices() string {
	field := f.node.Field
	var names []string
	for _, n := range field.Names() {
		names = append(names, n.Name)
	}
	for _, fl := range field.Flags() {
		names = append(names, fl.Name)
	}
	switch {
	case len(field.Names()) > 0:
		return "up/down or a name: " + strings.Join(names, ", ")
	case len(names) > 0:
		return "names joined by commas, or a number: " + strings.Join(names, ", ")
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
