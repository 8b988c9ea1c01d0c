package disk

import "context"

// CompactOptions say what is given up when an image is compacted.
type CompactOptions struct {
	Zeros   bool // blocks that hold zeros; in a child only where the format can say zeros
	Parent  bool // blocks that hold what the parent holds too
	Discard bool // bytes that nothing refers to, although they are not zero

	// Progress is told how far it is; may be nil.
	Progress func(done, total int64)
}

// Compacted is what became of an image. Blocks are those of the format, such as grains.
type Compacted struct {
	Zero, Parent, Orphan int64 // blocks given up: of zeros, equal to the parent's, that nothing refers to
	Moved                int64 // blocks that lie elsewhere now
	Bytes                int64 // that were copied for it
}

// Add sums up what became of several files.
func (c *Compacted) Add(o Compacted) {
	c.Zero, c.Parent, c.Orphan = c.Zero+o.Zero, c.Parent+o.Parent, c.Orphan+o.Orphan
	c.Moved, c.Bytes = c.Moved+o.Moved, c.Bytes+o.Bytes
}

// Compacter is an ability of writers of images whose blocks can lie anywhere in a file.
type Compacter interface {
	// Compact gives up blocks that are not needed, moves the last ones into the gaps,
	// and has Close cut the file. What the disk reads as stays. It belongs before any
	// other change of a session. It is refused ([Refusal]) while a table is in doubt,
	// and where bytes would be lost that nothing refers to but that are not zero,
	// unless the disk holds them elsewhere as well.
	//
	// At each moment the image is whole: a block is copied into room that nothing
	// names, its entry is changed when the copy is durable, and its old room is given
	// back when the entry is. So each entry stands for itself, and no journal is
	// needed to change several of them at once; a VHDX takes its own log.
	Compact(ctx context.Context, opt CompactOptions) (Compacted, error)
}
