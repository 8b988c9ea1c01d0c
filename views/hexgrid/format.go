// Package hexgrid paints rows of bytes into a grid: offset, gutter,
// hexadecimal digits and text, with cursor, field, selection and staged bytes
// marked. It also tells which byte lies under a column, for the mouse. What
// the bytes are and where they come from is the business of the screens.
package hexgrid

import (
	"math/bits"
	"slices"
	"strconv"
)

// Base is how offsets are written.
type Base uint8

// The bases, in the order in which a key cycles through them.
const (
	Hex Base = iota
	Decimal
	Sector // number of the sector, + and the byte in it
	bases
)

// Next is the base after this one.
func (b Base) Next() Base { return (b + 1) % bases }

// String is the base's name.
func (b Base) String() string { return [...]string{"hexadecimal", "decimal", "sectors"}[b] }

// widths are the choices for bytes in a row.
var widths = []int{4, 8, 16, 24, 32, 48, 64}

// group is the number of bytes between gaps.
const group = 8

// Want is what a person asked for.
type Want struct {
	Bytes  int // in a row; 0: as many as fit of 8, 16 and 32
	Base   Base
	Text   Encoding
	Sector int64 // bytes, for [Sector]; 0 is 512
}

// Format is the columns of a row: offset, gutter, digits of the bytes, text.
type Format struct {
	Bytes  int // in a row
	Base   Base
	Text   Encoding // Off where there is no room
	Sector int64

	digits int // columns of the offset
	lead   int // columns between the offset and the bytes; the first is the gutter
	gap    int // columns of a gap between groups
	textAt int
	width  int
}

// Fit chooses the columns for rows of at most width columns and offsets below
// size. What does not fit goes in this order: wide gaps, the text, bytes.
func Fit(width int, size int64, want Want) Format {
	f := Format{Base: want.Base, Text: want.Text, Sector: want.Sector}
	if f.Sector <= 0 {
		f.Sector = 512
	}
	f.digits = f.offsetWidth(max(size-1, 0))
	f.Bytes = f.choose(width, want)
	f.squeeze(width)
	return f
}

// choose finds the number of bytes: what was asked for if it fits somehow,
// else as many as fit with the text.
func (f Format) choose(width int, want Want) int {
	if f.Bytes = want.Bytes; f.Bytes > 0 && f.squeeze(width) {
		return f.Bytes
	}
	for _, f.Bytes = range []int{32, 16, 8} {
		if f.Text = want.Text; f.squeeze(width) && f.Text == want.Text {
			return f.Bytes
		}
	}
	if f.Bytes = 8; f.squeeze(width) {
		return 8
	}
	return widths[0]
}

// Wider is the next choice of bytes in a row, narrower if step is negative.
func (f Format) Wider(step int) int {
	i := slices.Index(widths, f.Bytes)
	return widths[min(max(i+step, 0), len(widths)-1)]
}

// squeeze leaves out what does not fit, and reports whether the rest does.
func (f *Format) squeeze(width int) bool {
	text := f.Text
	for _, t := range []Encoding{text, Off} {
		for _, gaps := range [][2]int{{2, 2}, {2, 1}, {1, 1}} {
			if f.place(t, gaps[0], gaps[1]) <= width {
				return true
			}
		}
	}
	return false
}

// place computes the columns and returns the width of the row.
func (f *Format) place(text Encoding, lead, gap int) int {
	f.Text, f.lead, f.gap = text, lead, gap
	end := f.byteX(f.Bytes-1) + 2
	f.textAt, f.width = end, end
	if text != Off {
		f.textAt = end + gap
		f.width = f.textAt + f.Bytes
	}
	return f.width
}

// Width is the number of columns of a row.
func (f Format) Width() int { return f.width }

// Row is the offset of the row that holds the byte at off.
func (f Format) Row(off int64) int64 { return off - off%int64(f.Bytes) }

// Lead is the column where the bytes start: after the offset and the gutter.
func (f Format) Lead() int { return f.digits + f.lead }

// Gutter is the column of the mark of a row.
func (f Format) Gutter() int { return f.digits }

// byteX is the column of the first digit of byte i of a row.
func (f Format) byteX(i int) int {
	return f.Lead() + 3*i + i/group*(f.gap-1)
}

// At tells which byte of a row lies at a column or nearest to it, whether in
// the text, and whether there is one at all and not the offset or nothing.
func (f Format) At(x int) (i int, text, ok bool) {
	if f.Text != Off && x >= f.textAt {
		return min(x-f.textAt, f.Bytes-1), true, x < f.textAt+f.Bytes
	}
	for i = f.Bytes - 1; i > 0 && f.byteX(i) > x; i-- {
	}
	return i, false, x >= f.Lead() && x < f.byteX(f.Bytes)
}

func (f Format) offsetWidth(last int64) int {
	switch f.Base {
	case Decimal:
		return max(8, len(strconv.FormatInt(last, 10)))
	case Sector:
		return max(4, len(strconv.FormatInt(last/f.Sector, 10))) + 1 + f.inSector()
	}
	return max(8, (bits.Len64(uint64(last))+3)/4)
}

// inSector is the number of digits of a byte's number in its sector.
func (f Format) inSector() int { return (bits.Len64(uint64(f.Sector-1)) + 3) / 4 }

// appendOffset writes an offset as wide as the column.
func (f Format) appendOffset(b []byte, off int64) []byte {
	start := len(b)
	switch f.Base {
	case Decimal:
		return padNumber(b, off, f.digits, ' ')
	case Sector:
		b = padNumber(b, off/f.Sector, f.digits-1-f.inSector(), ' ')
		return appendHex(append(b, '+'), off%f.Sector, f.inSector())
	}
	return appendHex(b[:start], off, f.digits)
}

// Offset words an offset in the format's base, without padding.
func (f Format) Offset(off int64) string {
	switch f.Base {
	case Decimal:
		return strconv.FormatInt(off, 10)
	case Sector:
		return string(appendHex(append(strconv.AppendInt(nil, off/f.Sector, 10), '+'), off%f.Sector, f.inSector()))
	}
	return "0x" + strconv.FormatInt(off, 16)
}

func padNumber(b []byte, v int64, width int, pad byte) []byte {
	var digits [20]byte
	s := strconv.AppendInt(digits[:0], v, 10)
	for range width - len(s) {
		b = append(b, pad)
	}
	return append(b, s...)
}

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, v int64, width int) []byte {
	for i := width - 1; i >= 0; i-- {
		b = append(b, hexDigits[v>>(4*i)&15])
	}
	return b
}

// Bytes words a number of bytes: "1 byte", "4 bytes".
func Bytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
