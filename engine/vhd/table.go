package vhd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"

	"platter/decode/vhd"
	"platter/engine/pages"
	"platter/engine/store"
)

// table is the block allocation table with the measures of the blocks. Only a
// table that lies wholly in the file is placed.
type table struct {
	blockSize   int64 // data bytes of a block, a power of two
	shift       uint  // of which power
	bitmapBytes int64 // sector bitmap in front of them
	needed      int64 // entries that the virtual disk needs

	placed  bool
	off     int64
	entries int64 // max_table_entries
	file    store.File
	pages   *pages.Cache // of the table
	bitmaps *pages.Cache // of sector bitmaps
}

// The budgets, in bytes, for what is kept of tables and of sector bitmaps; all
// layers of a chain share them.
const (
	tableBudget  = 8 << 20
	bitmapBudget = 8 << 20
)

// The sizes of pages, as powers of two, and how many there are at least.
const (
	tableBits  = 13
	bitmapBits = 9
	fewPages   = 8
)

func (t *table) place(f store.File, off, entries int64) {
	t.placed, t.off, t.entries, t.file = true, off, entries, f
}

// share gives the table its part of the budgets when depth layers share them.
func (t *table) share(size int64, depth int) {
	if t.placed {
		t.pages = pages.New(t.file, size, tableBits, max(tableBudget/int64(depth), fewPages<<tableBits))
		t.bitmaps = pages.New(t.file, size, bitmapBits, max(bitmapBudget/int64(depth), fewPages<<bitmapBits))
	}
}

// end is the first byte after the table's last sector.
func (t *table) end() int64 { return roundUp(t.at(t.entries), vhd.Sector) }

// stored is how many bytes a block takes in the file.
func (t *table) stored() int64 { return t.bitmapBytes + t.blockSize }

// within reports whether a block at byte start of the file may be where it was once
// stored. An entry that leads further than twice all that the disk needs is damaged: it
// tells nothing about how long the file was.
func (t *table) within(start int64) bool {
	return start/(2*t.stored()) <= t.end()/t.stored()+t.needed
}

// usable is the number of entries that mean something for reading.
func (t *table) usable() int64 { return min(t.entries, t.needed) }

// entry reads entry i.
func (t *table) entry(i int64) (uint32, error) {
	b, err := t.pages.Get(t.at(i))
	if err != nil {
		return 0, fmt.Errorf("BAT entry %d: %w", i, err)
	}
	return vhd.EntryAt(b), nil
}

// lookup is the entry for the virtual byte at off, if its page is kept.
func (t *table) lookup(off int64) (sector uint32, known bool) {
	b := t.pages.Peek(t.at(off >> t.shift))
	if len(b) < vhd.EntrySize {
		return 0, false
	}
	return vhd.EntryAt(b), true
}

// equalFrom is how many entries from i on, below end, have the given value. Of
// zeros that lie in a hole of the file nothing is read.
func (t *table) equalFrom(i, end int64, value uint32) (int64, error) {
	for start := i; start < end; {
		if value == 0 {
			next, err := t.skipHole(start, end)
			if err != nil || next == end {
				return end - i, err
			}
			start = next
		}
		b, err := t.pages.Get(t.at(start))
		if err != nil {
			return 0, fmt.Errorf("BAT entry %d: %w", start, err)
		}
		b = b[:min(int64(len(b)), vhd.EntrySize*(end-start))]
		for len(b) >= vhd.EntrySize {
			if vhd.EntryAt(b) != value {
				return start - i, nil
			}
			start, b = start+1, b[vhd.EntrySize:]
		}
	}
	return end - i, nil
}

// entryPiece is how much of the table a scan reads at once, in bytes.
const entryPiece = 256 << 10

// scan yields the entries in [from, to) that are not unallocated. Zeros, which
// can't be right, come as one with their number, and a hole of gigabytes takes
// no time.
func (t *table) scan(ctx context.Context, from, to int64) iter.Seq2[tableEntry, error] {
	return func(yield func(tableEntry, error) bool) {
		buf := make([]byte, min(entryPiece, vhd.EntrySize*(to-from)))
		for i := from; i < to; {
			if err := ctx.Err(); err != nil {
				yield(tableEntry{}, err)
				return
			}
			next, err := t.skipHole(i, to)
			if err != nil {
				yield(tableEntry{}, err)
				return
			}
			if next > i {
				if !yield(tableEntry{index: i, holes: next - i}, nil) {
					return
				}
				i = next
				continue
			}
			b := buf[:min(int64(len(buf)), vhd.EntrySize*(to-i))]
			if _, err := io.ReadFull(io.NewSectionReader(t.file, t.at(i), int64(len(b))), b); err != nil {
				yield(tableEntry{}, fmt.Errorf("BAT entry %d: %w", i, err))
				return
			}
			if !yieldEntries(b, i, yield) {
				return
			}
			i += int64(len(b) / vhd.EntrySize)
		}
	}
}

// tableEntry is what a scan finds: an entry, or a row of entries that are zero.
type tableEntry struct {
	index  int64
	sector uint32
	holes  int64 // number of zero entries from index on; 0 for an entry that is not zero
}

var (
	allUnallocated = bytes.Repeat([]byte{0xFF}, 4096)
	allZero        = make([]byte, 4096)
)

// yieldEntries yields what a piece of the table has. Zeros count as a hole even
// where they are stored.
func yieldEntries(b []byte, first int64, yield func(tableEntry, error) bool) bool {
	for len(b) >= vhd.EntrySize {
		if bytes.HasPrefix(b, allUnallocated) {
			b, first = b[len(allUnallocated):], first+int64(len(allUnallocated)/vhd.EntrySize)
			continue
		}
		e := tableEntry{index: first, sector: vhd.EntryAt(b)}
		n := int64(1)
		if e.sector == 0 {
			n = zeroEntries(b)
			e.holes = n
		}
		if e.sector != vhd.Unallocated && !yield(e, nil) {
			return false
		}
		b, first = b[vhd.EntrySize*n:], first+n
	}
	return true
}

// zeroEntries is how many entries at the start of b are zero.
func zeroEntries(b []byte) int64 {
	all := len(b)
	for bytes.HasPrefix(b, allZero) {
		b = b[len(allZero):]
	}
	for len(b) >= vhd.EntrySize && vhd.EntryAt(b) == 0 {
		b = b[vhd.EntrySize:]
	}
	return int64(all-len(b)) / vhd.EntrySize
}

// skipHole is the first entry from i on that may not lie in a hole. Small
// holes are not worth the question.
func (t *table) skipHole(i, to int64) (int64, error) {
	if vhd.EntrySize*(to-i) < entryPiece {
		return i, nil
	}
	start := t.at(i)
	r, err := store.NextData(t.file, start, t.at(to))
	if err == io.EOF {
		return to, nil
	}
	if err != nil {
		return 0, err
	}
	return min(to, i+max(0, r.Offset-start)/vhd.EntrySize), nil
}
