package structure

import (
	"platter/decode"
	"platter/views"
)

// Pointed is what the user points at: in the tree a structure or field, in the
// hex pane a byte or a selection.
func (v *View) Pointed() (views.Pointed, bool) {
	src := v.hex.Source()
	if src.Size == 0 {
		return views.Pointed{}, false
	}
	p := views.Pointed{Cursor: decode.Place{File: src.Name, Offset: v.hex.Cursor(), Length: 1}, File: src.Name, Nodes: v.trail()}
	if n, ok := v.current(); ok && v.focus == treePane && n.Place.File == src.Name && n.Place.Length > 0 {
		p.Cursor.Offset = n.Place.Offset
	}
	if r := v.hex.Selection(); !r.Empty() {
		p.Selection = decode.Place{File: src.Name, Offset: r.Start, Length: r.End - r.Start}
	}
	return p, true
}

// take takes in what is marked in the image.
func (v *View) take(m views.Marks) {
	v.marks, v.canvas.Dirty = m, true
	v.mark()
}

// mark hands the marks of the file that shows to the hex pane.
func (v *View) mark() {
	name := v.hex.Source().Name
	v.hex.Marks.Hits, v.hex.Marks.Signs = v.marks.HitsIn(name), v.marks.SignsIn(name)
	v.hex.Marks.Staged = v.staged[name]
}
