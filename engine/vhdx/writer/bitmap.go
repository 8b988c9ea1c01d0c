package writer

import (
	"platter/decode/vhdx"
	"platter/engine/layer"
)

// bitAt is where the bit of a sector lies: the byte in the file, and its mask. The
// first sector is the lowest bit (vhdx.md 9.4).
func (w *blocks) bitAt(bitmap, block, off int64) (int64, byte) {
	sector := off % w.geo.BlockSize / w.geo.SectorSize
	return bitmap + w.geo.BitmapByte(block) + sector/8, 1 << (sector % 8)
}

// bitmap is the entry of a chunk's sector bitmap block.
func (w *blocks) bitmap(block int64) (entry, error) {
	return w.load(w.geo.BitmapIndex(w.geo.Chunk(block)))
}

// wantBitmap sees to it that a chunk has a sector bitmap block.
func (w *blocks) wantBitmap(chunk int64) error {
	index := w.geo.BitmapIndex(chunk)
	e, err := w.load(index)
	if err != nil || e.state == vhdx.FullyPresent {
		return err
	}
	at, used, err := w.room.Take(w.file, vhdx.MiB, vhdx.MiB)
	if err != nil {
		return err
	}
	if used {
		if err := layer.WriteZeros(w.file, at, vhdx.MiB, why("zeros where the sector bitmap of chunk %d will be", chunk)); err != nil {
			return err
		}
	}
	return w.store(index, entry{vhdx.FullyPresent, at}, why("sector bitmap of chunk %d", chunk))
}

// mark stages the bits of the sectors of a range within a block: stored here, or
// left to the parent.
func (w *blocks) mark(block, off, n int64, here bool) error {
	e, err := w.bitmap(block)
	if err != nil {
		return err
	}
	reason := why("sector bitmap: which sectors of block %d are stored", block)
	for end := off + n; off < end; {
		at, mask := w.bitAt(e.at, block, off)
		page := w.tables.Page(at)
		b, err := w.tables.Edit(page, false, reason)
		if err != nil {
			return err
		}
		for ; off < end && w.tables.Page(at) == page; at, mask = w.bitAt(e.at, block, off) {
			if here {
				b[at-page] |= mask
			} else {
				b[at-page] &^= mask
			}
			off += w.geo.SectorSize
		}
	}
	return nil
}

// rows splits a range within a block where stored sectors meet others.
func (w *blocks) rows(block, off, length int64, use func(set bool, off, n int64) error) error {
	e, err := w.bitmap(block)
	if err != nil {
		return err
	}
	bits := make([]byte, w.geo.BitmapBytes())
	if _, err := w.tables.ReadAt(bits, e.at+w.geo.BitmapByte(block)); err != nil {
		return err
	}
	base := off - off%w.geo.BlockSize
	set := func(at int64) bool {
		sector := (at - base) / w.geo.SectorSize
		return bits[sector/8]&(1<<(sector%8)) != 0
	}
	for end := off + length; off < end; {
		is, next := set(off), off-off%w.geo.SectorSize+w.geo.SectorSize
		for next < end && set(next) == is {
			next += w.geo.SectorSize
		}
		n := min(next, end) - off
		if err := use(is, off, n); err != nil {
			return err
		}
		off += n
	}
	return nil
}
