package overview

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views/grid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again.
func (v *View) View() string {
	if !v.dirty {
		return v.text
	}
	v.dirty = false
	v.grid.Resize(v.w, v.h)
	a := v.grid.Area()
	for _, p := range []struct {
		where rect
		title string
		focus bool
		draw  func(grid.Area)
	}{
		{v.lay.identity, "Identity", v.focus == identityPane, v.drawIdentity},
		{v.lay.next, v.nextTitle(), false, v.drawNext},
		{v.lay.findings, v.findingsTitle(), v.focus == findingsPane, v.drawFindings},
		{v.lay.strip, v.stripTitle(), false, v.drawStrip},
		{v.lay.guest, "Partitions", false, v.drawGuest},
	} {
		if p.where.shows() {
			p.draw(p.where.in(a).Box(v.env.Theme, p.title, p.focus))
		}
	}
	v.text = v.grid.String(v.env.Theme)
	return v.text
}

// notReadable labels the reason why there is no virtual disk to read.
const notReadable = "Not readable"

// facts are the rows of the identity.
func facts(info disk.Info, files int) []disk.Detail {
	format := strings.ToUpper(info.Format)
	if info.Type != "" && info.Type != info.Format {
		format += ", " + info.Type
	}
	if info.Parent != "" {
		format += ", child of " + info.Parent
	}
	rows := []disk.Detail{{Label: "Format", Value: format}}
	add := func(label, value string) {
		if value != "" {
			rows = append(rows, disk.Detail{Label: label, Value: value})
		}
	}
	add("Recognised", info.Recognised)
	if info.VirtualSize > 0 {
		add("Virtual size", size(info.VirtualSize)+sectors(info))
	}
	file := size(info.FileSize)
	if files > 1 {
		file += fmt.Sprintf(" in %d files", files)
	}
	add("File size", file)
	if info.BlockSize > 0 {
		add("Block size", fmt.Sprintf("%s, %d blocks", decode.FormatSize(uint64(info.BlockSize)), (info.VirtualSize+info.BlockSize-1)/info.BlockSize))
	}
	add("Creator", info.Creator)
	add("Disk id", info.ID)
	if info.Dirty {
		add("State", "DIRTY: it was not closed cleanly")
	}
	if info.Refused != nil {
		add(notReadable, info.Refused.Error())
	}
	return append(rows, info.Details...)
}

// size is a size in words and exactly, in groups of three digits.
func size(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return fmt.Sprintf("%s (%s B)", decode.FormatSize(uint64(max(n, 0))), digits)
}

func sectors(info disk.Info) string {
	switch {
	case info.LogicalSectorSize == 0:
		return ""
	case info.PhysicalSectorSize == 0:
		return fmt.Sprintf(", %d-byte sectors", info.LogicalSectorSize)
	}
	return fmt.Sprintf(", %d/%d sectors", info.LogicalSectorSize, info.PhysicalSectorSize)
}

// line is a line of the identity: a fact or the rest of one.
type line struct {
	label, value string
	style        theme.Style
}

// Bounds on the column of the values.
const minLabel, maxLabel = 14, 24

// wrapFacts breaks the facts into lines for w columns.
func (v *View) wrapFacts(w int) []line {
	column := v.labelColumn()
	var out []line
	for _, r := range v.rows {
		style := theme.Value
		if strings.HasPrefix(r.Value, "DIRTY") || r.Label == notReadable {
			style = theme.Warn
		}
		for i, text := range grid.Wrap(decode.Printable(r.Value), w-column) {
			l := line{"", text, style}
			if i == 0 {
				l.label = decode.Printable(r.Label)
			}
			out = append(out, l)
		}
	}
	return out
}

// labelColumn is where values start.
func (v *View) labelColumn() int {
	w := minLabel
	for _, r := range v.rows {
		w = max(w, grid.Width(decode.Printable(r.Label))+2)
	}
	return min(w, maxLabel)
}

func (v *View) drawIdentity(a grid.Area) {
	column := v.labelColumn()
	for y := range a.H() {
		i, ok := v.facts.At(y)
		if !ok {
			break
		}
		l := v.lines[i]
		a.TextFit(0, y, column-1, l.label, theme.Label)
		a.TextFit(column, y, a.W()-column, l.value, l.style)
	}
	if v.facts.Top+int64(a.H()) < v.facts.Total {
		a.TextRight(a.W(), a.H()-1, " more ", theme.Dim)
	}
}

func (v *View) nextTitle() string {
	if f, ok := v.selected(); ok {
		return decode.Printable(f.Code)
	}
	return "Next steps"
}

// drawNext explains the selected finding, then what one can do here.
func (v *View) drawNext(a grid.Area) {
	y := 0
	write := func(text string, style theme.Style) {
		for _, line := range grid.Wrap(decode.Printable(text), a.W()) {
			a.Text(0, y, line, style)
			y++
		}
	}
	if f, ok := v.selected(); ok {
		word, style := severity(f.Severity)
		write(word+" "+f.Severity.String()+": "+f.Text, style)
		if f.Detail != "" {
			write(f.Detail, theme.Value)
		}
		for _, p := range f.Where[:min(len(f.Where), 4)] {
			write("  "+where(p), theme.Dim)
		}
		y++
	}
	if v.info.Dirty {
		write("This disk was not closed cleanly.", theme.Warn)
	}
	for _, s := range v.steps() {
		x := a.Text(0, y, s[0], theme.HintKey)
		a.TextFit(max(x+2, 8), y, a.W(), s[1], theme.Value)
		y++
	}
}

// steps are what one can do from here, with the keys for it.
func (v *View) steps() [][2]string {
	key := func(a keymap.Action) string { return keymap.Key(keymap.Overview, a) }
	steps := [][2]string{}
	if v.Disabled(keymap.Open) == "" {
		steps = append(steps, [2]string{key(keymap.Open), "go to the bytes of this finding"})
	}
	return append(steps,
		[2]string{key(keymap.Screen2), "walk the structures and their bytes"},
		[2]string{key(keymap.GoTo), "go to an offset, a structure or a field"},
		[2]string{key(keymap.ShowHelp), "all keys of this screen"},
	)
}

func where(p decode.Place) string {
	text := fmt.Sprintf("%s 0x%x", p.File, p.Offset)
	if p.Length > 0 {
		text += fmt.Sprintf(" + %d", p.Length)
	}
	return text
}

func (v *View) findingsTitle() string {
	title := fmt.Sprintf("Findings  %d", len(v.findings.List))
	switch {
	case v.findings.Err != nil:
		title += ", not complete: " + decode.Printable(v.findings.Err.Error())
	case !v.findings.Complete:
		title += " ..."
	}
	return title
}

func (v *View) drawFindings(a grid.Area) {
	if len(v.findings.List) == 0 {
		text, style := "checking ..", theme.Dim
		switch {
		case !v.info.Readable():
			text, style = "!  the virtual disk can't be read; structures and bytes can", theme.Warn
		case v.findings.Complete:
			text, style = "ok  nothing deserves attention", theme.Good
		}
		a.TextFit(1, 0, a.W()-1, text, style)
		return
	}
	code := 0
	for _, f := range v.findings.List {
		code = max(code, min(grid.Width(decode.Printable(f.Code)), 16))
	}
	for y := range a.H() {
		i, ok := v.list.At(y)
		if !ok {
			break
		}
		v.drawFinding(a.Row(y), v.findings.List[i], code, i == v.list.Cursor)
	}
}

func (v *View) drawFinding(a grid.Area, f disk.Finding, code int, cursor bool) {
	mark, style := severity(f.Severity)
	a.Text(1, 0, mark, style)
	a.TextFit(4, 0, code, decode.Printable(f.Code), theme.Label)
	x, place := 4+code+2, ""
	if len(f.Where) > 0 && a.W() >= 100 {
		place = where(f.Where[0])
	}
	if a.W() >= 100 {
		a.TextFit(x, 0, 30, decode.Printable(place), theme.Dim)
		x += 32
	}
	a.TextFit(x, 0, a.W()-x, decode.Printable(f.Text), theme.Value)
	if cursor && v.focus == findingsPane {
		a.Paint(0, 0, a.W(), theme.Selected)
		a.Set(0, 0, '>', theme.Selected)
	}
}

func (v *View) stripTitle() string {
	title := "Allocation"
	if n := v.scan.total[disk.Data]; v.scan.size > 0 {
		title += fmt.Sprintf("  %s of %s stored (%.1f %%)", decode.FormatSize(uint64(n)), decode.FormatSize(uint64(v.scan.size)), float64(n)/float64(v.scan.size)*100)
	}
	switch {
	case v.scan.err != nil:
		title += "  ! " + decode.Printable(v.scan.err.Error())
	case v.scan.running:
		title += fmt.Sprintf("  %d %% scanned", v.scan.percent())
	case v.scan.at < v.scan.size:
		title += fmt.Sprintf("  stopped at %d %%", v.scan.percent())
	}
	return title
}

func (v *View) drawStrip(a grid.Area) {
	rows := a.H()
	if rows >= 3 {
		rows -= 2
		v.drawLegend(a.Row(a.H() - 1))
	}
	if a.W() == 0 || rows == 0 || len(v.scan.parts) == 0 {
		return
	}
	for i, t := range v.scan.cells(a.W() * rows) {
		r, style := v.glyph(t)
		a.Set(i%a.W(), i/a.W(), r, style)
	}
}

// glyph is how a part of the disk looks: what is missing wins, then how much
// is stored, then what the rest is.
func (v *View) glyph(t tally) (rune, theme.Style) {
	g := v.env.Theme.Glyphs
	states := g.States()
	of := func(cell int) (rune, theme.Style) { return states[cell].Glyph, states[cell].Style }
	sum := t.sum()
	switch data := t[disk.Data]; {
	case sum == 0:
		return ' ', theme.Plain
	case t[disk.Missing] > 0:
		return of(theme.CellMissing)
	case data == sum:
		return of(theme.CellFull)
	case data > 0:
		return g.Density(density(data, sum)), theme.StatePartial
	}
	most := disk.Unallocated
	for _, s := range []disk.State{disk.Zero, disk.FromParent, disk.Unmapped} {
		if t[s] > 0 && t[s] >= t[most] {
			most = s
		}
	}
	return of(cellOf[most])
}

// cellOf is how a state shows on a map.
var cellOf = [...]int{
	disk.Data: theme.CellFull, disk.Zero: theme.CellZero, disk.Unallocated: theme.CellNone,
	disk.FromParent: theme.CellParent, disk.Unmapped: theme.CellUnmapped, disk.Missing: theme.CellMissing,
}

// density grades what is stored: 1 up to half, 2 up to three quarters, 3 up
// to less than all.
func density(data, sum int64) int {
	switch part := float64(data) / float64(sum); {
	case part > 0.75:
		return 3
	case part > 0.5:
		return 2
	}
	return 1
}

// drawLegend explains the marks that show.
func (v *View) drawLegend(a grid.Area) {
	g := v.env.Theme.Glyphs
	x := 0
	put := func(r rune, style theme.Style, text string) {
		if x+4+len(text) > a.W() {
			return
		}
		a.Set(x, 0, r, style)
		x = a.Text(x+2, 0, text, theme.Dim) + 3
	}
	states := g.States()
	put(states[theme.CellFull].Glyph, states[theme.CellFull].Style, "present")
	for part, text := range []string{"some", ">50 %", ">75 %"} {
		put(g.Density(part+1), theme.StatePartial, text)
	}
	for state, cell := range cellOf {
		if state != int(disk.Data) && v.scan.total[state] > 0 {
			put(states[cell].Glyph, states[cell].Style, states[cell].Name)
		}
	}
}

func (v *View) drawGuest(a grid.Area) {
	switch {
	case v.parts.err != nil:
		a.TextFit(0, 0, a.W(), "! "+decode.Printable(v.parts.err.Error()), theme.Warn)
		return
	case !v.parts.done:
		a.Text(0, 0, "..", theme.Dim)
		return
	case len(v.parts.list) == 0:
		a.Text(0, 0, "no partition table", theme.Dim)
		return
	}
	if a.H() < 3 {
		v.drawGuestLine(a)
		return
	}
	sector := max(v.info.LogicalSectorSize, 512)
	a.TextFit(0, 0, a.W(), fmt.Sprintf("%3s  %-24s %14s %12s  %-10s %s", "#", "type", "first sector", "size", "system", "label"), theme.Label)
	for i, p := range v.parts.list[:min(len(v.parts.list), a.H()-1)] {
		a.TextFit(0, i+1, a.W(), fmt.Sprintf("%3d  %-24s %14d %12s  %-10s %s", p.Number,
			grid.Fit(decode.Printable(p.Type), 24), p.Start/sector, decode.FormatSize(uint64(max(p.Length, 0))),
			decode.Printable(p.System), decode.Printable(p.Label)), theme.Value)
	}
}

// drawGuestLine names all partitions in one line.
func (v *View) drawGuestLine(a grid.Area) {
	var parts []string
	for _, p := range v.parts.list {
		name := p.System
		if name == "" {
			name = p.Type
		}
		parts = append(parts, fmt.Sprintf("#%d %s %s", p.Number, decode.Printable(name), decode.FormatSize(uint64(max(p.Length, 0)))))
	}
	a.TextFit(0, 0, a.W(), strings.Join(parts, " | "), theme.Value)
}
