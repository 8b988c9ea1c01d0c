package hexpane

// Go puts the cursor on a byte and scrolls so that it shows; where it is far
// away, with some rows above it.
func (p *Pane) Go(off int64) {
	per := int64(p.PerRow())
	p.cursor = max(0, min(off, p.cache.src.Size-1))
	p.stale = true
	p.layout()
	here := p.cursor - p.cursor%per
	near := len(p.rows) > 0 && here >= p.rows[0].off-per && here <= p.rows[len(p.rows)-1].off+2*per
	if !p.visible(here) && !near {
		p.center(here, per)
		return
	}
	p.settle()
}

// Open puts the cursor on a byte and its row at the top.
func (p *Pane) Open(off int64) {
	p.cursor = max(0, min(off, p.cache.src.Size-1))
	p.top, p.stale = p.cursor-p.cursor%int64(p.PerRow()), true
}

// Step moves the cursor by n bytes.
func (p *Pane) Step(n int64) { p.Go(p.cursor + n) }

// Down moves the cursor by n rows, up if n is negative. Folded rows count as
// one.
func (p *Pane) Down(n int) {
	for ; n > 0; n-- {
		p.downOne()
	}
	for ; n < 0; n++ {
		p.upOne()
	}
	p.stale = true
	p.settle()
}

func (p *Pane) downOne() {
	per := int64(p.PerRow())
	col, next := p.cursor%per, p.cursor-p.cursor%per+per
	if next >= p.cache.src.Size {
		return
	}
	if p.Fold {
		end := p.cache.zeroEnd(next)
		if n := (end - next) / per; n >= minFold && end < p.cache.src.Size {
			next += n * per
		}
	}
	p.cursor = min(next+col, p.cache.src.Size-1)
}

func (p *Pane) upOne() {
	per := int64(p.PerRow())
	col, here := p.cursor%per, p.cursor-p.cursor%per
	if here == 0 {
		return
	}
	next := here - per
	if p.Fold {
		start := p.cache.zeroStart(here)
		start += (per - start%per) % per
		if (here-start)/per >= minFold && start > 0 {
			next = start - per
		}
	}
	p.cursor = max(next, 0) + col
}

// Page moves by n pages less one row.
func (p *Pane) Page(n int) { p.Down(n * max(1, p.h-1)) }

// Half moves by n half pages.
func (p *Pane) Half(n int) { p.Down(n * max(1, p.h/2)) }

// RowStart moves to the first byte of the row.
func (p *Pane) RowStart() { p.Go(p.cursor - p.cursor%int64(p.PerRow())) }

// RowEnd moves to the last byte of the row.
func (p *Pane) RowEnd() {
	per := int64(p.PerRow())
	p.Go(p.cursor - p.cursor%per + per - 1)
}

// Wheel moves the view by n rows; the cursor goes along if it must.
func (p *Pane) Wheel(n int) {
	p.Down(n)
}

// At is the byte drawn at a cell of the pane, in the hex or the text column.
func (p *Pane) At(x, y int) (int64, bool) {
	p.layout()
	if y < 0 || y >= len(p.rows) {
		return 0, false
	}
	r := p.rows[y]
	if r.fold > 0 {
		return r.off, true
	}
	i, _, _ := p.format.At(x)
	off := r.off + int64(i)
	return off, off < p.cache.src.Size
}

// InText reports whether a column of the pane lies in the text of the bytes.
func (p *Pane) InText(x int) bool {
	_, text, ok := p.format.At(x)
	return ok && text
}
