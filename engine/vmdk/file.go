package vmdk

import (
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"

	"platter/decode"
	"platter/engine/disk"
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
}

func newFile(name string, handle store.File) (*file, error) {
	size, err := handle.Size()
	if err != nil {
		return nil, err
	}
	f := &file{File: disk.File{Name: name, Size: size, Data: handle}, handle: handle}
	f.id, err = handle.ID()
	f.known = err == nil
	f.tables.file, f.tables.size = handle, size
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
	return b[:got], nil
}

const (
	chunkBytes = 4096
	// tableBudget is the memory in bytes for the tables of a whole chain.
	tableBudget = 8 << 20
	// fewChunks are enough to go through one table after the other; a chain of
	// very many files may take more than the budget to have them.
	fewChunks = 8
)

// chunk is a piece of a file that holds table entries. It is never changed
// once it is in the cache, so readers need no lock.
type chunk struct {
	index  int64
	length int // bytes that the file had
	data   [chunkBytes]byte
}

// tables caches the pieces of a file in which grain directories and tables
// lie. Looking up an entry takes no lock: a read through a chain of 32 layers
// makes 64 of them.
type tables struct {
	file   store.File
	size   int64
	slots  []atomic.Pointer[chunk]
	voids  [4]atomic.Pointer[stretch] // holes that were met last: two sets of tables lie in two
	turn   atomic.Uint32
	filled atomic.Pointer[stretch] // the data that was met last
}

// stretch is a run of bytes of a file that is all hole, or all data.
type stretch struct {
	from, to int64
}

// holds reports whether a range lies in a stretch.
func (s *stretch) holds(off, n int64) bool {
	return s != nil && off >= s.from && off+n <= s.to
}

// isHole reports whether a range of the file has never been written, so that
// tables in there need not be read: a small file can claim gigabytes of them.
func (t *tables) isHole(off, n int64) bool {
	for i := range t.voids {
		if t.voids[i].Load().holds(off, n) {
			return true
		}
	}
	if t.filled.Load().holds(off, 1) {
		return false
	}
	r, err := store.NextData(t.file, off, t.size)
	switch {
	case errors.Is(err, io.EOF):
		r.Offset = t.size
	case err != nil:
		return false
	}
	if r.Offset == off {
		t.filled.Store(&stretch{off, r.End()})
		return false
	}
	t.voids[t.turn.Add(1)%uint32(len(t.voids))].Store(&stretch{off, r.Offset})
	return off+n <= r.Offset
}

// limit sets the memory in bytes that may be used, one chunk at least. Nothing
// can be read before.
func (t *tables) limit(budget int64) {
	most := max(1, min(budget, t.size+chunkBytes-1)/chunkBytes)
	slots := int64(1)
	for 2*slots <= most {
		slots *= 2
	}
	t.slots = make([]atomic.Pointer[chunk], slots)
}

// at is the chunk that holds the byte at off.
func (t *tables) at(off int64) (*chunk, error) {
	index := off / chunkBytes
	c := t.slots[index&int64(len(t.slots)-1)].Load()
	if c != nil && c.index == index {
		return c, nil
	}
	return t.load(index)
}

// peek is the chunk that holds the byte at off if it is at hand.
func (t *tables) peek(off uint64) *chunk {
	index := off / chunkBytes
	c := t.slots[index&uint64(len(t.slots)-1)].Load()
	if c == nil || uint64(c.index) != index {
		return nil
	}
	return c
}

// uint is the entry of width bytes at off bytes into the file, which the chunk
// holds. Behind the end of the file it is 0.
func (c *chunk) uint(off uint64, width int64) uint64 {
	b := c.data[off%chunkBytes:]
	if width == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return uint64(binary.LittleEndian.Uint32(b))
}

func (t *tables) load(index int64) (*chunk, error) {
	c := &chunk{index: index}
	n, err := t.file.ReadAt(c.data[:], index*chunkBytes)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	c.length = n
	t.slots[index&int64(len(t.slots)-1)].Store(c)
	return c, nil
}

// uint reads the little-endian entry of width bytes, 4 or 8, at off, which is
// a multiple of the width.
func (t *tables) uint(off, width int64) (uint64, error) {
	if off < 0 || off > t.size-width {
		return 0, io.ErrUnexpectedEOF
	}
	c, err := t.at(off)
	if err != nil {
		return 0, err
	}
	if int(off%chunkBytes)+int(width) > c.length {
		return 0, io.ErrUnexpectedEOF
	}
	return c.uint(uint64(off), width), nil
}
