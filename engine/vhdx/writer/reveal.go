package writer

import (
	"context"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// Reveal gives the blocks of a child that lie wholly in a range the state NOT PRESENT,
// in which the parent shows (vhdx.md 9.3). The bits of the sector bitmap do not count
// then, and are set again before a block is stored in part.
func (w *blocks) Reveal(ctx context.Context, off, n int64) error {
	return w.hiding(ctx, off, n, func(e entry, block, _, _ int64) error {
		return w.drop(e, block, vhdx.NotPresent, why("block %d is left to the parent", block))
	})
}

// Hides compares the blocks that Reveal would give up with the parent.
func (w *blocks) Hides(ctx context.Context, off, n int64) (loss disk.Loss, err error) {
	err = w.hiding(ctx, off, n, func(_ entry, _, at, n int64) error { return w.below.Compare(ctx, held{w}, at, n, &loss) })
	return loss, err
}

// hiding hands on the blocks that lie wholly in a range and are not left to the parent.
func (w *blocks) hiding(ctx context.Context, off, n int64, use func(e entry, block, off, n int64) error) error {
	if !w.child {
		return disk.NoParent()
	}
	return w.each(ctx, off, n, func(e entry, block, at, n int64) error {
		if e.state == vhdx.NotPresent || !w.whole(at, n) {
			return nil
		}
		return use(e, block, at, n)
	})
}
