package review

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// View is the screen as text.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	below := detailRows(v.h)
	v.drawList(a.Sub(0, 0, v.w, v.h-below))
	v.drawDetail(a.Sub(0, v.h-below, v.w, below))
}

func (v *View) title() string {
	if !v.read {
		return "Staged changes"
	}
	bytes, places, resized, files := 0, 0, 0, map[string]bool{}
	for _, e := range v.entries {
		files[e.File] = true
		if e.Resizes() {
			resized++
			continue
		}
		bytes += len(e.New)
		places++
	}
	title := fmt.Sprintf("Staged changes  %d: %s in %s of %s", v.changes, decode.Plural(bytes, "byte", "bytes"), decode.Plural(places, "place", "places"), decode.Plural(len(files), "file", "files"))
	if resized > 0 {
		title += ", " + decode.Plural(resized, "new length", "new lengths")
	}
	if v.more > 0 {
		title += fmt.Sprintf(", and %d places that are not listed", v.more)
	}
	return title
}

// The columns of the list. The bytes take more room where there is more.
const (
	offsetAt = 5
	bytesAt  = offsetAt + 15
)

// shown is how many bytes of each side a row shows.
func (v *View) shown() int {
	if v.w >= 110 {
		return 8
	}
	return 4
}

func (v *View) textAt() int { return bytesAt + 2*(3*v.shown()+3) + 4 }

func (v *View) drawList(a grid.Area) {
	in := a.Box(v.theme, v.title(), true)
	a.Extent(&v.rows, "")
	if len(v.entries) == 0 {
		text := "reading .."
		if v.read {
			text = "Nothing is staged: the files are as on disk. u and ctrl+r undo and redo; esc goes back."
		}
		for y, line := range grid.Wrap(text, in.W()-2) {
			in.Text(1, y+1, line, theme.Label)
		}
		return
	}
	in.Text(1, 0, "#", theme.Label)
	in.Text(offsetAt, 0, "file offset", theme.Label)
	in.Text(bytesAt, 0, "on disk -> new", theme.Label)
	in.Text(v.textAt(), 0, "what", theme.Label)
	for y := range v.rows.Rows {
		if i, ok := v.rows.At(y); ok {
			v.drawRow(in.Row(y+1), int(i))
		}
	}
}

func (v *View) drawRow(row grid.Area, i int) {
	e := v.entries[i]
	row.Text(1, 0, fmt.Sprint(i+1), theme.Label)
	row.TextFit(offsetAt, 0, bytesAt-offsetAt-1, fmt.Sprintf("0x%x", e.Offset), theme.Offset)
	if e.Resizes() {
		v.drawResize(row, e)
	} else {
		x := row.Text(bytesAt, 0, some(e.Old, v.shown()), theme.Value)
		x = row.Text(x, 0, " -> ", theme.Dim)
		row.Text(x, 0, some(e.New, v.shown()), theme.ByteStaged)
		name := e.name()
		if v.several {
			name += "  in " + decode.Printable(e.File)
		}
		row.TextFit(v.textAt(), 0, row.W()-v.textAt(), name, theme.Value)
	}
	if int64(i) == v.rows.Cursor {
		row.Paint(0, 0, row.W(), theme.Selected)
		row.Set(0, 0, '>', theme.Selected)
	}
}

// drawResize says how the file's length changes, and where there is room what
// is in the part that a cut takes away.
func (v *View) drawResize(row grid.Area, e entry) {
	x := row.Text(bytesAt, 0, resizeWords(e), theme.ByteStaged)
	text := decode.Printable(e.Title)
	if e.SizeAfter < e.SizeBefore {
		text = some(e.Old, v.shown()) + "  " + text
	}
	if v.several {
		text += "  in " + decode.Printable(e.File)
	}
	at := max(x+2, min(v.textAt(), row.W()))
	row.TextFit(at, 0, row.W()-at, text, theme.Value)
}

// resizeWords is the change of a file's length in a few words.
func resizeWords(e entry) string {
	if n := e.SizeAfter - e.SizeBefore; n > 0 {
		return fmt.Sprintf("file grows by %s of zeros", decode.Plural(int(n), "byte", "bytes"))
	}
	return fmt.Sprintf("file is cut by %s", decode.Plural(int(e.SizeBefore-e.SizeAfter), "byte", "bytes"))
}

// name is the most telling name of what changes.
func (e entry) name() string {
	switch {
	case e.new != "":
		return e.what
	case e.disk != "":
		return strings.TrimSuffix(e.disk+", "+e.what, ", ")
	case e.what != "":
		return e.what
	}
	return decode.Printable(e.Title)
}

// some is the first bytes in hexadecimal.
func some(b []byte, n int) string {
	if len(b) > n {
		return fmt.Sprintf("% x ..", b[:n])
	}
	return fmt.Sprintf("% x", b)
}

// labelAt is where the texts of the lower pane start.
const labelAt = 11

func (v *View) drawDetail(a grid.Area) {
	in := a.Box(v.theme, "The change", false)
	e, ok := v.current()
	if !ok {
		return
	}
	y := 0
	line := func(label, text string, style theme.Style) {
		in.Text(1, y, label, theme.Label)
		in.TextFit(labelAt, y, in.W()-labelAt-1, text, style)
		y++
	}
	line("change", decode.Printable(e.Title), theme.Strong)
	if e.Resizes() {
		line("where", fmt.Sprintf("the length of %s", decode.Printable(e.File)), theme.Link)
		line("length", fmt.Sprintf("%d (0x%x) -> %d (0x%x) bytes", e.SizeBefore, e.SizeBefore, e.SizeAfter, e.SizeAfter), theme.ByteStaged)
		v.drawCut(in, y, e)
		return
	}
	line("where", fmt.Sprintf("%s at 0x%x (%d) of %s", decode.Plural(len(e.New), "byte", "bytes"), e.Offset, e.Offset, decode.Printable(e.File)), theme.Link)
	if e.disk != "" {
		line("disk", e.disk, theme.Value)
	}
	if e.what != "" {
		line("what", e.what, theme.Value)
	}
	if e.new != "" {
		line("value", e.old+" -> "+e.new, theme.Value)
	}
	y = v.drawBytes(in, y, e)
	doc := grid.Wrap(e.doc, in.W()-2)
	if y+len(doc) < in.H() {
		y++ // a gap, where there is room
	}
	for _, text := range doc {
		in.Text(1, y, text, theme.Dim)
		y++
	}
	if y > in.H() {
		a.TextRight(a.W()-2, a.H()-1, " more than fits here: enter goes there ", theme.FrameTitle)
	}
}

// drawCut paints the bytes that a cut takes away, with their offsets, as far as
// there is room; of a file that grows it says what it gains.
func (v *View) drawCut(in grid.Area, y int, e entry) {
	if e.SizeAfter > e.SizeBefore {
		in.Text(1, y, "gains", theme.Label)
		in.Sub(labelAt, y, in.W()-labelAt-1, in.H()-y).TextWrap(0, 0, fmt.Sprintf("%s, all zero, at 0x%x; other changes may write there", decode.Plural(int(e.SizeAfter-e.SizeBefore), "byte", "bytes"), e.SizeBefore), theme.Value)
		return
	}
	in.Text(1, y, "loses", theme.Label)
	in.TextFit(labelAt, y, in.W()-labelAt-1, fmt.Sprintf("%s from 0x%x to the end", decode.Plural(int(e.SizeBefore-e.SizeAfter), "byte", "bytes"), e.SizeAfter), theme.Value)
	y++
	per := 16
	if in.W() < labelAt+4*per+1 {
		per = 8
	}
	cut := min(len(e.Old), (in.H()-y)*per)
	for off := 0; off < cut; off += per {
		part := e.Old[off:min(off+per, len(e.Old))]
		in.TextFit(1, y, labelAt-2, fmt.Sprintf("0x%x", e.SizeAfter+int64(off)), theme.Offset)
		in.Text(labelAt, y, fmt.Sprintf("% x", part), theme.Value)
		in.Text(labelAt+3*per+1, y, dots(part), theme.Dim)
		y++
	}
	if int64(cut) < e.SizeBefore-e.SizeAfter {
		in.TextRight(in.W()-1, in.H()-1, fmt.Sprintf(" %s more than shown ", decode.Plural(int(e.SizeBefore-e.SizeAfter)-cut, "byte", "bytes")), theme.Dim)
	}
}

// drawBytes paints old and new bytes below each other, row by row, and returns
// the row after them.
func (v *View) drawBytes(in grid.Area, y int, e entry) int {
	per := 16
	if in.W() < 75 {
		per = 8
	}
	off, length := 0, max(len(e.Old), len(e.New))
	for ; off < length && y+1 < in.H(); off += per {
		for i, side := range [][]byte{e.Old, e.New} {
			label, style := "on disk", theme.Value
			if i == 1 {
				label, style = "new", theme.ByteStaged
			}
			in.Text(1, y, label, theme.Label)
			part := side[min(off, len(side)):min(off+per, len(side))]
			in.Text(labelAt, y, fmt.Sprintf("% x", part), style)
			in.Text(labelAt+3*per+1, y, dots(part), theme.Dim)
			y++
		}
	}
	if off < length {
		in.TextRight(in.W()-1, in.H()-1, " more bytes than shown ", theme.Dim)
		return in.H() // the row is taken: what comes next doesn't fit
	}
	return y
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
