package disk

import (
	"context"
	"io"

	"platter/decode"
	"platter/engine/store"
)

// Edit is a run of new bytes for one of an image's files. Bytes are replaced where
// they lie; nothing inserts or removes them.
type Edit struct {
	File   string
	Offset int64 // bytes
	Data   []byte
}

// Renewer gives a disk a new mark of its content, by which its children notice
// that it changed: the DataWriteGuid of a VHDX (vhdx.md 3), the CID of a VMDK
// (vmdk.md 9). That belongs beside the first change of the content in a session.
// It reports false where there is no mark, or where it can't be replaced in place.
type Renewer func(img Image) (Repair, bool)

// Marked is an ability of images whose content has a mark that a [Renewer] renews.
type Marked interface {
	// Mark is the format's word for the mark and its value; both empty for an image
	// that has none.
	Mark() (term, value string)
}

// Sealer is an ability of images that may be none to edit.
type Sealer interface {
	// Sealed says why no byte of the image's files can be changed, in a
	// sentence; empty if they can.
	Sealed() string
}

// Editor stages changes to an image. What it shows is the image as staged; no byte of
// any file changes.
type Editor interface {
	// Image is the image with everything staged applied. It is opened again
	// after each change: ask again when Generation has grown. An image that
	// the staged bytes have made unrecognisable still opens, as unknown.
	Image() (Image, error)

	// Generation grows with every change to what is staged.
	Generation() uint64

	// Stage makes one undoable change of the edits to the image's files.
	Stage(title string, edits ...Edit) error

	// Repair makes one undoable change of what a repair writes. It fails where
	// that is nothing, and stages nothing then.
	Repair(ctx context.Context, title string, r Repair) error

	// Place finds the files' bytes behind [off, off+n) of the virtual disk, for
	// editing it where its sectors are stored plainly in the image itself. What
	// is not (unallocated, zero, compressed, a parent's) is an [Error] of kind
	// Unsupported that says why.
	Place(off, n int64) ([]Edit, error)

	// Store stages a write of the virtual disk, as one undoable change: where it can't be
	// overwritten in place, the format's writer stores it, with the table entries, bits
	// and new blocks that belong to it. The edits are of the disk, their files do not
	// matter. It tells how many blocks (grains) were stored that were not before.
	Store(ctx context.Context, title string, edits ...Edit) (blocks int64, err error)

	// Renew stages a new mark of the disk's content, as a change of its own, if
	// the format has one (see [Renewer]) and this session has not renewed it yet.
	// A mark that the user dropped stays dropped. It belongs before a change of
	// the virtual disk's content. The title is empty if nothing was staged.
	Renew(ctx context.Context) (title string, err error)

	// RenewAgain is Renew for a user who asks for it: it stages a mark unless one
	// is staged, whatever became of those before.
	RenewAgain(ctx context.Context) (title string, err error)

	// Undo and Redo return the title of the change that they took back or
	// brought back; store.ErrNothing tells that there is none.
	Undo() (string, error)
	Redo() (string, error)
}

// Staging is what was staged of an image.
type Staging interface {
	History() []store.Change // all changes, oldest first
	Plan() []store.Step      // what Commit would write, in order
	Staged() int             // changes that the next Commit would bring to disk

	// Drop takes one change out of the middle; store.ErrEntangled tells that
	// a later one builds on it.
	Drop(id int) error

	// Revert stages what is on disk for ranges of files, as one change.
	Revert(title string, places ...decode.Place) error

	// Dirty lists the staged ranges of a file that differ from the disk.
	Dirty(file string) []store.Range

	// Original is the image as it is on disk, without what is staged. It is not to be
	// closed.
	Original(ctx context.Context) (Image, error)

	// OnDisk reads a file as it is on disk.
	OnDisk(file string) (io.ReaderAt, error)
}

// Committer brings what was staged to disk. No byte of any file changes before Commit.
type Committer interface {
	// Writable tells why Commit could not work, before anything is tried: the
	// file can only be read, or a finding says that its structures can't be
	// trusted. It also lists what the user must know first, such as children
	// that the write would orphan.
	Writable(ctx context.Context) (warnings []string, err error)

	// Commit writes what is planned, and nothing else, makes it durable, reads
	// it back and compares.
	Commit(ctx context.Context) error
}

// Session is an image under edit.
type Session interface {
	Editor
	Staging
	Committer
}
