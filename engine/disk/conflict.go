package disk

import (
	"context"
	"io"

	"platter/decode"
)

// Conflict is a change that was kept for later and no longer fits: somebody has written to
// the files where it goes.
type Conflict struct {
	Title string
	Why   string // what speaks against it besides other bytes; may be empty
	Fixed string // why it can't be staged over what is there now; empty if it can
	Parts []ConflictPart
}

// ConflictPart is a run of bytes of such a change. The slices must not be modified.
type ConflictPart struct {
	Place decode.Place
	Was   []byte // what the change replaced when it was made
	Now   []byte // what is there now; shorter where the file ends
	New   []byte // what the change makes of it
}

// Conflicted is an ability of sessions that set kept changes aside which no longer fit,
// instead of losing them.
type Conflicted interface {
	// Conflicts lists them.
	Conflicts() []Conflict

	// StageConflict stages one, by its place in the list, over what is there now.
	StageConflict(ctx context.Context, n int) error

	// DropConflict throws one away.
	DropConflict(n int) error
}

// Loaded is what became of kept changes.
type Loaded struct {
	Staged  int // are staged again
	Written int // are in the files already
	Aside   int // no longer fit the files, and were set aside: see [Conflicted]
}

// Carrier is an ability of sessions whose staged changes can go on in a later one.
type Carrier interface {
	// Save writes what is staged, and what was set aside.
	Save(w io.Writer) error

	// Load stages what Save wrote, as far as it fits the files, and sets the rest aside.
	Load(ctx context.Context, r io.Reader) (Loaded, error)
}
