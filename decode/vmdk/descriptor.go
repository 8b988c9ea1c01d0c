package vmdk

import (
	"bytes"
	"strings"

	"platter/decode"
)

// The bounds on a descriptor (vmdk.md 2.6).
const (
	MaxDescriptor = 1 << 20 // bytes of text
	MaxLines      = 20_000
	MaxLine       = 8 << 10 // bytes
)

// LineKind says what a line of a descriptor is.
type LineKind uint8

// The kinds of line.
const (
	LineBlank LineKind = iota
	LineComment
	LineSetting
	LineExtent
	LineUnknown
)

// Part is a run of bytes in a descriptor's text.
type Part struct{ Offset, Length int }

// Line is one line of a descriptor, kept as it is.
type Line struct {
	Kind   LineKind
	At     Part   // with its line ending
	Text   string // without it
	Ending string // "\n", "\r\n", or "" at the end of the text
	Fault  string // what is wrong with the line; empty if nothing is

	Key, Value     string // of a setting, trimmed and unquoted, in the bytes of the text
	KeyAt, ValueAt Part
	Extent         *Extent // of an extent line
}

// Descriptor is the text that describes a disk: settings, extents, and the disk
// database (vmdk.md 2). Parsing never fails; what is not understood is kept as
// a line of unknown kind.
type Descriptor struct {
	Lines []Line
	Size  int    // bytes of text, up to the first NUL
	Fault string // why the text was not read to its end; empty if it was
}

const byteOrderMark = "\xEF\xBB\xBF"

// IsDescriptor reports whether a file that starts with b is a descriptor: its
// first line that is neither blank nor a comment sets the version, or its
// first line of all is the usual title (vmdk.md 1.1).
func IsDescriptor(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte(byteOrderMark))
	first := true
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		text := strings.TrimSpace(string(line[:min(len(line), MaxLine)]))
		switch {
		case first && isTitle(text):
			return true
		case text == "" || text[0] == '#':
			first = first && text == ""
		default:
			return isVersion(text)
		}
		b = rest
	}
	return false
}

// isTitle accepts the spellings of "# Disk DescriptorFile" seen in the wild.
func isTitle(text string) bool {
	rest, ok := strings.CutPrefix(text, "#")
	return ok && strings.EqualFold(strings.ReplaceAll(rest, " ", ""), "diskdescriptorfile")
}

func isVersion(text string) bool {
	key, value, ok := strings.Cut(text, "=")
	value = strings.TrimSpace(value)
	return ok && strings.EqualFold(strings.TrimSpace(key), "version") && value != "" && value[0] >= '0' && value[0] <= '9'
}

// ParseDescriptor reads a descriptor's text: all of a file, or the region
// reserved inside a sparse extent. It ends at the first NUL.
func ParseDescriptor(b []byte) *Descriptor {
	d := &Descriptor{Size: len(b)}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		d.Size = i
	}
	if d.Size > MaxDescriptor {
		d.Size, d.Fault = MaxDescriptor, "longer than 1 MiB, the rest was not read"
	}
	for pos := 0; pos < d.Size; {
		end := d.Size
		if i := bytes.IndexByte(b[pos:d.Size], '\n'); i >= 0 {
			end = pos + i + 1
		}
		if len(d.Lines) == MaxLines {
			d.Fault = "more than 20000 lines, the rest was not read"
			d.Lines = append(d.Lines, Line{Kind: LineUnknown, At: Part{pos, d.Size - pos}, Fault: d.Fault})
			break
		}
		d.Lines = append(d.Lines, parseLine(b[pos:end], pos))
		pos = end
	}
	return d
}

func parseLine(raw []byte, pos int) Line {
	l := Line{At: Part{pos, len(raw)}}
	if len(raw) > MaxLine {
		l.Kind, l.Fault = LineUnknown, "longer than 8 KiB, not read"
		return l
	}
	l.Text = string(raw)
	for _, ending := range []string{"\r\n", "\n"} {
		if text, ok := strings.CutSuffix(l.Text, ending); ok {
			l.Text, l.Ending = text, ending
			break
		}
	}
	text := l.Text
	if pos == 0 {
		text = strings.TrimPrefix(text, byteOrderMark)
		pos += len(l.Text) - len(text)
	}
	trimmed := strings.Trim(text, " \t")
	switch {
	case trimmed == "":
		l.Kind = LineBlank
	case trimmed[0] == '#':
		l.Kind = LineComment
	case isExtentLine(trimmed):
		l.Kind = LineExtent
		l.Extent, l.Fault = parseExtent(text, pos)
	case strings.Contains(text, "="):
		l.Kind = LineSetting
		l.parseSetting(text, pos)
	default:
		l.Kind, l.Fault = LineUnknown, "neither a setting, an extent nor a comment"
	}
	if l.Fault == "" && strings.ContainsFunc(text, isControl) {
		l.Fault = "contains control bytes"
	}
	return l
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }

func (l *Line) parseSetting(text string, pos int) {
	eq := strings.IndexByte(text, '=')
	l.Key, l.KeyAt = trimPart(text[:eq], pos)
	l.Value, l.ValueAt = trimPart(text[eq+1:], pos+eq+1)
	if rest, ok := strings.CutPrefix(l.Value, `"`); ok {
		end := strings.LastIndexByte(rest, '"')
		if end < 0 {
			end, l.Fault = len(rest), "the closing quote is missing"
		}
		l.Value, l.ValueAt = rest[:end], Part{l.ValueAt.Offset + 1, end}
	}
	if l.Key == "" {
		l.Fault = "no key before the equals sign"
	}
}

// trimPart cuts blanks off both ends and keeps track of the place.
func trimPart(s string, pos int) (string, Part) {
	t := strings.TrimLeft(s, " \t")
	pos += len(s) - len(t)
	t = strings.TrimRight(t, " \t")
	return t, Part{pos, len(t)}
}

// Get is the value of a setting, the first of that key in any case of letters.
func (d *Descriptor) Get(key string) (string, bool) {
	if l := d.Setting(key); l != nil {
		return l.Value, true
	}
	return "", false
}

// Setting is the line that sets a key, the first one in any case of letters;
// nil if there is none.
func (d *Descriptor) Setting(key string) *Line {
	for i := range d.Lines {
		if l := &d.Lines[i]; l.Kind == LineSetting && strings.EqualFold(l.Key, key) {
			return l
		}
	}
	return nil
}

// Database is the value of a disk database entry, given without "ddb.". Some
// exports leave the prefix out.
func (d *Descriptor) Database(key string) (string, bool) {
	if v, ok := d.Get("ddb." + key); ok {
		return v, true
	}
	return d.Get(key)
}

// Extents are the extent lines in their order.
func (d *Descriptor) Extents() []*Line {
	var list []*Line
	for i := range d.Lines {
		if d.Lines[i].Kind == LineExtent {
			list = append(list, &d.Lines[i])
		}
	}
	return list
}

// Place is where a part of the text lies in the file when the text starts at base.
func (p Part) Place(file string, base int64) decode.Place {
	return decode.Place{File: file, Offset: base + int64(p.Offset), Length: int64(p.Length)}
}
