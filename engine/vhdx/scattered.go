package vhdx

import (
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// scattered goes on from off over whole blocks of an image without a parent
// that lie behind all structures and inside the file, wherever each of them
// is: what a fully allocated disk in random order consists of. It decides
// nothing that step would decide in another way, and leaves all else to it; a
// map of 67 million blocks would take seconds there. It returns where it
// stopped.
func (m *mapper) scattered(off, end int64) (int64, bool) {
	v := m.image
	if len(m.layers) != 1 || v.params.hasParent {
		return off, true
	}
	size, low := v.geo.BlockSize, int64(vhdx.MiB)
	if n := len(v.held); n > 0 {
		low = v.held[n-1].reach
	}
	piece := &m.cursors[0].piece
	last := min(end, v.geo.DiskSize) - size
	for off <= last && off&(size-1) == 0 {
		index := v.geo.PayloadIndex(v.geo.Block(off))
		stop := min(piece.first+piece.count, v.geo.BitmapIndex(v.geo.Chunk(v.geo.Block(off))))
		if !piece.has(index) {
			return off, true
		}
		for ; index < stop && off <= last; index++ {
			entry := piece.at(index)
			at := int64(vhdx.FileOffset(entry))
			if vhdx.State(entry) != vhdx.FullyPresent || at < low || at > v.size-size {
				return off, true
			}
			if !m.holdBlock(off, at, index, entry) {
				return off, false
			}
			off += size
		}
	}
	return off, true
}

// holdBlock is hold for one whole block that is stored at an offset of the
// file.
func (m *mapper) holdBlock(off, at, index int64, entry uint64) bool {
	v := m.image
	if m.out.Extend(at, v.geo.BlockSize) {
		return true
	}
	m.via = append(m.via[:0], disk.Via{Table: "BAT", Index: index, Place: v.place(v.bat.off+index*vhdx.EntrySize, vhdx.EntrySize), Raw: entry})
	return m.out.Next(&disk.Span{Start: off, Length: v.geo.BlockSize, State: disk.Data, File: v.src.Name, Offset: at, Via: m.via})
}
