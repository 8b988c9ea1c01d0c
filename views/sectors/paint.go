package sectors

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string {
	if !v.dirty {
		return v.text
	}
	v.dirty = false
	v.grid.Resize(v.w, v.h)
	a := v.grid.Area()
	if r := v.lay.bytes; r.shows() {
		v.paintBytes(v.frame(r.in(a)))
	}
	if r := v.lay.list; r.shows() {
		v.paintList(r.in(a).Box(v.theme, "Partitions", v.focus == listPane))
	}
	if r := v.lay.where; r.shows() {
		v.paintWhere(r.in(a))
	}
	if r := v.lay.inspect; r.shows() {
		v.read()
		v.inspector.Draw(r.in(a).Box(v.theme, v.inspector.Title(), false))
	}
	if r := v.lay.explain; r.shows() {
		v.paintExplain(r.in(a).Box(v.theme, "Explain", false))
	}
	v.text = v.grid.String(v.theme)
	return v.text
}

// frame draws the frame of the bytes, another one while they are overwritten.
func (v *View) frame(a grid.Area) grid.Area {
	if v.edit.On() {
		return a.EditBox(v.theme, v.edit.Words()+"  "+v.title())
	}
	return a.Box(v.theme, v.title(), v.focus == bytesPane)
}

// title says where the cursor is in the guest's terms.
func (v *View) title() string {
	parts := []string{"Virtual disk"}
	if v.win.size > 0 {
		parts = append(parts, fmt.Sprintf("LBA %d", v.cursor/v.format.Sector))
	}
	var inside []string
	if p, ok := v.partition(v.cursor); ok {
		inside = append(inside, fmt.Sprintf("partition %d", p.Number))
	}
	if n, ok := v.fact.structure(); ok && v.known() && len(v.fact.nodes) > 0 && n.Ref != "" {
		inside = append(inside, decode.Printable(n.Name))
	}
	if len(inside) > 0 {
		parts = append(parts, "("+strings.Join(inside, ", ")+")")
	}
	if v.volume {
		parts = append(parts, "offsets from the partition's start")
	}
	return strings.Join(parts, "  ")
}

func (v *View) paintBytes(a grid.Area) {
	if v.win.size == 0 {
		v.paintRefused(a)
		return
	}
	v.mark()
	for y, l := range v.lines {
		if y >= a.H() {
			return
		}
		v.paintLine(a, y, l)
	}
}

// paintRefused says why there is nothing to show.
func (v *View) paintRefused(a grid.Area) {
	text := "The virtual disk is empty."
	if err := v.info.Refused; err != nil {
		text = "The virtual disk can't be read: " + decode.Printable(err.Error())
	}
	for y, l := range grid.Wrap(text, a.W()-2) {
		a.Text(1, y+1, l, theme.Message)
	}
}

// mark collects what is marked among the bytes that show.
func (v *View) mark() {
	m := &v.marks
	m.Cursor, m.Focus, m.InText = v.cursor, v.focus == bytesPane, v.edit.InText()
	m.High, m.Half = v.edit.Half()
	m.Selected.Start, m.Selected.End = v.selection()
	v.markStaged()
	m.Field = hexgrid.Range{}
	if n, ok := v.current(); ok {
		m.Field = hexgrid.Range{Start: n.Place.Offset, End: n.Place.End()}
	}
}

func (v *View) paintLine(a grid.Area, y int, l line) {
	switch l.kind {
	case bytesLine:
		v.paintRow(a, y, l)
	case rulerLine:
		v.paintRuler(a, y, l)
	case foldLine:
		v.paintFold(a, y, l)
	case zeroLine:
		rows := (l.end - l.start) / int64(v.format.Bytes)
		a.TextFit(v.textX(), y, a.W()-v.textX(), fmt.Sprintf("* %d zero rows folded (o to unfold)", rows), v.lineStyle(l, theme.Dim))
	case edgeLine:
		text := "reading the map .."
		if v.mapErr != nil {
			text = "! the map can't be read: " + decode.Printable(v.mapErr.Error())
		}
		a.TextFit(v.textX(), y, a.W()-v.textX(), text, theme.Dim)
	}
}

// textX is the column where lines without bytes have their text.
func (v *View) textX() int { return v.format.Lead() }

func (v *View) paintRow(a grid.Area, y int, l line) {
	per := int64(v.format.Bytes)
	row := hexgrid.Row{Off: l.start - l.start%per, N: int(l.end - l.start)}
	row.From = int(l.start - row.Off)
	row.Shift = row.Off - v.label(row.Off)
	gutter := rune(0)
	if pg := v.pages.at(l.start); pg != nil {
		in := min(l.start-pg.off, int64(len(pg.data)))
		row.Data = pg.data[in:min(l.end-pg.off, int64(len(pg.data)))]
		if l.end > pg.off+pageSize && v.pages.at(l.end-1) != nil {
			row.Data = v.pages.bytes(l.start, l.end-l.start)
		}
		if len(pg.lost) > 0 {
			row.Lost, gutter = pg.lost, v.lostMark(pg, l)
		}
	}
	v.format.Paint(a, y, row, &v.marks, gutter)
}

func (v *View) lostMark(pg *page, l line) rune {
	for _, r := range pg.lost {
		if r.Start < l.end && r.End > l.start {
			return '!'
		}
	}
	return 0
}

// volumeHere is the partition whose addresses are shown.
func (v *View) volumeHere() (disk.Partition, bool) {
	if !v.volume {
		return disk.Partition{}, false
	}
	return v.partition(v.cursor)
}

// lineStyle is the style of a line of text: that of a selected row if the
// cursor is on it.
func (v *View) lineStyle(l line, s theme.Style) theme.Style {
	if v.cursor < l.start || v.cursor >= l.end {
		if start, end := v.selection(); start < l.end && end > l.start {
			return theme.ByteSelected
		}
		return s
	}
	if v.focus == bytesPane {
		return theme.Cursor
	}
	return theme.CursorIdle
}

// paintRuler draws the line over a stretch that says where its bytes lie.
func (v *View) paintRuler(a grid.Area, y int, l line) {
	s := &v.win.list[l.number]
	if s.label == "" {
		s.label = v.rulerText(s)
	}
	b := v.theme.Glyphs.Border(false)
	a.HLine(0, y, a.W(), b.Horizontal, theme.Frame)
	a.TextFit(2, y, a.W()-4, s.label, theme.Label)
}

func (v *View) rulerText(s *stretch) string {
	var parts []string
	if s.block >= 0 {
		parts = append(parts, fmt.Sprintf("%s %d%s", v.unit(), s.block, v.blockOffset(s)))
	}
	if s.layer > 0 {
		parts = append(parts, fmt.Sprintf("layer %d", s.layer))
	}
	place := fmt.Sprintf("%s 0x%x", decode.Printable(s.file), s.offset)
	if s.packed > 0 {
		place += fmt.Sprintf(", %d bytes compressed", s.packed)
	}
	parts = append(parts, place)
	if t := viaText(s.via); t != "" {
		parts = append(parts, t)
	}
	return " " + strings.Join(parts, "  ") + " "
}

// blockOffset is where in its block a stretch starts, if it is not the start.
func (v *View) blockOffset(s *stretch) string {
	if in := s.start - s.block*v.info.BlockSize; in > 0 {
		return fmt.Sprintf(" +0x%x", in)
	}
	return ""
}

// unit is the format's word for its allocation unit.
func (v *View) unit() string {
	if v.info.Format == "vmdk" {
		return "grain"
	}
	return "block"
}

// viaText words a table entry; empty if there is none.
func viaText(via disk.Via) string {
	switch {
	case via.Table == "":
		return ""
	case via.IsBit:
		return fmt.Sprintf("%s bit %d = %d", via.Table, via.Index, via.Raw)
	}
	return fmt.Sprintf("%s[%d] = 0x%x", via.Table, via.Index, via.Raw)
}

func (v *View) paintFold(a grid.Area, y int, l line) {
	s := &v.win.list[l.number]
	if s.label == "" {
		s.label = v.foldText(s)
	}
	state := v.theme.Glyphs.States()[cellOf(s.state)]
	x := v.format.PaintOffset(a, y, v.label(s.start))
	style := v.lineStyle(l, state.Style)
	a.Set(x+1, y, state.Glyph, style)
	a.TextFit(x+3, y, a.W()-x-3, s.label, v.lineStyle(l, theme.Value))
}

// label is the offset to show for a byte; negative for none, outside of the
// partition whose addresses are shown.
func (v *View) label(off int64) int64 {
	p, ok := v.volumeHere()
	switch {
	case !ok:
		return off
	case off >= p.End():
		return -1
	}
	return off - p.Start
}

// cellOf is the mark of a state that the map shows too.
func cellOf(s disk.State) int {
	return [...]int{theme.CellFull, theme.CellZero, theme.CellNone, theme.CellParent, theme.CellUnmapped, theme.CellMissing}[s]
}

// foldText says how much is folded and why.
func (v *View) foldText(s *stretch) string {
	size := decode.FormatSize(uint64(s.end - s.start))
	text := fmt.Sprintf("%s  %s", stateWord(s.state), size)
	if s.entries > 1 {
		text += fmt.Sprintf(" (%ss %d to %d)", v.unit(), s.block, s.block+s.entries-1)
	} else if s.block >= 0 {
		text += fmt.Sprintf(" (%s %d)", v.unit(), s.block)
	}
	if end := s.end; end == v.win.end() && end < v.win.size {
		text += " or more"
	}
	if s.layer > 0 {
		text += fmt.Sprintf("  layer %d", s.layer)
	}
	if t := viaText(s.via); t != "" {
		text += "  " + t
	}
	return text
}

// stateWord says in a word or two what a range without data is.
func stateWord(s disk.State) string {
	switch s {
	case disk.Zero:
		return "zero"
	case disk.FromParent:
		return "in the parent, which is not open: can't be read"
	case disk.Unmapped:
		return "unmapped, reads as zeros"
	case disk.Missing:
		return "MISSING: can't be read"
	}
	return s.String()
}
