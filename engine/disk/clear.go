package disk

import "context"

// Orderer is an ability of sessions whose staged changes can change places.
type Orderer interface {
	// Earlier moves a staged change before the one that was made before it; the error tells
	// why it can't.
	Earlier(id int) error
}

// Clearer is an ability of sessions that stage what the format's writer does to a range of
// the disk besides writing bytes to it.
type Clearer interface {
	// Clear makes one undoable change: [off, off+n) of the disk reads as zeros, stored as
	// cheaply as the format can; with trim it is given up instead, see [Writer]. Where a
	// format gives nothing back an [Error] of kind Unsupported says why, and nothing is
	// staged. It tells how many blocks (grains) are not stored any more.
	Clear(ctx context.Context, title string, off, n int64, trim bool) (dropped int64, err error)
}
