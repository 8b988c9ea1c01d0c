package structure

import "platter/views/grid"

// rect is where a pane lies on the screen; empty if it does not show.
type rect struct{ x, y, w, h int }

func (r rect) shows() bool { return r.w > 0 && r.h > 0 }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

func (r rect) in(a grid.Area) grid.Area { return a.Sub(r.x, r.y, r.w, r.h) }

// layout is where the panes lie.
type layout struct {
	tree, hex, inspect, explain, twin rect
	single                            bool // one pane at a time
	boxed                             bool // the inspector has a frame of its own
}

// The sizes from which on panes lie beside each other, and below which there
// is room for one only. One column and four rows less than the terminal's.
const (
	sideWidth, sideHeight     = 109, 28
	singleWidth, singleHeight = 79, 20
	twinWidth                 = 180
)

// arrange lays the panes out for the size, the focus and the user's choice.
func (v *View) arrange() {
	switch {
	case v.zoomed || v.w < singleWidth || v.h < singleHeight:
		v.lay = v.alone()
	case v.w >= sideWidth && v.h >= sideHeight:
		v.lay = v.beside(v.explain || !v.chosen)
	default:
		v.lay = v.stacked(v.explain && v.chosen)
	}
	v.rows.Fit(int64(v.tree.top.rows), v.lay.tree.h-2)
	v.scrollTree()
	if v.lay.hex.shows() {
		v.hex.SetSize(v.lay.hex.w-2, v.lay.hex.h-2)
	}
	if v.focus == explainPane && !v.lay.explain.shows() {
		v.focus = treePane
		v.arrange()
	}
}

func (v *View) alone() layout {
	all := rect{0, 0, v.w, v.h}
	l := layout{single: true}
	switch v.focus {
	case hexPane:
		l.hex = rect{0, 0, v.w, max(0, v.h-2)}
		l.inspect = rect{0, v.h - 2, v.w, 2}
	case explainPane:
		l.explain = all
	default:
		l.tree = rect{0, 0, v.w, max(0, v.h-2)}
		l.inspect = rect{0, v.h - 2, v.w, 2}
	}
	return l
}

// stacked is the tree over the hex pane over two lines of inspector; the
// explanation takes its room from both.
func (v *View) stacked(explain bool) layout {
	rest := v.h - 2
	l := layout{}
	if explain {
		e := max(7, v.h*7/20)
		rest = v.h - e
		l.explain = rect{0, rest, v.w, e}
	} else {
		l.inspect = rect{0, rest, v.w, 2}
	}
	top := rest / 2
	l.tree = rect{0, 0, v.w, top}
	l.hex = rect{0, top, v.w, rest - top}
	return l
}

// beside is the tree left of the hex pane, and below them inspector,
// explanation, and the comparison with the twin where there is room.
func (v *View) beside(explain bool) layout {
	left := treeWidth(v.w)
	below := 2
	if explain {
		below = max(12, v.h*30/100)
	}
	top := v.h - below
	l := layout{tree: rect{0, 0, left, top}, hex: rect{left, 0, v.w - left, top}}
	if !explain {
		l.inspect = rect{0, top, v.w, 2}
		return l
	}
	l.boxed = true
	l.inspect = rect{0, top, left, below}
	l.explain = rect{left, top, v.w - left, below}
	if v.w >= twinWidth {
		half := (v.w - left) / 2
		l.explain.w = half
		l.twin = rect{left + half, top, v.w - left - half, below}
	}
	return l
}

// treeWidth gives the tree what the hex pane leaves of w columns: that needs so
// many for 32 bytes in a row, or else for 16.
func treeWidth(w int) int {
	const least, wide, most, hex32, hex16 = 40, 48, 64, 148, 84
	if w-wide >= hex32 {
		return wide
	}
	return min(max(w-hex16, least), most)
}

// scrollTree keeps the tree's cursor in sight.
func (v *View) scrollTree() {
	v.rows.Fit(int64(v.tree.top.rows), v.lay.tree.h-2)
	v.rows.To(int64(v.tree.row()))
}
