package writer

import (
	"context"
	"math"

	"platter/decode"
	"platter/engine/disk"
)

// Resize gives a raw disk another size: its file gets that length.
func Resize(_ context.Context, img disk.Image, to disk.NewSize) (disk.Resizing, error) {
	file, before := img.Files()[0].Name, img.Info().VirtualSize
	if to.Size > math.MaxInt64-sector {
		return disk.Resizing{}, disk.Errorf(disk.Limit, decode.Place{File: file}, "a file has at most %d bytes", int64(math.MaxInt64-sector))
	}
	r := disk.Resizing{Before: before, After: to.Size}
	length := disk.Resize(file, to.Size)
	if to.Size < before {
		r.Finish, r.Late = disk.Durably(file, length), true // one operation, which no journal has to hold
		return r, nil
	}
	r.Switch = length
	r.Fresh = []decode.Place{{File: file, Offset: before, Length: to.Size - before}}
	return r, nil
}
