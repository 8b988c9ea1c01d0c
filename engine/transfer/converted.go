package transfer

import (
	"platter/engine/disk"
	"platter/engine/store"
)

// Converted is what was made of an image, or what would be.
type Converted struct {
	disk.Created
	Size   int64         // bytes of the source's disk that were converted
	Counts Counts        // of them
	Equal  int64         // bytes that were read, and are in the parent, or were in the target, already
	Lost   []store.Range // of the source's disk: what could not be read, the first ones
	Gone   int64         // how many bytes that is in all
}
