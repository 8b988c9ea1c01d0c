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
	Poured bool          // the target had something already: its parent's disk, or its own
	Equal  int64         // then: bytes that were read, and were there already
	Wrote  int64         // then: bytes that were written
	Lost   []store.Range // of the source's disk: what could not be read, the first ones
	Gone   int64         // how many bytes that is in all
}
