package vhd

import (
	"io"
	"math/bits"
	"sync/atomic"

	"platter/engine/store"
)

// cache keeps pages of a file at fixed slots, so that a hit costs an atomic
// load and no lock: a read through a chain of 32 layers asks for as many
// table entries. Memory grows with what is read, up to the budget. An image
// whose file changes is opened anew, so nothing here grows old.
type cache struct {
	file  store.File
	limit int64 // bytes of the file
	shift uint  // a page has 1<<shift bytes
	mask  int64 // number of slots - 1, a power of two less one
	slots []atomic.Pointer[page]
	hole  *atomic.Pointer[store.Range] // the one that was met last
}

type page struct {
	start int64
	data  []byte
}

// newCache caches limit bytes of a file in pages of a power of two bytes.
func newCache(f store.File, limit, pageSize, budget int64) cache {
	n := int64(1)
	for want := min(max(budget/pageSize, 8), limit/pageSize+1); 2*n <= want; {
		n *= 2
	}
	shift := uint(bits.TrailingZeros64(uint64(pageSize)))
	return cache{file: f, hole: new(atomic.Pointer[store.Range]), limit: limit, shift: shift, mask: n - 1, slots: make([]atomic.Pointer[page], n)}
}

// get is the page that holds the byte at off, which lies in the file.
func (c *cache) get(off int64) (*page, error) {
	if p := c.hit(off); p != nil {
		return p, nil
	}
	start := off >> c.shift << c.shift
	n := min(1<<c.shift, c.limit-start)
	p := &page{start, noBytes[:n]}
	if h := c.hole.Load(); h == nil || start < h.Offset || start+n > h.End() {
		if err := c.read(p); err != nil {
			return nil, err
		}
	}
	c.slots[off>>c.shift&c.mask].Store(p)
	return p, nil
}

// noBytes is the content of pages in holes.
var noBytes [tablePage]byte

// read fills a page. One of zeros may lie in a hole of the file, which is kept
// in mind: hostile images are small files with large holes.
func (c *cache) read(p *page) error {
	n := len(p.data)
	p.data = make([]byte, n)
	if got, err := c.file.ReadAt(p.data, p.start); got < n {
		return shortRead(p.start, got, n, err)
	}
	if !isZero(p.data) {
		return nil
	}
	p.data = noBytes[:n]
	next, err := store.NextData(c.file, p.start, c.limit)
	switch {
	case err == io.EOF:
		next.Offset = c.limit
	case err != nil:
		return err
	}
	if next.Offset > p.start {
		c.hole.Store(&store.Range{Offset: p.start, Length: next.Offset - p.start})
	}
	return nil
}

// hit is the page that holds the byte at off if it is kept, else nil.
func (c *cache) hit(off int64) *page {
	if p := c.slots[off>>c.shift&c.mask].Load(); p != nil && p.start == off>>c.shift<<c.shift {
		return p
	}
	return nil
}
