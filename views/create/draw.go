package create

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// layout is where the parts of the screen are.
type layout struct {
	form, button, regions grid.Rect
	skip                  int // regions above those that show
}

// The shape of the screen: rows of the box below the form, and of the text in it.
const (
	commandRows = 4
	docRows     = 3 // at least, with the line over them
	docMost     = 6
)

// SetSize arranges the parts.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

func (v *View) arrange() {
	wide := min(max(v.w*9/20, 38), 64)
	v.lay.form = grid.At(0, 0, min(wide, v.w), max(v.h-commandRows, 0))
	v.fitDoc()
}

// fitDoc gives the text about the row with the cursor the rows that it needs, and the list
// the rest.
func (v *View) fitDoc() {
	text, _ := v.about()
	doc := grid.Wrap(decode.Printable(text), max(v.lay.form.W-4, 1))
	v.doc = doc[:min(len(doc), docMost-1)]
	v.list.Fit(int64(len(v.rows)), max(v.lay.form.H-2-v.docHeight(), 1))
}

// docHeight is how many rows the text takes, with the line over it.
func (v *View) docHeight() int { return max(1+len(v.doc), docRows) }

// about is what is said of the row with the cursor.
func (v *View) about() (string, theme.Style) {
	if name := v.guilty(); v.known && v.err != nil && (name == v.current().name || name == "" || v.unlisted(name)) {
		return "! " + v.problem(), theme.Failure
	}
	if why := v.plan.Useless[v.current().name]; why != "" {
		return why, theme.Dim
	}
	return v.current().doc, theme.Dim
}

// View is the screen as text.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	v.drawForm(v.lay.form.In(a))
	x, top := v.lay.form.W, v.lay.form.H/2
	v.drawLayout(a.Sub(x, 0, v.w-x, top), x)
	v.drawBytes(a.Sub(x, top, v.w-x, v.lay.form.H-top))
	v.drawCommand(a.Sub(0, v.lay.form.H, v.w, commandRows))
}

func (v *View) drawForm(a grid.Area) {
	in := a.Box(v.theme, "New image", true)
	v.fitDoc()
	list := in.H() - v.docHeight()
	for y := range max(list, 0) {
		if i, ok := v.list.At(y); ok {
			v.drawRow(in.Row(y), int(i))
		}
	}
	in.HLine(0, list, in.W(), v.theme.Glyphs.Border(false).Horizontal, theme.Frame)
	_, style := v.about()
	for y, line := range v.doc {
		in.TextFit(1, list+1+y, in.W()-1, line, style)
	}
}

// unlisted reports whether no row has a name.
func (v *View) unlisted(name string) bool {
	for _, r := range v.rows {
		if r.name == name {
			return false
		}
	}
	return true
}

// valueAt is the column of the values: past the longest name, unless room is short.
func (v *View) valueAt() int {
	longest := 0
	for _, r := range v.rows {
		longest = max(longest, grid.Width(r.name))
	}
	return min(longest+4, max(15, v.lay.form.W/3))
}

func (v *View) drawRow(a grid.Area, i int) {
	r, here := v.rows[i], int64(i) == v.list.Cursor
	useless := v.plan.Useless[r.name] != ""
	label, value, style := theme.Label, string(r.value), theme.Strong
	if useless {
		label = theme.Dim
	}
	if len(r.value) == 0 {
		style, value = theme.Dim, v.standard(r.name)
		if useless {
			value = "-"
		}
	}
	if r.name == v.guilty() {
		a.Set(1, 0, '!', theme.Failure)
	}
	at := v.valueAt()
	a.TextFit(3, 0, at-4, r.name, label)
	room := a.W() - at - 1
	short := strings.TrimSuffix(value, " (default)") // the style says that it is the default
	if grid.Width(value) > room {
		value = short
	}
	choice := "< " + decode.Printable(value) + " >"
	if grid.Width(choice) > room {
		choice = "< " + decode.Printable(short) + " >"
	}
	if grid.Width(choice) > room { // the keys below say that there are others
		choice = decode.Printable(short)
	}
	switch {
	case !here:
		a.TextFit(at, 0, room, decode.Printable(value), style)
	case r.words != nil:
		a.TextFit(at, 0, room, choice, theme.Selected)
	default:
		v.drawLine(a.Sub(at, 0, room, 1), r, value, style)
	}
	if here {
		a.Set(0, 0, '>', theme.Selected)
	}
}

// drawLine paints the text of the row with the cursor.
func (v *View) drawLine(a grid.Area, r row, standard string, style theme.Style) {
	from := max(0, r.at-a.W()+1)
	if len(r.value) == 0 {
		a.TextFit(1, 0, a.W()-1, decode.Printable(standard), style)
	} else {
		a.Text(0, 0, decode.Printable(string(r.value[from:])), theme.Strong)
	}
	c := ' '
	if r.at < len(r.value) {
		c = r.value[r.at]
	}
	a.Set(r.at-from, 0, c, theme.Cursor)
}

// standard is what a row that is left empty stands for.
func (v *View) standard(name string) string {
	value := v.plan.Values[name]
	switch {
	case name == rowFormat && v.format != "":
		return v.format + " (by the name)"
	case name == rowParent:
		return "none"
	case value == "" || v.unresolved():
		return "default"
	}
	for _, o := range v.creator.Options(v.format) {
		if o.Name == name && o.Kind == disk.Bytes {
			if n, err := decode.ParseSize(value); err == nil {
				value = decode.ShortSize(n)
			}
		}
	}
	return value + " (default)"
}

// unresolved reports whether the plan is of another format than the form.
func (v *View) unresolved() bool { return v.plan.Info.Format != v.format }

// drawLayout lists what lies where in the file to be.
func (v *View) drawLayout(a grid.Area, x int) {
	title := "The file to be"
	if v.known && v.err != nil {
		title = "The last one that could be made"
	}
	in := a.Box(v.theme, title, false)
	y := 0
	line := func(text string, style theme.Style) {
		in.TextFit(1, y, in.W()-2, text, style)
		y++
	}
	if v.plan.Info.Format == "" {
		line("nothing yet", theme.Dim)
		return
	}
	i, style := v.plan.Info, theme.Value
	if !v.known || v.err != nil {
		style = theme.Dim // of what the form held before
	}
	form, disk := fmt.Sprintf("%s %s, ", i.Format, i.Type), decode.FormatSize(uint64(i.VirtualSize))
	if what := "a disk of "; len(form)+len(what)+len(disk) <= in.W()-2 {
		form += what
	}
	line(form+disk, style)
	size := "takes " + decode.FormatSize(uint64(i.FileSize))
	if n := len(v.plan.Files); n > 1 {
		size += fmt.Sprintf(" in %d files", n)
	}
	if v.plan.GrowsTo > i.FileSize {
		size += ", grows to " + decode.FormatSize(uint64(v.plan.GrowsTo))
	}
	line(size, style)
	for _, w := range v.plan.Warnings {
		line("! "+decode.Printable(w.Text), theme.Warn)
	}
	rows := max(in.H()-y, 0)
	v.lay.skip = max(0, min(v.region-rows/2, len(v.plan.Layout)-rows))
	v.lay.regions = grid.At(x+1, 1+y, in.W(), rows)
	for n := range rows {
		if at := v.lay.skip + n; at < len(v.plan.Layout) {
			v.drawRegion(in.Row(y+n), at, style)
		}
	}
}

func (v *View) drawRegion(row grid.Area, i int, style theme.Style) {
	r := v.plan.Layout[i]
	name, size := decode.Printable(r.Name), decode.FormatSize(uint64(max(r.Length, 0)))
	if row.W() >= roomy {
		x := row.Text(2, 0, fmt.Sprintf("0x%08x", r.Offset), theme.Offset)
		row.TextRight(x+11, 0, size, style)
		row.TextFit(x+13, 0, row.W()-x-13, name, style)
	} else {
		x := 2 + v.offsets()
		row.TextRight(x, 0, fmt.Sprintf("%x", r.Offset), theme.Offset)
		row.TextFit(x+1, 0, row.W()-x-1, name, style)
		if x+1+grid.Width(name)+2+len(size) < row.W() {
			row.TextRight(row.W()-1, 0, size, style)
		}
	}
	if i == v.region {
		row.Paint(0, 0, row.W(), theme.Selected)
		row.Set(0, 0, '>', theme.Selected)
	}
}

// roomy is the width from which on a region's size has a column of its own, beside its whole
// name. Where there is less the size of the chosen one stands over its bytes.
const roomy = 50

// offsets is how wide the regions' offsets are.
func (v *View) offsets() (w int) {
	for _, r := range v.plan.Layout {
		w = max(w, len(fmt.Sprintf("%x", r.Offset)))
	}
	return w
}

// drawBytes shows the first bytes of the region that is chosen.
func (v *View) drawBytes(a grid.Area) {
	if v.region >= len(v.plan.Heads) {
		a.Box(v.theme, "Bytes", false)
		return
	}
	r, b := v.plan.Layout[v.region], v.plan.Heads[v.region]
	title, top := "First bytes of "+decode.Printable(r.Name), 0
	if a.W()-2 < roomy {
		title, top = decode.Printable(r.Name), 1
	}
	in := a.Box(v.theme, title, false)
	if top > 0 {
		in.TextFit(1, 0, in.W()-2, decode.FormatSize(uint64(max(r.Length, 0)))+", its first bytes:", theme.Dim)
	}
	per := 16
	for per > 4 && 11+3*per > in.W() {
		per /= 2
	}
	for y := top; y < in.H(); y++ {
		off := (y - top) * per
		if off >= len(b) {
			return
		}
		part := b[off:min(off+per, len(b))]
		in.Text(1, y, fmt.Sprintf("%08x", r.Offset+int64(off)), theme.Offset)
		for i, c := range part {
			in.Text(11+3*i, y, fmt.Sprintf("%02x", c), theme.Class(c))
		}
		if at := 11 + 3*per + 1; at+per <= in.W() {
			in.Text(at, y, dots(part), theme.Dim)
		}
	}
}

// dots is bytes as ASCII text.
func dots(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		if out[i] = '.'; c >= ' ' && c < 0x7F {
			out[i] = c
		}
	}
	return string(out)
}

// drawCommand shows the command line that makes the same image, and the button.
func (v *View) drawCommand(a grid.Area) {
	in := a.Box(v.theme, "The same on the command line", false)
	const label = "[ Create ]"
	v.lay.button = grid.At(v.w-2-len(label), v.lay.form.H+in.H(), len(label), 1)
	for y, line := range grid.Wrap(v.Command(), in.W()-2) {
		room := in.W() - 2
		if y == in.H()-1 {
			room -= len(label) + 1
		}
		in.TextFit(1, y, room, line, theme.Value)
	}
	style := theme.Selected
	if v.Ready() != "" {
		style = theme.Tab
	}
	in.Text(in.W()-len(label)-1, in.H()-1, label, style)
}

// Command is the command line that makes the same image.
func (v *View) Command() string {
	m := v.Making()
	path := m.Path
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	words := []string{"platter create", quoted(path)}
	if size := m.Values[disk.OptionSize]; size != "" {
		words = append(words, quoted(size))
	}
	for _, o := range [][2]string{{"format", m.Format}, {"parent", m.Parent}} {
		if o[1] != "" {
			words = append(words, "--"+o[0]+"="+quoted(o[1]))
		}
	}
	for _, r := range v.rows {
		if value := m.Values[r.name]; value != "" && r.name != disk.OptionSize {
			words = append(words, "--"+r.name+"="+quoted(value))
		}
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_./:=@%+,-", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
