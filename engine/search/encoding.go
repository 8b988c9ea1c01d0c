package search

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"platter/decode"
)

// charset is a way to spell text in bytes.
type charset struct {
	name string
	page encoding.Encoding // nil for the Unicode ones
	wide wideOrder
}

// wideOrder is the byte order of two-byte characters.
type wideOrder uint8

const (
	notWide wideOrder = iota
	wideLittle
	wideBig
)

// charsets in the order in which they name what they spell alike.
var charsets = []charset{
	{name: "UTF-8"},
	{name: "UTF-16LE", wide: wideLittle},
	{name: "UTF-16BE", wide: wideBig},
	{name: "CP1252", page: charmap.Windows1252},
	{name: "CP437", page: charmap.CodePage437},
	{name: "CP850", page: charmap.CodePage850},
	{name: "CP866", page: charmap.CodePage866},
	{name: "CP1250", page: charmap.Windows1250},
	{name: "CP1251", page: charmap.Windows1251},
	{name: "KOI8-R", page: charmap.KOI8R},
	{name: "Shift-JIS", page: japanese.ShiftJIS},
	{name: "EUC-JP", page: japanese.EUCJP},
	{name: "GBK", page: simplifiedchinese.GBK},
	{name: "Big5", page: traditionalchinese.Big5},
	{name: "EUC-KR", page: korean.EUCKR},
}

// Encodings lists the names of the encodings that text is searched in.
func Encodings() []string {
	var names []string
	for _, c := range charsets {
		names = append(names, c.name)
	}
	return names
}

// chooseEncodings finds encodings by name, tolerant of case and hyphens;
// "ascii" is what UTF-8 makes of ASCII.
func chooseEncodings(names []string) ([]charset, error) {
	if len(names) == 0 {
		return charsets, nil
	}
	var list []charset
	for _, name := range names {
		found := false
		for _, c := range charsets {
			if plainName(c.name) == plainName(name) || c.name == "UTF-8" && plainName(name) == "ascii" {
				list, found = append(list, c), true
			}
		}
		if !found {
			return nil, fmt.Errorf("encoding %q: expected one of %s", decode.Printable(name), strings.Join(Encodings(), ", "))
		}
	}
	return list, nil
}

func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// spell encodes one character; false if the charset does not have it.
func (c charset) spell(r rune) ([]byte, bool) {
	switch {
	case c.wide != notWide:
		order := decode.Little
		if c.wide == wideBig {
			order = decode.Big
		}
		return decode.EncodeUTF16(string(r), order), true
	case c.page == nil:
		return utf8.AppendRune(nil, r), true
	}
	b, err := c.page.NewEncoder().Bytes([]byte(string(r)))
	return b, err == nil && len(b) > 0
}

// needle spells a text, false if it can't.
func (c charset) needle(text string, fold bool) (needle, bool) {
	n := needle{label: c.name, wide: c.wide}
	narrow := true
	for _, r := range text {
		b, ok := c.spell(r)
		if !ok {
			return n, false
		}
		n.append(b, c.variants(r, b, fold))
		narrow = narrow && r < 0x100
	}
	if !narrow {
		n.wide = notWide
	}
	if c.name == "UTF-8" && isASCII(text) {
		n.label = "ASCII"
	}
	return n, true
}

// variants spells the other cases of a character, as far as they take as many
// bytes.
func (c charset) variants(r rune, spelled []byte, fold bool) [][]byte {
	if !fold {
		return nil
	}
	var list [][]byte
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if b, ok := c.spell(other); ok && len(b) == len(spelled) && !bytes.Equal(b, spelled) {
			list = append(list, b)
		}
	}
	return list
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
