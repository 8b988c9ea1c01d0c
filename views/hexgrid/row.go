package hexgrid

import (
	"slices"

	"platter/views/grid"
	"platter/views/theme"
)

// Range is the bytes from Start up to but not including End.
type Range struct{ Start, End int64 }

// Holds reports whether the byte at off lies in the range.
func (r Range) Holds(off int64) bool { return off >= r.Start && off < r.End }

// Empty reports whether there is no byte in the range.
func (r Range) Empty() bool { return r.End <= r.Start }

// Row is the bytes of one row.
type Row struct {
	Off   int64   // of the row's first cell
	Shift int64   // what the offsets shown count from; no offset shows before it
	From  int     // first cell that there is
	N     int     // cells from there on
	Data  []byte  // their bytes, as far as they are read
	Lost  []Range // what can't be read, by offset, ascending
}

// Marks is what is marked among the bytes that show.
type Marks struct {
	Cursor   int64 // offset; -1 for none
	Focus    bool  // the pane has the focus
	InText   bool  // the cursor is in the text column
	Field    Range // the field under the cursor
	Selected Range
	Staged   []Range // bytes that differ from the disk, ascending
	Hits     []Range // what a search found, ascending
	Signs    []Sign  // what the user has left in the gutter
	Half     bool    // the high digit of the byte at the cursor is typed, the low one is awaited
	High     byte    // that digit
}

// Sign is a mark in the gutter of the row where its range starts.
type Sign struct {
	Range
	Rune rune
}

func (s Sign) starts(row Row) bool {
	return Range{row.Off + int64(row.From), row.Off + int64(row.From+row.N)}.Holds(s.Start)
}

// Paint draws a row at line y of the area. Gutter is the mark of the row; 0
// leaves the choice to the staged bytes.
func (f Format) Paint(a grid.Area, y int, row Row, m *Marks, gutter rune) {
	f.paintOffset(a, y, row, m, gutter)
	before := theme.Plain
	for i := row.From; i < row.From+row.N; i++ {
		off := row.Off + int64(i)
		style := f.paintByte(a, y, i, row, off, m)
		if i > row.From && joined(before, style, m, off) {
			x := f.byteX(i-1) + 2
			a.Paint(x, y, f.byteX(i)-x, style)
		}
		before = style
	}
	if f.Text != Off {
		f.paintText(a, y, row, m)
	}
}

func (f Format) paintOffset(a grid.Area, y int, row Row, m *Marks, gutter rune) {
	off := row.Off - row.Shift
	style := theme.Offset
	if off%f.Sector == 0 {
		style = theme.OffsetSector
	}
	f.offset(a, y, off, style)
	if gutter == 0 && Touches(m.Staged, Range{row.Off + int64(row.From), row.Off + int64(row.From+row.N)}) {
		gutter = '*'
	}
	for _, s := range m.Signs {
		if gutter == 0 && s.starts(row) {
			gutter = s.Rune
		}
	}
	if gutter != 0 {
		a.Set(f.digits, y, gutter, theme.Mark)
	}
}

// PaintOffset draws the offset of a line without bytes, and returns the
// column after it.
func (f Format) PaintOffset(a grid.Area, y int, off int64) int {
	return f.offset(a, y, off, theme.OffsetSector)
}

// offset writes an offset; one that lies before the start of what is counted
// has no digits.
func (f Format) offset(a grid.Area, y int, off int64, style theme.Style) int {
	if off < 0 {
		a.HLine(0, y, f.digits, '-', theme.Dim)
		return f.digits
	}
	var buf [32]byte
	return a.Bytes(0, y, f.appendOffset(buf[:0], off), style)
}

// joined reports whether the gap before the byte at off belongs to a run of
// marked bytes.
func joined(before, style theme.Style, m *Marks, off int64) bool {
	if m.Selected.Holds(off) && m.Selected.Holds(off-1) {
		return before == style
	}
	return m.Field.Holds(off) && m.Field.Holds(off-1) && style.Framed() && before.Framed()
}

func (f Format) paintByte(a grid.Area, y, i int, row Row, off int64, m *Marks) theme.Style {
	x := f.byteX(i)
	lost := holds(row.Lost, off)
	if k := i - row.From; k < len(row.Data) && !lost {
		b := row.Data[k]
		s := m.style(off, b, !m.InText)
		if m.Half && off == m.Cursor {
			a.Set(x, y, rune(hexDigits[m.High&15]), s)
			a.Set(x+1, y, '_', s)
			return s
		}
		a.Set(x, y, rune(hexDigits[b>>4]), s)
		a.Set(x+1, y, rune(hexDigits[b&15]), s)
		return s
	}
	r, s := '.', theme.Dim
	if lost {
		r, s = '?', theme.ByteMissing
	}
	if off == m.Cursor {
		s = m.cursorStyle(!m.InText)
	} else if m.Selected.Holds(off) {
		s = theme.ByteSelected
	}
	a.Set(x, y, r, s)
	a.Set(x+1, y, r, s)
	return s
}

func (f Format) paintText(a grid.Area, y int, row Row, m *Marks) {
	even := (row.Off+int64(row.From))%2 == 0
	for k := 0; k < len(row.Data); {
		off := row.Off + int64(row.From+k)
		if holds(row.Lost, off) {
			a.Set(f.textAt+row.From+k, y, ' ', theme.ByteMissing)
			k++
			continue
		}
		r, size := f.Text.runeAt(row.Data, k, even)
		if size == 1 {
			a.Set(f.textAt+row.From+k, y, r, m.style(off, row.Data[k], m.InText))
			k++
			continue
		}
		for j := range max(size, 1) {
			if k+j < len(row.Data) {
				a.Set(f.textAt+row.From+k+j, y, ' ', m.style(off+int64(j), row.Data[k+j], m.InText))
			}
		}
		if size > 0 {
			a.Set(f.textAt+row.From+k, y, r, m.style(off, row.Data[k], m.InText))
		}
		k += max(size, 1)
	}
}

// style is how a byte looks; here tells whether the cursor is in this column.
func (m *Marks) style(off int64, b byte, here bool) theme.Style {
	switch {
	case off == m.Cursor:
		return m.cursorStyle(here)
	case m.Selected.Holds(off):
		return theme.ByteSelected
	case holds(m.Hits, off):
		return theme.ByteHit
	case holds(m.Staged, off):
		return theme.ByteStaged
	case m.Field.Holds(off):
		return theme.Class(b).Field()
	}
	return theme.Class(b)
}

func (m *Marks) cursorStyle(here bool) theme.Style {
	if m.Focus && here {
		return theme.Cursor
	}
	return theme.CursorIdle
}

// holds reports whether a byte lies in one of the ranges.
func holds(list []Range, off int64) bool {
	return len(list) > 0 && Touches(list, Range{off, off + 1})
}

// Touches reports whether one of the ranges has a byte of r.
func Touches(list []Range, r Range) bool {
	i, _ := slices.BinarySearchFunc(list, r.Start, func(e Range, start int64) int {
		if e.End <= start {
			return -1
		}
		return 1
	})
	return i < len(list) && list[i].Start < r.End
}
