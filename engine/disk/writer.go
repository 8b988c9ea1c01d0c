package disk

import (
	"context"
	"io"
	"iter"

	"platter/decode"
)

// Writer is an image that is open for writing. What is written is read back at
// once, and is durable after the next Sync: after a power cut every sector holds
// what the last Sync made durable, or something written to it since, and the
// image is whole. All methods may be called from several goroutines; a sector is
// written as a whole or not at all.
//
// A failure to make something durable ends all writing: whatever comes later
// fails with the same error, since nobody knows what the file holds.
type Writer interface {
	// ReadAt reads the virtual disk as written so far.
	io.ReaderAt

	// WriteAt writes any range of the virtual disk, which takes room in the file
	// where it must. A range that does not lie wholly on the disk is an [Error] of
	// kind OutOfRange, and nothing is written.
	io.WriterAt

	// Size is the length of the virtual disk in bytes.
	Size() int64

	// Zero makes [off, off+n) read as zeros, stored as cheaply as the format can.
	Zero(ctx context.Context, off, n int64) error

	// Trim says that the content of [off, off+n) is not needed any more. What
	// gives room back reads as zeros afterwards, never as the parent; the rest is
	// as it was.
	Trim(ctx context.Context, off, n int64) error

	// Sync is the durability barrier.
	Sync(ctx context.Context) error

	// Close makes all that was written durable, tidies up, and closes the files.
	Close(ctx context.Context) error
}

// WriteOptions are choices of whoever opens an image for writing.
type WriteOptions struct {
	// Ahead is how much room for new blocks to take at once, in bytes; 0: one
	// block. What is left over is given back by Close, or by the next program
	// that compacts the file after a power cut.
	Ahead int64

	// Renew gives the disk a new content ID (DataWriteGuid, CID) before the first
	// change, so that child images notice it.
	Renew bool
}

// Blocks is how many blocks of a size to make room for at once.
func (o WriteOptions) Blocks(size int64) int64 { return max(o.Ahead/size, 1) }

// Counter is an ability of writers that tell how many blocks (grains) they have stored
// that were not stored before, and how many are not stored any more.
type Counter interface {
	Blocks() (stored, dropped int64)
}

// Keeper is an ability of writers whose Trim gives no room back, or not always.
type Keeper interface {
	// Keeps says why Trim keeps what it keeps; empty if it gives back all whole blocks.
	Keeps() string
}

// Untrusted is the refusal to write the disk of an image, which is open as path,
// because of an error that was found in it.
func Untrusted(f Finding, path string) error {
	where := f.Where
	if len(where) == 0 {
		where = []decode.Place{{File: path}}
	}
	return Refuse(RefusedUntrusted, ReadOnly, where, "finding %s must be settled before sectors of the disk are written: %s", f.Code, f.Text)
}

// Guarded is an ability of images that have structures which place their disk.
type Guarded interface {
	// CheckTables is the part of Check that tells whether they can be trusted. It
	// reads no data of the disk.
	CheckTables(ctx context.Context) iter.Seq2[Finding, error]
}

// Trusted refuses to write the disk of an image while an error says that the
// structures which place it overlap, or can't be trusted: a write could change other
// sectors, or a table.
func Trusted(ctx context.Context, img Image) error {
	info := img.Info()
	if info.Refused != nil {
		return info.Refused
	}
	findings := func(yield func(Finding, error) bool) {
		for _, f := range info.Findings {
			if !yield(f, nil) {
				return
			}
		}
	}
	if g, ok := img.(Guarded); ok {
		findings = g.CheckTables(ctx)
	}
	for f, err := range findings {
		if err != nil {
			return err
		}
		if f.Severity == SeverityError {
			return Untrusted(f, info.Path)
		}
	}
	return nil
}
