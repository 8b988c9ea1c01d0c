package layer

import (
	"bytes"
	"context"
	"io"

	"platter/engine/disk"
)

// What is compared at once, and what is lost as a whole, in bytes.
const (
	revealPiece  = 1 << 20
	revealSector = 512
)

// Compare adds to a loss the sectors of [off, off+n) in which a disk reads as something
// else than what is under it.
func (b Under) Compare(ctx context.Context, d io.ReaderAt, off, n int64, loss *disk.Loss) error {
	here, below := make([]byte, min(n, revealPiece)), make([]byte, min(n, revealPiece))
	return Pieces(off, n, revealPiece, func(at, n int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := ReadFull(d, here[:n], at); err != nil {
			return err
		}
		if err := b.Read(below[:n], at); err != nil || bytes.Equal(here[:n], below[:n]) {
			return err
		}
		return Pieces(at, n, revealSector, func(sector, n int64) error {
			if from := sector - at; !bytes.Equal(here[from:from+n], below[from:from+n]) {
				loss.Add(sector, n)
			}
			return nil
		})
	})
}
