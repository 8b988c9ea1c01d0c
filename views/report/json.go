package report

import (
	"bufio"
	"io"
	"strconv"
	"unicode/utf8"
)

// document writes one JSON document: an object whose members stand on lines of
// their own, as do the items of its lists. The first failure sticks.
type document struct {
	w      *bufio.Writer
	levels []level
	err    error
}

type level struct {
	closing byte // of what is open: '}' or ']'
	count   int
	inline  bool // members of an item stand on one line
}

// newDocument starts the document of a verb.
func newDocument(w io.Writer, verb string) *document {
	d := &document{w: bufio.NewWriterSize(w, 64<<10)}
	d.open('{', '}', false)
	d.text("schema", Schema(verb))
	return d
}

// end closes what is still open and writes everything out. After a failure the
// document stays as it is: cut off, so that nobody takes it for whole.
func (d *document) end(failure error) error {
	for failure == nil && len(d.levels) > 0 {
		d.close()
	}
	if failure == nil {
		d.write("\n")
	}
	if err := d.w.Flush(); d.err == nil {
		d.err = err
	}
	if failure != nil {
		return failure
	}
	return d.err
}

func (d *document) write(s string) {
	if d.err == nil {
		_, d.err = d.w.WriteString(s)
	}
}

func (d *document) open(opening, closing byte, inline bool) {
	d.write(string(opening))
	d.levels = append(d.levels, level{closing: closing, inline: inline})
}

func (d *document) close() {
	last := len(d.levels) - 1
	l := d.levels[last]
	d.levels = d.levels[:last]
	if l.count > 0 && !l.inline {
		d.newline()
	}
	d.write(string(l.closing))
}

// newline indents by what has lines of its own.
func (d *document) newline() {
	depth := 0
	for _, l := range d.levels {
		if !l.inline {
			depth++
		}
	}
	d.write("\n")
	for range depth {
		d.write("  ")
	}
}

// next puts the comma and the space before a member or an item.
func (d *document) next() {
	l := &d.levels[len(d.levels)-1]
	if l.count > 0 {
		d.write(",")
		if l.inline {
			d.write(" ")
		}
	}
	l.count++
	if !l.inline {
		d.newline()
	}
}

func (d *document) key(name string) {
	d.next()
	d.quoted(name)
	d.write(": ")
}

// quoted writes a JSON string. What needs no escape, which is nearly all, is
// not copied first: maps have millions of lines.
func (d *document) quoted(s string) {
	if !harmless(s) {
		d.write(quote(s))
		return
	}
	d.write(`"`)
	d.write(s)
	d.write(`"`)
}

// harmless reports whether a text stands in JSON as it is.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}

// list opens a member that is a list; close ends it.
func (d *document) list(name string) {
	d.key(name)
	d.open('[', ']', false)
}

// object opens a member that is an object on one line; close ends it.
func (d *document) object(name string) {
	d.key(name)
	d.open('{', '}', true)
}

// item opens an object in a list; close ends it.
func (d *document) item() {
	d.next()
	d.open('{', '}', true)
}

func (d *document) number(name string, n int64) {
	d.key(name)
	if d.err == nil {
		_, d.err = d.w.Write(strconv.AppendInt(d.w.AvailableBuffer(), n, 10))
	}
}

func (d *document) unsigned(name string, n uint64) {
	d.key(name)
	d.write(strconv.FormatUint(n, 10))
}

// positive writes a number that 0 or less stands for the absence of.
func (d *document) positive(name string, n int64) {
	if n > 0 {
		d.number(name, n)
		return
	}
	d.null(name)
}

func (d *document) bool(name string, v bool) {
	d.key(name)
	d.write(strconv.FormatBool(v))
}

func (d *document) null(name string) {
	d.key(name)
	d.write("null")
}

// text writes a text exactly. What is no text comes as hex too, in a member
// of the same name with "_hex" after it.
func (d *document) text(name, s string) {
	d.key(name)
	d.quoted(s)
	if !exact(s) {
		d.hex(name+"_hex", []byte(s))
	}
}

// words writes a text, or null for an empty one.
func (d *document) words(name, s string) {
	if s == "" {
		d.null(name)
		return
	}
	d.text(name, s)
}

// texts writes a list of texts on one line.
func (d *document) texts(name string, list []string) {
	d.key(name)
	d.write("[")
	for i, s := range list {
		if i > 0 {
			d.write(", ")
		}
		d.write(quote(s))
	}
	d.write("]")
}

func (d *document) hex(name string, b []byte) {
	const digits = "0123456789abcdef"
	d.key(name)
	d.write(`"`)
	for _, c := range b {
		d.write(digits[c>>4 : c>>4+1])
		d.write(digits[c&15 : c&15+1])
	}
	d.write(`"`)
}

// exact reports whether a text survives JSON: valid UTF-8, or with the
// unpaired surrogates that decode keeps in their three-byte form.
func exact(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			if _, ok := surrogate(s[i:]); !ok {
				return false
			}
			n = 3
		}
		i += n
	}
	return true
}

// surrogate reads an unpaired UTF-16 surrogate in the three bytes that UTF-8
// forbids.
func surrogate(s string) (rune, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return rune(s[0]&0xF)<<12 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), true
}

// quote is a JSON string in ASCII.
func quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			if u, ok := surrogate(s[i:]); ok {
				r, n = u, 3
			}
		}
		i += n
		b = appendRune(b, r)
	}
	return string(append(b, '"'))
}

func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r >= ' ' && r < 0x7F:
		return append(b, byte(r))
	case r == '\n':
		return append(b, '\\', 'n')
	case r > 0xFFFF:
		r -= 0x10000
		return escape(escape(b, 0xD800+r>>10), 0xDC00+r&0x3FF)
	}
	return escape(b, r)
}

func escape(b []byte, u rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
}
