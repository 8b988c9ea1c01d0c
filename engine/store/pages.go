package store

import (
	"fmt"
	"io"
	"sync"
)

// DefaultPage is the page size, in bytes, for a size of 0.
const DefaultPage = 64 << 10

// Pages reads through a cache of fixed-size pages, least recently used out
// first. Memory grows with what is read, up to the budget, never with the size
// of the file or a length it claims. Over a file of a Workspace the cache never
// shows stale bytes; over any other, whoever writes calls Invalidate.
type Pages struct {
	r        io.ReaderAt
	size     int64
	pageSize int64
	limit    int // pages kept

	mu         sync.Mutex
	pages      map[int64]*page
	recent     page // sentinel of the ring: next is the latest used, prev the oldest
	epoch      uint64
	generation uint64
}

type page struct {
	index      int64
	data       []byte
	prev, next *page
}

// Generational is a file whose bytes change in other ways than by writing to it,
// such as by undo; the number grows with every change.
type Generational interface{ Generation() uint64 }

// NewPages caches r, of which size bytes may be read. The page size is in bytes,
// 0 for DefaultPage; the budget too, and at least one page is kept.
func NewPages(r io.ReaderAt, size int64, pageSize int, budget int64) *Pages {
	if pageSize <= 0 {
		pageSize = DefaultPage
	}
	c := &Pages{r: r, size: size, pageSize: int64(pageSize), limit: int(min(max(budget/int64(pageSize), 1), 1<<24))}
	c.Invalidate()
	return c
}

// Size is the number of bytes that may be read.
func (c *Pages) Size() int64 { return c.size }

// Invalidate forgets all pages.
func (c *Pages) Invalidate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
}

func (c *Pages) forget() {
	c.epoch++
	c.pages = map[int64]*page{}
	c.recent.prev, c.recent.next = &c.recent, &c.recent
}

// ReadAt reads from the cache. Past the size it gives io.EOF, as any
// io.ReaderAt; a file that ends before that gives io.ErrUnexpectedEOF, wrapped
// with the offset. Neighbours of the bytes asked for that can't be read do not matter.
func (c *Pages) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errOffset
	}
	want := p
	if int64(len(want)) > c.size-off {
		want = want[:max(c.size-off, 0)]
	}
	done := 0
	for done < len(want) {
		n, err := c.readPage(want[done:], off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	if len(want) < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// readPage reads the start of p that lies in one page.
func (c *Pages) readPage(p []byte, off int64) (int, error) {
	index, at := off/c.pageSize, off%c.pageSize
	p = p[:min(int64(len(p)), c.pageSize-at)]
	epoch, hit := c.copyHit(p, index, at)
	if hit {
		return len(p), nil
	}
	start := index * c.pageSize
	data := c.room(min(c.pageSize, c.size-start))
	n, err := c.r.ReadAt(data, start)
	if n == len(data) {
		copy(p, data[at:]) // before others may evict the page and use its room
		c.keep(index, data, epoch)
		return len(p), nil
	}
	if int64(n) >= at+int64(len(p)) {
		return copy(p, data[at:]), nil
	}
	return c.readBare(p, off, err)
}

// readBare reads just what was asked for, when its page could not be read whole.
func (c *Pages) readBare(p []byte, off int64, pageErr error) (int, error) {
	n, err := c.r.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err == io.ErrUnexpectedEOF && pageErr != nil && pageErr != io.EOF {
		err = pageErr
	}
	return n, fmt.Errorf("%d bytes at offset 0x%x: %w", len(p), off+int64(n), err)
}

// copyHit copies from a page that is there. Pages are copied from only under the
// lock, so the room of an evicted one can be used again at once.
func (c *Pages) copyHit(p []byte, index, at int64) (epoch uint64, hit bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g, ok := c.r.(Generational); ok && g.Generation() != c.generation {
		c.generation = g.Generation()
		c.forget()
	}
	pg := c.pages[index]
	if pg == nil {
		return c.epoch, false
	}
	copy(p, pg.data[at:])
	c.unlink(pg)
	c.link(pg)
	return c.epoch, true
}

// keep adds a page, unless the cache was invalidated while it was being read.
func (c *Pages) keep(index int64, data []byte, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch || c.pages[index] != nil {
		return
	}
	if len(c.pages) >= c.limit {
		c.evict()
	}
	pg := &page{index: index, data: data}
	c.pages[index] = pg
	c.link(pg)
}

// room is a buffer of n bytes, at most a page: that of the oldest page when the
// cache is full, so that a long scan makes no garbage.
func (c *Pages) room(n int64) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pages) >= c.limit {
		if data := c.evict(); int64(cap(data)) >= n {
			return data[:n]
		}
	}
	return make([]byte, n)
}

func (c *Pages) evict() []byte {
	oldest := c.recent.prev
	c.unlink(oldest)
	delete(c.pages, oldest.index)
	return oldest.data
}

func (c *Pages) unlink(pg *page) {
	pg.prev.next, pg.next.prev = pg.next, pg.prev
}

func (c *Pages) link(pg *page) {
	pg.prev, pg.next = &c.recent, c.recent.next
	pg.prev.next, pg.next.prev = pg, pg
}
