package hexpane

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"platter/decode"
	"platter/views/grid"
)

// Text is how the text column reads the bytes.
type Text uint8

// The ways to read text.
const (
	ASCII Text = iota
	CP437
	CP1252
	UTF16
	UTF8
	Off
	texts
)

// String is the encoding's name.
func (t Text) String() string {
	return [...]string{"ASCII", "CP437", "CP1252", "UTF-16LE", "UTF-8", "no text"}[t]
}

// other stands for bytes that are no visible text.
const other = '.'

var pages437, pages1252 = table(charmap.CodePage437), table(charmap.Windows1252)

func table(m *charmap.Charmap) (t [256]rune) {
	for i := range t {
		t[i] = shown(m.DecodeByte(byte(i)))
	}
	return t
}

// shown is the rune itself if it may stand in one cell of a terminal.
func shown(r rune) rune {
	if r > ' ' && r < 0x7F || r == ' ' {
		return r
	}
	s := string(r)
	if r == utf8.RuneError || decode.Printable(s) != s || grid.Width(s) != 1 {
		return other
	}
	return r
}

// render reads a row's bytes as text, one rune for each byte, into out; 0 is
// a cell that belongs to the rune before it. Off is where the row starts.
func (t Text) render(b []byte, off int64, out []rune) {
	switch t {
	case CP437, CP1252:
		pages := &pages437
		if t == CP1252 {
			pages = &pages1252
		}
		for i, c := range b {
			out[i] = pages[c]
		}
	case UTF16:
		renderUTF16(b, off, out)
	case UTF8:
		renderUTF8(b, out)
	default:
		for i, c := range b {
			out[i] = other
			if c >= ' ' && c < 0x7F {
				out[i] = rune(c)
			}
		}
	}
}

func renderUTF16(b []byte, off int64, out []rune) {
	i := int(off & 1)
	if i == 1 && len(b) > 0 {
		out[0] = other
	}
	for ; i < len(b); i += 2 {
		if i+1 == len(b) {
			out[i] = other
			return
		}
		u := rune(b[i]) | rune(b[i+1])<<8
		out[i], out[i+1] = other, ' '
		if !utf16.IsSurrogate(u) {
			out[i] = shown(u)
		}
	}
}

func renderUTF8(b []byte, out []rune) {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		out[i] = shown(r)
		for k := 1; k < n; k++ {
			out[i+k] = ' '
		}
		i += n
	}
}
