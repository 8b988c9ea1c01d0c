package structure

import (
	"platter/decode"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
	"platter/views/widget/explain"
	"platter/views/widget/inspector"
)

func (v *View) drawInspector(a grid.Area) {
	v.inspector.Read(v.hex.Bytes(v.hex.Cursor(), inspector.Window))
	if v.lay.boxed {
		v.inspector.Draw(a.Box(v.theme, v.inspector.Title(), false))
		return
	}
	x := v.inspector.DrawLine(a, 1, 0)
	if v.outside() {
		a.TextFit(x, 0, a.W()-x, "| "+v.betweenName(), theme.Status)
		a.TextFit(1, 1, a.W()-1, v.betweenRemark(), theme.Dim)
		return
	}
	if n, ok := v.current(); ok {
		name := v.crumbs(2)
		if n.Place.Length > 0 {
			name += ", " + hexgrid.Bytes(n.Place.Length)
		}
		a.TextFit(x, 0, a.W()-x, "| "+name, theme.Status)
		text, style := remark(n)
		a.TextFit(1, 1, a.W()-1, text, style)
	}
}

// remark is the one line to say about a node: what is wrong with it, else
// what it is.
func remark(n decode.Node) (string, theme.Style) {
	if n.Words != "" && (n.Mark >= decode.Note || n.Doc == "") {
		return decode.Printable(n.Words), explain.Style(n.Mark)
	}
	return n.Doc, theme.Dim
}
