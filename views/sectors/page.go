package sectors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
	"platter/views/hexgrid"
)

const (
	pageSize  = 64 << 10
	pageLimit = 128 // pages kept: 8 MiB
	zeroLimit = 16 << 20
	zeroLeast = 3 // rows of zeros that are folded

	probeAhead = 8 // pages that are asked for together where zeros may go on
)

// page is a piece of the virtual disk, as far as it can be read.
type page struct {
	off  int64
	data []byte
	lost []hexgrid.Range // what can't be read, ascending
	err  error           // why not
	zero bool            // nothing but zeros
	used uint64
	age  uint64 // of the pages when it came
}

// pages is a cache. What it lacks it notes, for a command to read.
type pages struct {
	kept  map[int64]*page
	zeros map[int64]bool // pages of nothing but zeros, also those not kept
	asked map[int64]bool
	want  []int64
	clock uint64
	age   uint64 // grows when the image changes
}

func (p *pages) reset() {
	*p = pages{kept: map[int64]*page{}, zeros: map[int64]bool{}, asked: map[int64]bool{}}
}

// stale has all pages read anew when they are used, and shows the old ones
// until the answer comes.
func (p *pages) stale() {
	p.zeros, p.asked, p.want = map[int64]bool{}, map[int64]bool{}, nil
	p.age++
}

// at is the page that holds a byte; nil until it is read.
func (p *pages) at(off int64) *page {
	base := off &^ (pageSize - 1)
	pg := p.kept[base]
	if pg == nil || pg.age != p.age {
		p.ask(base)
	}
	if pg == nil {
		return nil
	}
	p.clock++
	pg.used = p.clock
	return pg
}

func (p *pages) ask(base int64) {
	if !p.asked[base] {
		p.asked[base] = true
		p.want = append(p.want, base)
	}
}

func (p *pages) put(pg *page) {
	delete(p.asked, pg.off)
	if len(p.kept) >= pageLimit {
		p.evict()
	}
	p.clock++
	pg.used, pg.age = p.clock, p.age
	p.kept[pg.off] = pg
	if pg.zero {
		p.zeros[pg.off] = true
	} else {
		delete(p.zeros, pg.off)
	}
}

func (p *pages) evict() {
	var oldest int64
	used := ^uint64(0)
	for off, pg := range p.kept {
		if pg.used < used {
			oldest, used = off, pg.used
		}
	}
	delete(p.kept, oldest)
}

// bytes are up to n bytes from off on, as many as are at hand and readable.
func (p *pages) bytes(off, n int64) []byte {
	var out []byte
	for int64(len(out)) < n {
		pos := off + int64(len(out))
		pg := p.kept[pos&^(pageSize-1)]
		if pg == nil {
			break
		}
		end := min(pg.readable(pos), off+n)
		if end <= pos {
			break
		}
		out = append(out, pg.data[pos-pg.off:end-pg.off]...)
	}
	return out
}

// zeroEnd is where the zeros from off on end, as far as is known, not behind
// limit.
func (p *pages) zeroEnd(off, limit int64) int64 {
	limit = min(limit, off+zeroLimit)
	for pos := off; pos < limit; {
		base := pos &^ (pageSize - 1)
		if p.zeros[base] {
			pos = base + pageSize
			continue
		}
		pg := p.at(pos)
		if pg == nil {
			for k := int64(1); k < probeAhead; k++ {
				if next := base + k*pageSize; next < limit && p.kept[next] == nil && !p.zeros[next] {
					p.ask(next)
				}
			}
			return pos
		}
		in := pg.data[min(pos-base, int64(len(pg.data))):]
		n := int64(leadingZeros(in))
		pos = min(pos+n, pg.readable(pos))
		if n < int64(len(in)) || pos < base+pageSize {
			return min(pos, limit)
		}
	}
	return limit
}

// zeroStart is where the zeros that end at off start, as far as is known, not
// before limit.
func (p *pages) zeroStart(off, limit int64) int64 {
	limit = max(limit, off-zeroLimit)
	for pos := off; pos > limit; {
		base := (pos - 1) &^ (pageSize - 1)
		if p.zeros[base] {
			pos = base
			continue
		}
		pg := p.at(pos - 1)
		if pg == nil || int(pos-base) > len(pg.data) || len(pg.lost) > 0 {
			return pos
		}
		in := int(pos - base)
		if rest := in - trailingZeros(pg.data[:in]); rest > 0 {
			return max(base+int64(rest), limit)
		}
		if pos = base; pos <= limit {
			return limit
		}
	}
	return limit
}

// blank is compared with at once: that is many times as fast as a loop.
var blank [4096]byte

func leadingZeros(b []byte) int {
	n := 0
	for n+len(blank) <= len(b) && bytes.Equal(b[n:n+len(blank)], blank[:]) {
		n += len(blank)
	}
	for n+8 <= len(b) && binary.LittleEndian.Uint64(b[n:]) == 0 {
		n += 8
	}
	for n < len(b) && b[n] == 0 {
		n++
	}
	return n
}

func trailingZeros(b []byte) int {
	n := len(b)
	for n >= len(blank) && bytes.Equal(b[n-len(blank):n], blank[:]) {
		n -= len(blank)
	}
	for n >= 8 && binary.LittleEndian.Uint64(b[n-8:]) == 0 {
		n -= 8
	}
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return len(b) - n
}

// readable is where the next byte that can't be read lies, from off on.
func (pg *page) readable(off int64) int64 {
	for _, r := range pg.lost {
		if r.End > off {
			return max(r.Start, off)
		}
	}
	return pg.off + int64(len(pg.data))
}

// loaded is pages that were read.
type loaded struct {
	gen   views.Gen
	pages []*page
}

// loadMost is how many pages one command reads.
const loadMost = 32

// load reads the pages that are wanted.
func (v *View) load() tea.Cmd {
	want := v.pages.want
	if len(want) == 0 {
		return nil
	}
	if len(want) > loadMost { // what is wanted last shows
		for _, off := range want[:len(want)-loadMost] {
			delete(v.pages.asked, off)
		}
		want = want[len(want)-loadMost:]
	}
	v.pages.want = nil
	img, size, gen := v.image, v.info.VirtualSize, v.gen
	return func() tea.Msg {
		msg := loaded{gen: gen}
		for _, off := range want {
			msg.pages = append(msg.pages, readPage(img, off, min(pageSize, size-off)))
		}
		return msg
	}
}

func (v *View) loaded(msg loaded) {
	if msg.gen != v.gen {
		return
	}
	for _, pg := range msg.pages {
		v.pages.put(pg)
	}
}

// readPage reads a piece of the disk. Where that fails, it reads what is
// stored span by span, then sector by sector: a fault in one place hides no
// other.
func readPage(img disk.Image, off, n int64) *page {
	pg := &page{off: off, data: make([]byte, max(n, 0))}
	if whole(img.ReadAt(pg.data, off)) == nil {
		pg.zero = leadingZeros(pg.data) == len(pg.data)
		return pg
	}
	clear(pg.data)
	for s, err := range img.Map(off, n) {
		if err != nil {
			pg.lose(off, off+n, err)
			return pg
		}
		switch s.State.Content() {
		case disk.Stored:
			pg.readSpan(img, s.Start, s.Start+s.Length)
		case disk.Lost:
			pg.lose(s.Start, s.Start+s.Length, nil)
		}
	}
	return pg
}

func (pg *page) readSpan(img disk.Image, start, end int64) {
	if whole(img.ReadAt(pg.data[start-pg.off:end-pg.off], start)) == nil {
		return
	}
	const sector = 512
	for at := start; at < end; {
		next := min(end, (at/sector+1)*sector)
		piece := pg.data[at-pg.off : next-pg.off]
		if err := whole(img.ReadAt(piece, at)); err != nil {
			clear(piece)
			pg.lose(at, next, err)
		}
		at = next
	}
}

func (pg *page) lose(start, end int64, err error) {
	if err != nil && pg.err == nil {
		pg.err = err
	}
	if n := len(pg.lost); n > 0 && pg.lost[n-1].End == start {
		pg.lost[n-1].End = end
		return
	}
	pg.lost = append(pg.lost, hexgrid.Range{Start: start, End: end})
}

// whole is the error of a read that should have brought everything: the end
// of the disk behind the last byte is none.
func whole(_ int, err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
