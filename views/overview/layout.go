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
	listed, guestNeed := len(v.findings.List)+2, min(len(v.guest.table.Partitions)+len(v.guest.table.Findings)+4, max(3, v.h/4))
	need := len(v.lines) + 2
	findings, stripRows := min(max(listed, 3), 5), 3
	identity := min(need, max(9, v.h-findings-stripRows-3)) // what it does not need, the findings get
	switch {
	case v.h >= 28:
		findings, stripRows = max(min(listed, v.h/4), 5), max(5, v.h/5)
		identity = min(max(need, 12), max(12, v.h-findings-stripRows-guestNeed))
	case v.h < 18: // little room: what is wrong goes first
		identity, findings = 4, max(3, min(listed, v.h-4-stripRows))
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
	rows := l.guest.H - 3
	if rows < 2 {
		rows = 1 // in one line
	}
	v.parts.Fit(int64(len(v.guest.table.Partitions)), rows)
}
