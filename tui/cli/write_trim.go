package cli

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/engine/disk"
)

// trimmable tells in the report why a trim gives nothing back, as far as the map tells:
// no whole block lies in the range, or none of them is stored.
func (j *writeJob) trimmable(ctx context.Context, img disk.Image) error {
	unit := img.Info().BlockSize
	if j.kind != "trim" || unit == 0 || j.n == 0 {
		return nil
	}
	from, to := (j.off+unit-1)/unit*unit, (j.off+j.n)/unit*unit
	if j.off+j.n == img.Info().VirtualSize {
		to = j.off + j.n // the last block is whole, however short
	}
	if from >= to {
		j.keeps(fmt.Sprintf("no whole block of %s lies in the range, and only whole ones are given back", decode.FormatSize(uint64(unit))))
		return nil
	}
	for span, err := range disk.MapOwn(img, from, to-from) {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if span.State == disk.Data {
			return nil
		}
	}
	why := fmt.Sprintf("none of the %s of %s in the range is stored in this image", decode.Plural((to-from+unit-1)/unit, "whole block", "whole blocks"), decode.FormatSize(uint64(unit)))
	if img.Info().Parent == "" {
		why += ": they read as zeros already"
		j.result.Nothing, j.result.Why = true, why
		return nil
	}
	j.keeps(why)
	return nil
}

// keeps says why nothing is given back, and what does what was wanted.
func (j *writeJob) keeps(why string) {
	j.result.Nothing, j.result.Why = true, why+"; --zero makes the range read as zeros"
}

// do changes the disk as asked; a trim only where the writer does not keep everything.
func (j *writeJob) do(ctx context.Context, w disk.Writer, done func(int64)) error {
	if k, ok := w.(disk.Keeper); ok && j.kind == "trim" && k.Keeps() != "" {
		j.keeps(k.Keeps())
		return nil
	}
	return j.bring(ctx, w, j.off, done)
}
