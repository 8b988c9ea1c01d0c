package vmdk

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

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

// busy are the windows of a file in which something lies: all others need no
// pass, so that a table or a grain far out in a hole of terabytes costs one.
type busy []uint64

// mark notes the windows of a range of bytes.
func (b *busy) mark(off, length int64) {
	const window = windowSectors * vmdk.SectorSize
	for n := off / window; n <= (off+max(length, 1)-1)/window; n++ {
		for int64(len(*b)) <= n/64 {
			*b = append(*b, 0)
		}
		(*b)[n/64] |= 1 << (n % 64)
	}
}

// from is the first sector of the first marked window from that of a sector on.
func (b busy) from(sector int64) int64 {
	n := sector / windowSectors
	for i := n / 64; i < int64(len(b)); i++ {
		word := b[i]
		if i == n/64 {
			word &= ^uint64(0) << (n % 64)
		}
		if word != 0 {
			return (i*64 + int64(bits.TrailingZeros64(word))) * windowSectors
		}
	}
	return math.MaxInt64
}

// between visits the ranges of [from, to), in bytes, that no area covers.
func between(areas []area, from, to int64, visit func(off, length int64)) {
	slices.SortFunc(areas, func(a, b area) int { return cmp.Compare(a.off, b.off) })
	for _, a := range areas {
		if end := min(a.off, to); from < end {
			visit(from, end-from)
		}
		from = max(from, a.off+a.bytes)
	}
	if from < to {
		visit(from, to-from)
	}
}
