package disk

import "context"

// Locator is an ability of images that find a file's byte on the virtual disk
// without a scan of the map: those whose data lie in the file as they lie on
// the disk. It concerns the image's own layer.
type Locator interface {
	// LocateFile gives the virtual offset of the byte at off of one of the
	// image's files. It reports false where no byte of the virtual disk is
	// stored there. Offsets are in bytes.
	LocateFile(ctx context.Context, file string, off int64) (virtual int64, ok bool, err error)
}

// VirtualDisk stands for a file's name in Places on the virtual disk itself,
// such as those of partition tables: offsets count from the disk's start.
const VirtualDisk = "disk:"
