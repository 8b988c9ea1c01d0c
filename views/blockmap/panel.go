package blockmap

import (
	"strconv"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// panel is lines of facts, written one below the other.
type panel struct {
	a grid.Area
	y int
}

// put draws a line of words with its label.
func (p *panel) put(label string, k *ink, s theme.Style) {
	x := 0
	if label != "" {
		p.a.Text(0, p.y, label, theme.Label)
		x = 9
	}
	k.draw(p.a, x, p.y, s)
	p.y++
}

// drawFacts is the line about the cell below a map without frames, if the
// legend leaves it free.
func (v *View) drawFacts(a grid.Area) {
	f := v.lay.facts
	if !f.Shows() || v.tally.shape.blocks == 0 || v.legendLines() > 1 {
		return
	}
	c := v.count()
	first, n := v.tally.shape.cell(v.level, v.cell())
	start := v.tally.shape.offset(first)
	k := v.ink.line().str("cell ").num(v.cell()).str(": ").hex(start).str(" +").size(v.tally.shape.offset(first+n) - start)
	for m := marks; m > 0; m-- {
		if b := c.blocks[m-1]; b > 0 {
			k.str(", ").num(b).str(" ").str(markNames[m-1])
		}
	}
	a.TextFit(f.X, f.Y, f.W, k.String(), theme.Value)
}

// legendLines is how many lines the legend takes that shows below a map
// without frames.
func (v *View) legendLines() int {
	if v.focus == stripPane {
		return v.layKinds(v.lay.legend.W, func(int, int, int) {})
	}
	return v.layLegend(func(int, int, look) {})
}

func (v *View) drawBoxes(a grid.Area) {
	if b := v.lay.cell; b.Shows() {
		v.drawCell(b.In(a).Box(v.theme, v.cellTitle(), false))
	}
	if b := v.lay.totals; b.Shows() {
		v.drawTotals(b.In(a).Box(v.theme, "Whole disk", false))
	}
	if b := v.lay.list; b.Shows() {
		v.drawList(b.In(a).Box(v.theme, v.listTitle(), false))
	}
	v.drawFiles(a)
}

func (v *View) cellTitle() string {
	if v.level == 0 && v.tally.shape.natural {
		return v.ink.line().str(v.unit()).str(" ").num(v.cell()).String()
	}
	return v.ink.line().str("cell ").num(v.cell()).String()
}

// listTitle says which blocks the list has: some of the cell under the cursor.
func (v *View) listTitle() string {
	return v.ink.line().str(v.unit()).str("s of cell ").num(v.cell()).String()
}

// drawCell tells about the cell under the cursor, and about the block of it
// that matters most.
func (v *View) drawCell(a grid.Area) {
	if v.tally.shape.blocks == 0 {
		return
	}
	p := panel{a: a.Sub(1, 0, a.W()-2, a.H())}
	first, n := v.tally.shape.cell(v.level, v.cell())
	start := v.tally.shape.offset(first)
	p.put("virtual", v.ink.line().hex(start).str(" +").size(v.tally.shape.offset(first+n)-start), theme.Value)
	k := v.ink.line().num(first)
	if n > 1 {
		k.str(" .. ").num(first + n - 1).str(" (").num(n).str(")")
	}
	p.put(v.unit()+"s", k, theme.Value)
	c := v.count()
	v.putMarks(&p, &c)
	if c.stored() > 0 && n > 1 {
		p.put("in file", v.ink.line().num(c.jumps).str(" jumps ahead, ").num(c.backs).str(" back"), theme.Value)
	}
	v.putSample(&p)
	p.y++
	v.putBlock(&p)
}

// putMarks counts the cell's blocks by their marks, as many to a line as fit.
func (v *View) putMarks(p *panel, c *count) {
	x := 9
	p.a.Text(0, p.y, "state", theme.Label)
	for m := marks; m > 0; m-- {
		b := c.blocks[m-1]
		if b == 0 {
			continue
		}
		k := v.ink.line().num(b).str(" ").str(markNames[m-1])
		if x > 9 && x+2+len(k.b) > p.a.W() {
			x, p.y = 9, p.y+1
		}
		l := v.looks[allocation][(m - 1).look()]
		p.a.Set(x, p.y, l.glyph, l.style)
		x = k.draw(p.a, x+2, p.y, theme.Value) + 2
	}
	if x == 9 {
		p.a.Text(x, p.y, "not scanned yet", theme.Dim)
	}
	p.y++
}

// putSample tells what samples of the cell have shown.
func (v *View) putSample(p *panel) {
	first, n := v.window()
	i := v.cell() - first
	if v.overlay != contents || !v.content.covers(v.level, first, n) || i < 0 || i >= int64(v.content.done) {
		return
	}
	s := v.content.cells[i]
	k := v.ink.line().str(v.looks[contents][s.look].words)
	if s.taken > 0 {
		k.str(", ")
		k.b = strconv.AppendFloat(k.b, s.entropy, 'f', 1, 64)
		k.str(" bits/byte")
	}
	p.put("content", k, theme.Value)
	if s.taken > 0 {
		p.put("", v.ink.line().str("         ").num(int64(s.zeros)).str(" of ").num(int64(s.taken)).str(" samples zero"), theme.Dim)
	}
}

// putBlock tells where the block lies that matters most, and which table
// entries say so.
func (v *View) putBlock(p *panel) {
	if !v.known() {
		p.a.Text(0, p.y, "..", theme.Dim)
		return
	}
	b := &v.detail.blocks[0]
	l := v.looks[allocation][b.mark.look()]
	p.put(v.unit(), v.ink.line().num(b.number).str(", ").str(b.mark.String()), l.style)
	if s := &b.span; s.File != "" {
		k := v.ink.line().hex(s.Offset)
		if s.Packed > 0 {
			k.str(", ").size(s.Packed).str(" compressed")
		}
		p.put("stored", k, theme.Link)
		p.a.Text(9, p.y, grid.FitLeft(decode.Printable(s.File), p.a.W()-9), theme.Value)
		p.y++
		if s.Layer > 0 {
			p.put("layer", v.ink.line().num(int64(s.Layer)).str(", a parent"), theme.Value)
		}
	}
	for i := range b.span.Via {
		e := &b.span.Via[i]
		p.a.TextFit(0, p.y, p.a.W(), v.via(e.Table, e.Index, e.Place.Offset, e.Raw, e.IsBit, e.Layer), theme.Value)
		p.y++
	}
	if err := firstError(v.detail.err, b.err); err != nil {
		p.a.TextFit(0, p.y, p.a.W(), decode.Printable(err.Error()), theme.Error)
	}
}

// via words a table entry.
func (v *View) via(table string, index, at int64, raw uint64, bit bool, layer int) string {
	k := v.ink.line().str(decode.Printable(table)).str("[").plain(index).str("] at ").hex(at).str(" = ")
	if bit {
		k.num(int64(raw & 1))
	} else {
		k.raw(raw)
	}
	if layer > 0 {
		k.str(" layer ").num(int64(layer))
	}
	return k.String()
}

// totalsWide is from where on the totals have room for sizes.
const totalsWide = 48

// drawTotals tells about the whole disk, and how far the scan is.
func (v *View) drawTotals(a grid.Area) {
	sh, t := &v.tally.shape, &v.tally
	if sh.blocks == 0 {
		return
	}
	p := panel{a: a.Sub(1, 0, a.W()-2, a.H())}
	p.put(v.unit()+"s", v.ink.line().num(sh.blocks).str(" of ").size(sh.block), theme.Value)
	for m := marks; m > 0; m-- {
		if b := t.total.blocks[m-1]; b > 0 {
			l := v.looks[allocation][(m - 1).look()]
			p.a.Set(0, p.y, l.glyph, l.style)
			k := v.ink.line().str(markNames[m-1]).pad(12)
			from := len(k.b)
			k.num(b).right(from, 13)
			from = len(k.str(" ").b)
			k.percent(b, sh.blocks).right(from, 7)
			if p.a.W() > totalsWide {
				from = len(k.str(" ").b)
				k.size(sh.offset(b)).right(from, 10)
			}
			k.draw(p.a, 2, p.y, theme.Value)
			p.y++
		}
	}
	v.putProgress(&p)
}

func (v *View) putProgress(p *panel) {
	t := &v.tally
	switch {
	case t.running:
		p.put("scan", v.ink.line().num(int64(t.percent())).str(" %, esc stops"), theme.Note)
	case !t.complete():
		p.put("scan", v.ink.line().str("stopped at ").num(int64(t.percent())).str(" %, R starts again"), theme.Warn)
	case t.err != nil:
		p.a.TextFit(0, p.y, p.a.W(), "scan not complete: "+decode.Printable(t.err.Error()), theme.Error)
		p.y++
	}
	if v.content.running {
		p.put("sampling", v.ink.line().num(int64(v.content.done)).str(" of ").num(int64(len(v.content.cells))).str(" cells, esc stops"), theme.Note)
	}
}
