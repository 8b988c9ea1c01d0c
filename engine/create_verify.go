package engine

import (
	"bytes"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/layer"
)

// roomy refuses an image whose room is taken from the start where there is not as much.
// A dry run takes none: it goes on with a hole.
func (c *creation) roomy() error {
	how := c.spec.Text(disk.OptionPreallocate)
	if how == "" || how == disk.PreallocateOff {
		return nil
	}
	if c.opt.DryRun {
		c.spec.Values[disk.OptionPreallocate] = disk.PreallocateOff
	}
	if c.opt.Replace {
		return nil
	}
	return Room(c.folder, c.spec.Bytes(disk.OptionSize))
}

// counter adds up bytes for whoever wants to know how far it is.
func (c *creation) counter(of int64) func(n int64) {
	if c.opt.Progress == nil {
		return nil
	}
	done := int64(0)
	return func(n int64) {
		done += n
		c.opt.Progress(done, of)
	}
}

// verifyPiece is how many bytes are compared at once.
const verifyPiece = 1 << 20

// verify checks what was made, and holds its disk against what it should read as: zeros,
// or the parent.
func (c *creation) verify(img disk.Image) error {
	for f, err := range img.Check(c.ctx) {
		if err != nil {
			return err
		}
		if f.Severity == disk.SeverityError {
			return disk.Errorf(disk.Damaged, decode.Place{File: c.path}, "the new image was checked: %s: %s", f.Code, f.Text)
		}
	}
	if c.content != nil {
		return c.content.verify(c, img)
	}
	below := layer.Under{}
	if c.spec.Parent != nil {
		below.Parent = c.spec.Parent.Image
	}
	size := img.Info().VirtualSize
	tell := disk.Spec{Progress: c.counter(size)}
	got, want := make([]byte, verifyPiece), make([]byte, verifyPiece)
	for run, err := range disk.Runs(c.ctx, img, 0, size) {
		if err != nil {
			return err
		}
		empty := run.Content == disk.Zeros
		if empty {
			if empty, err = below.Empty(run.Start, run.Length); err != nil {
				return err
			}
		}
		if !empty {
			if err := layer.Pieces(run.Start, run.Length, verifyPiece, func(at, n int64) error {
				return c.same(img, below, got[:n], want[:n], at)
			}); err != nil {
				return err
			}
		}
		tell.Tell(run.Length)
	}
	return c.ctx.Err()
}

func (c *creation) same(img disk.Image, below layer.Under, got, want []byte, at int64) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := layer.ReadFull(img, got, at); err != nil {
		return err
	}
	if err := below.Read(want, at); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return disk.Errorf(disk.Damaged, decode.Place{File: c.path}, "the new image was read back: the %d bytes of its disk at 0x%x are not those that it should have", len(got), at)
	}
	return nil
}
