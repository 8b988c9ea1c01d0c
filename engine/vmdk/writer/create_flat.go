package writer

import (
	"context"
	"errors"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// makeFlat makes a disk whose data are one file, with a descriptor beside it. An extent
// on VMFS has no offset in its line: QEMU refuses one (vmdk.md 2.4).
func makeFlat(ctx context.Context, to store.FS, n naming, spec disk.Spec) error {
	size := spec.Bytes(disk.OptionSize)
	e := piece{vmdk.TypeFlat, size / vmdk.SectorSize, n.extent("-flat"), true}
	if spec.Text(disk.OptionType) == vmfs {
		e.kind, e.offset = vmdk.TypeVmfs, false
	}
	if err := layFlat(ctx, to, e, 0, spec); err != nil {
		return err
	}
	return writeText(to, n.descriptor, spec, e)
}

// layFlat makes the file of a flat extent, which starts at sector first of the disk.
func layFlat(ctx context.Context, to store.FS, e piece, first int64, spec disk.Spec) (err error) {
	f, err := to.Create(e.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return disk.Lay(ctx, f, 0, e.sectors*vmdk.SectorSize, first*vmdk.SectorSize, spec)
}
