package sectors

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
	"platter/views/widget/explain"
	"platter/views/widget/inspector"
)

// note is a labelled line.
type note struct {
	label, text string
	style       theme.Style
}

// whereNotes say where the byte under the cursor is in each space, and which
// table entries lead from one to the other.
func (v *View) whereNotes() []note {
	sector := v.hex.Source().Sector
	notes := []note{{"virtual", fmt.Sprintf("0x%x", v.hex.Cursor()), theme.Value}, {"LBA", fmt.Sprintf("%d +0x%x", v.hex.Cursor()/sector, v.hex.Cursor()%sector), theme.Value}}
	if p, ok := v.partition(v.hex.Cursor()); ok {
		notes = append(notes, note{"volume", fmt.Sprintf("0x%x of partition %d", v.hex.Cursor()-p.Start, p.Number), theme.Value})
	}
	if v.info.BlockSize > 0 {
		notes = append(notes, note{v.ground.unit, fmt.Sprintf("%d +0x%x", v.hex.Cursor()/v.info.BlockSize, v.hex.Cursor()%v.info.BlockSize), theme.Value})
	}
	if err := v.fact.err; err != nil && v.fact.off == v.hex.Cursor() {
		return append(notes, note{"state", "! " + decode.Printable(err.Error()), theme.Error})
	}
	if !v.known() {
		return append(notes, note{"state", "..", theme.Dim})
	}
	// What is asked for most comes first: there may be no room for all of it.
	notes = append(append(storedNotes(v.fact.span), notes...), spanNotes(v.fact.span)...)
	if v.fact.now {
		notes = append(notes, note{"on disk", fmt.Sprintf("%02x (staged: %s)", v.fact.was, v.byteText()), theme.Mark})
	}
	return notes
}

// byteText is the byte under the cursor.
func (v *View) byteText() string {
	b := v.hex.Bytes(v.hex.Cursor(), 1)
	if len(b) == 0 {
		return ".."
	}
	return fmt.Sprintf("%02x", b[0])
}

// storedNotes say where a span is stored.
func storedNotes(s disk.Span) []note {
	var notes []note
	if s.File != "" {
		text := fmt.Sprintf("%s 0x%x", decode.Printable(s.File), s.Offset)
		if s.Packed > 0 {
			text += fmt.Sprintf(", in %d compressed bytes", s.Packed)
		}
		notes = append(notes, note{"file", text, theme.Link})
	}
	if s.Layer > 0 {
		notes = append(notes, note{"layer", fmt.Sprintf("%d (of a parent)", s.Layer), theme.Value})
	}
	return notes
}

// spanNotes say what a span is and why.
func spanNotes(s disk.Span) []note {
	notes := []note{{"state", stateText(s.State), stateStyle(s.State)}}
	for _, via := range s.Via {
		notes = append(notes, note{tableLabel(via), viaPlace(via), theme.Value})
	}
	return notes
}

func tableLabel(via disk.Via) string {
	if via.IsBit {
		return "bit"
	}
	return "entry"
}

func viaPlace(via disk.Via) string {
	text := fmt.Sprintf("%s @0x%x", viaText(via), via.Place.Offset)
	if via.Layer > 0 {
		text += fmt.Sprintf(" in layer %d", via.Layer)
	}
	return text
}

func stateStyle(s disk.State) theme.Style {
	if s.Content() == disk.Lost {
		return theme.Error
	}
	return theme.Value
}

// stateText says what reading a byte of the state gives.
func stateText(s disk.State) string {
	switch s {
	case disk.Data:
		return "data"
	case disk.Zero:
		return "zero: the format says that it reads as zeros"
	case disk.Unallocated:
		return "unallocated: reads as zeros"
	case disk.FromParent:
		return "in the parent, which is not open: can't be read"
	case disk.Unmapped:
		return "unmapped: reads as zeros, old data may remain"
	}
	return "missing: can't be read"
}

// paintWhere draws the place of the byte: boxed where there is room, else in
// two lines.
func (v *View) paintWhere(a grid.Area) {
	if v.ground.size == 0 {
		return
	}
	if a.H() < 4 {
		v.paintBrief(a)
		return
	}
	a = a.Box(v.theme, "Where", false)
	if v.lay.inspect.Shows() {
		v.paintNotes(a, v.whereNotes())
		return
	}
	v.paintBrief(a)
	v.read()
	v.inspector.DrawLine(a, 0, 2)
	if n, ok := v.current(); ok && a.H() > fieldRow {
		text, style := v.fieldLine(n, a.W())
		a.TextFit(0, fieldRow, a.W(), text, style)
	}
}

// paintBrief draws the way of the byte in two lines.
func (v *View) paintBrief(a grid.Area) {
	var way, via []string
	for _, n := range v.whereNotes() {
		switch n.label {
		case "entry", "bit":
			via = append(via, n.text)
		case "virtual", "volume", "file":
			way = append(way, n.label+" "+n.text)
		case "LBA":
		case "on disk":
			via = append(via, n.label+" "+n.text)
		case "state":
			via = append([]string{n.text}, via...)
		default:
			way = append(way, n.label+" "+n.text)
		}
	}
	a.TextFit(0, 0, a.W(), strings.Join(way, " "+v.theme.Glyphs.Pointer()+" "), theme.Value)
	a.TextFit(0, 1, a.W(), strings.Join(via, "  "), theme.Value)
}

const labelWidth = 9

func (v *View) paintNotes(a grid.Area, notes []note) {
	y := 0
	for _, n := range notes {
		a.TextFit(0, y, labelWidth-1, n.label, theme.Label)
		y = a.TextWrap(labelWidth, y, n.text, n.style)
	}
}

// fieldLine names the field under the cursor and its value, in w columns if
// that can be: what is said of the field comes first, the way to it second.
func (v *View) fieldLine(n decode.Node, w int) (string, theme.Style) {
	lead, tail, style := "", "", theme.Strong
	if n.Value != "" {
		tail = " = " + decode.Printable(n.Value)
	}
	if n.Mark >= decode.Doubt {
		lead, tail, style = "! ", tail+": "+decode.Printable(n.Words), theme.Warn
	}
	names := v.crumbNames()
	way := strings.Join(names, crumbGap)
	for len(names) > 1 && grid.Width(lead+way+tail) > w {
		names = names[1:]
		way = ".." + crumbGap + strings.Join(names, crumbGap)
	}
	return lead + way + tail, style
}

// crumbGap stands between the names of the way to a field, and fieldRow is the
// line of the pane on the place that has them in a small screen.
const (
	crumbGap = " > "
	fieldRow = 3
)

// crumbs is the way to the field in what the guest wrote.
func (v *View) crumbs() string { return strings.Join(v.crumbNames(), crumbGap) }

func (v *View) crumbNames() (names []string) {
	for _, n := range v.fact.nodes {
		names = append(names, decode.Printable(n.Name))
	}
	return names
}

// read hands the bytes under the cursor to the inspector.
func (v *View) read() {
	var b []byte
	if r, ok := v.ground.Run(v.hex.Cursor()); ok && r.Stored {
		b = v.hex.Bytes(v.hex.Cursor(), int(min(inspector.Window, r.End-v.hex.Cursor())))
	}
	v.inspector.Read(b)
}

// explainFact words what the facts say about the field under the cursor, or
// about the structure around it.
func (v *View) explainFact() {
	v.notes = nil
	n, ok := v.fact.field()
	if !ok {
		n, ok = v.fact.structure()
	}
	if !ok {
		return
	}
	var second *decode.Place
	if place, ok := v.secondPlace(); ok {
		second = &place
	}
	v.notes = explain.Notes(n, v.crumbs(), second)
}

// paintExplain draws what the field under the cursor means.
func (v *View) paintExplain(a grid.Area) {
	if _, ok := v.current(); (ok || v.known()) && len(v.notes) > 0 {
		explain.Draw(a, v.notes, 0)
		return
	}
	v.paintPlain(a)
}

// paintPlain says why there is nothing to explain.
func (v *View) paintPlain(a grid.Area) {
	text := "No structure of the guest is known here: file contents, or free space."
	switch {
	case v.guestErr != nil:
		text = "! What the guest wrote can't be read: " + decode.Printable(v.guestErr.Error())
	case v.explorer == nil || !v.known():
		return
	}
	a.TextWrap(0, 0, text, theme.Dim)
}

// paintList draws the partitions.
func (v *View) paintList(a grid.Area) {
	if len(v.parts) == 0 {
		a.Text(1, 0, "none found", theme.Dim)
		return
	}
	a.TextFit(0, 0, a.W(), " #   start LBA      size  what", theme.Label)
	for y := range a.H() - 1 {
		i, ok := v.list.At(y)
		if !ok {
			return
		}
		p := v.parts[i]
		a.TextFit(0, y+1, a.W(), v.names[i], theme.Value)
		if in, ok := v.partition(v.hex.Cursor()); ok && in.Number == p.Number {
			a.Set(0, y+1, '*', theme.Mark)
		}
		if i == v.list.Cursor && v.focus == listPane {
			a.Paint(0, y+1, a.W(), theme.Selected)
			a.Set(0, y+1, '>', theme.Selected)
		}
	}
}

func (v *View) partitionText(p disk.Partition) string {
	what := p.System
	if what == "" {
		what = p.Type
	}
	if p.Label != "" {
		what += fmt.Sprintf(" %q", p.Label)
	}
	return fmt.Sprintf("%2d %11d %9s  %s", p.Number, p.Start/v.hex.Source().Sector, decode.FormatSize(uint64(max(p.Length, 0))), decode.Printable(what))
}

// Status is where the cursor is, in the file and on the disk.
func (v *View) Status() string {
	if v.ground.size == 0 {
		return v.foreign.refused()
	}
	parts := []string{"virtual " + v.hex.FormatOffset(v.hex.Cursor())}
	if v.known() {
		if s := v.fact.span; s.File != "" {
			parts = append(parts, fmt.Sprintf("%s 0x%x", decode.Printable(s.File), s.Offset))
		} else {
			parts = append(parts, s.State.String())
		}
	}
	if s := v.foreign.status(v.hex.Shown()); s != "" {
		parts = append([]string{s}, parts...)
	}
	if n, ok := v.current(); ok {
		parts = append(parts, decode.Printable(n.Name))
	}
	if r := v.hex.Selection(); !r.Empty() {
		parts = append(parts, hexgrid.Bytes(r.End-r.Start)+" selected")
	}
	if v.edit.On() {
		parts = append([]string{v.edit.Words()}, parts...)
	}
	if v.run.cancel != nil {
		parts = append(parts, "looking for data (esc stops)")
	}
	return strings.Join(parts, " | ")
}
