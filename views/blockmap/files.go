package blockmap

import (
	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// drawFiles paints the file strip: the image's files from end to end, and in
// them, reversed, where the block under the map's cursor lies.
func (v *View) drawFiles(a grid.Area) {
	f, cols := v.lay.files, v.lay.stripColumns()
	if !f.Shows() {
		return
	}
	focus := v.focus == stripPane
	words := grid.Area{}
	if v.lay.frame.Shows() {
		in := f.In(a).Box(v.theme, v.filesTitle(cols), focus)
		words = in.Sub(1, v.lay.strip.H, in.W()-2, in.H())
	} else {
		a.Text(f.X+labelWidth-5, f.Y, "file", theme.Label)
	}
	s := v.lay.strip.In(a)
	from, to := v.mirrored(cols)
	for i := range cols {
		slot, ok := v.strip.column(i, cols)
		if !ok {
			continue
		}
		look := kindLooks[slot.rank]
		switch {
		case i == v.column && focus:
			look.glyph, look.style = theme.UnderCursor(look.glyph, look.style), theme.Cursor
		case i >= from && i < to:
			look.style = theme.Selected
		}
		s.Set(i%s.W(), i/s.W(), look.glyph, look.style)
	}
	if words.H() > 0 {
		v.drawKinds(words)
		v.drawRegion(words.Row(words.H() - 1))
	}
}

func (v *View) filesTitle(cols int) string {
	name := "File"
	if len(v.strip.files) > 1 {
		name = v.ink.line().num(int64(len(v.strip.files))).str(" files").String()
	}
	k := v.ink.line().str(name).str("  ").size(v.strip.size).str(", ").size((v.strip.size + int64(cols) - 1) / int64(cols)).str(" a column")
	switch {
	case v.strip.err != nil:
		k.str("  not complete")
	case !v.strip.done && v.survey.cancel != nil && v.strip.size > 0:
		k.str("  ").num(int64(100 * float64(v.strip.seen) / float64(v.strip.size))).str(" %")
	}
	return k.String()
}

// mirrored is the columns of the strip that hold the block under the map's
// cursor.
func (v *View) mirrored(cols int) (from, to int) {
	if !v.known() {
		return 0, 0
	}
	s := &v.detail.blocks[0].span
	pos, ok := v.strip.pos(s.File, s.Offset)
	if !ok || len(v.strip.slots) == 0 {
		return 0, 0
	}
	length := max(s.Packed, 1)
	if s.Packed == 0 {
		length = max(s.Length, 1)
	}
	last := min(pos+length, v.strip.size) - 1
	per := len(v.strip.slots)
	return v.strip.at(pos) * cols / per, v.strip.at(last)*cols/per + 1
}

// drawKinds is the strip's legend.
func (v *View) drawKinds(a grid.Area) {
	v.layKinds(a.W(), func(x, y, r int) {
		a.Set(x, y, kindLooks[r].glyph, kindLooks[r].style)
		v.ink.draw(a, x+2, y, theme.Dim)
	})
}

// layKinds finds the place of every kind that shows in the strip, worded in
// the view's ink, and how many lines they take. Where there is room, all kinds
// that the files have are told, and how much there is of each.
func (v *View) layKinds(width int, put func(x, y, rank int)) (lines int) {
	shown, cols := [16]bool{}, v.lay.stripColumns()
	for i := range cols {
		if s, ok := v.strip.column(i, cols); ok {
			shown[s.rank] = true
		}
	}
	x, roomy := 0, width > 100
	for r := len(kindLooks) - 1; r >= 0; r-- {
		if v.strip.bytes[r] == 0 || !shown[r] && !roomy {
			continue
		}
		k := v.ink.line().str(string(kindLooks[r].kind))
		if roomy {
			k.str(" ").size(v.strip.bytes[r])
		}
		if x > 0 && x+2+len(k.b) > width {
			x, lines = 0, lines+1
		}
		put(x, lines, r)
		x += 4 + len(k.b)
	}
	return lines + 1
}

// drawRegion tells about the region under the strip's cursor, or why there is
// none.
func (v *View) drawRegion(a grid.Area) {
	if v.strip.err != nil && v.focus != stripPane {
		a.TextFit(0, 0, a.W(), decode.Printable(v.strip.err.Error()), theme.Error)
		return
	}
	a.TextFit(0, 0, a.W(), v.region(), theme.Value)
}

// region words what the strip's cursor is on.
func (v *View) region() string {
	s, ok := v.strip.column(v.column, v.lay.stripColumns())
	if !ok {
		return "not read yet"
	}
	r := &s.region
	k := v.ink.line().hex(r.Offset).str(" +").size(r.Length).str("  ").str(string(r.Kind)).str("  ").str(decode.Printable(r.Name))
	if len(v.strip.files) > 1 {
		k.str("  ").str(decode.Printable(r.File))
	}
	return k.String()
}

// The columns of the list of blocks.
const (
	listState  = 14
	listEntry  = 28
	listPlace  = 72
	listBytes  = 96
	listText   = 146
	listRemark = 164
)

// drawList shows the block that matters most and those after it.
func (v *View) drawList(a grid.Area) {
	a = a.Sub(1, 0, a.W()-2, a.H())
	a.Text(0, 0, v.unit(), theme.Label)
	a.Text(listState, 0, "state", theme.Label)
	a.Text(listEntry, 0, "table entry", theme.Label)
	a.Text(listPlace, 0, "in file", theme.Label)
	a.Text(listBytes, 0, "first bytes", theme.Label)
	if !v.known() {
		a.Text(0, 1, "..", theme.Dim)
		return
	}
	for i := range v.detail.blocks[:min(len(v.detail.blocks), a.H()-1)] {
		v.drawBlock(a.Row(1+i), &v.detail.blocks[i])
	}
}

func (v *View) drawBlock(a grid.Area, b *block) {
	v.ink.line().num(b.number).draw(a, 0, 0, theme.Value)
	look := v.looks[allocation][b.mark.look()]
	a.Set(listState, 0, look.glyph, look.style)
	a.Text(listState+2, 0, markNames[b.mark], theme.Value)
	if n := len(b.span.Via); n > 0 {
		e := &b.span.Via[n-1]
		a.TextFit(listEntry, 0, listPlace-listEntry-1, v.via(e.Table, e.Index, e.Place.Offset, e.Raw, e.IsBit, e.Layer), theme.Value)
	}
	if b.span.File != "" {
		v.ink.line().hex(b.span.Offset).draw(a, listPlace, 0, theme.Link)
	}
	const digits = "0123456789abcdef"
	for i, c := range b.head {
		x := listBytes + 3*i
		a.Set(x, 0, rune(digits[c>>4]), theme.Class(c))
		a.Set(x+1, 0, rune(digits[c&15]), theme.Class(c))
		r := '.'
		if c >= ' ' && c < 0x7F {
			r = rune(c)
		}
		a.Set(listText+i, 0, r, theme.Class(c))
	}
	switch {
	case b.err != nil:
		a.TextFit(listRemark, 0, a.W()-listRemark, decode.Printable(b.err.Error()), theme.Error)
	case b.span.Layer > 0:
		a.TextFit(listRemark, 0, a.W()-listRemark, "in "+decode.Printable(b.span.File), theme.Dim)
	}
}
