// Package hexpane is the hex pane that several screens have: bytes by rows,
// zeros folded, a cursor, a framed field, a text column. It knows no terminal
// library and reads nothing itself: what it lacks it asks for, and it shows
// ".." until the answer comes.
package hexpane

import (
	"platter/views/grid"
	"platter/views/hexgrid"
)

// SectorSize is the unit of the sector keys and of sector offsets, in bytes.
const SectorSize = 512

// minFold is the number of zero rows from which on they are folded.
const minFold = 3

// Pane shows the bytes of one source.
type Pane struct {
	Fold  bool          // rows of zeros
	Marks hexgrid.Marks // but for the cursor, the focus and the field, which the pane knows

	cache  cache
	w, h   int
	want   hexgrid.Want
	format hexgrid.Format
	lost   [1]hexgrid.Range
	top    int64
	cursor int64
	frame  span
	wrong  bool
	rows   []row
	stale  bool // rows don't fit top, size or data any more
}

// row is a line of the pane: bytes from off on, or a fold of several rows.
type row struct {
	off  int64
	fold int64 // rows folded; 0 for a plain row
	more bool  // the fold goes on further than was looked
}

// Show puts another source into the pane. The same source shown again is
// read anew.
func (p *Pane) Show(src Source) {
	p.cache.reset(src)
	p.refit()
	p.top, p.cursor, p.frame, p.stale = 0, 0, span{}, true
}

// Renew takes a source in whose bytes may be others than before. What showed
// goes on to show until it is read anew, and the cursor stays where it is.
func (p *Pane) Renew(src Source) {
	p.cache.renew(src)
	p.refit()
	p.settle()
}

// Patch shows new bytes before the source has them.
func (p *Pane) Patch(off int64, data []byte) {
	p.cache.patch(off, data)
	p.stale = true
}

// Source is what is shown.
func (p *Pane) Source() Source { return p.cache.src }

// SetSize tells how many columns and rows there are.
func (p *Pane) SetSize(w, h int) {
	if w == p.w && h == p.h {
		return
	}
	p.w, p.h = w, h
	p.refit()
	p.settle()
}

// refit chooses the columns anew.
func (p *Pane) refit() {
	p.want.Sector = SectorSize
	p.format = hexgrid.Fit(p.w, p.cache.src.Size, p.want)
	p.stale = true
}

// Cursor is the offset of the byte under the cursor.
func (p *Pane) Cursor() int64 { return p.cursor }

// Frame marks the bytes of a field; wrong adds a mark in the gutter.
func (p *Pane) Frame(off, length int64, wrong bool) {
	p.frame, p.wrong = span{off, off + max(length, 0)}, wrong
}

// Take hands over what the pane wants to be read.
func (p *Pane) Take() []Request {
	p.layout()
	return p.cache.take()
}

// Fill takes an answer in.
func (p *Pane) Fill(a Answer) {
	if p.cache.fill(a) {
		p.stale = true
		p.settle()
	}
}

// Bytes are up to n bytes from off on, as many as are at hand.
func (p *Pane) Bytes(off int64, n int) []byte {
	var out []byte
	for len(out) < n && off < p.cache.src.Size {
		pg := p.cache.page(off)
		if pg == nil {
			return out
		}
		in := int(off & (pageSize - 1))
		if in >= len(pg.data) {
			return out
		}
		part := pg.data[in:min(len(pg.data), in+n-len(out))]
		out = append(out, part...)
		off += int64(len(part))
	}
	return out
}

// Err is why the bytes under the cursor can't be read; nil if they can.
func (p *Pane) Err() error {
	if pg := p.cache.pages[p.cursor&^(pageSize-1)]; pg != nil {
		return pg.err
	}
	return nil
}

// Widen takes more (1) or fewer (-1) bytes into a row, as far as they fit.
func (p *Pane) Widen(step int) {
	want := p.want
	want.Bytes = p.format.Wider(step)
	if f := hexgrid.Fit(p.w, p.cache.src.Size, want); f.Bytes == want.Bytes && f.Text == want.Text {
		p.want = want
		p.refit()
		p.settle()
	}
}

// PerRow is the number of bytes in a row: what was chosen if it fits, else 32,
// 16 or 8.
func (p *Pane) PerRow() int { return p.format.Bytes }

// Text is how the text column reads the bytes, where there is room for it.
func (p *Pane) Text() hexgrid.Encoding { return p.want.Text }

// Cycle goes to the next way to write offsets.
func (p *Pane) Cycle() {
	p.want.Base = p.want.Base.Next()
	p.refit()
	p.settle()
}

// CycleText goes to the next reading of text.
func (p *Pane) CycleText() {
	p.want.Text = p.want.Text.Next()
	p.refit()
	p.settle()
}

// ToggleFold folds rows of zeros, or shows them.
func (p *Pane) ToggleFold() {
	p.Fold, p.stale = !p.Fold, true
	p.settle()
}

// FormatOffset writes an offset in the pane's base.
func (p *Pane) FormatOffset(off int64) string { return p.format.Offset(off) }

// layout works out which rows show from top on.
func (p *Pane) layout() {
	if !p.stale {
		return
	}
	p.stale = false
	per := int64(p.PerRow())
	p.rows = p.rows[:0]
	for off := p.top - p.top%per; off < p.cache.src.Size && len(p.rows) < p.h; {
		r := p.rowAt(off, per)
		p.rows = append(p.rows, r)
		if r.more {
			return
		}
		off += per * max(r.fold, 1)
	}
}

// rowAt is the row that starts at off. The cursor's row is never folded.
func (p *Pane) rowAt(off, per int64) row {
	p.cache.page(off)
	here := p.cursor - p.cursor%per
	if !p.Fold || off == here {
		return row{off: off}
	}
	end := p.cache.zeroEnd(off)
	n := (end - off) / per
	if end == p.cache.src.Size && (end-off)%per != 0 {
		n++
	}
	if here > off && here < off+n*per {
		n = (here - off) / per
	} else if end-off >= foldMax && end < p.cache.src.Size {
		return row{off, n, true}
	}
	if n < minFold {
		return row{off: off}
	}
	return row{off: off, fold: n}
}

// before is the start of the row above the one at off.
func (p *Pane) before(off, per int64) int64 {
	prev := off - per
	if prev <= 0 || !p.Fold {
		return max(prev, 0)
	}
	here := p.cursor - p.cursor%per
	if prev == here {
		return prev
	}
	start := p.cache.zeroStart(off)
	start += (per - start%per) % per
	if here < off && here >= start {
		start = here + per
	}
	if (off-start)/per < minFold {
		return prev
	}
	return start
}

// settle scrolls until the cursor's row shows.
func (p *Pane) settle() {
	per := int64(p.PerRow())
	p.cursor = max(0, min(p.cursor, p.cache.src.Size-1))
	here := p.cursor - p.cursor%per
	p.top -= p.top % per
	if here < p.top {
		p.top = here
	}
	p.stale = true
	p.layout()
	for range p.h {
		if p.visible(here) {
			return
		}
		if len(p.rows) < 2 {
			break
		}
		p.top = p.rows[1].off
		p.stale = true
		p.layout()
	}
	p.center(here, per)
}

func (p *Pane) visible(off int64) bool {
	for _, r := range p.rows {
		if r.off == off && r.fold == 0 {
			return true
		}
	}
	return false
}

// center shows a row with a third of the pane above it.
func (p *Pane) center(here, per int64) {
	p.top = here
	for range p.h / 3 {
		p.top = p.before(p.top, per)
	}
	p.stale = true
	p.layout()
	if !p.visible(here) {
		p.top, p.stale = here, true
		p.layout()
	}
}

// Draw paints the pane. With focus the cursor is full, without it is hinted.
func (p *Pane) Draw(a grid.Area, focus bool) {
	p.layout()
	p.mark(focus)
	for y, r := range p.rows {
		if r.fold > 0 {
			p.drawFold(a.Row(y), r)
		} else {
			p.drawRow(a.Row(y), r.off)
		}
	}
}
