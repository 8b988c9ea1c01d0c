package logview

import (
	"fmt"
	"strconv"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	v.drawRing(v.lay.ring.In(a))
	v.drawEntries(v.lay.entries.In(a))
	if v.lay.facts.W > 0 {
		v.drawFacts(v.lay.facts.In(a))
	}
	v.drawChanges(v.lay.changes.In(a))
}

// where tells the place of the log and which session counts.
func (v *View) where() string {
	if v.log.Place.Length == 0 {
		return ""
	}
	s := fmt.Sprintf("0x%x + %s", v.log.Place.Offset, decode.FormatSize(uint64(v.log.Place.Length)))
	if s += "  " + v.verdict(); v.log.Dirty {
		s += "  session " + decode.Printable(v.log.GUID)
	}
	return s
}

func (v *View) drawEntries(a grid.Area) {
	title := fmt.Sprintf("Entries  %d", len(v.log.Entries))
	if v.log.Omitted > 0 {
		title += fmt.Sprintf(" of %d", len(v.log.Entries)+v.log.Omitted)
	}
	if v.log.Steps > 0 {
		title += "  " + v.shown()
	}
	in := a.Box(v.theme, title, v.focus == entriesPane)
	if len(v.log.Entries) == 0 {
		y := in.Sub(1, 0, in.W()-2, in.H()).TextWrap(0, 0, v.empty(), theme.Label)
		if v.loaded && v.failure == nil {
			in.Sub(1, 0, in.W()-2, in.H()).TextWrap(0, y+1, aboutLog, theme.Dim)
		}
		return
	}
	c := v.columns()
	for i, name := range []string{"sequence", "offset", "length", "desc", "state"} {
		in.Text(c[i], 0, name, theme.Label)
	}
	in.TextFit(c[5], 0, in.W()-c[5], "why", theme.Label)
	for y := range v.entries.Rows {
		if i, ok := v.entries.At(y); ok {
			v.drawEntry(in.Row(y+1), c, v.log.Entries[i], i == v.entries.Cursor)
		}
	}
}

// empty says why there is no entry.
func (v *View) empty() string {
	switch {
	case !v.loaded:
		return "reading the log ..."
	case v.failure != nil || v.log.Place.Length == 0:
		return v.verdict()
	}
	return "The log is empty: nothing was ever written through it, or it was cleared."
}

// aboutLog says what a log is, where there is none to look at.
const aboutLog = "The log is where a program writes changes of the image's tables first, before the tables themselves: after a power cut the next program finds them there and replays them. " +
	"Only tables go through it, never content of the disk. An image that was closed properly needs none of it. The log of sample:dirty has entries."

// columns is where those of the list start.
func (v *View) columns() [6]int {
	wide := len("sequence")
	for _, e := range v.log.Entries {
		wide = max(wide, len(strconv.FormatUint(e.Sequence, 10)))
	}
	c := [6]int{0: 2}
	for i, w := range []int{wide, 10, 7, 4, 12} {
		c[i+1] = c[i] + w + 2
	}
	return c
}

func (v *View) drawEntry(row grid.Area, c [6]int, e disk.LogEntry, cursor bool) {
	words, style := v.state(e)
	row.TextRight(c[1]-2, 0, strconv.FormatUint(e.Sequence, 10), theme.Strong)
	row.Text(c[1], 0, fmt.Sprintf("0x%x", e.Place.Offset), theme.Offset)
	row.TextRight(c[3]-2, 0, decode.FormatSize(uint64(max(e.Length, 0))), theme.Value)
	row.TextRight(c[4]-2, 0, strconv.FormatInt(e.Count, 10), theme.Value)
	row.Text(c[4], 0, words, style)
	row.TextFit(c[5], 0, row.W()-c[5], decode.Printable(e.Why), theme.Dim)
	if cursor {
		row.Paint(0, 0, row.W(), theme.Selected)
		row.Set(0, 0, '>', theme.Selected)
	}
}

// state is what became of an entry in what all screens show.
func (v *View) state(e disk.LogEntry) (string, theme.Style) {
	switch {
	case e.Active() && e.Step <= v.log.At:
		return fmt.Sprintf("= step %d done", e.Step), theme.Good
	case e.Active():
		return fmt.Sprintf("= step %d", e.Step), theme.Warn
	case e.Torn:
		return "x torn", theme.Error
	case e.Stale:
		return "o stale", theme.Dim
	}
	return "- applied", theme.Note
}

// drawFacts lists what the entry's header says.
func (v *View) drawFacts(a grid.Area) {
	e, ok := v.entry()
	if !ok {
		a.Box(v.theme, "Entry", false)
		return
	}
	in := a.Box(v.theme, fmt.Sprintf("Entry %d  %s, %s", e.Sequence, decode.FormatSize(uint64(max(e.Length, 0))), decode.Plural(e.Count, "change", "changes")), false)
	words, style := v.state(e)
	y := 0
	fact := func(label, text string, style theme.Style) {
		in.Text(1, y, label, theme.Label)
		y = in.TextWrap(13, y, text, style)
	}
	fact("state", words, style)
	if e.Why != "" {
		fact("why", decode.Printable(e.Why), theme.Value)
	}
	fact("in the log", fmt.Sprintf("0x%x, sector %d", e.Offset, e.Offset/pageBytes), theme.Value)
	fact("tail", v.tailWords(e), theme.Value)
	fact("session", decode.Printable(e.GUID), theme.Value)
	if !e.Torn {
		fact("checksum", "CRC-32C matches", theme.Good)
	}
	fact("durable", sizeWords(e.Flushed)+" of the file (FlushedFileOffset)", theme.Value)
	fact("size after", sizeWords(e.Last)+" (LastFileOffset)", theme.Value)
	if e.Offset+e.Length > v.log.Place.Length {
		fact("wraps", "goes on at the start of the ring", theme.Note)
	}
}

// tailWords names the entry that the tail points at.
func (v *View) tailWords(e disk.LogEntry) string {
	s := fmt.Sprintf("0x%x", e.Tail)
	for _, t := range v.log.Entries {
		if t.Offset != e.Tail {
			continue
		}
		if t.Sequence == e.Sequence {
			return s + ", this entry: nothing before it is needed"
		}
		return s + fmt.Sprintf(", entry %d: the replay starts there", t.Sequence)
	}
	return s + ", where no entry starts now"
}

// sizeWords is a size exact and for people; a torn entry may have any number.
func sizeWords(n uint64) string { return fmt.Sprintf("0x%x (%s)", n, decode.FormatSize(n)) }

func (v *View) drawChanges(a grid.Area) {
	in := a.Box(v.theme, v.changesTitle(), v.focus == changesPane)
	if e, ok := v.entry(); ok && !v.effect.known {
		in.TextFit(1, 0, in.W()-2, fmt.Sprintf("reading entry %d ...", e.Sequence), theme.Label)
	}
	for y := range v.changes.Rows {
		if i, ok := v.changes.At(y); ok {
			drawRow(in.Row(y), v.rows[i], i == v.changes.Cursor && v.focus == changesPane)
		}
	}
}

func (v *View) changesTitle() string {
	e, ok := v.entry()
	if !ok {
		return "What an entry changes"
	}
	verb := "what replay changes"
	switch {
	case e.Torn:
		verb = "what it would have changed, as far as it is whole"
	case !e.Active():
		verb = "what it would change now"
	}
	var names []string
	for m := range modes {
		name := m.String()
		if m == v.mode {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return fmt.Sprintf("Entry %d: %s  %s", e.Sequence, verb, strings.Join(names, " "))
}

// The columns of a change where there is room for its bytes.
const (
	oldAt  = 18
	nowAt  = oldAt + 3*hexShown + 3
	textAt = nowAt + 3*hexShown + 3
)

func drawRow(row grid.Area, r row, cursor bool) {
	switch {
	case r.head || r.old == "":
		row.TextFit(1, 0, row.W()-2, r.text, r.style)
	case row.W() < columnsWidth:
		x := row.Text(3, 0, fmt.Sprintf("0x%x ", r.place.Offset), theme.Offset)
		row.TextFit(x, 0, row.W()-x-1, narrow(r), r.style)
	default:
		row.Text(3, 0, fmt.Sprintf("0x%x", r.place.Offset), theme.Offset)
		row.Text(oldAt, 0, r.old, theme.Value)
		row.Text(nowAt, 0, r.now, theme.Mark)
		row.TextFit(textAt, 0, row.W()-textAt-1, r.text, r.style)
	}
	if cursor {
		row.Paint(0, 0, row.W(), theme.Selected)
		row.Set(0, 0, '>', theme.Selected)
	}
}

// narrow is a change where its bytes have no columns: they stand for what no
// field words.
func narrow(r row) string {
	if strings.Contains(r.text, " -> ") {
		return r.text
	}
	return fmt.Sprintf("%s: %s -> %s", r.text, r.old, r.now)
}
