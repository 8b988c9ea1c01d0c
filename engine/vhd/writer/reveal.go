package writer

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/layer"
)

// Reveal gives up the stored blocks of a child that lie wholly in a range: the parent
// shows in a block that is not stored (vhd.md 10).
func (w *dynamic) Reveal(ctx context.Context, off, n int64) error {
	return w.hiding(ctx, off, n, func(block, start, _, _ int64) error { return w.drop(block, start) })
}

// Hides compares the blocks that Reveal would give up with the parent.
func (w *dynamic) Hides(ctx context.Context, off, n int64) (loss disk.Loss, err error) {
	err = w.hiding(ctx, off, n, func(_, _, at, n int64) error { return w.below.Compare(ctx, w.unlocked(), at, n, &loss) })
	return loss, err
}

// hiding hands on the stored blocks that lie wholly in a range, in front of a parent.
func (w *dynamic) hiding(ctx context.Context, off, n int64, use func(block, start, off, n int64) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	switch m := w.parts.Batmap; {
	case w.below.Parent == nil:
		return disk.NoParent()
	case m.Found:
		return disk.Errorf(disk.Unsupported, decode.Place{File: w.parts.Source.Name, Offset: m.MapOff, Length: m.Length},
			"tapdisk's batmap may call a block full that is not stored any more, and tapdisk would not show the parent: convert the image")
	}
	if err := layer.InRange(w.Size(), off, n); err != nil {
		return err
	}
	return layer.Pieces(off, n, w.parts.Table.BlockSize, func(at, n int64) error {
		if err := ctx.Err(); err != nil || !w.whole(at, n) {
			return err
		}
		block := at / w.parts.Table.BlockSize
		start, stored, err := w.start(block)
		if err != nil || !stored {
			return err
		}
		return use(block, start, at, n)
	})
}
