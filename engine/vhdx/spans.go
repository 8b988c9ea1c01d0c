package vhdx

import (
	"fmt"
	"iter"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
)

// Map tells for a range of the virtual disk where each byte comes from, in
// whichever layer. Neighbours that say the same are one span.
func (v *Image) Map(off, n int64) iter.Seq2[disk.Span, error] { return v.stack.Map(off, n) }

// MapOwn maps this layer alone, see [disk.Layered].
func (v *Image) MapOwn(off, n int64) iter.Seq2[disk.Span, error] { return v.stack.MapOwn(off, n) }

// Cursor goes through the layer for a map of depth layers.
func (v own) Cursor(depth int) layer.Cursor {
	return &cursor{own: v, most: pieceBudget / vhdx.EntrySize / int64(max(depth, fewLayers))}
}

// Trail adds the entries and the bit that decided a run at off. For a run of
// several blocks it is the entry of the one that holds off.
func (v own) Trail(via []disk.Via, off int64, r *layer.Run) ([]disk.Via, error) {
	e := r.Via[0]
	if skipped := v.geo.Block(off) - v.geo.Block(r.Start); skipped > 0 {
		e.Index = v.geo.PayloadIndex(v.geo.Block(off))
		if r.State == disk.Data {
			e.Raw += uint64(skipped) * uint64(v.geo.BlockSize)
		}
	}
	via = append(via, disk.Via{Table: "BAT", Index: e.Index, Place: v.entryPlaceAt(e.Index), Raw: e.Raw})
	if r.Vias == 1 {
		return via, nil
	}
	chunk, first := r.Via[1], r.Via[2]
	bit := first.Index + (off-r.Start)/v.geo.SectorSize
	return append(via,
		disk.Via{Table: "BAT", Index: chunk.Index, Place: v.entryPlaceAt(chunk.Index), Raw: chunk.Raw},
		disk.Via{Table: "sector bitmap", Index: bit, Place: v.place(first.At-first.Index/8+bit/8, 1), Raw: first.Raw, IsBit: true}), nil
}

// cursor reads the BAT of a layer in pieces.
type cursor struct {
	own
	piece batPiece
	most  int64 // entries that a piece may have
	holes batHoles
	via   [1]disk.Via // of a scattered block
}

// The pieces of all layers of a walk share pieceBudget bytes; that of a walk of
// few layers is as large as a piece may be.
const (
	fewLayers   = 16
	pieceBudget = fewLayers * maxPiece
)

// batPiece is some entries of the BAT, read at once.
type batPiece struct {
	buf   []byte
	first int64 // index of the first
	count int64
}

// maxPiece bounds a piece, in bytes.
const maxPiece = 256 << 10

// fill reads entries from index on, as many as are wanted and fit.
func (b *batPiece) fill(v *Image, index, want int64) error {
	want = min(want, maxPiece/vhdx.EntrySize, v.geo.Entries(v.params.hasParent)-index)
	if int64(cap(b.buf)) < want*vhdx.EntrySize {
		b.buf = make([]byte, want*vhdx.EntrySize)
	}
	b.buf = b.buf[:want*vhdx.EntrySize]
	n, err := v.data.ReadAt(b.buf, v.bat.off+index*vhdx.EntrySize)
	if n < len(b.buf) {
		b.count = 0
		return fmt.Errorf("BAT: %w", shortRead(v.bat.off+index*vhdx.EntrySize, n, len(b.buf), err))
	}
	b.first, b.count = index, want
	return nil
}

// at is an entry of the piece.
func (b *batPiece) at(index int64) uint64 {
	return vhdx.EntryAt(b.buf[(index-b.first)*vhdx.EntrySize:])
}

func (b *batPiece) has(index int64) bool { return index >= b.first && index < b.first+b.count }

// Next finds the run at off, below limit: one block's, or as many blocks' as
// say the same.
func (c *cursor) Next(off, limit int64, r *layer.Run) error {
	v := c.Image
	index := v.geo.PayloadIndex(v.geo.Block(off))
	last := v.geo.PayloadIndex(v.geo.Block(limit - 1))
	if !c.piece.has(index) {
		if err := c.piece.fill(v, index, min(last+1-index, c.most)); err != nil {
			return err
		}
	}
	err := v.decide(off, limit, index, c.piece.at(index), r)
	if err != nil || r.End >= limit || r.End%v.geo.BlockSize != 0 {
		return err
	}
	return c.extend(r, limit, last)
}

// extend lets a run that ends with its block go on over the blocks after it
// whose entries say the same: the same state, or data that lie where the
// block before ends.
func (c *cursor) extend(r *layer.Run, limit, last int64) error {
	v, entry := c.Image, r.Via[0].Raw
	mask, step, most := uint64(7), uint64(0), v.geo.Blocks
	switch {
	case r.State == disk.Data && r.Vias == 1 && vhdx.State(entry) == vhdx.FullyPresent:
		_, next := v.clearOf(r.Offset, r.Offset+1)
		room := min(next, v.size) - (r.Offset + r.End - r.Start)
		mask, step, most = ^uint64(0), uint64(v.geo.BlockSize), room/v.geo.BlockSize
	case vhdx.State(entry) >= vhdx.ReservedState && vhdx.State(entry) != vhdx.UnmappedDraft, r.State == disk.Missing:
		return nil
	}
	want := entry&mask + step
	for blocks := int64(0); blocks < most && r.End < limit; {
		index := v.geo.PayloadIndex(v.geo.Block(r.End))
		if !c.piece.has(index) {
			if want == uint64(vhdx.NotPresent) && step == 0 {
				if block := c.blockBehindHole(index, last+1); block > v.geo.Block(r.End) {
					r.End = min(block*v.geo.BlockSize, limit)
					continue
				}
			}
			if err := c.piece.fill(v, index, min(last+1-index, c.most)); err != nil {
				return err
			}
		}
		// as far as the piece goes and the next sector bitmap's entry
		stop := min(c.piece.first+c.piece.count, v.geo.BitmapIndex(v.geo.Chunk(v.geo.Block(r.End))), last+1, index+most-blocks)
		n := equalEntries(c.piece.buf[(index-c.piece.first)*vhdx.EntrySize:(stop-c.piece.first)*vhdx.EntrySize], mask, want, step)
		blocks += n
		want += uint64(n) * step
		r.End = min(r.End+n*v.geo.BlockSize, limit)
		if n < stop-index {
			return nil
		}
	}
	return nil
}

// blockBehindHole is the first block whose entry, from index on, does not lie in
// a hole of the file, where all entries say "not present": a table of 64 TiB
// fits a file of 4 KiB, and a chain has many.
func (c *cursor) blockBehindHole(index, to int64) int64 {
	next, err := c.holes.behind(c.Image, index)
	if err != nil {
		return 0
	}
	to = min(to, next)
	return to - to/(c.geo.Ratio+1)
}

// equalEntries counts the entries at the start of b that are as wanted under
// the mask, each one step more than the one before.
func equalEntries(b []byte, mask, want, step uint64) int64 {
	n := int64(0)
	for ; len(b) >= vhdx.EntrySize; b = b[vhdx.EntrySize:] {
		if vhdx.EntryAt(b)&mask != want {
			break
		}
		want += step
		n++
	}
	return n
}
