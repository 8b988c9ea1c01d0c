package store

import (
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// pageBytes is the grain of a file in memory: what is never written, or only
// ever with zeros, takes no room.
const pageBytes = 4096

// MemFile is a sparse file in memory. Its size costs nothing, so that a test
// can have one of 64 TiB. The zero value is not usable: see NewMemFile.
type MemFile struct {
	inode uint64
	mu    sync.RWMutex
	size  int64
	pages map[int64]*memPage
	owner *int                    // pages of another owner are shared with clones: copied before a write
	order atomic.Pointer[[]int64] // the numbers of the pages; nil where some came or went
}

type memPage struct {
	owner *int
	data  [pageBytes]byte
}

var lastInode atomic.Uint64

// memDevice is the device number of all files in memory, one that no host uses.
const memDevice = math.MaxUint64

// NewMemFile makes a file of size bytes, all zero. A negative size is taken as 0.
func NewMemFile(size int64) *MemFile {
	return &MemFile{inode: lastInode.Add(1), size: max(size, 0), pages: map[int64]*memPage{}, owner: new(int)}
}

var errOffset = errors.New("negative offset or size")

// ReadAt reads like any io.ReaderAt; holes are zeros.
func (m *MemFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errOffset
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	short := int64(len(p)) > m.size-off
	if short {
		p = p[:max(m.size-off, 0)]
	}
	for n := 0; n < len(p); {
		piece, at := pieceAt(p[n:], off+int64(n))
		if page := m.pages[(off+int64(n))/pageBytes]; page != nil {
			copy(piece, page.data[at:])
		} else {
			clear(piece)
		}
		n += len(piece)
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

// pieceAt is the start of p that lies in one page when p lies at off, and where
// in that page it begins.
func pieceAt(p []byte, off int64) ([]byte, int) {
	at := int(off % pageBytes)
	return p[:min(len(p), pageBytes-at)], at
}

// WriteAt writes, growing the file if need be. Zeros written to a hole leave it one.
func (m *MemFile) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return 0, errOffset
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := 0; n < len(p); {
		piece, at := pieceAt(p[n:], off+int64(n))
		m.writePage((off+int64(n))/pageBytes, piece, at)
		n += len(piece)
	}
	if len(p) > 0 {
		m.size = max(m.size, off+int64(len(p)))
	}
	return len(p), nil
}

func (m *MemFile) writePage(index int64, piece []byte, at int) {
	if m.pages[index] == nil && allZero(piece) {
		return
	}
	copy(m.own(index).data[at:], piece)
}

// own is a page that no clone shares.
func (m *MemFile) own(index int64) *memPage {
	p := m.pages[index]
	switch {
	case p == nil:
		m.order.Store(nil)
		p = &memPage{owner: m.owner}
	case p.owner != m.owner:
		p = &memPage{m.owner, p.data}
	}
	m.pages[index] = p
	return p
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Truncate cuts the file or grows it by a hole.
func (m *MemFile) Truncate(size int64) error {
	if size < 0 {
		return errOffset
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if size < m.size {
		m.order.Store(nil)
		for i := range m.pages {
			if i*pageBytes >= size {
				delete(m.pages, i)
			}
		}
		if m.pages[size/pageBytes] != nil {
			clear(m.own(size / pageBytes).data[size%pageBytes:])
		}
	}
	m.size = size
	return nil
}

// Size is the length in bytes.
func (m *MemFile) Size() (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.size, nil
}

// Sync has nothing to do.
func (m *MemFile) Sync() error { return nil }

// Close has nothing to do: the file stays usable.
func (m *MemFile) Close() error { return nil }

// ID is unique among the files of this process.
func (m *MemFile) ID() (FileID, error) { return FileID{memDevice, m.inode}, nil }

// ModTime is not known.
func (m *MemFile) ModTime() (time.Time, error) { return time.Time{}, nil }

// NextData finds the next pages that were written.
func (m *MemFile) NextData(off int64) (Range, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	first := max(off, 0) / pageBytes
	if off >= m.size {
		return Range{}, io.EOF
	}
	if m.pages[first] == nil {
		list := m.sorted()
		i, _ := slices.BinarySearch(list, first)
		if i == len(list) {
			return Range{}, io.EOF
		}
		first = list[i]
	}
	end := first + 1
	for m.pages[end] != nil {
		end++
	}
	start := max(off, first*pageBytes)
	return Range{start, min(m.size, end*pageBytes) - start}, nil
}

// sorted are the numbers of all pages, listed again only after they changed.
func (m *MemFile) sorted() []int64 {
	if list := m.order.Load(); list != nil {
		return *list
	}
	list := slices.Sorted(maps.Keys(m.pages))
	m.order.Store(&list)
	return list
}

// Clone is an independent copy with its own identity. Pages are shared until one
// of the two is written.
func (m *MemFile) Clone() *MemFile {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owner = new(int)
	c := NewMemFile(m.size)
	c.pages = maps.Clone(m.pages)
	c.order.Store(m.order.Load())
	return c
}

// Reserve has nothing to do but to grow the file.
func (m *MemFile) Reserve(off, n int64) error {
	if size, _ := m.Size(); size < off+n {
		return m.Truncate(off + n)
	}
	return nil
}
