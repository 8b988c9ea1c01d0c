package overview

import "platter/views/grid"

// layout is where the panes lie; next and guest may not show.
type layout struct{ identity, next, findings, strip, guest grid.Rect }

// sideWidth is the width from which on the next steps stand beside the
// identity.
const sideWidth = 109

func (v *View) arrange() {
	l := layout{}
	guest := v.env.Explorer != nil && v.info.Readable()
	strip := v.info.Readable()
	wide := v.w >= sideWidth
	factWidth := v.w
	if wide {
		factWidth = v.w * 6 / 10
	}
	v.lines = v.wrapFacts(factWidth - 2)
	identity, findings, stripRows := len(v.lines)+2, 5, 3
	if v.h >= 28 {
		identity, findings, stripRows = min(max(identity, 12), v.h*4/10), max(7, v.h/5), max(5, v.h/5)
	} else {
		identity = 9
	}
	y := 0
	take := func(h int, show bool) grid.Rect {
		if !show {
			return grid.Rect{}
		}
		h = max(0, min(h, v.h-y))
		r := grid.At(0, y, v.w, h)
		y += h
		return r
	}
	l.identity = take(identity, true)
	if !strip {
		findings = v.h - y
	} else if !guest {
		findings = max(findings, v.h-y-stripRows)
	}
	l.findings = take(findings, true)
	l.strip = take(stripRows, strip)
	l.guest = take(v.h-y, guest)
	if wide {
		l.next = l.identity
		l.next.X, l.next.W = factWidth, v.w-factWidth
		l.identity.W = factWidth
	}
	v.lay = l
	v.facts.Fit(int64(len(v.lines)), l.identity.H-2)
	v.list.Fit(int64(len(v.findings.List)), l.findings.H-2)
}
