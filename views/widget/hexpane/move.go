package hexpane

import "platter/keymap"

// Do carries out what moves the cursor, selects, or changes how bytes look; it
// reports false for all other actions.
func (p *Pane) Do(a keymap.Action) bool {
	switch a {
	case keymap.Down:
		p.Down(1)
	case keymap.Up:
		p.Down(-1)
	case keymap.Left:
		p.Step(-1)
	case keymap.Right:
		p.Step(1)
	case keymap.PageDown:
		p.scroll(max(1, p.h-1))
	case keymap.PageUp:
		p.scroll(-max(1, p.h-1))
	case keymap.HalfDown:
		p.scroll(max(1, p.h/2))
	case keymap.HalfUp:
		p.scroll(-max(1, p.h/2))
	case keymap.First:
		p.Go(0)
	case keymap.Last:
		p.Go(p.cache.src.Size - 1)
	case keymap.RowStart:
		p.Go(p.row().start)
	case keymap.RowEnd:
		p.Go(p.row().end - 1)
	case keymap.NextSector:
		p.Go((p.cursor/p.cache.src.Sector + 1) * p.cache.src.Sector)
	case keymap.PrevSector:
		p.Go((p.cursor - 1) / p.cache.src.Sector * p.cache.src.Sector)
	default:
		return p.doSelect(a) || p.Look(a)
	}
	return true
}

// row is the cursor's row; of a run that is not stored just its byte.
func (p *Pane) row() line {
	if l := p.lineAt(p.cursor); l.kind == rowLine {
		return l
	}
	return line{start: p.cursor, end: p.cursor + 1}
}

// Go puts the cursor on a byte and scrolls so that it shows: as little as need
// be, but where it is far away, with some rows above it.
func (p *Pane) Go(off int64) {
	p.layout()
	was := p.cursor
	p.set(off)
	switch here := p.lineAt(p.cursor); {
	case p.hold():
		return
	case !p.near(here.start):
		p.anchor = p.h / 3
	case p.cursor > was:
		p.anchor = p.h - 1
	default:
		p.anchor = 0
	}
	p.pinned = false
}

// set puts the cursor on a byte.
func (p *Pane) set(off int64) {
	p.cursor, p.stale = max(0, min(off, p.cache.src.Size-1)), true
	p.column = p.cursor % int64(p.format.Bytes)
}

// hold keeps the first line where it is, and reports whether the cursor's
// shows below it then.
func (p *Pane) hold() bool {
	if len(p.lines) == 0 {
		return false
	}
	l, here := p.lines[0], p.lineAt(p.cursor)
	if l.kind == rowLine || l.kind == zeroLine { // folded otherwise with the cursor elsewhere
		r, _ := p.run(l.start)
		l = p.rowDown(r, l.start)
	}
	for y := range p.h {
		if l.same(here) {
			p.anchor = y
			return true
		}
		next, ok := p.below(l)
		if !ok {
			break
		}
		l = next
	}
	return false
}

// near reports whether a row is at most one line above those that show, or two
// below.
func (p *Pane) near(off int64) bool {
	if len(p.lines) == 0 {
		return false
	}
	per := int64(p.format.Bytes)
	return off >= p.lines[0].start-per && off <= p.lines[len(p.lines)-1].start+2*per
}

// Open puts the cursor on a byte and its row at the top, where it stays until
// the cursor leaves what shows below it.
func (p *Pane) Open(off int64) {
	p.set(off)
	p.pin, p.pinned, p.anchor = p.cursor, true, 0
}

// Step moves the cursor by n bytes. What is one line is left at once.
func (p *Pane) Step(n int64) {
	to := p.cursor + n
	if l := p.lineAt(p.cursor); l.kind == bareLine {
		over := l.start - 1
		if n > 0 {
			over = l.end
		}
		if over >= 0 && over < p.cache.src.Size {
			to = over
		}
	}
	p.Go(to)
}

// Down moves the cursor by n lines, up if n is negative. Folded rows count as
// one.
func (p *Pane) Down(n int) {
	p.layout()
	p.down(n)
}

// down moves the cursor, and the anchor with its line.
func (p *Pane) down(n int) {
	if len(p.lines) == 0 {
		return
	}
	l := p.lineAt(p.cursor)
	for moved := 0; moved != n; {
		next, lines, ok := p.towards(l, n > 0)
		if !ok {
			break
		}
		if l = next; n > 0 {
			moved = min(moved+lines, n)
			p.anchor += lines
		} else {
			moved = max(moved-lines, n)
			p.anchor -= lines
		}
		p.put(l)
	}
	p.stale = true
}

// towards is the next line that the cursor can be on, down or up, and how many
// lines away it is. Zeros are passed, unless they are the last that there is.
func (p *Pane) towards(l line, down bool) (line, int, bool) {
	step := p.above
	if down {
		step = p.below
	}
	var zeros line
	for lines := 1; ; lines++ {
		next, ok := step(l)
		switch {
		case ok && next.kind == zeroLine:
			zeros = next
		case ok && next.goes():
			return next, lines, true
		case !ok:
			return p.into(zeros, down), 1, zeros.end > 0
		case next.kind == edgeLine:
			return l, 0, false
		}
		l = next
	}
}

// into is the first row of zeros that one comes to; where they go on for
// longer than was looked, the one past them.
func (p *Pane) into(zeros line, down bool) line {
	at := zeros.start
	switch {
	case zeros.more && down:
		at = zeros.end
	case zeros.more:
		at = zeros.start - 1
	case !down:
		at = zeros.end - 1
	}
	return p.lineAt(at)
}

// put puts the cursor on a line, at its column if that has bytes there.
func (p *Pane) put(l line) {
	p.cursor = l.start
	if l.kind == rowLine {
		p.cursor = max(l.start, min(p.format.Row(l.start)+p.column, l.end-1))
	}
}

// scroll moves the cursor and the view by n lines.
func (p *Pane) scroll(n int) {
	p.Down(n)
	p.anchor -= n
	p.pinned = false
}

// Wheel moves the view by n lines; the cursor goes along only if it must.
func (p *Pane) Wheel(n int) {
	p.layout()
	p.anchor -= n
	switch {
	case p.anchor < 0:
		p.down(-p.anchor)
	case p.anchor >= p.h:
		p.down(p.h - 1 - p.anchor)
	}
	p.pinned, p.stale = false, true
}
