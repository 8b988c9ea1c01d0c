package readers

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/eyes"
	"platter/views/grid"
	"platter/views/theme"
)

// The shape of the screen.
const (
	headRows   = 4 // names, whether they open the image, size, hash
	digits     = 8 // of a hash, in a column
	labelWide  = 20
	columnMost = 12
	aboutLeast = 7
)

// layout is where the panes lie.
type layout struct {
	table, about grid.Rect
	wide         int // columns of a reader, with the blank after it
	step         int // lines that names and hashes take: 2 where a column has no room for one
}

// head is how many rows lie above the ranges.
func (l layout) head() int { return headRows + 2*(l.step-1) }

// column is where that of a reader begins in the table.
func (l layout) column(i int) int { return labelWide + i*l.wide }

// arrange divides the screen: the table above, what it means below.
func (v *View) arrange() {
	v.lay.wide = max(1, min(columnMost, (v.w-2-labelWide)/max(len(v.who), 1)))
	if v.lay.step = 1; v.lay.wide < columnMost-1 {
		v.lay.step = 2
	}
	about := min(max(aboutLeast, v.h/2-2), max(v.h-v.lay.head()-3, 0))
	v.lay.table = grid.At(0, 0, v.w, v.h-about)
	v.lay.about = grid.At(0, v.h-about, v.w, about)
	v.list.Fit(int64(len(v.rows)), v.lay.table.H-2-v.lay.head())
	v.column = max(0, min(v.column, len(v.who)-1))
}

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	v.drawTable(v.lay.table.In(a))
	v.drawAbout(v.lay.about.In(a))
}

func (v *View) drawTable(a grid.Area) {
	title := fmt.Sprintf("Readers  the same letter is the same bytes  %s", decode.Plural(v.count, "range differs", "ranges differ"))
	if v.count > int64(len(v.rows)) {
		title += fmt.Sprintf(", the first %d listed", len(v.rows))
	}
	in := a.Box(v.theme, title, true)
	a.Extent(&v.list, "")
	for i, label := range []string{"opens the image", "size of the disk", "SHA-256 (begins)"} {
		in.Text(1, v.lay.step+i, label, theme.Label)
	}
	for i, r := range v.who {
		v.drawReader(in, i, r)
	}
	for y := range v.list.Rows {
		if i, ok := v.list.At(y); ok {
			v.drawRow(in.Row(v.lay.head()+y), v.rows[i], i == v.list.Cursor)
		}
	}
	if len(v.rows) == 0 {
		in.TextFit(1, v.lay.head(), in.W()-2, v.verdict(), theme.Label)
	}
}

// drawReader draws the head of a column. Where it is narrow, names and hashes have two lines:
// every second column takes the lower one, and the room of the next.
func (v *View) drawReader(in grid.Area, i int, r reader) {
	x, w, step := v.lay.column(i), v.lay.wide-1, v.lay.step
	cell := func(y, w int, text string, s theme.Style) { in.TextFit(x, y, max(w, 0), text, s) }
	room, low := w, 0
	if step > 1 {
		room, low = 2*v.lay.wide-1, i%step
	}
	name := theme.Strong
	if i == v.column {
		name = theme.Selected
	}
	cell(low, room, r.policy.Name, name)
	switch {
	case r.unknown != "":
		cell(step, w, "?", theme.Dim)
		return
	case r.refused != "":
		cell(step, w, "no", theme.Warn)
		return
	}
	cell(step, w, "yes", theme.Good)
	cell(step+1, w, sizeWord(r.size, w), theme.Value)
	switch {
	case r.digest.SHA256 != "":
		cell(step+2+low, room, r.digest.SHA256[:digits], theme.Value)
	case r.digest.Lost > 0:
		cell(step+2+low, room, "fails", theme.Warn)
	default:
		cell(step+2+low, room, "-", theme.Dim)
	}
}

// sizeWord is a size in w columns: where they are few without the end of its unit, then
// without its fraction.
func sizeWord(n int64, w int) string {
	s := strings.ReplaceAll(decode.FormatSize(uint64(n)), " ", "")
	if len(s) > w {
		s = strings.TrimSuffix(s, "iB")
	}
	if whole, fraction, ok := strings.Cut(s, "."); ok && len(s) > w {
		s = whole + strings.TrimLeft(fraction, "0123456789")
	}
	return s
}

func (v *View) drawRow(in grid.Area, r row, cursor bool) {
	in.TextFit(2, 0, labelWide-3, fmt.Sprintf("%x +%s", r.start, strings.ReplaceAll(decode.FormatSize(uint64(r.end-r.start)), " ", "")), theme.Offset)
	if cursor {
		in.Paint(0, 0, in.W(), theme.Selected)
		in.Paint(2, 0, labelWide-3, theme.Selected)
		in.Set(0, 0, '>', theme.Selected)
	}
	for i, class := range r.class {
		text, style := classWord(class)
		if cursor {
			style = theme.Selected
		}
		in.Text(v.lay.column(i), 0, grid.Fit(text, max(v.lay.wide-1, 1)), style)
	}
}

// classWord is what stands for what a reader sees.
func classWord(class int) (string, theme.Style) {
	switch class {
	case eyes.ClassLost:
		return "fails", theme.Warn
	case eyes.ClassPast:
		return "ended", theme.Note
	case eyes.ClassNone:
		return "-", theme.Dim
	}
	if class > 0 {
		return string(rune('A' + class)), theme.Note
	}
	return "A", theme.Value
}

// drawAbout says what the row and the reader under the cursors are about.
func (v *View) drawAbout(a grid.Area) {
	who, ok := v.reader()
	r, ranged := v.row()
	title := "Why"
	if ranged {
		title = r.where()
	}
	in := a.Box(v.theme, title, false)
	in = in.Sub(1, 0, in.W()-2, in.H())
	y := 0
	own := func() {
		y = in.TextWrap(0, y, who.policy.Name+" "+strings.TrimSuffix(who.words(), ".")+". It is "+who.policy.Program+source(who.policy)+".", theme.Label)
		if who.digest.SHA256 != "" {
			y = in.TextWrap(0, y, "SHA-256 "+who.digest.SHA256, theme.Value)
		}
	}
	if ok && v.column > 0 { // it was gone to
		own()
	}
	for _, c := range r.causes {
		y = in.TextWrap(0, y, "because "+names(c.Policies)+": "+decode.Printable(c.Text)+at(c.Place), theme.Value)
	}
	for _, g := range r.groups {
		y = in.TextWrap(0, y, names(g.Policies)+": "+decode.Printable(g.Text), theme.Dim)
	}
	if ok && v.column == 0 {
		own()
	}
}

// where is the range in words.
func (r row) where() string {
	return fmt.Sprintf("disk 0x%x + %s", r.start, decode.FormatSize(uint64(r.end-r.start)))
}

// words is what a reader makes of the image.
func (r reader) words() string {
	switch {
	case r.unknown != "":
		return "has nothing to compare: " + decode.Printable(r.unknown)
	case r.refused != "":
		return "refuses the image: " + decode.Printable(r.refused)
	case r.digest.Lost > 0:
		return fmt.Sprintf("opens it, a disk of %s bytes; reading fails in %s", decode.Grouped(r.size), decode.FormatSize(uint64(r.digest.Lost)))
	}
	return fmt.Sprintf("opens it, a disk of %s bytes", decode.Grouped(r.size))
}

// source tells how it is known what another program does.
func source(p eyes.Policy) string {
	if p.Name == eyes.Spec {
		return ""
	}
	return "; how it reads is known by " + knownBy(p)
}

func at(p decode.Place) string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf(" (%s at 0x%x)", decode.Printable(p.File), p.Offset)
}

func names(list []string) string { return strings.Join(list, ", ") }
