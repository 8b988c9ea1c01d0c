package edit

import (
	"cmp"
	"context"

	"platter/decode"
	"platter/engine/disk"
)

// Clear makes one undoable change of zeroing or giving up a range of the disk with the
// format's writer. A trim that would give no room back is refused: nobody could see it.
func (s *Session) Clear(ctx context.Context, title string, off, n int64, trim bool) (int64, error) {
	blocks, err := s.Through(ctx, title, func(ctx context.Context, w disk.Writer) error {
		if !trim {
			return w.Zero(ctx, off, n)
		}
		if err := w.Trim(ctx, off, n); err != nil {
			return err
		}
		if c, ok := w.(disk.Counter); ok {
			if _, dropped := c.Blocks(); dropped > 0 {
				return nil
			}
		}
		why := ""
		if k, ok := w.(disk.Keeper); ok {
			why = k.Keeps()
		}
		return disk.Errorf(disk.Unsupported, decode.Place{File: s.name}, "trimming gives no room back here: %s", cmp.Or(why, "nothing is stored in this image for the whole block"))
	})
	return blocks.Dropped, err
}
