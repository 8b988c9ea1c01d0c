// Package pages keeps pages of a file in memory: those of the tables that each read
// looks something up in.
package pages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"platter/engine/store"
)

// File is what pages are kept of.
type File interface {
	io.ReaderAt
	store.Holes
}

// Cache keeps pages of a file at fixed slots, so that a hit costs an atomic load and no
// lock: a read through a chain of 32 layers asks for as many table entries. Memory grows
// with what is read, up to the budget; holes take none. What it is over must not change.
// All methods may be called from several goroutines.
type Cache struct {
	file  File
	limit int64
	bits  uint
	slots []atomic.Pointer[page]
	holes [4]atomic.Pointer[store.Range] // those met last: two sets of tables lie in two
	turn  atomic.Uint32
	data  atomic.Pointer[store.Range] // met last
	ends  [4]atomic.Int64             // of the reads that went last, see ahead
}

type page struct {
	start int64
	data  []byte
}

// MaxBits is the largest size of a page, as a power of two.
const MaxBits = 14

// zeros is the content of pages in holes.
var zeros [1 << MaxBits]byte

// New makes a cache of the first limit bytes of a file. A page has 1<<bits bytes, at most
// 1<<MaxBits. The budget is in bytes; one page is kept at least.
func New(f File, limit int64, bits uint, budget int64) *Cache {
	n := int64(1)
	for most := min(budget, limit) >> bits; 2*n <= most; {
		n *= 2
	}
	return &Cache{file: f, limit: limit, bits: bits, slots: make([]atomic.Pointer[page], n)}
}

// Get is what the page that holds the byte at off has from there on. It must not be
// changed. A file that ends before the limit gives an error that is io.ErrUnexpectedEOF.
func (c *Cache) Get(off int64) ([]byte, error) {
	if b := c.Peek(off); b != nil {
		return b, nil
	}
	p, err := c.load(off)
	if err != nil {
		return nil, err
	}
	return p.data[off-p.start:], nil
}

// Peek is Get if the page is at hand, else nil.
func (c *Cache) Peek(off int64) []byte {
	if p := c.slot(off).Load(); p != nil && uint64(off-p.start) < uint64(len(p.data)) {
		return p.data[off-p.start:]
	}
	return nil
}

// slot is the one place where the page of off may be kept. Higher bits are mixed in,
// since some tables lie at multiples of a power of two.
func (c *Cache) slot(off int64) *atomic.Pointer[page] {
	number := off >> c.bits
	return &c.slots[int(number^number>>6)&(len(c.slots)-1)]
}

// load reads the page of off. One of zeros may lie in a hole of the file, which is kept
// in mind: hostile images are small files with large holes.
func (c *Cache) load(off int64) (*page, error) {
	start := off >> c.bits << c.bits
	n := min(1<<c.bits, c.limit-start)
	if off < 0 || off >= c.limit {
		return nil, shortRead(off, 0, 1, io.EOF)
	}
	p := &page{start, zeros[:n]}
	if !c.met(start, n) {
		b, err := c.read(start, n)
		if err != nil {
			return nil, err
		}
		if !isZero(b) {
			p.data = b
		} else {
			c.Hole(start, n)
		}
	}
	c.slot(off).Store(p)
	return p, nil
}

// read reads the page at start, and those after it too where one was read after the other
// so far.
func (c *Cache) read(start, n int64) ([]byte, error) {
	b := make([]byte, n)
	if c.ahead(start, b) {
		return b, nil
	}
	if got, err := c.file.ReadAt(b, start); got < len(b) {
		return nil, shortRead(start, got, len(b), err)
	}
	return b, nil
}

// most is how many bytes are read at once.
const most = 64 << 10

var scratch = sync.Pool{New: func() any { return new([most]byte) }}

// ahead reads a page, and keeps those after it, if the page before it was read last, or
// nearly so: a table and its second copy are gone through by turns.
func (c *Cache) ahead(start int64, first []byte) bool {
	size := int64(1) << c.bits
	all := min(most, int64(len(c.slots)/len(c.ends))*size, c.limit-start) / size * size
	for i := range c.ends {
		end := &c.ends[i]
		if all <= size || end.Load() != start || !end.CompareAndSwap(start, start+all) {
			continue
		}
		buf := scratch.Get().(*[most]byte)
		defer scratch.Put(buf)
		if got, _ := c.file.ReadAt(buf[:all], start); int64(got) < all {
			return false
		}
		copy(first, buf[:])
		for at := size; at < all; at += size {
			if b := buf[at : at+size]; !isZero(b) {
				c.slot(start + at).Store(&page{start + at, bytes.Clone(b)})
			}
		}
		return true
	}
	c.ends[c.turn.Add(1)%uint32(len(c.ends))].Store(start + size)
	return false
}

func isZero(b []byte) bool { return string(b) == string(zeros[:len(b)]) }

func shortRead(off int64, got, want int, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d of %d bytes at 0x%x: %w", got, want, off, err)
}

// Hole reports whether n bytes at off lie in a hole of the file, so that tables there
// need not be read: a small file can claim gigabytes of them.
func (c *Cache) Hole(off, n int64) bool {
	if c.met(off, n) {
		return true
	}
	if holds(c.data.Load(), off, 1) {
		return false
	}
	next, err := store.NextData(c.file, off, c.limit)
	switch {
	case err == io.EOF:
		next.Offset = c.limit
	case err != nil:
		return false
	}
	if next.Offset <= off {
		c.data.Store(&next)
		return false
	}
	c.holes[c.turn.Add(1)%uint32(len(c.holes))].Store(&store.Range{Offset: off, Length: next.Offset - off})
	return off+n <= next.Offset
}

// met reports whether n bytes at off lie in one of the holes met last.
func (c *Cache) met(off, n int64) bool {
	for i := range c.holes {
		if holds(c.holes[i].Load(), off, n) {
			return true
		}
	}
	return false
}

func holds(r *store.Range, off, n int64) bool {
	return r != nil && off >= r.Offset && off+n <= r.End()
}
