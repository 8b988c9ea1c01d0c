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
	r     io.ReaderAt
	limit int64 // bytes of the file
	shift uint  // a page has 1<<shift bytes
	mask  int64 // number of slots - 1, a power of two less one
	slots []atomic.Pointer[page]
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
	return cache{r: f, limit: limit, shift: shift, mask: n - 1, slots: make([]atomic.Pointer[page], n)}
}

// get is the page that holds the byte at off, which lies in the file.
func (c *cache) get(off int64) (*page, error) {
	if p := c.hit(off); p != nil {
		return p, nil
	}
	start := off >> c.shift << c.shift
	p := &page{start, make([]byte, min(1<<c.shift, c.limit-start))}
	n, err := c.r.ReadAt(p.data, start)
	if n < len(p.data) {
		return nil, shortRead(start, n, len(p.data), err)
	}
	c.slots[off>>c.shift&c.mask].Store(p)
	return p, nil
}

// hit is the page that holds the byte at off if it is kept, else nil.
func (c *cache) hit(off int64) *page {
	if p := c.slots[off>>c.shift&c.mask].Load(); p != nil && p.start == off>>c.shift<<c.shift {
		return p
	}
	return nil
}
