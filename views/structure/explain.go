package structure

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// crumbs names the current node with up to n of those above it: "header
// 2.Checksum".
func (v *View) crumbs(n int) string {
	trail := v.trail()
	if len(trail) == 0 {
		return ""
	}
	if len(trail) > 1 {
		trail = trail[1:]
	}
	trail = trail[max(0, len(trail)-n):]
	names := make([]string, len(trail))
	for i, t := range trail {
		names[i] = decode.Printable(t.Name)
	}
	return strings.Join(names, ".")
}

// note is one line of the explanation: a label and a text, or a text alone.
type note struct {
	label, text string
	style       theme.Style
}

// notes is all there is to say about a node.
func (v *View) notes(n decode.Node) []note {
	out := []note{{"", v.crumbs(4), theme.Strong}}
	if n.Doc != "" {
		out = append(out, note{"", n.Doc, theme.Value})
	}
	if n.Place.Length > 0 {
		out = append(out, note{"where", whereText(n.Place), theme.Value})
	}
	if n.Value != "" {
		out = append(out, note{"value", decode.Printable(n.Value), theme.Value})
	}
	if n.Mark != decode.Plain || n.Words != "" {
		words, label, style := strings.Trim(n.Mark.String()+": "+decode.Printable(n.Words), ": "), "check", markStyle(n.Mark)
		if n.Mark == decode.Plain {
			label, style = "note", theme.Value
		}
		out = append(out, note{label, words, style})
	}
	out = append(out, v.links(n)...)
	if n.Field != nil {
		out = append(out, note{"type", typeText(n.Field), theme.Value})
	}
	if len(n.Raw) > 0 {
		out = append(out, note{"bytes", rawText(n.Raw), theme.Value})
	}
	return append(out, meanings(n)...)
}

func whereText(p decode.Place) string {
	return fmt.Sprintf("%s at 0x%x (%d) of %s", count(p.Length, "byte"), p.Offset, p.Offset, decode.Printable(p.File))
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// rawShown bounds the bytes of a field that are listed.
const rawShown = 32

func rawText(b []byte) string {
	text := fmt.Sprintf("% x", b[:min(len(b), rawShown)])
	if len(b) > rawShown {
		text += fmt.Sprintf(" .. %d more", len(b)-rawShown)
	}
	return text
}

func typeText(f *decode.Field) string {
	low, bits := f.Bits()
	switch f.Kind() {
	case decode.KindUint:
		if bits != 8*f.Size() {
			return fmt.Sprintf("bits %d to %d of a %d-bit integer, %s", low, low+bits-1, 8*f.Size(), f.Order())
		}
		if f.Size() == 1 {
			return "8-bit integer"
		}
		return fmt.Sprintf("%d-bit integer, %s", bits, f.Order())
	case decode.KindText:
		return fmt.Sprintf("text, %d bytes", f.Size())
	case decode.KindUTF16:
		return fmt.Sprintf("UTF-16 text, %s, %d bytes", f.Order(), f.Size())
	case decode.KindGUID:
		return "GUID, " + f.Order().String()
	case decode.KindCHS:
		return "cylinder, head and sector, packed in 3 bytes"
	case decode.KindArray:
		sub, n := f.Sub()
		return fmt.Sprintf("%d times %s of %d bytes", n, sub.Name(), sub.Size())
	}
	return count(int64(f.Size()), "byte")
}

// meanings lists what the values or bits of a field stand for; the present
// one is marked.
func meanings(n decode.Node) []note {
	if n.Field == nil {
		return nil
	}
	var out []note
	v, marked := valueOf(n), false
	add := func(is bool, value, name, doc string) {
		mark, style := "  ", theme.Dim
		if is {
			mark, style, marked = "> ", theme.Mark, true
		}
		text := mark + value + " " + name
		if doc != "" {
			text += ": " + doc
		}
		out = append(out, note{"", text, style})
	}
	for _, name := range n.Field.Names() {
		add(v == name.Value && !marked, fmt.Sprint(name.Value), name.Name, name.Doc)
	}
	for _, f := range n.Field.Flags() {
		add(f.Mask != 0 && v&f.Mask == f.Mask, fmt.Sprintf("0x%x", f.Mask), f.Name, f.Doc)
	}
	return out
}

// valueOf reads the integer of a field node from its own bytes.
func valueOf(n decode.Node) uint64 {
	rec := make([]byte, n.Field.Offset()+n.Field.Size())
	if len(n.Raw) != n.Field.Size() {
		return 0
	}
	copy(rec[n.Field.Offset():], n.Raw)
	return n.Field.Uint(rec)
}

// links is where one can go from a node, and where it is defined.
func (v *View) links(n decode.Node) []note {
	var out []note
	if n.Target != nil {
		out = append(out, note{"leads to", fmt.Sprintf("%s at 0x%x (f follows)", n.Target.What, n.Target.Place.Offset), theme.Link})
	}
	if place, ok := v.twinPlace(); ok {
		out = append(out, note{"twin", fmt.Sprintf("second copy at 0x%x (%% jumps)", place.Offset), theme.Link})
	}
	if n.Ref != "" {
		out = append(out, note{"defined in", n.Ref, theme.Dim})
	}
	return out
}

// labelWidth is the column of the texts in the explanation.
const labelWidth = 11

func (v *View) drawExplain(a grid.Area) {
	n, ok := v.current()
	if !ok {
		a.Text(0, 0, "..", theme.Dim)
		return
	}
	y := -int(v.lines.Top)
	for _, line := range v.notes(n) {
		x := 0
		if line.label != "" {
			x = min(labelWidth, a.W()/3)
			a.TextFit(0, y, x, line.label, theme.Label)
		}
		wrapped := grid.Wrap(line.text, a.W()-x)
		if len(wrapped) == 0 {
			y++
		}
		for _, text := range wrapped {
			a.Text(x, y, text, line.style)
			y++
		}
	}
	total := int64(y) + v.lines.Top
	v.lines.Fit(total, a.H())
	if v.lines.Top+int64(a.H()) < total {
		a.TextRight(a.W(), a.H()-1, " more (tab, j) ", theme.Dim)
	}
}

// Status is where the cursors are.
func (v *View) Status() string {
	parts := []string{}
	if v.edit.On() {
		parts = append(parts, v.edit.Words())
	}
	if src := v.hex.Source(); src.Size > 0 {
		parts = append(parts, decode.Printable(src.Name)+" "+v.hex.FormatOffset(v.hex.Cursor()))
	}
	if v.seek.number != 0 {
		return strings.Join(append(parts, ".."), " | ")
	}
	parts = append(parts, v.crumbs(3))
	if n, ok := v.current(); ok && n.Field != nil {
		c := v.tree.cursor
		parts = append(parts, fmt.Sprintf("field %d of %d", c.index+1, c.in.node.Len()))
	}
	return strings.Join(parts, " | ")
}
