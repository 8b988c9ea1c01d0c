package vhdx

import (
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
)

var _ layer.Scatterer = (*cursor)(nil)

// Scattered goes on from off over whole blocks of an image without a parent
// that lie after all structures and inside the file, wherever each of them
// is: what a fully allocated disk in random order consists of. A map of 67
// million blocks would take seconds with Next.
func (c *cursor) Scattered(off, end int64, out *disk.Joiner) (int64, bool) {
	v := c.Image
	if v.params.hasParent {
		return off, true
	}
	size, low := v.geo.BlockSize, int64(vhdx.MiB)
	if n := len(v.held); n > 0 {
		low = v.held[n-1].reach
	}
	piece := &c.piece
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
			if !out.Extend(at, size) && !c.next(off, at, index, entry, out) {
				return off, false
			}
			off += size
		}
	}
	return off, true
}

// next hands on a whole block that is stored at an offset of the file.
func (c *cursor) next(off, at, index int64, entry uint64, out *disk.Joiner) bool {
	c.via[0] = disk.Via{Table: "BAT", Index: index, Place: c.entryPlaceAt(index), Raw: entry}
	return out.Next(&disk.Span{Start: off, Length: c.geo.BlockSize, State: disk.Data, File: c.src.Name, Offset: at, Via: c.via[:]})
}
