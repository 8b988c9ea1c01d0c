// Package theme holds the looks: styles as small indexes into a palette, the
// SGR codes that they stand for under a colour profile, and the glyphs that
// carry the meaning when there is no colour at all. Shape first, attribute
// second, colour third.
//
// Nothing here asks the terminal anything: profile and glyphs come from the
// environment, once, before the program starts.
package theme

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Style is an index into a theme's palette: what a piece of text is.
type Style uint8

// The styles.
const (
	Plain Style = iota
	Dim
	Strong
	Title     // the program's own name
	Badge     // RO, RW
	Tab       // a screen that is not shown
	TabActive // the screen that is
	Status
	Hint
	HintKey
	Frame
	FrameFocus
	FrameTitle
	Label
	Value
	Link // can be followed
	Good
	Note
	Warn
	Error
	Selected // the row under the cursor
	Offset
	OffsetSector // an offset where a sector starts
	Message
	Failure
	Mark // the current one among several

	ByteZero // from here on the classes of bytes, in the order of Class
	ByteFF
	ByteText
	ByteSpace
	ByteControl
	ByteHigh
	fieldZero // the same within the field under the cursor
	fieldFF
	fieldText
	fieldSpace
	fieldControl
	fieldHigh
	Cursor
	CursorIdle // the cursor of a pane without focus
	ByteMissing
	ByteStaged   // differs from what is on disk
	ByteSelected // among those that the user has selected
	ByteHit      // found by a search

	StateFull // from here on the states of blocks
	StatePartial
	StateNone
	StateParent
	StateZero
	StateUnmapped
	StateMissing

	styles // their number
)

// Field is the style of a byte of the given class within the field under the
// tree's cursor.
func (s Style) Field() Style {
	if s >= ByteZero && s <= ByteHigh {
		return s + fieldZero - ByteZero
	}
	return s
}

// Framed reports whether the style is one that [Style.Field] gives.
func (s Style) Framed() bool { return s >= fieldZero && s <= fieldHigh }

// Class is the style of a byte by its value, after hexyl's classes and two
// that matter in disk metadata: all zeros and all ones.
func Class(b byte) Style { return classes[b] }

var classes = func() (t [256]Style) {
	for i := range t {
		switch {
		case i == 0:
			t[i] = ByteZero
		case i == 0xFF:
			t[i] = ByteFF
		case i > ' ' && i < 0x7F:
			t[i] = ByteText
		case i == ' ', i == '\t', i == '\n', i == '\r':
			t[i] = ByteSpace
		case i < ' ', i == 0x7F:
			t[i] = ByteControl
		default:
			t[i] = ByteHigh
		}
	}
	return t
}()

// Attributes of a style, as bits.
const (
	bold = 1 << iota
	dim
	underline
	reverse
)

// look is what a style looks like: attributes, and colours in two depths.
// Colour 0 is the terminal's own; others are one more than their number.
type look struct {
	attr     uint8
	bare     uint8 // attributes where there is no colour
	fg16     uint8
	bg16     uint8
	fg, bg   uint16
	plainAll bool // bare is meant even if it is zero
}

// Theme is a palette made ready for one terminal.
type Theme struct {
	Name    string
	Profile Profile
	Glyphs  Glyphs
	sgr     [styles]string
	turn    [styles][styles]string // from one style to another
	bare    [styles]bool
}

// SGR is the escape sequence that turns a style on from any state before.
func (t *Theme) SGR(s Style) string { return t.sgr[s] }

// Names lists the themes, the default one first.
func Names() []string {
	return []string{"dark", "light", "mono", "high-contrast", "deuteranopia", "tritanopia"}
}

// New makes the theme of that name ready for a colour profile and a set of
// glyphs. An empty name is the default theme.
func New(name string, profile Profile, glyphs Glyphs) (*Theme, error) {
	if name == "" {
		name = Names()[0]
	}
	p, ok := palettes()[name]
	if !ok {
		return nil, fmt.Errorf("theme %q: expected one of %s", name, strings.Join(Names(), ", "))
	}
	if name == "mono" {
		profile = NoColor
	}
	t := &Theme{Name: name, Profile: profile, Glyphs: glyphs}
	for s := range t.sgr {
		t.sgr[s] = p[Style(s)].sgr(profile)
	}
	for from := range t.turn {
		l := p[Style(from)]
		t.bare[from] = l.attrs(profile)&(underline|reverse) == 0 && (profile == NoColor || l.bg == 0 && l.bg16 == 0)
		for to := range t.turn[from] {
			t.turn[from][to] = l.turn(p[Style(to)], profile)
			if full := t.sgr[to]; len(full) <= len(t.turn[from][to]) {
				t.turn[from][to] = full
			}
		}
	}
	return t, nil
}

// Turn is the shortest escape sequence that turns a style on where another one
// is.
func (t *Theme) Turn(from, to Style) string { return t.turn[from][to] }

// Blank reports whether a blank in the style looks like one in [Plain].
func (t *Theme) Blank(s Style) bool { return t.bare[s] }

// sgr writes the sequence from any state before: a reset and the codes.
func (l look) sgr(p Profile) string { return "\x1b[0" + l.codes(p) + "m" }

// codes are attributes and colours as deep as the profile, each after a
// semicolon.
func (l look) codes(p Profile) string {
	var b []byte
	attr := l.attrs(p)
	for i, code := range []string{";1", ";2", ";4", ";7"} {
		if attr&(1<<i) != 0 {
			b = append(b, code...)
		}
	}
	switch p {
	case Colors16:
		b = append16(b, l.fg16, 30)
		b = append16(b, l.bg16, 40)
	case Colors256:
		b = append256(b, l.fg, ";38;5;")
		b = append256(b, l.bg, ";48;5;")
	}
	return string(b)
}

// attrs are the attributes that the look has in a profile.
func (l look) attrs(p Profile) uint8 {
	if p == NoColor && (l.bare != 0 || l.plainAll) {
		return l.bare
	}
	return l.attr
}

// turn writes the sequence from one look to another one: only the colours that
// differ where the attributes are the same.
func (l look) turn(to look, p Profile) string {
	if l.attrs(p) != to.attrs(p) {
		return to.sgr(p)
	}
	was, ink := look{fg16: l.fg16, fg: l.fg}.codes(p), look{fg16: to.fg16, fg: to.fg}.codes(p)
	behind, paper := look{bg16: l.bg16, bg: l.bg}.codes(p), look{bg16: to.bg16, bg: to.bg}.codes(p)
	codes := ""
	if ink != was {
		codes += cmp.Or(ink, ";39")
	}
	if paper != behind {
		codes += cmp.Or(paper, ";49")
	}
	if codes == "" {
		return ""
	}
	return "\x1b[" + codes[1:] + "m"
}

// append16 adds one of the 16 named colours; base is 30 or 40.
func append16(b []byte, c uint8, base int) []byte {
	switch {
	case c == 0:
		return b
	case c > 8:
		base += 60
		c -= 8
	}
	return strconv.AppendInt(append(b, ';'), int64(base)+int64(c)-1, 10)
}

func append256(b []byte, c uint16, lead string) []byte {
	if c == 0 {
		return b
	}
	return strconv.AppendInt(append(b, lead...), int64(c)-1, 10)
}
