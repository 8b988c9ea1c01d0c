package decode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable makes a text that comes from an image safe for a terminal and for
// plain reports: control bytes, ESC, C1, DEL, bidi controls, zero-width and
// other unprintable runes and invalid UTF-8 become visible escapes. It is the
// one sanitizer: every such text passes it on its way out.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case visible(r):
			b.WriteRune(r)
		default:
			escape(&b, r)
		}
		i += n
	}
	return b.String()
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible is stricter than unicode.IsPrint: marks combine with their
// neighbours and would hide or reorder text, and private use has no shape.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc, unicode.Co) && r != '\u2800' && r != '\u3164' && r != '\uffa0' && r != '\u115f' && r != '\u1160'
}

func escape(b *strings.Builder, r rune) {
	switch {
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// InQuotes puts a name or path that comes from an image in quotes, for people to
// read: backslashes stay as they are, the rest is as [Printable] makes it.
func InQuotes(s string) string { return `"` + Printable(s) + `"` }

// Quote puts a text in quotes so that [Unquote] gives back exactly the same:
// whatever is not visible is escaped, invalid UTF-8 and unpaired surrogates
// included.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			if u, ok := surrogate(s[i:]); ok {
				fmt.Fprintf(&b, `\u%04x`, u)
				n = 3
			} else {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case visible(r):
			b.WriteRune(r)
		default:
			escape(&b, r)
		}
		i += n
	}
	b.WriteByte('"')
	return b.String()
}

var errQuote = errors.New("not a quoted text")

// Unquote is the inverse of [Quote].
func Unquote(q string) (string, error) {
	if len(q) < 2 || q[0] != '"' || q[len(q)-1] != '"' {
		return "", errQuote
	}
	q = q[1 : len(q)-1]
	var b strings.Builder
	for i := 0; i < len(q); {
		if q[i] == '"' {
			return "", errQuote
		}
		if q[i] != '\\' {
			b.WriteByte(q[i])
			i++
			continue
		}
		n, err := unescape(&b, q[i:])
		if err != nil {
			return "", err
		}
		i += n
	}
	return b.String(), nil
}

// unescape writes what one escape means and returns its length.
func unescape(b *strings.Builder, q string) (int, error) {
	if len(q) < 2 {
		return 0, errQuote
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[q[1]]
	if digits == 0 {
		if q[1] != '"' && q[1] != '\\' {
			return 0, errQuote
		}
		b.WriteByte(q[1])
		return 2, nil
	}
	if len(q) < 2+digits {
		return 0, errQuote
	}
	v, err := strconv.ParseUint(q[2:2+digits], 16, 32)
	if err != nil || v > unicode.MaxRune {
		return 0, errQuote
	}
	switch {
	case digits == 2:
		b.WriteByte(byte(v))
	case utf16.IsSurrogate(rune(v)):
		b.WriteString(encodeSurrogate(uint16(v)))
	default:
		b.WriteRune(rune(v))
	}
	return 2 + digits, nil
}

// Unpaired surrogates are legal on disk. They travel through Go strings in
// the three-byte form that UTF-8 forbids, so that nothing is lost.

func encodeSurrogate(u uint16) string {
	return string([]byte{0xE0 | byte(u>>12), 0x80 | byte(u>>6&0x3F), 0x80 | byte(u&0x3F)})
}

func surrogate(s string) (uint16, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return uint16(s[0]&0xF)<<12 | uint16(s[1]&0x3F)<<6 | uint16(s[2]&0x3F), true
}

// DecodeUTF16 reads UTF-16 in the given order, without cutting at NULs.
// Unpaired surrogates survive a round trip through [EncodeUTF16]; an odd last
// byte is dropped.
func DecodeUTF16(b []byte, order Order) string {
	var out strings.Builder
	for i := 0; i+1 < len(b); i += 2 {
		u := uint16(order.Uint(b[i : i+2]))
		if !utf16.IsSurrogate(rune(u)) {
			out.WriteRune(rune(u))
			continue
		}
		if i+3 < len(b) {
			if r := utf16.DecodeRune(rune(u), rune(order.Uint(b[i+2:i+4]))); r != unicode.ReplacementChar {
				out.WriteRune(r)
				i += 2
				continue
			}
		}
		out.WriteString(encodeSurrogate(u))
	}
	return out.String()
}

// EncodeUTF16 writes UTF-16 in the given order.
func EncodeUTF16(s string, order Order) []byte {
	var units []uint16
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			u, ok := surrogate(s[i:])
			if ok {
				units, n = append(units, u), 3
			} else {
				units = append(units, unicode.ReplacementChar)
			}
		} else {
			units = utf16.AppendRune(units, r)
		}
		i += n
	}
	b := make([]byte, 2*len(units))
	for i, u := range units {
		order.Put(b[2*i:2*i+2], uint64(u))
	}
	return b
}

// bytesTrimPairs cuts trailing NUL characters of UTF-16 off.
func bytesTrimPairs(b []byte) []byte {
	n := len(b) &^ 1
	for n >= 2 && b[n-1] == 0 && b[n-2] == 0 {
		n -= 2
	}
	return b[:n]
}

// swapGUID converts between a Windows GUID as stored and as printed.
func swapGUID(b []byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
}
