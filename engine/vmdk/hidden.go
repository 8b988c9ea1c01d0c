package vmdk

import (
	"bytes"
	"fmt"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// hidden is H16: bytes of the metadata's room that no structure counts and that are not
// zero: between structures, after the last entry of a directory, and in a stream after
// markers and after the compressed data of grains.
type hidden struct {
	leaks
	text string // the first that reads as one
}

// shownText is how much of a hidden text is shown.
const shownText = 40

// take looks at a range that should be zeros.
func (h *hidden) take(f *file, off, length int64) {
	b, err := f.head(off, min(length, sniffBytes))
	i := bytes.IndexFunc(b, func(r rune) bool { return r != 0 })
	if err != nil || i < 0 {
		return
	}
	h.add(f.place(off, length))
	if h.text == "" {
		h.text = readable(b[i:])
	}
}

// readable is the text that bytes start with; empty if they start with none.
func readable(b []byte) string {
	const least = 4
	end := bytes.IndexFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
	if end < 0 {
		end = len(b)
	}
	if end < least {
		return ""
	}
	return string(b[:min(end, shownText)])
}

func (w *scan) reportSlack() { w.slack.report(w.c) }

func (h *hidden) report(c *checker) {
	if h.count == 0 {
		return
	}
	text := ""
	if h.text != "" {
		text = ", the first starting with " + decode.InQuotes(h.text)
	}
	severity := disk.SeverityWarning
	if c.doubt != "" {
		severity = disk.SeverityInfo
		text += fmt.Sprintf("; they may be tables that were lost: settle %s first", c.doubt)
	}
	c.found(severity, "H16", h.where, "%s, %d bytes, in the room of the metadata are counted by no structure and are not zero%s", decode.Plural(h.count, "range", "ranges"), h.bytes, text)
}

// padding looks at what lies between the structures at the start of a hosted extent.
func (w *scan) padding(from, to int64) {
	if w.s.kind != vmdk.KindHosted || from >= to {
		return
	}
	first, err := w.look.NotZero(w.c.ctx, from, to-from)
	if err == nil && first >= 0 {
		w.slack.take(w.g.file, first, to-first)
	}
}

// geometryBytes is how much of the parent's name in the header of a redo log is the
// geometry where there is no parent.
const geometryBytes = 12

// headerTexts looks at what follows the NUL of each text in the header of a redo log.
func (w *scan) headerTexts() {
	for _, field := range []*decode.Field{vmdk.CowdParent.Field(), vmdk.CowdName.Field(), vmdk.CowdDescription.Field()} {
		from, to := int64(field.Offset()), int64(field.Offset()+field.Size())
		b := w.s.cowd.Bytes()[from:to]
		end := bytes.IndexByte(b, 0)
		if end >= 0 && field.Offset() == vmdk.CowdParent.Offset() {
			end = max(end, geometryBytes)
		}
		if end >= 0 {
			w.slack.take(w.s.file, from+int64(end), to-from-int64(end))
		}
	}
	w.slack.take(w.s.file, int64(vmdk.CowdReserved.Offset()), int64(vmdk.CowdReserved.Size()))
}

// directoryTails looks at what follows the last entry of each directory in its sector.
func (w *scan) directoryTails() {
	for copy := range w.g.dirCount {
		end := w.g.dirs[copy] + w.g.tables*w.g.width
		w.slack.take(w.g.file, end, roundUp(end, vmdk.SectorSize)-end)
	}
}

// markerTail looks at what follows the fields of a marker.
func (w *scan) markerTail(pos int64) {
	end := int64(vmdk.MarkerPad.Offset())
	w.slack.take(w.s.file, pos+end, vmdk.SectorSize-end)
}

// grainTail looks at what follows the compressed data of a grain in its last sector.
func (w *scan) grainTail(pos, size int64) {
	end := pos + vmdk.GrainMarkerSize + size
	w.slack.take(w.s.file, end, roundUp(end, vmdk.SectorSize)-end)
}

// afterFields is D16: text that follows all that an extent line can have.
func (c *checker) afterFields(l *vmdk.Line) {
	const most = 2 // the partition's UUID and the device's identity
	if x := l.Extent; l.Fault == "" && len(strings.Fields(x.Rest)) > most || x.Rest != "" && !x.IsFlat() {
		c.warn("D16", x.RestAt.Place(c.m.textAt.File, c.m.textAt.Offset), "text follows the fields of the extent line: %s", decode.InQuotes(clip(x.Rest)))
	}
}

// strayText words a descriptor that lies where nobody reads it; empty for what is none.
func (m *Image) strayText(f *file, at int64) string {
	b, err := f.head(at, sniffBytes)
	if err != nil || !vmdk.IsDescriptor(b) {
		return ""
	}
	t := vmdk.ParseDescriptor(b)
	text := fmt.Sprintf("%d bytes of descriptor text, which nobody reads", t.Size)
	if m.text == nil {
		return text
	}
	used := map[string]bool{}
	for i := range m.text.Lines {
		used[strings.TrimSpace(m.text.Lines[i].Text)] = true
	}
	var other []string
	for i := range t.Lines {
		if line := strings.TrimSpace(t.Lines[i].Text); line != "" && !used[line] {
			other = append(other, line)
		}
	}
	if len(other) == 0 {
		return text + "; it says what the one in use says"
	}
	return text + fmt.Sprintf("; %d of its lines are not in the one in use, the first is %s", len(other), decode.InQuotes(clip(other[0])))
}
