package writer

import (
	"context"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// makeFixed makes an image whose file is the disk, with a footer after it: there is
// no copy of it at the start.
func makeFixed(ctx context.Context, f store.File, spec disk.Spec) error {
	size := spec.Bytes(disk.OptionSize)
	if err := disk.Lay(ctx, f, 0, size, 0, spec); err != nil {
		return err
	}
	return store.Put(f, store.Piece{Offset: size, Data: newFooter(spec, vhd.Fixed, vhd.None)})
}
