package logview

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"platter/decode"
	"platter/views/theme"
)

// row is a line of what an entry changes.
type row struct {
	place    decode.Place // where it leads; no file for nowhere
	head     bool         // it stands for a descriptor
	old, now string       // bytes, in hexadecimal; only for fields
	text     string
	style    theme.Style
}

// list makes the rows of what the entry changes.
func (v *View) list() {
	v.rows = nil
	for i, c := range v.effect.list {
		v.rows = append(v.rows, headRow(i, c))
		if v.mode == difference {
			v.rows = append(v.rows, fieldRows(c)...)
		} else {
			v.rows = append(v.rows, byteRows(c, v.mode == after)...)
		}
	}
	if v.effect.more {
		v.rows = append(v.rows, row{text: "there is more; `platter log --changes` lists all of it", style: theme.Label})
	}
	if v.effect.known && len(v.rows) == 0 {
		v.rows = append(v.rows, row{text: v.nothing(), style: theme.Label})
	}
	v.changes.Fit(int64(len(v.rows)), v.changes.Rows)
}

// nothing says why there is no change to show.
func (v *View) nothing() string {
	e, _ := v.entry()
	switch {
	case v.effect.err != nil:
		return "can't be read: " + decode.Printable(v.effect.err.Error())
	case e.Count == 0:
		return "Nothing: the entry has no descriptors. Windows starts each session with such an entry."
	}
	return "The entry's descriptors are invalid: there is nothing to show."
}

func headRow(i int, c change) row {
	where := ""
	if c.Where != "" {
		where = "  " + decode.Printable(c.Where)
	}
	words := decode.Plural(len(c.List), "change", "changes")
	if c.More {
		words = fmt.Sprintf("more than %s", words)
	}
	if len(c.List) == 0 {
		words = "the same bytes as before"
	}
	kind := "page replaced"
	if c.Kind == "zero" {
		kind = "filled with zeros"
	}
	text := fmt.Sprintf("%d  0x%x, %s %s%s: %s", i+1, c.Target.Offset, decode.FormatSize(uint64(c.Target.Length)), kind, where, words)
	return row{place: c.Target, head: true, text: text, style: theme.Strong}
}

func fieldRows(c change) []row {
	var rows []row
	for _, e := range c.List {
		words := fmt.Sprintf("%s: %s -> %s", e.Name, unpadded(e.Before), unpadded(e.After))
		if e.Before == fmt.Sprintf("% x", e.Old) { // bytes of no field: they stand in their columns
			words = cmp.Or(e.Name, "bytes")
		}
		rows = append(rows, row{place: e.Place, old: shortHex(e.Old), now: shortHex(e.New), text: decode.Printable(words), style: theme.Value})
	}
	return rows
}

// hexShown is how many bytes of a field stand in a column.
const hexShown = 8

func shortHex(b []byte) string {
	if len(b) > hexShown {
		return fmt.Sprintf("% x..", b[:hexShown])
	}
	return fmt.Sprintf("% x", b)
}

// rowBytes is how many bytes stand in a line of a target.
const rowBytes = 16

// byteRows are the bytes of a target, before or after; lines of zeros are
// left out, and lines that change are marked.
func byteRows(c change, after bool) []row {
	var rows []row
	b := c.Old
	if after {
		b = c.New
	}
	folded := 0
	for at := 0; at < len(b); at += rowBytes {
		end := min(at+rowBytes, len(b))
		differs := !bytes.Equal(c.Old[at:end], c.New[at:end])
		if !differs && bytes.Count(b[at:end], []byte{0}) == end-at {
			folded++
			continue
		}
		mark, style := " ", theme.Value
		if differs {
			mark, style = "*", theme.Mark
		}
		rows = append(rows, row{place: c.Target.Sub(int64(at), int64(end-at)), style: style,
			text: fmt.Sprintf("%s 0x%08x  % -48x %s", mark, c.Target.Offset+int64(at), b[at:end], ascii(b[at:end]))})
	}
	if folded > 0 {
		rows = append(rows, row{text: fmt.Sprintf("  %d rows of zeros are not shown", folded), style: theme.Dim})
	}
	if c.Target.Length > pageBytes {
		rows = append(rows, row{text: fmt.Sprintf("  only the first %d bytes are shown", len(b)), style: theme.Dim})
	}
	return rows
}

// ascii is bytes as text, with dots for what is none.
func ascii(b []byte) string {
	text := make([]byte, len(b))
	for i, c := range b {
		if text[i] = c; c < ' ' || c > '~' {
			text[i] = '.'
		}
	}
	return string(text)
}

// unpadded takes the leading zeros of a hexadecimal value away, which there is
// no room for where two values stand side by side.
func unpadded(value string) string {
	digits, ok := strings.CutPrefix(value, "0x")
	if !ok {
		return value
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" || digits[0] == ' ' {
		digits = "0" + digits
	}
	return "0x" + digits
}
