package blockmap

import (
	"context"

	"platter/engine/disk"
)

// The blocks that are listed at once, and those that the map is asked for
// where the list stops. The more often it stops at once, the more the map is
// asked for: what is left to it as a rule costs little.
const (
	listed     = 2048
	leastAsked = 64
)

// list counts blocks up to an offset, those that an image can list from its
// list and the others from its map.
func (w *walker) list(ctx context.Context, img disk.Image, lister disk.BlockLister, to int64) error {
	buf := make([]disk.BlockPlace, listed)
	asked := int64(leastAsked)
	for last := w.block + (to-w.pos)/w.shape.block; w.pos < to; {
		n, file, err := lister.ListBlocks(w.block, buf[:max(0, min(listed, last-w.block))])
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.places(buf[:n], file); n > leastAsked {
			asked = leastAsked
			continue
		}
		end := min(w.shape.offset(w.block+asked), to)
		if w.pos >= end {
			continue
		}
		if err := w.spans(ctx, img, end); err != nil || w.pos < end {
			return err
		}
		asked *= 2
	}
	return nil
}

// places counts whole blocks.
func (w *walker) places(list []disk.BlockPlace, file string) {
	if len(list) == 0 {
		return
	}
	size := w.shape.block
	if w.file != file {
		w.file, w.next = file, 0
	}
	for i := range list {
		b := &list[i]
		m := stateMarks[b.State]
		c := &w.out[w.cell]
		if b.State == disk.Data {
			switch gap := b.Offset - w.next; {
			case gap == 0 || w.next == 0:
			case gap < 0:
				c.backs++
			case gap >= size:
				c.jumps++
			}
			w.next = b.Offset + size
			c.from |= 1
			if len(w.shared) > 0 && w.shared.meet(file, b.Offset, size) {
				m = overlap
			}
		}
		c.blocks[m]++
		if w.first != nil && w.first[m] < 0 {
			w.first[m] = w.block
		}
		w.block++
		if w.left--; w.left == 0 {
			w.cell++
			w.left = w.per
		}
	}
	w.pos = w.shape.offset(w.block)
}
