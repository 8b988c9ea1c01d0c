package vhdx

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// The pages of tables that are kept, in bytes.
const (
	pageBits = 14
	pageSize = 1 << pageBits
)

// cache keeps pages of the file at fixed slots, so that a hit costs an atomic
// load and no lock: a read through a chain of 32 layers asks for as many table
// entries. Memory grows with what is read, up to the budget.
type cache struct {
	r     io.ReaderAt
	limit int64 // bytes of the file
	slots []atomic.Pointer[page]
}

type page struct {
	start int64
	data  []byte
}

// newCache caches what it is asked for of a file of limit bytes, a table of
// want bytes or several small ones together, within a budget in bytes.
func newCache(r io.ReaderAt, limit, want, budget int64) cache {
	n := 8
	for most := min(budget, want) / pageSize; int64(2*n) <= most; {
		n *= 2
	}
	return cache{r: r, limit: limit, slots: make([]atomic.Pointer[page], n)}
}

// get is the page that holds the byte at off, which lies in the file.
func (c *cache) get(off int64) (*page, error) {
	if p := c.hit(off); p != nil {
		return p, nil
	}
	start := off >> pageBits << pageBits
	p := &page{start, make([]byte, min(pageSize, c.limit-start))}
	n, err := c.r.ReadAt(p.data, start)
	if n < len(p.data) {
		return nil, shortRead(start, n, len(p.data), err)
	}
	c.slot(off).Store(p)
	return p, nil
}

// hit is the page that holds the byte at off if it is kept, else nil.
func (c *cache) hit(off int64) *page {
	if p := c.slot(off).Load(); p != nil && p.start == off>>pageBits<<pageBits {
		return p
	}
	return nil
}

// slot is the one place where the page of off may be kept. Higher bits are
// mixed in, since sector bitmaps lie at multiples of 1 MiB.
func (c *cache) slot(off int64) *atomic.Pointer[page] {
	number := off >> pageBits
	return &c.slots[int(number^number>>6)&(len(c.slots)-1)]
}

func shortRead(off int64, got, want int, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d of %d bytes at 0x%x: %w", got, want, off, err)
}
