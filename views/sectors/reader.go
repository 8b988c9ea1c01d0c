package sectors

import (
	"slices"

	"platter/engine/disk"
)

// Bounds on what one command reads of the map. Where there is nothing for
// longer, the window grows by several commands, and shows how far it came.
const (
	mapPiece    = 64 << 30 // bytes of the disk asked for at once
	mapPieces   = 16       // in one command
	mapFirst    = 64 << 20 // the first piece backwards
	mapEnough   = 256      // stretches that one command brings
	mapBackward = 4 * mapEnough
)

// mapReader collects stretches from an image's map.
type mapReader struct {
	img   disk.Image
	block int64
	list  []stretch
	err   error
}

// forward reads from a byte on until there is enough.
func (r *mapReader) forward(from, size int64) {
	for range mapPieces {
		if from >= size || len(r.list) >= mapEnough || r.err != nil {
			return
		}
		n := min(mapPiece, size-from)
		r.read(from, n, func() bool { return len(r.list) < mapEnough })
		from += n
	}
}

// backward reads what lies before a byte, in pieces that get larger while
// there is nothing.
func (r *mapReader) backward(to int64) {
	piece := int64(mapFirst)
	var later []stretch
	for range mapPieces {
		from := max(0, to-piece)
		if r.block > 0 {
			from -= from % r.block
		}
		r.list = nil
		r.read(from, to-from, func() bool {
			if len(r.list) > 2*mapBackward {
				r.list = slices.Delete(r.list, 0, mapBackward)
			}
			return true
		})
		for i := range later {
			r.list = joined(r.list, later[i])
		}
		if later = r.list; from == 0 || len(later) > 1 || r.err != nil {
			return
		}
		to, piece = from, min(piece*4, mapPiece)
	}
}

// read adds the stretches of a range of the map, for as long as more says so.
func (r *mapReader) read(from, n int64, more func() bool) {
	for s, err := range r.img.Map(from, n) {
		if err != nil {
			r.err = err
			return
		}
		if !r.span(s, more) {
			return
		}
	}
}

// span adds a span of the map, in pieces of a block where it is stored.
func (r *mapReader) span(s disk.Span, more func() bool) bool {
	for start, end := s.Start, s.Start+s.Length; start < end; {
		if !more() {
			return false
		}
		piece := newStretch(s, start, end, r.block)
		r.list = joined(r.list, piece)
		start = piece.end
	}
	return true
}

// newStretch is the part of a span from start on, cut at end, and at the next
// block if it is stored.
func newStretch(s disk.Span, start, end, block int64) stretch {
	p := stretch{start: start, end: end, state: s.State, layer: s.Layer, file: s.File, offset: s.Offset, packed: s.Packed, block: -1}
	if len(s.Via) > 0 {
		p.via = s.Via[len(s.Via)-1]
		if p.via.IsBit && len(s.Via) > 1 && !p.stored() {
			p.via = s.Via[len(s.Via)-2]
		}
	}
	if block > 0 {
		p.block = start / block
		if p.stored() {
			p.end = min(end, (p.block+1)*block)
		}
		p.entries = (p.end-1)/block - p.block + 1
	}
	if p.offset >= 0 && p.packed == 0 {
		p.offset += start - s.Start
	}
	if start != s.Start {
		p.via = disk.Via{}
	}
	return p
}
