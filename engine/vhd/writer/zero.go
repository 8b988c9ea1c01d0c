package writer

import (
	"context"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
)

// Zero makes a range read as zeros. The format has no mark for that: where an
// ancestor stores something, zeros are stored; else a block that nothing stores
// is left so, and a block that becomes all zeros is given up (vhd.md 11.3).
func (w *dynamic) Zero(ctx context.Context, off, n int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	if err := layer.InRange(w.Size(), off, n); err != nil {
		return err
	}
	return layer.Pieces(off, n, w.parts.Table.BlockSize, func(at, n int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.zeroBlock(at, n)
	})
}

func (w *dynamic) zeroBlock(off, n int64) error {
	block := off / w.parts.Table.BlockSize
	start, stored, err := w.start(block)
	if err != nil {
		return err
	}
	empty, err := w.below.Empty(off, n)
	switch {
	case err != nil:
		return err
	case !empty:
		return w.storeZeros(off, n)
	case !stored:
		return nil
	case w.below.Parent == nil && w.whole(off, n):
		return w.drop(block, start)
	}
	return w.rows(start, off, n, func(set bool, at, n int64) error {
		if !set {
			return nil
		}
		return w.storeZeros(at, n)
	})
}

// storeZeros writes zeros as any other data.
func (w *dynamic) storeZeros(off, n int64) error {
	return layer.StoreZeros(w.unlocked(), vhd.Sector, off, n)
}

// whole reports whether a range within a block is all of it that lies on the disk.
func (w *dynamic) whole(off, n int64) bool {
	size := w.parts.Table.BlockSize
	return off%size == 0 && n == min(size, w.Size()-off)
}

// drop gives up a stored block of an image without a parent.
func (w *dynamic) drop(block, start int64) error {
	if w.parts.Batmap.Found {
		return w.storeZeros(block*w.parts.Table.BlockSize, min(w.parts.Table.BlockSize, w.Size()-block*w.parts.Table.BlockSize))
	}
	if err := w.ready(); err != nil {
		return err
	}
	if err := w.point(block, vhd.Unallocated, why("block %d is not stored any more", block)); err != nil {
		return err
	}
	w.tables.Forget(start, w.parts.Table.BitmapBytes)
	w.room.release(start)
	w.dropped++
	return nil
}

// Trim gives up the blocks that lie wholly in a range, in an image without a
// parent. A child has no way to say that a block reads as zeros but to store
// them, so there nothing happens.
func (w *dynamic) Trim(ctx context.Context, off, n int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	if err := layer.InRange(w.Size(), off, n); err != nil || w.below.Parent != nil || w.parts.Batmap.Found {
		return err
	}
	return layer.Pieces(off, n, w.parts.Table.BlockSize, func(at, n int64) error {
		block := at / w.parts.Table.BlockSize
		start, stored, err := w.start(block)
		if err != nil || !stored || !w.whole(at, n) {
			return err
		}
		return w.drop(block, start)
	})
}

// Keeps says why Trim gives nothing back.
func (w *dynamic) Keeps() string {
	switch {
	case w.below.Parent != nil:
		return "a differencing VHD has no mark for a block of zeros: without the block, the parent would show"
	case w.parts.Batmap.Found:
		return "the image has a batmap of tapdisk, which would call a block full that is not stored"
	}
	return ""
}

// allocate takes room for a block and stages its table entry. Room that held
// something before is cleared first, bitmap and all: programs that do not look at
// the bitmap would show what it held.
func (w *dynamic) allocate(block int64) (int64, error) {
	if err := w.notCalledFull(block); err != nil {
		return 0, err
	}
	start, used, err := w.room.take(w.file)
	if err != nil {
		return 0, err
	}
	if used {
		err = layer.WriteZeros(w.file, start, w.room.block, why("zeros where block %d will be", block))
	}
	if err == nil {
		err = w.point(block, uint32(start/vhd.Sector), why("place of block %d", block))
	}
	if err != nil {
		w.room.release(start)
		return 0, err
	}
	w.stored++
	return start, nil
}

// notCalledFull refuses a block that tapdisk's batmap calls full although it is
// not stored: tapdisk would not look at its bitmap.
func (w *dynamic) notCalledFull(block int64) error {
	m := w.parts.Batmap
	if !m.Found || block/8 >= m.Length {
		return nil
	}
	b := make([]byte, 1)
	if err := layer.ReadFull(w.file, b, m.MapOff+block/8); err != nil {
		return err
	}
	if bit(b, block%8) {
		at := decode.Place{File: w.parts.Source.Name, Offset: m.MapOff + block/8, Length: 1}
		return disk.Errorf(disk.ReadOnly, at, "finding vhd/V049 must be settled first: the batmap calls block %d full although it is not stored", block)
	}
	return nil
}
