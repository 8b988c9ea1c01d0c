package edit

import (
	"context"

	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// fillBlocks has an image that needs nothing of its parent any more store the zeros too that
// it leaves to that in blocks which it stores in part. Programs that know no sector bitmaps
// would show what lies in the file there, and a VHDX without a parent has none. The image is
// nil where a dry run leaves that undone.
func (s rebase) fillBlocks(ctx context.Context, img disk.Image, r Rebasing, done *Rebased) (disk.Image, error) {
	var n int64
	err := gaps(ctx, img, func(_, length int64) error { n += length; return nil })
	if err != nil || n == 0 {
		return img, err
	}
	if done.Copied += n; r.DryRun {
		return nil, nil
	}
	_, err = s.Straight(ctx, disk.WriteOptions{}, func(ctx context.Context, w disk.Writer) error {
		return gaps(ctx, img, func(off, length int64) error {
			return layer.Pieces(off, length, adoptPiece, func(at, n int64) error {
				b := make([]byte, n)
				if err := layer.ReadFull(w, b, at); err != nil {
					return err
				}
				_, err := w.WriteAt(b, at)
				return err
			})
		})
	})
	if err == nil {
		err = s.reload()
	}
	if err != nil {
		return nil, err
	}
	return s.Image()
}

// gaps are the ranges of stored blocks that an image leaves to its parent.
func gaps(ctx context.Context, img disk.Image, use func(off, n int64) error) error {
	info := img.Info()
	if info.BlockSize == 0 {
		return nil
	}
	block, stored, left := int64(0), false, []store.Range(nil) // of the block at hand
	done := func() error {
		for _, r := range left {
			if !stored {
				break
			}
			if err := use(r.Offset, r.Length); err != nil {
				return err
			}
		}
		stored, left = false, left[:0]
		return ctx.Err()
	}
	for s, err := range disk.MapOwn(img, 0, info.VirtualSize) {
		if err != nil {
			return err
		}
		err := layer.Pieces(s.Start, s.Length, info.BlockSize, func(at, n int64) (err error) {
			if at/info.BlockSize != block {
				block, err = at/info.BlockSize, done()
			}
			switch s.State {
			case disk.Data:
				stored = true
			case disk.FromParent:
				left = append(left, store.Range{Offset: at, Length: n})
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return done()
}
