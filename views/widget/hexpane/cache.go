package hexpane

import (
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"sync/atomic"
)

const (
	pageSize  = 64 << 10
	pageLimit = 64       // pages kept: 4 MiB
	probeStep = 1 << 20  // bytes that a probe reads at once
	probeMax  = 64 << 20 // bytes that one probe looks through
)

// Source is the bytes that a pane shows.
type Source struct {
	Name string
	Size int64 // bytes
	Data io.ReaderAt
}

// Request is something that a pane wants to be read. Do reads it: in a
// command, never while drawing.
type Request struct {
	src Source
	ask
}

// ask is what is to be read, and for which showing of a source.
type ask struct {
	showing uint64
	off     int64
	probe   bool
}

// Answer is what a request found.
type Answer struct {
	req  Request
	data []byte
	zero int64 // bytes from off on that are zero, for a probe
	err  error
}

// Do reads. A probe reads on while there are only zeros, up to its limit.
func (r Request) Do() Answer {
	if r.probe {
		zero, err := r.zeros()
		return Answer{req: r, zero: zero, err: err}
	}
	b := make([]byte, min(pageSize, r.src.Size-r.off))
	n, err := r.src.Data.ReadAt(b, r.off)
	if n == len(b) || errors.Is(err, io.EOF) {
		err = nil
	}
	if n < len(b) && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return Answer{req: r, data: b[:n], err: err}
}

func (r Request) zeros() (int64, error) {
	b := make([]byte, probeStep)
	end := min(r.src.Size, r.off+probeMax)
	for pos := r.off; pos < end; {
		n, err := r.src.Data.ReadAt(b[:min(probeStep, end-pos)], pos)
		if i := firstNonZero(b[:n]); i < n {
			return pos + int64(i) - r.off, nil
		}
		pos += int64(n)
		if n == 0 || err != nil && pos < end {
			return pos - r.off, err
		}
	}
	return end - r.off, nil
}

// firstNonZero is the index of the first byte that is not zero; len(b) if
// there is none.
func firstNonZero(b []byte) int {
	return len(b) - len(trimZeros(b))
}

func trimZeros(b []byte) []byte {
	word := binary.NativeEndian.Uint64
	for len(b) >= 32 && word(b)|word(b[8:])|word(b[16:])|word(b[24:]) == 0 {
		b = b[32:]
	}
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

type page struct {
	data []byte
	err  error
	used uint64
}

// span is the bytes [from, to).
type span struct{ from, to int64 }

// cache holds pages of a source, and what is known of zeros beyond them.
type cache struct {
	src    Source
	pages  map[int64]*page
	old    map[int64]*page // of the bytes before the last change, until they are read anew
	zeros  []span          // ascending, apart
	asked  map[ask]bool
	wanted []Request
	clock  uint64
	serial uint64
}

// showings numbers sources in the order in which panes came to show them.
var showings atomic.Uint64

func (c *cache) reset(src Source) {
	*c = cache{src: src, pages: map[int64]*page{}, asked: map[ask]bool{}, serial: showings.Add(1)}
}

// renew forgets what was read but keeps it to show until it is read anew.
func (c *cache) renew(src Source) {
	old := c.old
	if len(old) > pageLimit {
		old = nil
	}
	if old == nil {
		old = map[int64]*page{}
	}
	maps.Copy(old, c.pages)
	c.reset(src)
	c.old = old
}

// patch overwrites what is at hand.
func (c *cache) patch(off int64, data []byte) {
	for len(data) > 0 {
		base := off &^ (pageSize - 1)
		n := min(int64(len(data)), base+pageSize-off)
		if p := c.known(base); p != nil && off-base < int64(len(p.data)) {
			copy(p.data[off-base:], data[:n])
		}
		off, data = off+n, data[n:]
	}
	c.zeros = nil
}

// known is the page at base, read anew or not.
func (c *cache) known(base int64) *page {
	if p := c.pages[base]; p != nil {
		return p
	}
	return c.old[base]
}

// page is the page that holds off, if it is there; else it is wanted.
func (c *cache) page(off int64) *page {
	base := off &^ (pageSize - 1)
	if p := c.pages[base]; p != nil {
		c.clock++
		p.used = c.clock
		return p
	}
	c.want(base, false)
	return c.old[base]
}

func (c *cache) want(off int64, probe bool) {
	a := ask{c.serial, off, probe}
	if c.src.Data == nil || c.asked[a] {
		return
	}
	c.asked[a] = true
	c.wanted = append(c.wanted, Request{c.src, a})
}

// take hands over what is wanted.
func (c *cache) take() []Request {
	w := c.wanted
	c.wanted = nil
	return w
}

// fill takes an answer in; it reports false if it answers an old question.
func (c *cache) fill(a Answer) bool {
	if a.req.showing != c.serial {
		return false
	}
	if a.req.probe && a.zero == 0 {
		return true // stays asked: there is something else than zeros
	}
	delete(c.asked, a.req.ask)
	if a.req.probe {
		c.addZeros(span{a.req.off, a.req.off + a.zero})
		return true
	}
	c.evict()
	c.clock++
	delete(c.old, a.req.off)
	c.pages[a.req.off] = &page{data: a.data, err: a.err, used: c.clock}
	if n := len(a.data); n == pageSize && firstNonZero(a.data) == n {
		c.addZeros(span{a.req.off, a.req.off + pageSize})
	}
	return true
}

// evict drops the page that was not used for longest when there are many.
func (c *cache) evict() {
	if len(c.pages) < pageLimit {
		return
	}
	var oldest int64
	used := ^uint64(0)
	for base, p := range c.pages {
		if p.used < used {
			oldest, used = base, p.used
		}
	}
	delete(c.pages, oldest)
}

func (c *cache) addZeros(s span) {
	c.zeros = append(c.zeros, s)
	slices.SortFunc(c.zeros, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	out := c.zeros[:1]
	for _, z := range c.zeros[1:] {
		if last := &out[len(out)-1]; z.from <= last.to {
			last.to = max(last.to, z.to)
		} else {
			out = append(out, z)
		}
	}
	c.zeros = out
}

// knownZeros is the known span of zeros that holds off.
func (c *cache) knownZeros(off int64) (span, bool) {
	i, _ := slices.BinarySearchFunc(c.zeros, off, func(s span, off int64) int {
		if s.from <= off {
			return -1
		}
		return 1
	})
	if i == 0 || c.zeros[i-1].to <= off {
		return span{}, false
	}
	return c.zeros[i-1], true
}

// foldMax bounds how far a fold looks ahead: zeros for longer show as a fold
// that says so.
const foldMax = 1 << 30

// longZeros is from which length on zeros found in pages are remembered, so
// that they are not counted again for each frame; in bytes.
const longZeros = 2048

// zeroEnd is where the zeros from off on end, as far as is known. What is not
// known is asked for.
func (c *cache) zeroEnd(off int64) int64 {
	end := c.zerosFrom(off)
	if end-off >= longZeros {
		if z, ok := c.knownZeros(off); !ok || z.to < end {
			c.addZeros(span{off, end})
		}
	}
	return end
}

func (c *cache) zerosFrom(off int64) int64 {
	pos := off
	for pos < c.src.Size && pos-off < foldMax {
		if z, ok := c.knownZeros(pos); ok {
			pos = min(z.to, c.src.Size)
			continue
		}
		base := pos &^ (pageSize - 1)
		p := c.known(base)
		if p == nil {
			if pos > off {
				c.want(pos, true)
			}
			return pos
		}
		in := int(pos - base)
		if in >= len(p.data) {
			return pos
		}
		n := firstNonZero(p.data[in:])
		pos += int64(n)
		if in+n < len(p.data) || len(p.data) < pageSize {
			return pos
		}
	}
	return pos
}

// zeroStart is where the zeros that end at off begin, as far as is known.
func (c *cache) zeroStart(off int64) int64 {
	pos := off
	for pos > 0 && off-pos < foldMax {
		if z, ok := c.knownZeros(pos - 1); ok {
			pos = z.from
			continue
		}
		base := (pos - 1) &^ (pageSize - 1)
		p := c.page(base)
		if p == nil || int(pos-base) > len(p.data) {
			return pos
		}
		i := int(pos - base)
		for i > 0 && p.data[i-1] == 0 {
			i--
		}
		pos = base + int64(i)
		if i > 0 {
			return pos
		}
	}
	return pos
}
