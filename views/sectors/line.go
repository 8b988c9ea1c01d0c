package sectors

// kind is what a line of the hex pane shows.
type kind uint8

const (
	bytesLine kind = iota // bytes of a stretch
	rulerLine             // where a stretch comes from
	foldLine              // a whole stretch of which nothing is stored
	zeroLine              // rows of zeros within a stretch
	edgeLine              // the map is not known from here on
)

// line is a line of the hex pane.
type line struct {
	kind   kind
	start  int64 // first byte
	end    int64 // behind the last one
	number int   // of the stretch, in the window
}

// same reports whether two lines show the same, whatever else came to be
// known.
func (l line) same(m line) bool {
	return l.start == m.start && (l.kind == m.kind || l.kind+m.kind == bytesLine+zeroLine)
}

// goes reports whether the cursor can be on the line.
func (l line) goes() bool { return l.kind != rulerLine && l.kind != edgeLine }

// lineAt is the line of a byte.
func (v *View) lineAt(off int64) line {
	i, ok := v.win.find(off)
	if !ok {
		return line{kind: edgeLine, start: off, end: off}
	}
	s := &v.win.list[i]
	if !s.stored() {
		return line{foldLine, s.start, s.end, i}
	}
	return v.row(i, off)
}

// row is the row of a byte of a stored stretch.
func (v *View) row(i int, off int64) line {
	s, per := &v.win.list[i], int64(v.format.Bytes)
	at := off - off%per
	return line{bytesLine, max(at, s.start), min(at+per, s.end), i}
}

// first is the first line of a stretch.
func (v *View) first(i int) line {
	s := &v.win.list[i]
	if s.stored() {
		return line{rulerLine, s.start, s.start, i}
	}
	return line{foldLine, s.start, s.end, i}
}

// below is the line under a line.
func (v *View) below(l line) (line, bool) {
	if l.kind == edgeLine {
		return line{}, false
	}
	if s := &v.win.list[l.number]; s.stored() && l.end < s.end {
		return v.rowDown(l.number, l.end), true
	}
	switch {
	case l.number+1 < len(v.win.list):
		return v.first(l.number + 1), true
	case v.win.end() < v.win.size:
		return line{kind: edgeLine, start: v.win.end(), end: v.win.end()}, true
	}
	return line{}, false
}

// rowDown is the row of a stretch from off on, or the zeros that start there.
func (v *View) rowDown(i int, off int64) line {
	s, per := &v.win.list[i], int64(v.format.Bytes)
	l := v.row(i, off)
	if !v.foldZeros || off%per != 0 || v.cursor >= l.start && v.cursor < l.end {
		return l
	}
	limit := s.end - s.end%per
	if v.cursor > off {
		limit = min(limit, v.cursor-v.cursor%per)
	}
	end := v.pages.zeroEnd(off, limit)
	if end -= end % per; end-off >= zeroLeast*per {
		return line{zeroLine, off, end, i}
	}
	return l
}

// above is the line over a line.
func (v *View) above(l line) (line, bool) {
	if l.kind == edgeLine && (l.start <= v.win.start() || len(v.win.list) == 0) {
		return line{}, false
	}
	if l.kind == edgeLine {
		return v.last(len(v.win.list) - 1), true
	}
	if s := &v.win.list[l.number]; s.stored() && l.kind != rulerLine {
		if l.start > s.start {
			return v.rowUp(l.number, l.start), true
		}
		return v.first(l.number), true
	}
	switch {
	case l.number > 0:
		return v.last(l.number - 1), true
	case v.win.start() > 0:
		return line{kind: edgeLine, start: v.win.start(), end: v.win.start()}, true
	}
	return line{}, false
}

// last is the last line of a stretch.
func (v *View) last(i int) line {
	s := &v.win.list[i]
	if s.stored() {
		return v.rowUp(i, s.end)
	}
	return line{foldLine, s.start, s.end, i}
}

// rowUp is the row of a stretch that ends at off, or the zeros that do.
func (v *View) rowUp(i int, off int64) line {
	s, per := &v.win.list[i], int64(v.format.Bytes)
	l := v.row(i, off-1)
	if !v.foldZeros || off%per != 0 || v.cursor >= l.start && v.cursor < l.end {
		return l
	}
	limit := (s.start + per - 1) / per * per
	if v.cursor < off {
		limit = max(limit, v.cursor-v.cursor%per+per)
	}
	start := v.pages.zeroStart(off, limit)
	if start = (start + per - 1) / per * per; off-start >= zeroLeast*per {
		return line{zeroLine, start, off, i}
	}
	return l
}

// arrange works out which lines show: the cursor's at the anchor, the others
// around it.
func (v *View) arrange() {
	v.lines = v.lines[:0]
	if v.rows <= 0 || v.win.size == 0 {
		return
	}
	v.anchor = max(0, min(v.anchor, v.rows-1))
	here := v.lineAt(v.cursor)
	if l, ok := v.above(here); ok && !l.goes() && v.anchor == 0 && v.rows > 1 {
		v.anchor = 1 // a ruler that the cursor can't reach shows with the first row
	}
	v.lines = append(v.lines, here)
	v.extendUp(v.anchor)
	v.anchor = len(v.lines) - 1
	for l, ok := v.below(here); ok && len(v.lines) < v.rows; l, ok = v.below(l) {
		v.lines = append(v.lines, l)
	}
	if last := v.lines[len(v.lines)-1]; last.kind != edgeLine {
		v.anchor += v.extendUp(v.rows - len(v.lines))
	}
}

// extendUp puts up to n lines before those that there are, and returns how
// many there were.
func (v *View) extendUp(n int) int {
	v.spare = v.spare[:0]
	top := v.lines[0]
	for range n {
		l, ok := v.above(top)
		if !ok {
			break
		}
		v.spare = append(v.spare, l)
		top = l
	}
	for i, j := 0, len(v.spare)-1; i < j; i, j = i+1, j-1 {
		v.spare[i], v.spare[j] = v.spare[j], v.spare[i]
	}
	n = len(v.spare)
	v.spare = append(v.spare, v.lines...)
	v.lines, v.spare = v.spare, v.lines
	return n
}
