package decode

import (
	"hash/crc32"
	"math/bits"
)

// Flipped locates the one bit of a record that differs from what its CRC was computed
// over, if a single bit explains why the CRC is wrong: the offset of its byte, and its
// number there, from 0. Other checksums do not tell where they were broken.
func (l *Layout) Flipped(b []byte) (off int, bit uint, ok bool) {
	for _, f := range l.fields {
		if f.sum == nil || f.size != 4 || !f.fits(b) || f.sum.over < 1 || len(b) < f.sum.over {
			continue
		}
		table := crcTable(f.sum.fn)
		if table == nil {
			continue
		}
		wrong := uint32(f.sum.compute(f, b)) ^ uint32(f.Uint(b))
		if wrong == 0 {
			continue
		}
		if off, bit, ok := flippedBit(table, wrong, f.sum.over); ok && (off < f.off || off >= f.off+f.size) {
			return off, bit, true
		}
		if bits.OnesCount32(wrong) == 1 { // the CRC itself
			n := uint(bits.TrailingZeros32(wrong))
			at := int(n / 8)
			if f.layout.order == Big {
				at = f.size - 1 - at
			}
			return f.off + at, n % 8, true
		}
	}
	return 0, 0, false
}

// crcTable is the table of the CRC that a function computes; nil if it is none of those
// that are known.
func crcTable(fn func([]byte) uint64) *crc32.Table {
	for _, poly := range []uint32{crc32.Castagnoli, crc32.IEEE} {
		t := crc32.MakeTable(poly)
		if uint32(fn([]byte{1})^fn([]byte{0})) == t[1] && uint32(fn([]byte("platter"))) == crc32.Checksum([]byte("platter"), t) {
			return t
		}
	}
	return nil
}

// flippedBit goes from the last byte to the first: what a flipped bit does to a CRC depends
// only on how many bytes follow it.
func flippedBit(t *crc32.Table, wrong uint32, n int) (off int, bit uint, ok bool) {
	var effect [8]uint32
	for i := range effect {
		effect[i] = t[1<<i]
	}
	for off := n - 1; off >= 0; off-- {
		for i, e := range effect {
			if e == wrong {
				return off, uint(i), true
			}
			effect[i] = t[byte(e)] ^ e>>8
		}
	}
	return 0, 0, false
}
