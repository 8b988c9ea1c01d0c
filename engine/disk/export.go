package disk

import (
	"context"
	"io"
)

// Exporter is an ability of sessions that can bring what is staged elsewhere than to the
// image, which stays as it is.
type Exporter interface {
	// ExportPatch writes the changes as a patch, to be applied to the image as it is on disk.
	ExportPatch(w io.Writer) error

	// CopyTo makes a copy of the image with the changes in it. A file that has the name is
	// never replaced.
	CopyTo(ctx context.Context, path string, progress func(done, of int64)) error

	// ChildWith makes a differencing child of the image that holds the changes of the disk.
	ChildWith(ctx context.Context, path string) error
}

// Reverter is an ability of sessions that can take the last write back, in a later session
// too.
type Reverter interface {
	// CommitKept is Commit, and keeps a record beside the image with which StageUndo works.
	CommitKept(ctx context.Context) error

	// HasUndo reports whether there is a record of the last write.
	HasUndo() bool

	// StageUndo stages the opposite of the last write that has left a record. The next
	// Commit brings it to disk and removes the record.
	StageUndo() error
}
