package edit

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/guest"
)

// freeUnit is what is made zeros as a whole where a format has no blocks, in bytes.
const freeUnit = 64 << 10

// Freed is what became of the room that guests call free.
type Freed struct {
	Volumes []guest.Volume
	Bytes   int64 // that were made zeros, or would be, stored or not: whole blocks only
	Dropped int64 // blocks that were stored, and are not any more
}

// none is why nothing is known to be free; nil if it is known of a volume.
func (f *Freed) none() error {
	var why []error
	for _, v := range f.Volumes {
		if v.Refused == nil {
			return nil
		}
		why = append(why, fmt.Errorf("the volume at byte 0x%x of the disk: %w", v.Start, v.Refused))
	}
	if len(why) == 0 {
		return disk.Errorf(disk.Unsupported, decode.Place{}, "the disk has no volume that says what is free")
	}
	return errors.Join(why...)
}

// FreeGuest is a task that makes zeros of the blocks all of which a file system on the disk
// calls free, as [guest.Free] finds them, so that they need not be stored. An image with a
// parent is refused: there zeros may have to be stored; so is one on which no volume says
// what is free.
func FreeGuest(img disk.Image, done *Freed, progress func(done, total int64)) Task {
	return func(ctx context.Context, w disk.Writer) (err error) {
		info := img.Info()
		if info.Parent != "" || img.Parent() != nil {
			return disk.Errorf(disk.Unsupported, decode.Place{File: info.Path}, "in a child nothing is won by it: its parent's bytes would show, or zeros would have to be stored; merge it first")
		}
		unit := info.BlockSize
		if unit == 0 {
			unit = freeUnit
		}
		done.Bytes = 0
		done.Volumes, err = guest.Free(ctx, img, func(off, n int64) error {
			start, end := (off+unit-1)/unit*unit, (off+n)/unit*unit
			if start >= end {
				return nil
			}
			done.Bytes += end - start
			if progress != nil {
				progress(end, info.VirtualSize)
			}
			return w.Zero(ctx, start, end-start)
		})
		if c, ok := w.(disk.Counter); ok {
			_, done.Dropped = c.Blocks()
		}
		return errors.Join(err, done.none())
	}
}
