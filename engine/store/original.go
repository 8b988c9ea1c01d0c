package store

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// original is a file on disk under a workspace, opened read-only.
type original struct {
	name   string
	file   File
	id     FileID
	disk   *sync.RWMutex // the workspace's: guards what a commit changes
	length int64         // on disk, in bytes
	time   time.Time     // when it was last changed, as of then
	opens  int           // handles that are open
	kept   bool          // once staged; it then stays open until the workspace closes
}

// epoch is the time between two commits. Those who still read as of an earlier one
// find there what has been overwritten since.
type epoch struct {
	number int
	over   map[*original]former // what the commit that ended it replaced
	next   *epoch               // nil while it lasts
}

// former is what a commit replaced in a file.
type former struct {
	size    int64 // of the file before
	extents []extent
}

// sizeAt is the length that the file had on disk at a time.
func (o *original) sizeAt(at *epoch) int64 {
	o.disk.RLock()
	defer o.disk.RUnlock()
	for ; at.next != nil; at = at.next {
		if was, ok := at.over[o]; ok {
			return was.size
		}
	}
	return o.length
}

// readAt reads what was on disk at a time, a range inside the file as it was then. A
// file that became shorter otherwise than by a commit is an error, not zeros.
func (o *original) readAt(p []byte, off int64, at *epoch) (int, error) {
	o.disk.RLock()
	defer o.disk.RUnlock()
	on := p[:max(min(int64(len(p)), o.length-off), 0)]
	if len(on) > 0 {
		n, err := o.file.ReadAt(on, off)
		if n < len(on) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, fmt.Errorf("%q at offset 0x%x: %w", o.name, off+int64(n), err)
		}
	}
	clear(p[len(on):])
	at.bringBack(o, p, off)
	return len(p), nil
}

// bringBack lays over p, which lies at off, what later commits replaced, the last first.
func (e *epoch) bringBack(o *original, p []byte, off int64) {
	if e.next != nil {
		e.next.bringBack(o, p, off)
		paint(e.over[o].extents, p, off)
	}
}

// nextData is the next run of data in the file as it was at a time: on disk, or
// replaced since.
func (o *original) nextData(off, size int64, at *epoch) (Range, error) {
	o.disk.RLock()
	defer o.disk.RUnlock()
	next, err := NextData(o.file, off, min(size, o.length))
	for ; at.next != nil; at = at.next {
		next, err = sooner(at.over[o].extents, off, next, err)
	}
	return next, err
}

// sooner is the first extent that ends after off if it begins before next, which
// comes with an error when there is none.
func sooner(list []extent, off int64, next Range, err error) (Range, error) {
	i := find(list, off)
	if err != nil && err != io.EOF || i == len(list) || err == nil && list[i].off >= next.Offset {
		return next, err
	}
	start := max(off, list[i].off)
	return Range{start, list[i].end() - start}, nil
}
