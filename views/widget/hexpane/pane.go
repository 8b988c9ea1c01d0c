// Package hexpane is the hex pane that screens have: bytes by rows, zeros
// folded, a line over each run that says where it is stored, or one in its
// place if it is not; a cursor, a selection, a framed field, a text column. It
// reads nothing itself: what it lacks it asks for, and it shows ".." until the
// answer comes. Nothing in it depends on how large the source is: its lines
// are worked out from the cursor's.
package hexpane

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/views/hexgrid"
)

// SectorSize is what a sector has where its source does not say, in bytes.
const SectorSize = 512

// Pane shows the bytes of one source.
type Pane struct {
	Fold   bool          // rows of zeros
	Marks  hexgrid.Marks // but for the cursor, the focus, the selection and the field, which the pane knows
	Most   int           // columns that the pane could have, if it has fewer
	Origin hexgrid.Range // what offsets count from, and where they end; empty: from the first byte on

	cache  cache
	w, h   int
	want   hexgrid.Want
	format hexgrid.Format

	cursor int64
	column int64 // byte of the row that up and down keep to
	anchor int   // line of the pane that the cursor is on
	pin    int64 // byte whose row stays at the top
	pinned bool  // there is one
	lines  []line
	spare  []line
	stale  bool // lines don't fit the rest any more

	frame hexgrid.Range
	wrong bool // what is framed

	begun     int64 // where the selection began
	selecting bool  // there is one
	held      bool  // the last click hit a byte: dragging selects from there
}

// Show puts another source into the pane. The same source shown again is
// read again.
func (p *Pane) Show(src Source) {
	p.cache.reset(src)
	p.selecting, p.frame = false, hexgrid.Range{}
	p.refit()
	p.Open(0)
	p.pinned = src.Runs == nil
}

// Renew takes a source in whose bytes may be others than before. What showed
// goes on to show until it is read again, and the cursor stays where it is.
func (p *Pane) Renew(src Source) {
	p.cache.renew(src)
	p.refit()
}

// Relay has the lines worked out again: more is known of the runs, or
// something else.
func (p *Pane) Relay() { p.stale = true }

// Recenter has the cursor's line show with some lines above it.
func (p *Pane) Recenter() { p.anchor, p.pinned, p.stale = p.h/3, false, true }

// Patch shows new bytes before the source has them.
func (p *Pane) Patch(off int64, data []byte) {
	p.cache.patch(off, data)
	p.stale = true
}

// Source is what is shown.
func (p *Pane) Source() Source { return p.cache.src }

// Size is that of the source, in bytes.
func (p *Pane) Size() int64 { return p.cache.src.Size }

// SetSize tells how many columns and rows there are.
func (p *Pane) SetSize(w, h int) {
	if w != p.w || h != p.h {
		p.w, p.h = w, h
		p.refit()
	}
}

// Lay lays the source out in h rows of so many bytes, for a screen that draws
// them itself.
func (p *Pane) Lay(bytes, h int) {
	const room = 1 << 10 // columns
	if bytes != p.want.Bytes {
		p.want.Bytes, p.w = bytes, 0
	}
	p.SetSize(room, h)
}

// Row is n bytes of a row from off, up to the first that is not loaded;
// lost tells that it can't be read.
func (p *Pane) Row(off int64, n int) (b []byte, lost bool) {
	if off < 0 || off >= p.cache.src.Size {
		return nil, false
	}
	b, gone := p.at(line{start: off, end: min(off+int64(n), p.cache.src.Size)})
	for _, r := range gone {
		if r.End > off && r.Start < off+int64(len(b)) {
			return b[:max(r.Start-off, 0)], true
		}
	}
	return b, false
}

// refit chooses the columns again.
func (p *Pane) refit() {
	p.want.Sector = p.cache.src.Sector
	p.format = hexgrid.Fit(p.w, p.cache.src.Size, p.want)
	p.column = p.cursor % int64(p.format.Bytes)
	p.stale = true
}

// Cursor is the offset of the byte under the cursor.
func (p *Pane) Cursor() int64 { return p.cursor }

// Rows is the number of lines that fit.
func (p *Pane) Rows() int { return p.h }

// Shown is the bytes of the lines that show, folded ones too.
func (p *Pane) Shown() hexgrid.Range {
	p.layout()
	if len(p.lines) == 0 {
		return hexgrid.Range{}
	}
	return hexgrid.Range{Start: p.lines[0].start, End: p.lines[len(p.lines)-1].end}
}

// Frame marks the bytes of a field; wrong adds a mark in the gutter.
func (p *Pane) Frame(off, length int64, wrong bool) {
	p.frame, p.wrong = hexgrid.Range{Start: off, End: off + max(length, 0)}, wrong
}

// Read is a command that reads what the pane lacks; an [Answer] comes for each
// piece.
func (p *Pane) Read() tea.Cmd {
	var cmds []tea.Cmd
	for _, r := range p.Take() {
		cmds = append(cmds, func() tea.Msg { return r.Do() })
	}
	return tea.Batch(cmds...)
}

// Take hands over what the pane wants to be read.
func (p *Pane) Take() []Request {
	p.layout()
	p.foresee()
	return p.cache.take()
}

// Fill takes an answer in, and reports whether it was one to a question of
// the pane's.
func (p *Pane) Fill(a Answer) bool {
	ok := p.cache.fill(a)
	p.stale = p.stale || ok
	return ok
}

// Bytes are up to n bytes from off, as many as are loaded and can be read.
func (p *Pane) Bytes(off int64, n int) []byte { return p.cache.bytes(off, n) }

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
	if f := hexgrid.Fit(max(p.w, p.Most), p.cache.src.Size, want); f.Bytes == want.Bytes && f.Text == want.Text {
		p.want = want
		p.refit()
	}
}

// PerRow is the number of bytes in a row: what was chosen if it fits, else 32,
// 16 or 8.
func (p *Pane) PerRow() int { return p.format.Bytes }

// Text is how the text column reads the bytes; Off where there is none.
func (p *Pane) Text() hexgrid.Encoding { return p.format.Text }

// Cycle goes to the next way to write offsets.
func (p *Pane) Cycle() {
	p.want.Base = p.want.Base.Next()
	p.refit()
}

// CycleText goes to the next reading of text.
func (p *Pane) CycleText() {
	p.want.Text = p.want.Text.Next()
	p.refit()
}

// ToggleFold folds rows of zeros, or shows them.
func (p *Pane) ToggleFold() { p.Fold, p.stale = !p.Fold, true }

// FormatOffset writes an offset in the pane's base.
func (p *Pane) FormatOffset(off int64) string { return p.format.Offset(off) }

// Wanted is how wide the rows are that fit w columns, as things are set.
func (p *Pane) Wanted(w int) int { return hexgrid.Fit(w, p.cache.src.Size, p.want).Width() }
