package search

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// maxPattern bounds the length in bytes of what a pattern matches, and of a
// match of a regular expression: longer ones are not found.
const maxPattern = 4096

// ErrPattern is what Compile returns, wrapped, for a pattern that makes no
// sense.
var ErrPattern = errors.New("not a pattern")

// Matcher is a compiled pattern. It may be used by several searches at once.
type Matcher struct {
	needles []needle
	sets    []set
	expr    *expression // regular expressions only
	longest int         // bytes of the longest match
	zeros   bool        // matches bytes that are all zero
}

// Compile reads a pattern.
//
// Text is searched in every encoding that can express it, or in those that are
// named; characters that differ in case match under FoldCase if both have the
// same length in the encoding. Hex takes pairs of digits, spaced or not; "?" or "." stands for
// any digit, and a lone one between spaces for any byte.
//
// A regular expression sees bytes: \xff is the byte 0xff, "." any byte but the
// newline, "^" and "$" are the ends of lines, and characters beyond ASCII stand
// for their bytes in UTF-8 (in a class they are refused). A match is the
// leftmost one that does not overlap the one before, of at most 4096 bytes.
func Compile(p disk.Pattern) (*Matcher, error) {
	m := &Matcher{}
	var err error
	switch p.Reading {
	case disk.AsHex:
		var n needle
		n, err = parseHex(p.Text)
		m.needles = []needle{n}
	case disk.AsRegexp:
		m.expr, err = compileExpression(p.Text, p.FoldCase)
	case disk.AsUTF16:
		m.needles, err = textNeedles(p.Text, p.FoldCase, []string{"UTF-16LE"})
	default:
		m.needles, err = textNeedles(p.Text, p.FoldCase, p.Encodings)
	}
	if err != nil {
		return nil, err
	}
	m.measure()
	return m, nil
}

// measure derives what the search needs to know about the needles.
func (m *Matcher) measure() {
	if m.expr != nil {
		m.longest, m.zeros = m.expr.longest, m.expr.matchesZero()
		return
	}
	for i := range m.needles {
		m.longest = max(m.longest, len(m.needles[i].value))
		m.zeros = m.zeros || m.needles[i].matchesZero()
	}
	m.sets = gather(m.needles)
}

func patternError(pattern, format string, args ...any) error {
	return fmt.Errorf("%q: %s: %w", decode.Printable(pattern), fmt.Sprintf(format, args...), ErrPattern)
}

// parseHex reads bytes with wildcards.
func parseHex(pattern string) (needle, error) {
	n := needle{label: "hex"}
	known := false
	for word := range strings.FieldsSeq(strings.NewReplacer(",", " ", "0x", " ", "0X", " ").Replace(pattern)) {
		if word == "?" || word == "." {
			word = "??"
		}
		if len(word)%2 != 0 {
			return n, patternError(pattern, "%q has an odd number of digits", decode.Printable(word))
		}
		for i := 0; i < len(word); i += 2 {
			value, mask, ok := hexByte(word[i], word[i+1])
			if !ok {
				return n, patternError(pattern, "%q is no byte in hex", decode.Printable(word[i:i+2]))
			}
			known = known || mask != 0
			n.value, n.mask = append(n.value, value), append(n.mask, mask)
		}
	}
	switch {
	case !known:
		return n, patternError(pattern, "expected at least one digit that is no wildcard")
	case len(n.value) > maxPattern:
		return n, patternError(pattern[:32], "%d bytes, expected at most %d", len(n.value), maxPattern)
	}
	return n, nil
}

func hexByte(high, low byte) (value, mask byte, ok bool) {
	hv, hm, hok := hexDigit(high)
	lv, lm, lok := hexDigit(low)
	return hv<<4 | lv, hm<<4 | lm, hok && lok
}

func hexDigit(c byte) (value, mask byte, ok bool) {
	if c == '?' || c == '.' {
		return 0, 0, true
	}
	var b [1]byte
	if _, err := hex.Decode(b[:], []byte{'0', c}); err != nil {
		return 0, 0, false
	}
	return b[0], 0xF, true
}

// textNeedles spells the text in every encoding that can express it. Where two
// spell it alike, the first one names it.
func textNeedles(text string, fold bool, encodings []string) ([]needle, error) {
	if text == "" {
		return nil, patternError(text, "expected some text")
	}
	chosen, err := chooseEncodings(encodings)
	if err != nil {
		return nil, err
	}
	var list []needle
	seen := map[string]bool{}
	for _, e := range chosen {
		n, ok := e.needle(text, fold)
		if ok && len(n.value) > maxPattern {
			return nil, patternError(text[:32], "%d bytes as %s, expected at most %d", len(n.value), e.name, maxPattern)
		}
		if key := n.key(); ok && !seen[key] {
			seen[key] = true
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return nil, patternError(text, "can't be expressed in %s", strings.Join(encodings, ", "))
	}
	return list, nil
}
