package wire

import (
	"strconv"
	"strings"

	"platter/views/grid"
)

// Cell is a cell of a line: a character of one column and how it looks.
type Cell struct {
	Rune rune
	Look Look
}

// Look is what the SGR codes of package theme add up to: a bit for each code
// from 1 to 7, and colours of which zero is the terminal's own.
type Look struct {
	Attr   uint8
	FG, BG colour
}

// colour is the SGR code of a colour, or its number in the palette of 256
// above fromPalette; zero is the terminal's own.
type colour uint16

const fromPalette colour = 1 << 8

// line is a line of a frame.
type line struct {
	known  bool // else anything may show there
	text   string
	cells  []Cell   // none if there is more to the text than cells
	strips []uint64 // sums of its cells
}

func newLine(text string) line {
	l := line{known: true, text: text}
	if list, ok := Cells(text); ok {
		l.cells, l.strips = list, strips(list)
	}
	return l
}

// Cells reads a line as package grid writes it; false for what is more than
// SGR codes and characters of one column.
func Cells(line string) (list []Cell, ok bool) {
	look, ok := Look{}, true
	for len(line) > 0 {
		if codes, is := strings.CutPrefix(line, "\x1b["); is {
			end := strings.IndexByte(codes, 'm')
			if end < 0 {
				return list, false
			}
			if look, ok = look.Turned(codes[:end]); !ok {
				return list, false
			}
			line = codes[end+1:]
			continue
		}
		var c Cell
		for _, c.Rune = range line {
			break
		}
		if c.Rune >= 0x80 || c.Rune < ' ' {
			text := string(c.Rune)
			if !strings.HasPrefix(line, text) || grid.Width(text) != 1 {
				return list, false
			}
			line = line[len(text):]
		} else {
			line = line[1:]
		}
		if c.Look = look; c.Rune == ' ' && look.Blank() {
			c.Look = Look{} // a blank shows no ink
		}
		list = append(list, c)
	}
	return list, true
}

// Turned is the look after some SGR codes, which ";" separates; false for codes
// that package theme does not write.
func (l Look) Turned(codes string) (Look, bool) {
	for more := true; more; {
		var n int
		if n, codes, more = nextCode(codes); n < 0 {
			return l, false
		}
		switch {
		case n == 0:
			l = Look{}
		case n == 1 || n == 2 || n == 4 || n == 7:
			l.Attr |= 1 << n
		case n == 39:
			l.FG = 0
		case n == 49:
			l.BG = 0
		case n == 38 || n == 48:
			kind, rest, _ := nextCode(codes)
			index, rest, left := nextCode(rest)
			if kind != 5 || index < 0 || index > 255 {
				return l, false
			}
			codes, more = rest, left
			if n == 38 {
				l.FG = fromPalette + colour(index)
			} else {
				l.BG = fromPalette + colour(index)
			}
		case n >= 30 && n <= 37 || n >= 90 && n <= 97:
			l.FG = colour(n)
		case n >= 40 && n <= 47 || n >= 100 && n <= 107:
			l.BG = colour(n)
		default:
			return l, false
		}
	}
	return l, true
}

// nextCode cuts the first of a list of SGR codes off; negative for what is no
// number. More are to come if more says so.
func nextCode(codes string) (n int, rest string, more bool) {
	first, rest, more := strings.Cut(codes, ";")
	n, err := strconv.Atoi(first)
	if err != nil {
		n = -1
	}
	return n, rest, more
}

// Blank reports whether a blank in this look shows nothing.
func (l Look) Blank() bool { return l.Attr&(1<<4|1<<7) == 0 && l.BG == 0 }

// append writes the codes that turn another look into this one.
func (l Look) append(b []byte, was Look) []byte {
	b = append(b, "\x1b["...)
	if l.Attr == was.Attr && l.BG == was.BG && l.FG != 0 {
		return append(l.FG.append(b, 38), 'm')
	}
	b = append(b, '0')
	for _, n := range []int{1, 2, 4, 7} {
		if l.Attr&(1<<n) != 0 {
			b = append(b, ';', byte('0'+n))
		}
	}
	for _, c := range []struct {
		colour
		palette int64
	}{{l.FG, 38}, {l.BG, 48}} {
		if c.colour != 0 {
			b = c.append(append(b, ';'), c.palette)
		}
	}
	return append(b, 'm')
}

// append writes a colour's codes; palette is the code that says that a number
// of the palette follows.
func (c colour) append(b []byte, palette int64) []byte {
	if c < fromPalette {
		return strconv.AppendInt(b, int64(c), 10)
	}
	b = append(strconv.AppendInt(b, palette, 10), ";5;"...)
	return strconv.AppendInt(b, int64(c-fromPalette), 10)
}
