package engine

import (
	"context"
	"errors"
	"io"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/store"
	"platter/engine/transfer"
)

// Resizing finds out how the disk of an image gets another size in place, see
// [disk.Resizer]. The size is a whole number of sectors.
func Resizing(ctx context.Context, img disk.Image, to disk.NewSize) (disk.Resizing, error) {
	if err := img.Info().Refused; err != nil {
		return disk.Resizing{}, err
	}
	f, err := formatOf(img)
	if err != nil {
		return disk.Resizing{}, err
	}
	if f.resize == nil {
		return disk.Resizing{}, disk.Errorf(disk.Unsupported, decode.Place{File: img.Info().Path}, "no disk of the format %s can get another size", f.name)
	}
	return f.resize(ctx, img, to)
}

// Spared refuses to shrink a disk to a size where a partition ends, or content lies, past
// that: [disk.RefusedLoss]. What lies in the ranges that are given does not count.
func Spared(ctx context.Context, img disk.Image, size int64, but ...store.Range) error {
	table, err := guest.Partitions(ctx, img)
	if err != nil {
		return err
	}
	for _, p := range table.Partitions {
		if p.End() > size {
			return disk.Refuse(disk.RefusedLoss, disk.OutOfRange, []decode.Place{p.Entry}, "partition %d ends at byte %s of the disk, past the new end at %s: shrink it in the guest first",
				p.Number, decode.Grouped(p.End()), decode.Grouped(size))
		}
	}
	want := transfer.Wanted{Start: size, Length: img.Info().VirtualSize - size, Unit: transfer.Sector}
	rest, err := transfer.NewFilling(ctx, img, want)
	if err != nil {
		return err
	}
	defer rest.Close()
	for off := int64(0); ; {
		r, err := rest.NextData(off)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at := decode.Place{File: disk.VirtualDisk, Offset: size + r.Offset, Length: r.Length}
		if off, err = past(at, but); err != nil {
			return err
		}
		off -= size
	}
}

// past is where the ranges that do not count end around a place; a refusal where none
// holds its first byte.
func past(at decode.Place, but []store.Range) (int64, error) {
	for _, b := range but {
		if b.Offset <= at.Offset && at.Offset < b.End() {
			return min(b.End(), at.End()), nil
		}
	}
	return 0, disk.Refuse(disk.RefusedLoss, disk.OutOfRange, []decode.Place{at}, "at byte 0x%x of the disk, past its new end, there are data, which would be lost", at.Offset)
}
