package logview

import (
	"strconv"

	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// part is what a cell of the ring shows; the later one of two wins.
type part uint8

const (
	free part = iota
	stale
	applied
	torn
	active
	tailCell
	headCell
)

// looks are how the parts are drawn: all differ without colour.
var looks = [...]struct {
	r     rune
	style theme.Style
	words string
}{
	free:     {'.', theme.StateNone, "free"},
	stale:    {'o', theme.StateZero, "earlier session"},
	applied:  {'-', theme.StateUnmapped, "applied before"},
	torn:     {'x', theme.StateMissing, "torn"},
	active:   {'=', theme.StateFull, "to be replayed"},
	tailCell: {'T', theme.Mark, "tail"},
	headCell: {'H', theme.Mark, "head"},
}

func partOf(e disk.LogEntry) part {
	switch {
	case e.Active():
		return active
	case e.Torn:
		return torn
	case e.Stale:
		return stale
	}
	return applied
}

// drawRing draws the log as a strip of w cells; the entry under the cursor is
// reversed.
func (v *View) drawRing(a grid.Area) {
	title := "Log ring  " + v.where()
	in := a.Box(v.theme, title, false)
	const lead = 1
	w := in.W() - 2*lead
	if w < 8 || v.log.Place.Length == 0 {
		in.TextFit(lead, 0, in.W()-2*lead, v.verdict(), theme.Label)
		return
	}
	cells := make([]part, w)
	for _, e := range v.log.Entries {
		v.eachCell(e, w, func(x int) { cells[x] = max(cells[x], partOf(e)) })
	}
	v.ends(cells)
	for x, c := range cells {
		in.Set(lead+x, 0, looks[c].r, looks[c].style)
	}
	v.labels(in, lead, cells)
	if e, ok := v.entry(); ok {
		v.eachCell(e, w, func(x int) { in.Paint(lead+x, 0, 1, theme.Cursor) })
	}
	v.drawRingLegend(in.Row(1), cells)
}

// eachCell calls fn for each of w cells that an entry touches; it may wrap.
func (v *View) eachCell(e disk.LogEntry, w int, fn func(x int)) {
	size := v.log.Place.Length
	length := min(max(e.Length, 1), size)
	cell := func(at int64) int { return int(min(float64(at)/float64(size)*float64(w), float64(w-1))) }
	first, last := cell(e.Offset), cell(min(e.Offset+length, size)-1)
	for x := first; x <= last; x++ {
		fn(x)
	}
	if over := e.Offset + length - size; over > 0 {
		for x := range cell(over-1) + 1 {
			fn(x)
		}
	}
}

// ends marks where the replay starts and where it ends.
func (v *View) ends(cells []part) {
	for _, e := range v.log.Entries {
		if e.Step == 1 {
			x := len(cells)
			v.eachCell(e, len(cells), func(c int) { x = min(x, c) })
			cells[x] = tailCell
		}
	}
	for _, e := range v.log.Entries {
		if e.Step > 0 && e.Step == v.log.Steps {
			last := 0
			v.eachCell(e, len(cells), func(c int) { last = c })
			cells[last] = headCell
		}
	}
}

// labels writes the number of an entry into its cells where there is room.
func (v *View) labels(in grid.Area, lead int, cells []part) {
	for _, e := range v.log.Entries {
		text := strconv.FormatUint(e.Sequence, 10)
		first, n := -1, 0
		v.eachCell(e, len(cells), func(x int) {
			if first < 0 {
				first = x
			}
			if x == first+n && cells[x] == partOf(e) {
				n++
			}
		})
		if n >= len(text)+2 {
			in.Text(lead+first+(n-len(text))/2, 0, text, looks[partOf(e)].style)
		}
	}
}

// drawRingLegend explains the marks that show.
func (v *View) drawRingLegend(a grid.Area, cells []part) {
	var seen [headCell + 1]bool
	for _, c := range cells {
		seen[c] = true
	}
	x := 1
	for c, l := range looks {
		if seen[c] && x+4+len(l.words) <= a.W() {
			a.Set(x, 0, l.r, l.style)
			x = a.Text(x+2, 0, l.words, theme.Dim) + 3
		}
	}
}
