package vmdk

import (
	"context"
	"errors"
	"io"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/pages"
	"platter/engine/space"
	"platter/engine/store"
)

// file is one of the files of an image: the descriptor or an extent.
type file struct {
	disk.File
	handle store.File
	id     store.FileID
	known  bool // id could be found out
	tables tables
	sparse *sparse // what its headers say; nil for the descriptor and flat extents

	rebuilt *rebuilt // stands in for the first sector, which is lost; nil if it is not
}

func newFile(name string, handle store.File) (*file, error) {
	size, err := handle.Size()
	if err != nil {
		return nil, err
	}
	f := &file{File: disk.File{Name: name, Size: size, Data: handle}, handle: handle}
	f.id, err = handle.ID()
	f.known = err == nil
	f.share(0)
	return f, nil
}

func (f *file) place(off, length int64) decode.Place {
	return decode.Place{File: f.Name, Offset: off, Length: length}
}

// head reads up to n bytes from off on; fewer if the file ends.
func (f *file) head(off, n int64) ([]byte, error) {
	n = min(n, f.Size-off)
	if off < 0 || n <= 0 {
		return nil, nil
	}
	b := make([]byte, n)
	got, err := f.Data.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &disk.Error{Kind: disk.Damaged, Op: "read", At: f.place(off, n), What: "the file can't be read", Err: err}
	}
	if f.rebuilt != nil && off < vmdk.SectorSize {
		copy(b[:got], f.rebuilt.bytes[off:])
	}
	return b[:got], nil
}

// isZero reports whether a range of the file holds zeros only. All of it is read but
// its holes; what can't be read is not zero.
func (f *file) isZero(ctx context.Context, off, length int64) bool {
	first, err := space.NewLooker(f.handle, f.Size).NotZero(ctx, off, length)
	return first < 0 && err == nil
}

const (
	chunkBits = 12
	// tableBudget is the memory in bytes for the tables of a whole chain.
	tableBudget = 8 << 20
	// fewChunks are enough to go through one table after the other; a chain of
	// very many files may take more than the budget to have them.
	fewChunks = 8
)

// tables are the pieces of a file in which grain directories and tables lie.
type tables struct {
	*pages.Cache
	size int64 // of the file
}

// share sets the memory in bytes that may be used for the file's tables.
func (f *file) share(budget int64) {
	f.tables = tables{pages.New(f.handle, f.Size, chunkBits, budget), f.Size}
}

// uint reads the little-endian entry of width bytes, 4 or 8, at off, which is
// a multiple of the width.
func (t *tables) uint(off, width int64) (uint64, error) {
	if off < 0 || off > t.size-width {
		return 0, io.ErrUnexpectedEOF
	}
	b, err := t.Get(off)
	if err != nil {
		return 0, err
	}
	return vmdk.EntryAt(b, width), nil
}

// number reads an integer field of the record at base.
func (t *tables) number(base int64, field decode.Spot) (uint64, error) {
	return t.uint(base+int64(field.Offset()), int64(field.Size()))
}
