// Package store holds the files under an image: the folder on the host, with
// nothing outside it reachable, files in memory, and the Workspace, which
// stages changes over files that stay open read-only.
// It knows no format and imports no other room of the program.
package store

import (
	"fmt"
	"io"
	"time"
)

// File is one open file. All methods may be called from several goroutines.
// ReadAt and WriteAt follow io.ReaderAt and io.WriterAt; WriteAt past the end
// grows the file, and the gap reads as zeros. Writing through a file that was
// opened for reading fails with ErrReadOnly.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size is the length in bytes; for a block device its capacity.
	Size() (int64, error)
	// Truncate cuts the file or grows it with zeros, to size bytes.
	Truncate(size int64) error
	// Sync is the durability barrier: what was written before it survives a
	// power cut after it. No other method promises that.
	Sync() error
	// ID tells whether two names are the same file.
	ID() (FileID, error)
	// ModTime is when the file was last changed, as a child of a differencing chain
	// remembers it of its parent; the zero time if that is not known.
	ModTime() (time.Time, error)
	Holes
}

// Holes is what files know of theirs.
type Holes interface {
	// NextData is the first run of bytes at or after off that may hold something
	// else than zeros; io.EOF when only a hole is left. A file that does not know
	// its holes is data throughout.
	NextData(off int64) (Range, error)
}

// Opener opens the files that make up an image. A name is slash-separated and
// relative to the image's folder ("disk.vmdk", "extents/s001.vmdk"), or an
// absolute path inside a further folder that the user allowed. Paths found in
// an image are not names: Resolve turns them into one.
type Opener interface {
	// Open opens a regular file for reading.
	Open(name string) (File, error)
	// OpenWrite opens a regular file for reading and writing.
	OpenWrite(name string) (File, error)
	// Resolve turns a path found inside the file named from into a name, or
	// says why it may not be followed: ErrOutside, ErrNetworkName,
	// ErrNotRegular, ErrBadName. The file itself need not exist.
	Resolve(from, claimed string) (string, error)
	// Stat describes a file without opening it.
	Stat(name string) (Info, error)
	// ReadDir lists the base names in a folder ("." is the image's), sorted.
	ReadDir(dir string) ([]string, error)
}

// FS is an Opener that also makes and removes files, for the verbs that write
// whole images.
type FS interface {
	Opener
	// Create makes a new empty file, open for reading and writing. A name
	// that is taken fails with fs.ErrExist.
	Create(name string) (File, error)
	// Remove deletes a file.
	Remove(name string) error
	// Rename gives a file another name, replacing what had it.
	Rename(from, to string) error
	// SyncDir makes the Create, Remove and Rename calls before it durable.
	SyncDir() error
}

// Info is what Stat knows about a file.
type Info struct {
	Size    int64     // bytes
	ModTime time.Time // zero for files in memory
	Regular bool      // false for folders, devices, pipes, sockets
}

// FileID is the identity of a file on this machine: device and inode, or on
// Windows volume serial number and file index. It is comparable.
type FileID struct {
	Device uint64
	Inode  uint64
}

// String is the identity as "device:inode", both in hex.
func (id FileID) String() string { return fmt.Sprintf("%x:%x", id.Device, id.Inode) }

// Range is a run of bytes in a file.
type Range struct {
	Offset int64 // bytes
	Length int64 // bytes
}

// End is the offset just past the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// NextData is the first run of f's first size bytes, at or after off, that may
// hold something else than zeros. io.EOF means that no data is left.
func NextData(f Holes, off, size int64) (Range, error) {
	if off >= size {
		return Range{}, io.EOF
	}
	r, err := f.NextData(off)
	if err != nil {
		return Range{}, err
	}
	if r.Offset >= size {
		return Range{}, io.EOF
	}
	r.Length = min(r.Length, size-r.Offset)
	return r, nil
}
