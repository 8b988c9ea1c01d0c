// Package explain words all there is to say about a node of a structure tree:
// what it means, where it lies, its value and what else it could be, the
// verdict, and where it leads. Several screens have a pane with it.
package explain

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// Note is a line of the explanation: a label and a text, or a text alone. It
// may be longer than a line of the screen.
type Note struct {
	Label, Text string
	Style       theme.Style
}

// Notes is all there is to say about a node of the given name. SecondCopy is where
// its second copy lies; nil if it has none.
func Notes(n decode.Node, name string, second *decode.Place) []Note {
	out := []Note{{"", name, theme.Strong}}
	if n.Doc != "" {
		out = append(out, Note{"", n.Doc, theme.Value})
	}
	if n.Place.Length > 0 {
		out = append(out, Note{"where", where(n.Place), theme.Value})
	}
	if n.Value != "" {
		out = append(out, Note{"value", decode.Printable(n.Value), theme.Value})
	}
	if n.Mark != decode.Plain || n.Words != "" {
		out = append(out, verdict(n))
	}
	out = append(out, links(n, second)...)
	if n.Field != nil {
		out = append(out, Note{"type", n.Field.Type(), theme.Value})
	}
	if len(n.Raw) > 0 {
		out = append(out, Note{"bytes", raw(n.Raw), theme.Value})
	}
	return append(out, meanings(n)...)
}

func where(p decode.Place) string {
	return fmt.Sprintf("%s at 0x%x (%d) of %s", hexgrid.Bytes(p.Length), p.Offset, p.Offset, fileName(p.File))
}

// fileName is a file's name as people read it; the one that stands for the
// virtual disk names no file.
func fileName(name string) string {
	if name == disk.VirtualDisk {
		return "the virtual disk"
	}
	return decode.Printable(name)
}

func verdict(n decode.Node) Note {
	words := strings.Trim(n.Mark.String()+": "+decode.Printable(n.Words), ": ")
	if n.Mark == decode.Plain {
		return Note{"note", words, theme.Value}
	}
	return Note{"check", words, Style(n.Mark)}
}

// Style is how a verdict looks.
func Style(m decode.Mark) theme.Style {
	return [...]theme.Style{theme.Dim, theme.Good, theme.Note, theme.Warn, theme.Error}[m]
}

// rawShown bounds the bytes of a field that are listed.
const rawShown = 32

func raw(b []byte) string {
	text := fmt.Sprintf("% x", b[:min(len(b), rawShown)])
	if len(b) > rawShown {
		text += fmt.Sprintf(" .. %d more", len(b)-rawShown)
	}
	return text
}

// meanings lists what the values or bits of a field stand for; the present
// one is marked.
func meanings(n decode.Node) []Note {
	if n.Field == nil {
		return nil
	}
	var out []Note
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
		out = append(out, Note{"", text, style})
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
func links(n decode.Node, second *decode.Place) []Note {
	var out []Note
	if n.Target != nil {
		out = append(out, Note{"leads to", fmt.Sprintf("%s at 0x%x (f follows)", n.Target.What, n.Target.Place.Offset), theme.Link})
	}
	if second != nil {
		out = append(out, Note{"copy", fmt.Sprintf("second copy at 0x%x (%% jumps)", second.Offset), theme.Link})
	}
	if n.Ref != "" {
		ref := n.Ref
		if n.Field != nil {
			ref += " (K looks it up)"
		}
		out = append(out, Note{"defined in", ref, theme.Dim})
	}
	return out
}

// labelWidth is the column of the texts that have a label.
const labelWidth = 11

// Draw paints notes from line -top on, and returns how many lines they take
// in all.
func Draw(a grid.Area, notes []Note, top int) int {
	y := -top
	for _, n := range notes {
		x := 0
		if n.Label != "" {
			x = min(labelWidth, a.W()/3)
			a.TextFit(0, y, x, n.Label, theme.Label)
		}
		y = a.TextWrap(x, y, n.Text, n.Style)
	}
	return y + top
}
