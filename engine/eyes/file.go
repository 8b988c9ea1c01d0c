package eyes

import (
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/pages"
	"platter/engine/store"
)

// The memory that a reader keeps of tables and bitmaps: there may be nine readers, and a
// chain of files under each.
const (
	tablePage   = 12
	tableBudget = 2 << 20
)

// maxLayers is how many files a reader follows from a child to its parents.
const maxLayers = 64

// file is a file that a reader looks into.
type file struct {
	store.File
	name  string // in places
	size  int64  // bytes
	pages *pages.Cache
}

func newFile(f store.File, name string) (file, error) {
	size, err := f.Size()
	if err != nil {
		return file{}, err
	}
	return file{File: f, name: name, size: size, pages: pages.New(f, size, tablePage, tableBudget)}, nil
}

func (f file) place(off, n int64) decode.Place {
	return decode.Place{File: f.name, Offset: off, Length: n}
}

// all reads n bytes at off, or fails if the file has not that many there.
func (f file) all(off, n int64) ([]byte, bool) {
	if off < 0 || n < 0 || off > f.size || n > f.size-off {
		return nil, false
	}
	b := make([]byte, n)
	got, err := f.ReadAt(b, off)
	return b, got == len(b) || err == nil
}

// padded reads n bytes at off as QEMU does: what lies past the end of the file is zeros.
// It fails only where the offset is no offset.
func (f file) padded(off uint64, n int64) ([]byte, bool) {
	if off > 1<<63-1-uint64(n) {
		return nil, false
	}
	b := make([]byte, n)
	if int64(off) < f.size {
		if got, err := f.ReadAt(b, int64(off)); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF && int64(got) < min(n, f.size-int64(off)) {
			return nil, false
		}
	}
	return b, true
}

// entry is n bytes of a table at off, from the cache where they lie in one page. What lies
// past the end of the file is zeros if that is the reader's way, else an error.
func (f file) entry(off, n int64, pad bool) ([]byte, error) {
	if b := f.pages.Peek(off); int64(len(b)) >= n {
		return b, nil
	}
	if off >= 0 && off+n <= f.size {
		b, err := f.pages.Get(off)
		if err == nil && int64(len(b)) >= n {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		if b, ok := f.all(off, n); ok {
			return b, nil
		}
	}
	if pad && off >= 0 {
		if b, ok := f.padded(uint64(off), n); ok {
			return b, nil
		}
	}
	return nil, fmt.Errorf("%d bytes at 0x%x: %w", n, off, io.ErrUnexpectedEOF)
}

// refusal is why a program does not open an image, in its own terms where it has some.
func refusal(at decode.Place, format string, args ...any) error {
	return &disk.Error{Kind: disk.Damaged, At: at, What: fmt.Sprintf(format, args...)}
}

// roundUp rounds up to a multiple of unit.
func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// isZero reports whether b holds nothing but zeros.
func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
