package writer

import (
	"context"

	"platter/decode/vhdx"
	"platter/engine/layer"
)

// Zero makes a range read as zeros: whole blocks take the state ZERO and give
// their room back; in a fixed image, and of parts of blocks, zeros are stored.
// What the parent shows is hidden by a ZERO block, never by one that is not
// present (vhdx.md 9.3).
func (w *blocks) Zero(ctx context.Context, off, n int64) error {
	return w.each(ctx, off, n, w.zeroBlock)
}

// Trim gives up the blocks that lie wholly in a range: they are UNMAPPED, and read
// as zeros. A fixed image keeps its blocks (vhdx.md 9.5).
func (w *blocks) Trim(ctx context.Context, off, n int64) error {
	if w.fixed {
		return layer.InRange(w.Size(), off, n)
	}
	return w.each(ctx, off, n, w.trimBlock)
}

// Keeps says why Trim gives nothing back.
func (w *blocks) Keeps() string {
	if w.fixed {
		return "a fixed VHDX keeps all of its blocks"
	}
	return ""
}

// each hands on the pieces of a range that lie in one block.
func (w *blocks) each(ctx context.Context, off, n int64, do func(e entry, block, off, n int64) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	if err := layer.InRange(w.Size(), off, n); err != nil {
		return err
	}
	return layer.Pieces(off, n, w.geo.BlockSize, func(at, n int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := w.geo.Block(at)
		e, err := w.load(w.geo.PayloadIndex(block))
		if err != nil {
			return err
		}
		return do(e, block, at, n)
	})
}

func (w *blocks) zeroBlock(e entry, block, off, n int64) error {
	stored := e.state == vhdx.FullyPresent || e.state == vhdx.PartiallyPresent
	if !stored {
		if empty, err := w.readsZero(e, off, n); empty || err != nil {
			return err
		}
	}
	if w.fixed || !w.whole(off, n) {
		return w.storeZeros(off, n)
	}
	return w.drop(e, block, vhdx.ZeroBlock, why("block %d is zeros", block))
}

// readsZero reports whether a block that is not stored reads as zeros, whatever
// happens to a file below.
func (w *blocks) readsZero(e entry, off, n int64) (bool, error) {
	if e.state != vhdx.NotPresent {
		return true, nil
	}
	return w.below.Empty(off, n)
}

// storeZeros writes zeros as any other data.
func (w *blocks) storeZeros(off, n int64) error {
	return layer.StoreZeros(held{w}, w.geo.SectorSize, off, n)
}

func (w *blocks) trimBlock(e entry, block, off, n int64) error {
	if e.state != vhdx.FullyPresent && e.state != vhdx.PartiallyPresent || !w.whole(off, n) {
		return nil
	}
	return w.drop(e, block, vhdx.Unmapped, why("block %d is not needed any more", block))
}

// drop gives a block a state in which nothing is stored.
func (w *blocks) drop(e entry, block int64, state uint64, why string) error {
	if err := w.ready(); err != nil {
		return err
	}
	if err := w.store(w.geo.PayloadIndex(block), entry{state: state}, why); err != nil {
		return err
	}
	if e.at != 0 && e.state != vhdx.NotPresent {
		w.dropped++
		w.room.Release(e.at, w.geo.BlockSize)
	}
	return nil
}
