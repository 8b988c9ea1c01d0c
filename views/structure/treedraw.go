package structure

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/explain"
)

// treePainter paints the tree.
type treePainter struct {
	theme  *theme.Theme
	tree   *tree
	rows   *grid.Scroll
	staged views.Staged
}

// title says how many rows there are when not all of them show.
func (p treePainter) title() string {
	if total := p.tree.top.rows; total > p.rows.Rows && p.rows.Rows > 0 {
		return fmt.Sprintf("Structure  row %d of %d", p.tree.row()+1, total)
	}
	return "Structure"
}

// draw paints the rows that show.
func (p treePainter) draw(a grid.Area) {
	column := p.valueColumn(a.W())
	for y := range a.H() {
		n, ok := p.rows.At(y)
		if !ok {
			return
		}
		in, i := p.tree.top.at(int(n))
		p.row(a.Row(y), key{in, i}, column, n == p.rows.Cursor)
	}
}

// valueColumn is where values start: after the longest name that shows, but
// not too far right.
func (p treePainter) valueColumn(w int) int {
	column := 0
	for y := range p.rows.Rows {
		n, ok := p.rows.At(y)
		if !ok {
			break
		}
		in, i := p.tree.top.at(int(n))
		if node, ok := p.tree.node(key{in, i}); ok {
			column = max(column, nameColumn(in)+grid.Width(decode.Printable(node.Name)))
		}
	}
	return min(column+2, max(w*11/20, min(w-14, 26)))
}

// nameColumn is where the name of a row starts: cursor, depth, fold mark.
func nameColumn(in *branch) int { return 1 + 2*in.depth() + 2 }

func (p treePainter) row(a grid.Area, k key, column int, cursor bool) {
	x := nameColumn(k.in)
	n, ok := p.tree.node(k)
	if !ok {
		a.Text(x, 0, "..", theme.Dim)
	} else {
		p.node(a, k, n, x, column)
	}
	if cursor {
		a.Paint(0, 0, a.W(), theme.Selected)
		a.Set(0, 0, '>', theme.Selected)
	}
}

func (p treePainter) node(a grid.Area, k key, n decode.Node, x, column int) {
	g := p.theme.Glyphs
	if n.Len() > 0 {
		mark := g.Closed()
		if k.in.open[k.index] != nil {
			mark = g.Open()
		}
		a.Set(x-2, 0, mark, theme.Dim)
	}
	if len(p.staged.Within(n.Place.File, n.Place.Offset, n.Place.Length)) > 0 {
		a.Set(x-1, 0, '*', theme.Mark)
	}
	right := p.verdict(a, n)
	text, style := value(n), theme.Value
	if grid.Width(text) > right-column-3 {
		text = short(n, text)
	}
	if n.Target != nil {
		text, style = text+" "+g.Pointer(), theme.Link
	}
	if over := grid.Width(text) - (right - column); over > 0 && column-over >= x+leastName && strings.ContainsAny(text, "0123456789") {
		column -= over // a name can be cut, a number must not
	}
	a.TextFit(x, 0, min(column-1, right)-x, decode.Printable(n.Name), nameStyle(n))
	a.TextFit(column, 0, right-column, text, style)
}

// leastName is what is left of a name beside a long number, in columns.
const leastName = 8

// short is a value for a narrow column: what is left out can be read in the
// explanation.
func short(n decode.Node, text string) string {
	if n.Value == "" && n.Field == nil {
		return fmt.Sprintf("0x%x", n.Place.Offset)
	}
	if digits, ok := strings.CutPrefix(text, "0x0"); ok {
		return "0x" + strings.TrimLeft(digits, "0")
	}
	return text
}

func nameStyle(n decode.Node) theme.Style {
	if n.Field != nil {
		return theme.Label
	}
	return theme.Strong
}

// value is a row's value; of a structure without one, where it lies.
func value(n decode.Node) string {
	switch {
	case n.Value != "":
		return decode.Printable(n.Value)
	case n.Field == nil && n.Place.Length > 0:
		return fmt.Sprintf("0x%x  %s", n.Place.Offset, decode.FormatSize(uint64(n.Place.Length)))
	}
	return ""
}

// verdict writes a row's verdict at its right end and returns the column
// before it.
func (p treePainter) verdict(a grid.Area, n decode.Node) int {
	text := n.Mark.String()
	room := a.W() / 4
	words := decode.Printable(n.Words)
	if len(words) > room { // the explanation has the reason
		words, _, _ = strings.Cut(words, ": ")
	}
	if n.Field == nil && n.Mark <= decode.Note && words != "" && len(words) <= room {
		if both := strings.TrimSpace(words + " " + text); len(both) <= room {
			words = both
		}
		text = words
	}
	if text == "" {
		return a.W()
	}
	x := a.W() - grid.Width(text)
	a.Text(x, 0, text, explain.Style(n.Mark))
	return x - 1
}
