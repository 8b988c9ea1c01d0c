package sectors

import (
	"platter/views/grid"
)

// layout is where the panes lie.
type layout struct {
	bytes, list, where, inspect, explain grid.Rect

	single bool // one pane at a time
}

// Sizes from which on there is a column beside the bytes, and below which
// there is room for one pane only. One column and four rows less than the
// terminal's.
const (
	sideWidth, sideHeight     = 109, 28
	singleWidth, singleHeight = 79, 20
	sideLeast                 = 34 // columns
)

// place lays the panes out and fits the rows into theirs.
func (v *View) place() {
	v.hex.Most = 0
	switch {
	case v.zoomed || v.w < singleWidth || v.h < singleHeight:
		v.lay = v.alone()
	case v.w >= sideWidth && v.h >= sideHeight:
		v.hex.Most = v.w - sideLeast - 2
		v.lay = v.beside()
	default:
		v.lay = v.stacked()
	}
	in := v.lay.bytes.Inside()
	v.hex.SetSize(in.W, in.H)
	v.list.Fit(int64(len(v.parts)), v.lay.list.Inside().H-1)
}

func (v *View) alone() layout {
	l := layout{single: true}
	if v.focus == listPane {
		l.list = grid.At(0, 0, v.w, v.h)
		return l
	}
	l.bytes = grid.At(0, 0, v.w, v.h)
	switch {
	case v.reading && v.h >= 2*stackedBelow:
		l.bytes.H = v.h - stackedBelow
		l.explain = grid.At(0, l.bytes.H, v.w, stackedBelow)
	case v.h >= 8:
		l.bytes.H = v.h - 2
		l.where = grid.At(0, l.bytes.H, v.w, 2)
	}
	return l
}

// stackedBelow is the height of what lies under the bytes in a small screen.
const stackedBelow = 6

// stacked is the bytes over what is known of the one under the cursor, over
// its explanation, or over the partitions while they have the focus.
func (v *View) stacked() layout {
	top := v.h - stackedBelow
	below := grid.At(0, top, v.w, stackedBelow)
	l := layout{bytes: grid.At(0, 0, v.w, top)}
	switch {
	case v.focus == listPane:
		l.list = below
	case v.reading:
		l.explain = below
	default:
		l.where = below
	}
	return l
}

// beside is the bytes, the explanation under them, and a column with the rest.
func (v *View) beside() layout {
	left := min(max(v.hex.Wanted(v.w-sideLeast-2)+2, v.w/2), v.w-sideLeast)
	l := layout{bytes: grid.At(0, 0, left, v.h)}
	if v.explain {
		h := max(8, v.h/5)
		l.bytes.H = v.h - h
		l.explain = grid.At(0, v.h-h, left, h)
	}
	where := min(12, v.h/3)
	list := min(max(len(v.parts), 1)+3, v.h/3)
	x, w := left, v.w-left
	l.list = grid.At(x, 0, w, list)
	l.where = grid.At(x, list, w, where)
	l.inspect = grid.At(x, list+where, w, v.h-list-where)
	return l
}
