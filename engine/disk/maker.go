package disk

import (
	"context"
	"io"
	"runtime"
	"time"

	"platter/engine/store"
)

// Maker makes new images of one format.
type Maker interface {
	// Options are the choices that the format leaves, in the order in which
	// they are settled: a later one may depend on those before it.
	Options() []Option

	// Make makes the image called name, and the files that it needs beside
	// itself, with to.Create; the file that names the others comes last. The
	// spec is one that [Resolve] gave. What is made is closed, but after a
	// failure or a power cut it may be there in part: the folder has to make
	// it all or nothing, as [store.Draft] does.
	Make(ctx context.Context, to store.FS, name string, spec Spec) error
}

// Spec is what a new image shall be like.
type Spec struct {
	Values  map[string]string // by the names of the options
	Parent  *Base             // nil for an image that stands alone
	Filling Filling           // what the disk holds; nil for zeros. Images with a parent can't be made with content
	Width   int               // how many workers do what can be done side by side; 0: one per processor

	Progress func(n int64) // is told of bytes of the disk's content as they are written; may be nil
}

// Tell reports that n bytes more of the disk's content were written, if anybody wants to
// know.
func (s Spec) Tell(n int64) {
	if s.Progress != nil {
		s.Progress(n)
	}
}

// Workers is how many workers do what can be done side by side.
func (s Spec) Workers() int {
	if s.Width > 0 {
		return s.Width
	}
	return min(runtime.GOMAXPROCS(0), 8)
}

// Base is the image that a new differencing one is based on.
type Base struct {
	Image    Image
	Relative string    // its path from the child's folder, with slashes: "../base.vhd"; empty if there is none
	Absolute string    // its path on this machine, as the system writes it; empty if it shall not be stored
	Changed  time.Time // when its file was last changed
}

// Filling is what a new disk shall hold. It is read from front to back, once or twice.
type Filling interface {
	io.ReaderAt

	// NextData is the first run of bytes at or after off that is to be stored, zeros
	// or not; what lies between runs is zeros. io.EOF means that no run is left.
	NextData(off int64) (store.Range, error)
}

// Created is what was made, or what would be.
type Created struct {
	Info     Info
	Files    []File           // of the new image; their data can't be read any more
	Removed  []File           // of the image that was replaced, which the new one has none in place of
	Before   map[string]int64 // how long files were that had the names of Files, in bytes
	Layout   []Region         // the first ones
	GrowsTo  int64            // bytes of all files when every block is stored; 0 if that can't be told
	Warnings []Finding
	Verified bool // it was checked, and its disk read back

	// Of a run that makes nothing: the first bytes of each region of the layout, what the
	// options were settled to, and why there is nothing to choose with some.
	Heads   [][]byte
	Values  map[string]string
	Useless map[string]string
}

// Making is a new image as somebody wants it.
type Making struct {
	Path   string
	Format string            // one of the creator's; empty: by the name of the file
	Parent string            // path of the parent of a differencing image
	Values map[string]string // of the maker's options, by their names
}

// Creator makes new images.
type Creator interface {
	// Formats are those that can be made; FormatOf is the one that a name stands for, empty
	// if none; Options are the choices that a format leaves.
	Formats() []string
	FormatOf(name string) string
	Options(format string) []Option

	// Plan tells what Make would make, and makes nothing.
	Plan(ctx context.Context, m Making) (Created, error)

	// Make makes the image, all or nothing. A file that has the name is never replaced.
	// Progress is told how many bytes are done.
	Make(ctx context.Context, m Making, progress func(done, of int64)) (Created, error)
}
