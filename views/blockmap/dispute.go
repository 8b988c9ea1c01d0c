package blockmap

import (
	"slices"

	"platter/decode"
	"platter/views/hexgrid"
)

// The looks of the overlay of readers.
const (
	disputeNone = iota + 1
	disputeSome
)

// disputedIn is the first range of a cell in which the readers of the image do not see the
// same bytes, and how many there are.
func (v *View) disputedIn(cell int64) (first hexgrid.Range, n int) {
	block, count := v.tally.shape.cell(v.level, cell)
	start, end := v.tally.shape.offset(block), v.tally.shape.offset(block+count)
	list := v.readers.List
	i, _ := slices.BinarySearchFunc(list, start, func(r hexgrid.Range, off int64) int {
		if r.End <= off {
			return -1
		}
		return 1
	})
	for j := i; j < len(list) && list[j].Start < end; j++ {
		n++
	}
	if n > 0 {
		first = hexgrid.Range{Start: max(list[i].Start, start), End: min(list[i].End, end)}
	}
	return first, n
}

// disputedHere is that of the cell under the cursor while the overlay shows.
func (v *View) disputedHere() (first hexgrid.Range, n int) {
	if v.overlay != readers {
		return first, 0
	}
	return v.disputedIn(v.cell())
}

// disputed is the look of a cell in the overlay of readers.
func (v *View) disputed(cell int64) uint8 {
	block, count := v.tally.shape.cell(v.level, cell)
	switch _, n := v.disputedIn(cell); {
	case n > 0:
		return disputeSome
	case v.readers.Until < v.tally.shape.offset(block+count) && !v.readers.Whole:
		return lookUnknown
	}
	return disputeNone
}

// seekDisputed is the next cell, in either direction, in which the readers disagree where
// those before it did not, or the other way round. Ranges are gone over as a whole.
func (v *View) seekDisputed(step int64) (int64, bool) {
	cells, was := v.tally.shape.cells(v.level), v.disputed(v.cell())
	for cell := v.cell() + step; cell >= 0 && cell < cells; {
		if v.disputed(cell) != was {
			return cell, true
		}
		next := cell + step
		for _, r := range v.readers.List {
			from, to := v.cellOf(r.Start), v.cellOf(r.End-1)
			switch inside := from <= cell && cell <= to; {
			case was == disputeSome && inside && step > 0:
				next = max(next, to+1)
			case was == disputeSome && inside:
				next = min(next, from-1)
			case was != disputeSome && step > 0 && from > cell:
				return from, from < cells
			case was != disputeSome && step < 0 && to < cell:
				next = to
			}
		}
		if was != disputeSome && next == cell+step {
			return 0, false
		}
		cell = next
	}
	return 0, false
}

// cellOf is the cell that holds a byte of the disk.
func (v *View) cellOf(off int64) int64 { return off / v.tally.shape.offset(1<<v.level) }

// statusDisputed says what is known of the readers in the cell under the cursor.
func (v *View) statusDisputed() string {
	first, n := v.disputedIn(v.cell())
	switch {
	case n > 0:
		return v.ink.line().str("readers disagree in ").str(decode.Plural(int64(n), "range", "ranges")).str(", first ").hex(first.Start).str(" +").size(first.End - first.Start).String()
	case v.disputed(v.cell()) == lookUnknown:
		return "the readers are not compared here"
	}
	return "the same to all readers"
}
