package vhdx

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"platter/decode/vhdx"
	"platter/engine/store"
)

// replayed is the file as it is after the log was replayed. The file itself is
// not touched, and the pages that change stay where they are, in the log:
// memory grows with their number only.
type replayed struct {
	file  store.File
	size  int64 // of the file on disk
	grown int64 // of the file after replay; what is added reads as zeros
	parts []part
}

// part is a range that the log changes; parts are sorted and do not overlap.
type part struct {
	off, end int64
	sector   int64 // of the file; where the page's data sector lies; -1 for zeros
	leading  uint64
	trailing uint32
}

// write is a part with its place in the order of writing.
type write struct {
	part
	order int
}

// maxWrites bounds how many changes are kept in memory: as many as a log of a
// gigabyte has room for pages.
const maxWrites = 1 << 18

var errTooMany = fmt.Errorf("the log has more than %d entries to be replayed, or makes more than %d changes: too many to replay in memory", maxActive, maxWrites)

// with lays entries over the file.
func (d replayed) with(r *ring, entries []logEntry) (*replayed, error) {
	var writes []write
	d.grown = d.size
	for _, e := range entries {
		d.grown = max(d.grown, int64(e.last))
		for c, err := range r.changes(d.file, e) {
			if err != nil {
				return nil, err
			}
			if c.length == 0 {
				continue
			}
			p := part{off: int64(c.target), end: int64(c.target + c.length), sector: -1, leading: c.leading, trailing: c.trailing}
			if c.sector >= 0 {
				p.sector = r.at(c.sector)
			}
			if len(writes) == maxWrites {
				return nil, errTooMany
			}
			writes = append(writes, write{p, len(writes)})
			d.grown = max(d.grown, p.end)
		}
	}
	d.parts = flatten(writes)
	return &d, nil
}

// flatten cuts writes so that none overlap: the later one wins.
func flatten(writes []write) []part {
	slices.SortFunc(writes, func(a, b write) int { return cmp.Compare(a.off, b.off) })
	var out []part
	var open newest
	var pos int64
	upTo := func(limit int64) {
		for len(open) > 0 && pos < limit {
			top := open[0]
			if top.end <= pos {
				heap.Pop(&open)
				continue
			}
			p := top.part
			p.off, p.end = pos, min(top.end, limit)
			if n := len(out); n > 0 && p.sector < 0 && out[n-1].sector < 0 && out[n-1].end == p.off {
				out[n-1].end = p.end
			} else {
				out = append(out, p)
			}
			pos = p.end
		}
		pos = limit
	}
	for _, w := range writes {
		upTo(w.off)
		heap.Push(&open, w)
	}
	upTo(1<<63 - 1)
	return out
}

// newest is a heap with the latest write on top.
type newest []write

func (h newest) Len() int           { return len(h) }
func (h newest) Less(i, j int) bool { return h[i].order > h[j].order }
func (h newest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a write; it is called by package heap only.
func (h *newest) Push(x any) { *h = append(*h, x.(write)) }

// Pop removes the last one; it is called by package heap only.
func (h *newest) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// ReadAt reads the file as it is after replay.
func (d *replayed) ReadAt(p []byte, off int64) (int, error) {
	if len(d.parts) == 0 && d.grown == d.size {
		return d.file.ReadAt(p, off)
	}
	done := 0
	for done < len(p) && off < d.grown {
		n, err := d.piece(p[done:], off)
		done, off = done+n, off+int64(n)
		if err != nil {
			return done, err
		}
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// NextData finds the holes of a file that the log leaves as it is.
func (d *replayed) NextData(off int64) (store.Range, error) {
	if len(d.parts) == 0 && d.grown == d.size {
		return d.file.NextData(off)
	}
	return store.Range{Offset: off, Length: d.grown - off}, nil
}

func shortRead(off int64, got, want int, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d of %d bytes at 0x%x: %w", got, want, off, err)
}

// piece reads the start of p, as far as one source has it.
func (d *replayed) piece(p []byte, off int64) (int, error) {
	limit := d.grown
	if i := d.partAt(off); i < len(d.parts) {
		if s := d.parts[i]; s.off <= off {
			return d.changed(s, p[:min(int64(len(p)), s.end-off)], off)
		}
		limit = min(limit, d.parts[i].off)
	}
	if off >= d.size {
		p = p[:min(int64(len(p)), limit-off)]
		clear(p)
		return len(p), nil
	}
	p = p[:min(int64(len(p)), limit-off, d.size-off)]
	n, err := d.file.ReadAt(p, off)
	if n < len(p) {
		return n, shortRead(off, n, len(p), err)
	}
	return n, nil
}

// changed reads a part. Byte n of a page is byte n of its data sector, but for
// the edges, which the descriptor has.
func (d *replayed) changed(s part, p []byte, off int64) (int, error) {
	if s.sector < 0 {
		clear(p)
		return len(p), nil
	}
	at := off % vhdx.LogSector
	n, err := d.file.ReadAt(p, s.sector+at)
	if n < len(p) {
		return 0, shortRead(s.sector+at, n, len(p), err)
	}
	if at < 8 {
		var edge [8]byte
		vhdx.DataTable.Order().Put(edge[:], s.leading)
		copy(p, edge[at:])
	}
	if tail := vhdx.LogSector - 4 - at; tail < int64(len(p)) {
		var edge [4]byte
		vhdx.DataTable.Order().Put(edge[:], uint64(s.trailing))
		copy(p[max(tail, 0):], edge[max(-tail, 0):])
	}
	return n, nil
}

// partAt is the first part that ends after off.
func (d *replayed) partAt(off int64) int {
	return sort.Search(len(d.parts), func(i int) bool { return d.parts[i].end > off })
}

// touched reports whether the log changes any of the bytes [off, off+n).
func (d *replayed) touched(off, n int64) bool {
	i := d.partAt(off)
	return i < len(d.parts) && d.parts[i].off < off+n
}

// changedFrom is the first byte from off on that the log changes; math.MaxInt64
// if there is none.
func (d *replayed) changedFrom(off int64) int64 {
	if i := d.partAt(off); i < len(d.parts) {
		return max(d.parts[i].off, off)
	}
	return math.MaxInt64
}

// zeros is how far from off on, below end, the file reads as zeros because
// replay made it longer. It is 0 where the file on disk or the log has bytes.
func (d *replayed) zeros(off, end int64) int64 {
	if off < d.size || off >= d.grown {
		return 0
	}
	limit := min(end, d.grown)
	if i := d.partAt(off); i < len(d.parts) {
		limit = min(limit, max(d.parts[i].off, off))
	}
	return limit - off
}

// partAfter is where the part that holds off ends, else where the next one
// starts, else the end of the file.
func (d *replayed) partAfter(off int64) int64 {
	i := d.partAt(off)
	switch {
	case i == len(d.parts):
		return d.grown
	case d.parts[i].off > off:
		return d.parts[i].off
	}
	return d.parts[i].end
}
