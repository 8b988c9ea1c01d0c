package blockmap

import (
	"strconv"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// ink puts words and numbers together in a buffer that is used again and
// again: a frame has many.
type ink struct{ b []byte }

// line starts again.
func (k *ink) line() *ink {
	k.b = k.b[:0]
	return k
}

func (k *ink) str(s string) *ink {
	k.b = append(k.b, s...)
	return k
}

// num writes a number in groups of three digits.
func (k *ink) num(n int64) *ink {
	k.b = appendGrouped(k.b, n)
	return k
}

func (k *ink) plain(n int64) *ink {
	k.b = strconv.AppendInt(k.b, n, 10)
	return k
}

func (k *ink) hex(n int64) *ink {
	k.b = strconv.AppendInt(append(k.b, "0x"...), n, 16)
	return k
}

func (k *ink) raw(n uint64) *ink {
	k.b = strconv.AppendUint(append(k.b, "0x"...), n, 16)
	return k
}

func (k *ink) size(n int64) *ink { return k.str(decode.FormatSize(uint64(max(n, 0)))) }

// percent writes part of total with one decimal. What is not nothing is not
// 0.0.
func (k *ink) percent(part, total int64) *ink {
	share := 0.0
	if total > 0 {
		share = 100 * float64(part) / float64(total)
	}
	if part > 0 && share < 0.1 {
		return k.str("<0.1 %")
	}
	k.b = strconv.AppendFloat(k.b, share, 'f', 1, 64)
	return k.str(" %")
}

// pad fills up to a width.
func (k *ink) pad(w int) *ink {
	for len(k.b) < w {
		k.b = append(k.b, ' ')
	}
	return k
}

// right moves what was written since from to the right, so that it takes w
// columns.
func (k *ink) right(from, w int) *ink {
	n := len(k.b) - from
	if n >= w {
		return k
	}
	k.pad(from + w)
	copy(k.b[from+w-n:], k.b[from:from+n])
	for i := from; i < from+w-n; i++ {
		k.b[i] = ' '
	}
	return k
}

// draw writes the line, which holds ASCII only, cut to the area.
func (k *ink) draw(a grid.Area, x, y int, s theme.Style) int { return a.Bytes(x, y, k.b, s) }

func (k *ink) String() string { return string(k.b) }

func appendGrouped(b []byte, n int64) []byte {
	start := len(b)
	b = strconv.AppendInt(b, n, 10)
	digits := len(b) - start
	if n < 0 {
		digits--
	}
	for at := len(b) - 3; digits > 3; at, digits = at-3, digits-3 {
		b = append(b, 0)
		copy(b[at+1:], b[at:])
		b[at] = ' '
	}
	return b
}

// grouped is a number in groups of three digits.
func grouped(n int64) string { return string(appendGrouped(nil, n)) }

// appendLabel writes an offset in the largest unit that it is a multiple of,
// short enough to stand before a row.
func appendLabel(b []byte, off int64) []byte {
	const units = " KMGTPE"
	unit := 0
	for unit < len(units)-1 && off >= 1024 && (off%1024 == 0 || off >= 100<<10) {
		off /= 1024
		unit++
	}
	b = strconv.AppendInt(b, off, 10)
	return append(b, units[unit])
}
