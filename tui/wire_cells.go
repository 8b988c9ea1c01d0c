package tui

import (
	"strconv"
	"strings"

	"platter/views/grid"
)

// wireCell is a cell of a line and how it looks.
type wireCell struct {
	r    rune
	look wireLook
}

// wireLook is what the SGR codes of package theme add up to.
type wireLook struct {
	attr   uint8
	fg, bg wireColour
}

// wireColour is the SGR code of a colour, or its number in the palette of 256
// above wirePalette; zero is the terminal's own.
type wireColour uint16

const wirePalette wireColour = 1 << 8

// wireLine is a line of a frame.
type wireLine struct {
	known  bool // else anything may show there
	text   string
	cells  []wireCell // none if there is more to the text than cells
	strips []uint64   // sums of its cells
}

func newWireLine(text string) wireLine {
	l := wireLine{known: true, text: text}
	if list, ok := cells(nil, text); ok {
		l.cells, l.strips = list, strips(list)
	}
	return l
}

// cells reads a line as package grid writes it; false for what is more than
// SGR codes and characters of one column.
func cells(list []wireCell, line string) ([]wireCell, bool) {
	look, ok := wireLook{}, true
	for len(line) > 0 {
		if codes, is := strings.CutPrefix(line, "\x1b["); is {
			end := strings.IndexByte(codes, 'm')
			if end < 0 {
				return list, false
			}
			if look, ok = look.turned(codes[:end]); !ok {
				return list, false
			}
			line = codes[end+1:]
			continue
		}
		var c wireCell
		for _, c.r = range line {
			break
		}
		if c.r >= 0x80 || c.r < ' ' {
			text := string(c.r)
			if !strings.HasPrefix(line, text) || grid.Width(text) != 1 {
				return list, false
			}
			line = line[len(text):]
		} else {
			line = line[1:]
		}
		if c.look = look; c.r == ' ' && look.blank() {
			c.look = wireLook{} // a blank shows no ink
		}
		list = append(list, c)
	}
	return list, true
}

// turned is the look after some SGR codes.
func (l wireLook) turned(codes string) (wireLook, bool) {
	for more := true; more; {
		var n int
		if n, codes, more = nextCode(codes); n < 0 {
			return l, false
		}
		switch {
		case n == 0:
			l = wireLook{}
		case n == 1 || n == 2 || n == 4 || n == 7:
			l.attr |= 1 << n
		case n == 39:
			l.fg = 0
		case n == 49:
			l.bg = 0
		case n == 38 || n == 48:
			kind, rest, _ := nextCode(codes)
			index, rest, left := nextCode(rest)
			if kind != 5 || index < 0 || index > 255 {
				return l, false
			}
			codes, more = rest, left
			if n == 38 {
				l.fg = wirePalette + wireColour(index)
			} else {
				l.bg = wirePalette + wireColour(index)
			}
		case n >= 30 && n <= 37 || n >= 90 && n <= 97:
			l.fg = wireColour(n)
		case n >= 40 && n <= 47 || n >= 100 && n <= 107:
			l.bg = wireColour(n)
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

// blank reports whether a blank in this look shows nothing.
func (l wireLook) blank() bool { return l.attr&(1<<4|1<<7) == 0 && l.bg == 0 }

// append writes the codes that turn another look into this one.
func (l wireLook) append(b []byte, was wireLook) []byte {
	b = append(b, "\x1b["...)
	if l.attr == was.attr && l.bg == was.bg && l.fg != 0 {
		return append(l.fg.append(b, 38), 'm')
	}
	b = append(b, '0')
	for _, n := range []int{1, 2, 4, 7} {
		if l.attr&(1<<n) != 0 {
			b = append(b, ';', byte('0'+n))
		}
	}
	for _, c := range []struct {
		wireColour
		palette int64
	}{{l.fg, 38}, {l.bg, 48}} {
		if c.wireColour != 0 {
			b = c.append(append(b, ';'), c.palette)
		}
	}
	return append(b, 'm')
}

// append writes a colour's codes; palette is the code that says that a number
// of the palette follows.
func (c wireColour) append(b []byte, palette int64) []byte {
	if c < wirePalette {
		return strconv.AppendInt(b, int64(c), 10)
	}
	b = append(strconv.AppendInt(b, palette, 10), ";5;"...)
	return strconv.AppendInt(b, int64(c-wirePalette), 10)
}
