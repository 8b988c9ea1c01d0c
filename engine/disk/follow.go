package disk

import (
	"context"

	"platter/decode"
)

// Follow is a change that belongs with another one: a checksum that no longer fits, a second
// copy that differs by now.
type Follow struct {
	Title string
	Why   string // in a sentence
	Sum   bool   // it is checksums alone: nothing that the user wrote is written elsewhere too
	Edits []Edit // of files, or of the virtual disk
}

// Follower is an ability of sessions that know what belongs with a change.
type Follower interface {
	// Follow lists what belongs with the bytes at a place as they are staged, in the order
	// in which it is to be done.
	Follow(ctx context.Context, at decode.Place) ([]Follow, error)
}

// Replayer is an ability of sessions over images with a log.
type Replayer interface {
	// Replay stages the replay of the log in the file, as a change of its own. It reports
	// false for an image whose log needs none.
	Replay(ctx context.Context) (bool, error)
}
