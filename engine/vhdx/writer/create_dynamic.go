package writer

import (
	"platter/engine/disk"
	"platter/engine/store"
)

// makeDynamic makes an image without blocks: all entries of its table are zero, and
// what is not present reads as zeros (vhdx.md 12).
func makeDynamic(f store.File, spec disk.Spec) error {
	metadata := metadataOf(diskItems(spec, spec.ID(), 0, 0))
	return layOut(spec, false, metadataEnd(metadata)).write(f, spec, metadata)
}
