package hexpane

import (
	"maps"
	"slices"
	"sync/atomic"
)

// pageLimit is how many pages are kept: 8 MiB.
const pageLimit = 128

// span is the bytes [from, to).
type span struct{ from, to int64 }

// cache holds pages of a source, and what is known of zeros beyond them.
type cache struct {
	src    Source
	pages  map[int64]*page
	old    map[int64]*page // of the bytes before the last change, until they are read again
	zeros  []span          // ascending, apart
	asked  map[ask]bool
	wanted []Request
	clock  uint64
	serial uint64
}

// showings numbers sources in the order in which panes came to show them.
var showings atomic.Uint64

func (c *cache) reset(src Source) {
	if src.Sector <= 0 {
		src.Sector = SectorSize
	}
	*c = cache{src: src, pages: map[int64]*page{}, asked: map[ask]bool{}, serial: showings.Add(1)}
}

// renew forgets what was read but keeps it to show until it is read again.
func (c *cache) renew(src Source) {
	old := c.old
	if old == nil || len(old) > pageLimit {
		old = map[int64]*page{}
	}
	maps.Copy(old, c.pages)
	c.reset(src)
	c.old = old
}

// patch overwrites what is loaded.
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

// known is the page at base, read again or not.
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
	c.want(base, aPage)
	return c.old[base]
}

func (c *cache) want(off int64, w what) {
	a := ask{c.serial, off, w}
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
	switch {
	case a.req.showing != c.serial:
		return false
	case a.req.what == aPage:
		c.put(a.req.off, a.page)
	case a.zero == 0:
		return true // stays asked: there is something else than zeros
	case a.req.what == zerosFrom:
		c.addZeros(span{a.req.off, a.req.off + a.zero})
	default:
		c.addZeros(span{a.req.off - a.zero, a.req.off})
	}
	delete(c.asked, a.req.ask)
	return true
}

func (c *cache) put(base int64, p *page) {
	c.evict()
	c.clock++
	p.used = c.clock
	delete(c.old, base)
	c.pages[base] = p
	if n := len(p.data); n == pageSize && len(p.lost) == 0 && firstNonZero(p.data) == n {
		c.addZeros(span{base, base + pageSize})
	}
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

// bytes are up to n bytes from off, as many as are loaded and can be read.
func (c *cache) bytes(off int64, n int) []byte {
	var out []byte
	for len(out) < n && off < c.src.Size {
		base := off &^ (pageSize - 1)
		p := c.page(off)
		if p == nil {
			break
		}
		end := min(p.readable(base, off), off+int64(n-len(out)))
		if end <= off {
			break
		}
		out = append(out, p.data[off-base:end-base]...)
		off = end
	}
	return out
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

// foldMax bounds how far a fold looks: zeros for longer show as a fold that
// says so.
const foldMax = 1 << 30

// longZeros is from which length on zeros found in pages are remembered, so
// that they are not counted again for each frame; in bytes.
const longZeros = 2048

// remember keeps what was counted, if it was much and is not known.
func (c *cache) remember(s span) {
	if s.to-s.from < longZeros {
		return
	}
	if z, ok := c.knownZeros(s.from); !ok || z.to < s.to {
		c.addZeros(s)
	}
}

// zeroEnd is where the zeros from off end, as far as is known, not past
// limit. What is not known is asked for.
func (c *cache) zeroEnd(off, limit int64) int64 {
	pos := off
	for limit = min(limit, off+foldMax); pos < limit; {
		if z, ok := c.knownZeros(pos); ok {
			pos = min(z.to, limit)
			continue
		}
		base := pos &^ (pageSize - 1)
		p := c.known(base)
		if p == nil {
			if pos > off {
				c.want(pos, zerosFrom)
			}
			break
		}
		end := p.readable(base, pos)
		n := int64(firstNonZero(p.data[pos-base : max(end, pos)-base]))
		if pos += n; pos < base+pageSize {
			break
		}
	}
	pos = min(pos, limit)
	c.remember(span{off, pos})
	return pos
}

// zeroStart is where the zeros that end at off begin, as far as is known, not
// before limit.
func (c *cache) zeroStart(off, limit int64) int64 {
	pos := off
	for limit = max(limit, off-foldMax); pos > limit; {
		if z, ok := c.knownZeros(pos - 1); ok {
			pos = max(z.from, limit)
			continue
		}
		base := (pos - 1) &^ (pageSize - 1)
		p := c.known(base)
		if p == nil {
			if pos < off {
				c.want(pos, zerosTo)
			}
			break
		}
		if pos-base > int64(len(p.data)) || len(p.lost) > 0 {
			break
		}
		if pos = base + int64(len(trimEnd(p.data[:pos-base]))); pos > base {
			break
		}
	}
	pos = max(pos, limit)
	c.remember(span{pos, off})
	return pos
}
