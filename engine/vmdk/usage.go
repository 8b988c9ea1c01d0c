package vmdk

import (
	"math/bits"

	"platter/decode/vmdk"
)

// windowSectors is how much of a file is accounted for at a time: 64 GiB, in
// two bitmaps of 16 MiB. Larger files are gone through in several passes.
const windowSectors = 128 << 20

// usage is a bit for each sector of a window of a file.
type usage struct {
	from, to int64 // sectors
	words    []uint64
}

func newUsage(size int64) *usage {
	n := min(windowSectors, size/vmdk.SectorSize+1)
	return &usage{words: make([]uint64, n/64+1)}
}

// move empties the bitmap and lets it stand for another window.
func (u *usage) move(from, to int64) {
	u.from, u.to = from, to
	clear(u.words)
}

// take marks a range of bytes and reports whether a part of it was marked.
func (u *usage) take(off, length int64) bool {
	return u.each(off, length, func(word *uint64, mask uint64) bool {
		taken := *word&mask != 0
		*word |= mask
		return taken
	})
}

// taken reports whether a part of a range of bytes is marked.
func (u *usage) taken(off, length int64) bool {
	return u.each(off, length, func(word *uint64, mask uint64) bool { return *word&mask != 0 })
}

// each visits the words of a range, with the bits of each that belong to it.
func (u *usage) each(off, length int64, visit func(word *uint64, mask uint64) bool) bool {
	first := max(off/vmdk.SectorSize, u.from) - u.from
	last := min((off+length+vmdk.SectorSize-1)/vmdk.SectorSize, u.to) - u.from
	found := false
	for first < last {
		bit := first % 64
		n := min(64-bit, last-first)
		mask := (^uint64(0) >> (64 - n)) << bit
		found = visit(&u.words[first/64], mask) || found
		first += n
	}
	return found
}

// holes visits the runs of bytes from floor on that neither bitmap has marked,
// and that are at least length bytes long.
func holes(a, b *usage, floor, length int64, visit func(off, length int64)) {
	start := int64(-1)
	end := func(sector int64) {
		if start >= 0 && (sector-start)*vmdk.SectorSize >= length {
			visit(start*vmdk.SectorSize, (sector-start)*vmdk.SectorSize)
		}
		start = -1
	}
	for sector := max(a.from, floor/vmdk.SectorSize); sector < a.to; {
		bit := (sector - a.from) % 64
		word := (a.words[(sector-a.from)/64] | b.words[(sector-a.from)/64]) >> bit
		free := min(int64(bits.TrailingZeros64(word)), 64-bit, a.to-sector)
		if free > 0 {
			if start < 0 {
				start = sector
			}
			sector += free
			continue
		}
		end(sector)
		sector += min(int64(bits.TrailingZeros64(^word)), 64-bit)
	}
	end(a.to)
}
