package structure

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/explain"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	if r := v.lay.tree; r.Shows() {
		v.drawTree(r.In(a).Box(v.theme, v.treeTitle(), v.focus == treePane))
	}
	if r := v.lay.hex; r.Shows() {
		v.drawHex(r.In(a))
	}
	if r := v.lay.inspect; r.Shows() {
		v.drawInspector(r.In(a))
	}
	if r := v.lay.explain; r.Shows() {
		v.drawExplain(r.In(a).Box(v.theme, "Explain", v.focus == explainPane))
	}
	if r := v.lay.twin; r.Shows() {
		v.drawTwin(r.In(a))
	}
	if v.form.open() {
		v.drawForm(a)
	}
}

// treeTitle says how many rows there are when not all of them show.
func (v *View) treeTitle() string {
	if total := v.tree.top.rows; total > v.rows.Rows && v.rows.Rows > 0 {
		return fmt.Sprintf("Structure  row %d of %d", v.tree.row()+1, total)
	}
	return "Structure"
}

// drawHex paints the hex pane, with another frame while bytes are typed.
func (v *View) drawHex(a grid.Area) {
	m := &v.hex.Marks
	m.InText = v.edit.InText()
	m.High, m.Half = v.edit.Half()
	if v.edit.On() {
		v.hex.Draw(a.EditBox(v.theme, v.edit.Words()+"  "+v.hexTitle()), true)
		return
	}
	v.hex.Draw(a.Box(v.theme, v.hexTitle(), v.focus == hexPane), v.focus == hexPane)
}

func (v *View) hexTitle() string {
	src := v.hex.Source()
	parts := []string{"Hex", "file offset"}
	if len(v.files) > 1 {
		i, _ := v.file(src.Name)
		parts[1] = fmt.Sprintf("%s (%d of %d)", decode.Printable(src.Name), i+1, len(v.files))
	}
	if err := v.hex.Err(); err != nil {
		parts = append(parts, "! "+decode.Printable(err.Error()))
	}
	parts = append(parts, fmt.Sprintf("%d bytes/row", v.hex.PerRow()), v.hex.Text().String())
	return strings.Join(parts, "  ")
}

// drawTree paints the rows that show.
func (v *View) drawTree(a grid.Area) {
	column := v.valueColumn(a.W())
	for y := range a.H() {
		n, ok := v.rows.At(y)
		if !ok {
			return
		}
		in, i := v.tree.top.at(int(n))
		v.drawRow(a.Row(y), key{in, i}, column, n == v.rows.Cursor)
	}
}

// valueColumn is where values start: behind the longest name that shows, but
// not too far right.
func (v *View) valueColumn(w int) int {
	column := 0
	for y := range v.rows.Rows {
		n, ok := v.rows.At(y)
		if !ok {
			break
		}
		in, i := v.tree.top.at(int(n))
		if node, ok := v.tree.node(key{in, i}); ok {
			column = max(column, nameColumn(in)+grid.Width(decode.Printable(node.Name)))
		}
	}
	return min(column+2, max(w*11/20, min(w-14, 26)))
}

// nameColumn is where the name of a row starts: cursor, depth, fold mark.
func nameColumn(in *branch) int { return 1 + 2*in.depth() + 2 }

func (v *View) drawRow(a grid.Area, k key, column int, cursor bool) {
	x := nameColumn(k.in)
	n, ok := v.tree.node(k)
	if !ok {
		a.Text(x, 0, "..", theme.Dim)
	} else {
		v.drawNode(a, k, n, x, column)
	}
	if cursor {
		a.Paint(0, 0, a.W(), theme.Selected)
		a.Set(0, 0, '>', theme.Selected)
	}
}

func (v *View) drawNode(a grid.Area, k key, n decode.Node, x, column int) {
	g := v.theme.Glyphs
	if n.Len() > 0 {
		mark := g.Closed()
		if k.in.open[k.index] != nil {
			mark = g.Open()
		}
		a.Set(x-2, 0, mark, theme.Dim)
	}
	if v.isStaged(n.Place) {
		a.Set(x-1, 0, '*', theme.Mark)
	}
	right := v.drawVerdict(a, n)
	a.TextFit(x, 0, min(column-1, right)-x, decode.Printable(n.Name), nameStyle(n))
	text, style := value(n), theme.Value
	if grid.Width(text) > right-column-3 {
		text = short(n, text)
	}
	if n.Target != nil {
		text, style = text+" "+g.Pointer(), theme.Link
	}
	a.TextFit(column, 0, right-column, text, style)
}

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

// drawVerdict writes a row's verdict at its right end and returns the column
// before it.
func (v *View) drawVerdict(a grid.Area, n decode.Node) int {
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
