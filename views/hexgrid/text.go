package hexgrid

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"platter/decode"
	"platter/views/grid"
)

// Encoding is how the text column reads bytes.
type Encoding uint8

// The encodings, in the order in which a key cycles through them.
const (
	ASCII Encoding = iota
	CP437
	CP1252
	UTF16LE
	UTF8
	Off
	encodings
)

// Next is the encoding after this one.
func (e Encoding) Next() Encoding { return (e + 1) % encodings }

// String is the encoding's name.
func (e Encoding) String() string {
	return [...]string{"ASCII", "CP437", "CP1252", "UTF-16LE", "UTF-8", "off"}[e]
}

// nothing stands for a byte that is no visible character.
const nothing = '.'

// single holds what each byte is in the encodings of one byte a character.
var single = [encodings]*[256]rune{
	ASCII:  table(func(b byte) rune { return rune(b) }, 0x7F),
	CP437:  table(charmap.CodePage437.DecodeByte, 0x100),
	CP1252: table(charmap.Windows1252.DecodeByte, 0x100),
}

// table makes all bytes below limit visible characters of one column, or
// nothing.
func table(decodeByte func(byte) rune, limit int) *[256]rune {
	var t [256]rune
	for i := range t {
		t[i] = nothing
		if i >= ' ' && i < limit && i != 0x7F {
			t[i] = narrow(decodeByte(byte(i)))
		}
	}
	return &t
}

// narrow lets a rune through if it is visible and takes one column.
func narrow(r rune) rune {
	if r >= ' ' && r < 0x7F {
		return r
	}
	s := string(r)
	if r == utf8.RuneError || decode.Printable(s) != s || grid.Width(s) != 1 {
		return nothing
	}
	return r
}

// runeAt reads the character of a text that starts at byte i. A size of more
// than 1 says that it takes that many bytes; 0 that the byte belongs to an
// earlier one.
func (e Encoding) runeAt(data []byte, i int, even bool) (r rune, size int) {
	switch e {
	case UTF16LE:
		if even != (i%2 == 0) {
			return ' ', 0
		}
		if i+1 >= len(data) {
			return nothing, 1
		}
		return narrow(rune(data[i]) | rune(data[i+1])<<8), 2
	case UTF8:
		if data[i] < utf8.RuneSelf {
			return single[ASCII][data[i]], 1
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError {
			return nothing, 1
		}
		return narrow(r), n
	}
	return single[e][data[i]], 1
}

// Encode is the bytes of a character; false if the encoding lacks it.
func (e Encoding) Encode(r rune) ([]byte, bool) {
	switch e {
	case ASCII:
		return []byte{byte(r)}, r < 0x80
	case CP437:
		b, ok := charmap.CodePage437.EncodeRune(r)
		return []byte{b}, ok
	case CP1252:
		b, ok := charmap.Windows1252.EncodeRune(r)
		return []byte{b}, ok
	case UTF16LE:
		return decode.EncodeUTF16(string(r), decode.Little), true
	case UTF8:
		return utf8.AppendRune(nil, r), true
	}
	return nil, false
}
