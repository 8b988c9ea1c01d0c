package vhdx

import (
	"bytes"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
)

// leftovers is what the whole entries of the log hold that no program reads and that is no
// update of the image: bytes after the descriptors, and data sectors of entries that are left
// over whose content can't be that of their target.
type leftovers struct {
	padding, pages hiding
	padded         int64  // bytes after descriptors that are not zero, in all
	text           string // the first that can be read in a page, printable
}

// legible is how many characters in a row are taken for text.
const legible = 12

// look looks at an entry; stale is one that is never replayed.
func (l *leftovers) look(v *Image, e logEntry, stale bool) error {
	r, buf := &v.log, make([]byte, vhdx.LogSector)
	end := vhdx.LogHeadSize + e.descriptors*vhdx.DescriptorSize
	if area := vhdx.DescriptorSectors(e.descriptors) * vhdx.LogSector; end < area {
		if err := r.sector(v.src.File, e.pos+area-vhdx.LogSector, buf); err != nil {
			return err
		}
		rest := buf[end-(area-vhdx.LogSector):]
		if first := len(rest) - len(bytes.TrimLeft(rest, "\x00")); first < len(rest) {
			last := len(bytes.TrimRight(rest, "\x00"))
			l.padding.add(v.place(r.at(e.pos+end)+int64(first), int64(last-first)))
			l.padded += int64(last - first)
		}
	}
	if !stale {
		return nil
	}
	for c, err := range r.changes(v.src.File, e) {
		if err == nil && c.sector >= 0 {
			err = l.page(v, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// page looks at a data sector: one with bits in entries of the BAT that have no meaning, or with
// text that its target does not have.
func (l *leftovers) page(v *Image, c change) error {
	buf, err := v.logDescriptor(c).Page()
	if err != nil {
		return err
	}
	at, text := int64(c.target), ""
	if at < v.bat.off || at >= v.bat.off+v.bat.length {
		if text = textIn(buf); text == "" {
			return nil
		}
		if now, err := readUpTo(v.src.File, at, len(buf)); err != nil || bytes.Equal(now, buf) {
			return err
		}
	} else {
		n, entries := 0, min(int64(len(buf))/vhdx.EntrySize, (v.bat.off+v.bat.length-at)/vhdx.EntrySize)
		for i := range entries {
			if vhdx.ReservedBits(vhdx.EntryAt(buf[i*vhdx.EntrySize:])) != 0 {
				n++
			}
		}
		if text = textIn(buf); n == 0 {
			return nil
		}
	}
	if l.text == "" {
		l.text = text
	}
	l.pages.add(v.place(v.log.at(c.sector), vhdx.LogSector))
	return nil
}

// textIn is the first run of printable characters that is long enough to be text, at most
// 40 of them.
func textIn(b []byte) string {
	for start, i := 0, 0; i <= len(b); i++ {
		if i < len(b) && b[i] >= ' ' && b[i] <= '~' {
			continue
		}
		if i-start >= legible {
			return string(b[start:min(i, start+40)])
		}
		start = i + 1
	}
	return ""
}

// hiddenInLog reports what was found in the entries (52).
func (c *checker) hiddenInLog(l leftovers) bool {
	v := c.image
	if n := l.padding.count; n > 0 && !c.Report(graded(v.finding("52:padding", fmt.Sprintf("%s of the log hold %s after the descriptors that are not zero",
		decode.Plural(n, "entry", "entries"), decode.Plural(l.padded, "byte", "bytes")), l.padding.where...), v.quirk("QEMU", warning))) {
		return false
	}
	if l.pages.count == 0 {
		return true
	}
	text := ""
	if l.text != "" {
		text = ": " + decode.InQuotes(l.text)
	}
	return c.addAs(warning, "52:page", l.pages.where, "%s in entries of the log that are left over can't be what was once written to the image%s", decode.Plural(l.pages.count, "data sector", "data sectors"), text)
}
