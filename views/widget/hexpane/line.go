package hexpane

// kind is what a line of the pane shows.
type kind uint8

const (
	rowLine  kind = iota // bytes of a run
	ruleLine             // what there is to say of a run, over its bytes
	bareLine             // a whole run of which nothing is stored
	zeroLine             // rows of zeros
	edgeLine             // the runs are not known from here on
)

// minFold is the number of zero rows from which on they are folded.
const minFold = 3

// line is a line of the pane.
type line struct {
	kind  kind
	start int64 // first byte
	end   int64 // past the last one
	more  bool  // the zeros go on for longer than was looked
}

// same reports whether two lines show the same.
func (l line) same(m line) bool { return l.start == m.start && l.kind == m.kind }

// goes reports whether the cursor can be on the line, or on one of its rows.
func (l line) goes() bool { return l.kind != ruleLine && l.kind != edgeLine }

func (l line) holds(off int64) bool { return off >= l.start && off < l.end }

// run is the run that holds a byte.
func (p *Pane) run(off int64) (Run, bool) {
	src := &p.cache.src
	switch {
	case off < 0 || off >= src.Size:
		return Run{}, false
	case src.Runs == nil:
		return Run{End: src.Size, Stored: true}, true
	}
	return src.Runs.Run(off)
}

// lineAt is the line of a byte.
func (p *Pane) lineAt(off int64) line {
	r, ok := p.run(off)
	switch {
	case !ok:
		return line{kind: edgeLine, start: off, end: off}
	case !r.Stored:
		return line{kind: bareLine, start: r.Start, end: r.End}
	}
	return p.rowOf(r, off)
}

// rowOf is the row of a byte of a stored run.
func (p *Pane) rowOf(r Run, off int64) line {
	at := p.format.Row(off)
	return line{kind: rowLine, start: max(at, r.Start), end: min(at+int64(p.format.Bytes), r.End)}
}

// first is the first line of a run.
func (p *Pane) first(r Run) line {
	switch {
	case !r.Stored:
		return line{kind: bareLine, start: r.Start, end: r.End}
	case p.cache.src.Runs == nil:
		return p.rowDown(r, r.Start)
	}
	return line{kind: ruleLine, start: r.Start, end: r.Start}
}

// last is the last line of a run.
func (p *Pane) last(r Run) line {
	if r.Stored {
		return p.rowUp(r, r.End)
	}
	return line{kind: bareLine, start: r.Start, end: r.End}
}

// below is the line under a line.
func (p *Pane) below(l line) (line, bool) {
	r, ok := p.run(l.start)
	switch {
	case !ok || l.kind == edgeLine || l.more:
		return line{}, false
	case r.Stored && l.end < r.End:
		return p.rowDown(r, l.end), true
	}
	next, ok := p.run(r.End)
	switch {
	case ok:
		return p.first(next), true
	case r.End < p.cache.src.Size:
		return line{kind: edgeLine, start: r.End, end: r.End}, true
	}
	return line{}, false
}

// above is the line over a line.
func (p *Pane) above(l line) (line, bool) {
	r, ok := p.run(l.start)
	switch {
	case l.kind == edgeLine:
		r, ok = p.run(l.start - 1)
		return p.last(r), ok
	case !ok || l.more:
		return line{}, false
	case r.Stored && l.kind != ruleLine && l.start > r.Start:
		return p.rowUp(r, l.start), true
	case r.Stored && l.kind != ruleLine && p.cache.src.Runs != nil:
		return p.first(r), true
	}
	before, ok := p.run(r.Start - 1)
	switch {
	case ok:
		return p.last(before), true
	case r.Start > 0:
		return line{kind: edgeLine, start: r.Start, end: r.Start}, true
	}
	return line{}, false
}

// rowDown is the row of a run from off, or the zeros that start there. The
// cursor's row is never folded.
func (p *Pane) rowDown(r Run, off int64) line {
	p.cache.page(off)
	l, per := p.rowOf(r, off), int64(p.format.Bytes)
	if !p.Fold || off%per != 0 || l.holds(p.cursor) {
		return l
	}
	limit := p.whole(r.End)
	if p.cursor > off {
		limit = min(limit, p.format.Row(p.cursor))
	}
	end := p.whole(p.cache.zeroEnd(off, limit))
	if p.rowsIn(off, end) < minFold {
		return l
	}
	return line{zeroLine, off, end, end-off >= foldMax-per && end < limit}
}

// rowUp is the row of a run that ends at off, or the zeros that do.
func (p *Pane) rowUp(r Run, off int64) line {
	p.cache.page(off - 1)
	l, per := p.rowOf(r, off-1), int64(p.format.Bytes)
	if !p.Fold || p.whole(off) != off || l.holds(p.cursor) {
		return l
	}
	limit := (r.Start + per - 1) / per * per
	if p.cursor < off {
		limit = max(limit, p.format.Row(p.cursor)+per)
	}
	start := (p.cache.zeroStart(off, limit) + per - 1) / per * per
	if p.rowsIn(start, off) < minFold {
		return l
	}
	return line{zeroLine, start, off, off-start >= foldMax-per && start > limit}
}

// whole is where the last whole row before off ends; the last row of all is
// whole.
func (p *Pane) whole(off int64) int64 {
	if off == p.cache.src.Size {
		return off
	}
	return p.format.Row(off)
}

// rowsIn is the number of rows of a range.
func (p *Pane) rowsIn(start, end int64) int64 {
	per := int64(p.format.Bytes)
	return (end - start + per - 1) / per
}

// layout works out which lines show, if that may have changed.
func (p *Pane) layout() {
	if !p.stale {
		return
	}
	p.stale = false
	p.lines = p.lines[:0]
	p.cursor = max(0, min(p.cursor, p.cache.src.Size-1))
	if p.h <= 0 || p.cache.src.Size <= 0 {
		return
	}
	p.anchor = max(0, min(p.anchor, p.h-1))
	if p.pinned = p.pinned && p.fromPin(); !p.pinned {
		p.around()
	}
}

// fromPin has the lines begin with the pinned row, and reports whether the
// cursor's is among them.
func (p *Pane) fromPin() bool {
	r, ok := p.run(p.pin)
	here, shows := p.lineAt(p.cursor), false
	for l := p.rowDown(r, p.format.Row(p.pin)); ok && len(p.lines) < p.h; l, ok = p.below(l) {
		if l.same(here) {
			p.anchor, shows = len(p.lines), true
		}
		p.lines = append(p.lines, l)
	}
	if !shows {
		p.lines = p.lines[:0]
	}
	return shows
}

// around puts the cursor's line at the anchor and the others around it.
func (p *Pane) around() {
	here := p.lineAt(p.cursor)
	if l, ok := p.above(here); ok && !l.goes() && p.anchor == 0 && p.h > 1 {
		p.anchor = 1 // a line that the cursor can't reach shows with the first row
	}
	p.lines = append(p.lines, here)
	p.extendUp(p.anchor)
	p.anchor = len(p.lines) - 1
	for l, ok := p.below(here); ok && len(p.lines) < p.h; l, ok = p.below(l) {
		p.lines = append(p.lines, l)
	}
	if last := p.lines[len(p.lines)-1]; last.kind != edgeLine {
		p.anchor += p.extendUp(p.h - len(p.lines))
	}
}

// extendUp puts up to n lines before those that there are, and returns how
// many there were.
func (p *Pane) extendUp(n int) int {
	p.spare = p.spare[:0]
	top := p.lines[0]
	for range n {
		l, ok := p.above(top)
		if !ok {
			break
		}
		p.spare = append(p.spare, l)
		top = l
	}
	n = len(p.spare)
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		p.spare[i], p.spare[j] = p.spare[j], p.spare[i]
	}
	p.spare = append(p.spare, p.lines...)
	p.lines, p.spare = p.spare, p.lines
	return n
}

// foresee looks at as many lines again above and below those that show, so
// that what they need is read before the cursor comes there: of bytes that are
// not loaded nobody knows whether they fold.
func (p *Pane) foresee() {
	if len(p.lines) == 0 {
		return
	}
	up, ok := p.above(p.lines[0])
	for n := 0; ok && n < p.h; n++ {
		up, ok = p.above(up)
	}
	down, ok := p.below(p.lines[len(p.lines)-1])
	for n := 0; ok && n < p.h; n++ {
		down, ok = p.below(down)
	}
}
