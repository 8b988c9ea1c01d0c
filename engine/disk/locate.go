package disk

import (
	"context"
	"iter"
)

// Locator is an ability of images that find a file's byte on the virtual disk
// without a scan of the map: those whose data lie in the file as they lie on
// the disk. It concerns the image's own layer.
type Locator interface {
	// LocateFile yields the virtual offsets that are stored at off of one of
	// the image's files, ascending: none where that is no guest data, several
	// where blocks share the place. Offsets are in bytes. An error is the last.
	LocateFile(ctx context.Context, file string, off int64) iter.Seq2[int64, error]
}

// VirtualDisk stands for a file's name in Places on the virtual disk itself,
// such as those of partition tables: offsets count from the disk's start.
const VirtualDisk = "disk:"
