package overview

import "platter/views/grid"

type rect struct{ x, y, w, h int }

func (r rect) shows() bool { return r.w > 1 && r.h > 1 }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

func (r rect) in(a grid.Area) grid.Area { return a.Sub(r.x, r.y, r.w, r.h) }

// layout is where the panes lie; next and guest may not show.
type layout struct{ identity, next, findings, strip, guest rect }

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
	take := func(h int, show bool) rect {
		if !show {
			return rect{}
		}
		h = max(0, min(h, v.h-y))
		r := rect{0, y, v.w, h}
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
		l.next.x, l.next.w = factWidth, v.w-factWidth
		l.identity.w = factWidth
	}
	v.lay = l
	v.facts.Fit(int64(len(v.lines)), l.identity.h-2)
	v.list.Fit(int64(len(v.findings.List)), l.findings.h-2)
}
