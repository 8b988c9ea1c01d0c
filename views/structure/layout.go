package structure

import "platter/views/grid"

// layout is where the panes lie.
type layout struct {
	tree, hex, inspect, explain, second grid.Rect
	single                              bool // one pane at a time
	boxed                               bool // the inspector has a frame of its own
}

// The sizes from which on panes lie beside each other, and below which there
// is room for one only. One column and four rows less than the terminal's.
const (
	sideWidth, sideHeight     = 109, 28
	singleWidth, singleHeight = 79, 20
	secondWidth               = 180
)

// arrange lays the panes out for the size, the focus and the user's choice.
func (v *View) arrange() {
	switch {
	case v.zoomed || v.w < singleWidth || v.h < singleHeight:
		v.lay = alone(v.w, v.h, v.focus)
	case v.w >= sideWidth && v.h >= sideHeight:
		v.lay = beside(v.w, v.h, v.explain || !v.chosen)
	default:
		v.lay = stacked(v.w, v.h, v.explain || !v.chosen)
	}
	v.rows.Fit(int64(v.tree.top.rows), v.lay.tree.H-2)
	v.scrollTree()
	if v.lay.hex.Shows() {
		v.hex.SetSize(v.lay.hex.W-2, v.lay.hex.H-2)
	}
	if v.focus == explainPane && !v.lay.explain.Shows() {
		v.focus = treePane
		v.arrange()
	}
}

func alone(w, h int, focus pane) layout {
	all := grid.At(0, 0, w, h)
	l := layout{single: true}
	switch focus {
	case hexPane:
		l.hex = grid.At(0, 0, w, max(0, h-2))
		l.inspect = grid.At(0, h-2, w, 2)
	case explainPane:
		l.explain = all
	default:
		l.tree = grid.At(0, 0, w, max(0, h-2))
		l.inspect = grid.At(0, h-2, w, 2)
	}
	return l
}

// stacked is the tree over the hex pane over two lines of inspector; the
// explanation takes its room from both.
func stacked(w, h int, explain bool) layout {
	rest := h - 2
	l := layout{}
	if explain {
		e := max(7, h*7/20)
		rest = h - e
		l.explain = grid.At(0, rest, w, e)
	} else {
		l.inspect = grid.At(0, rest, w, 2)
	}
	top := rest / 2
	l.tree = grid.At(0, 0, w, top)
	l.hex = grid.At(0, top, w, rest-top)
	return l
}

// beside is the tree left of the hex pane, and below them inspector,
// explanation, and the comparison with the second copy where there is room.
func beside(w, h int, explain bool) layout {
	left := treeWidth(w)
	below := 2
	if explain {
		below = max(12, h*30/100)
	}
	top := h - below
	l := layout{tree: grid.At(0, 0, left, top), hex: grid.At(left, 0, w-left, top)}
	if !explain {
		l.inspect = grid.At(0, top, w, 2)
		return l
	}
	l.boxed = true
	l.inspect = grid.At(0, top, left, below)
	l.explain = grid.At(left, top, w-left, below)
	if w >= secondWidth {
		half := (w - left) / 2
		l.explain.W = half
		l.second = grid.At(left+half, top, w-left-half, below)
	}
	return l
}

// treeWidth gives the tree what the hex pane leaves of w columns: that needs so
// many for 32 bytes in a row, or else for 16.
func treeWidth(w int) int {
	const least, wide, most, hex32, hex16 = 40, 48, 90, 148, 84
	if w-wide >= hex32 {
		return min(w-hex32, most)
	}
	return min(max(w-hex16, least), most)
}

// scrollTree keeps the tree's cursor in sight.
func (v *View) scrollTree() {
	v.rows.Fit(int64(v.tree.top.rows), v.lay.tree.H-2)
	v.rows.To(int64(v.tree.row()))
}
