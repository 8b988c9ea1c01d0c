package vhdx

import (
	"encoding/binary"
	"fmt"
	"iter"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// Map tells for a range of the virtual disk where each byte comes from, in
// whichever layer. Neighbours that say the same are one span.
func (v *Image) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return v.mapLayers(v.layers, off, n)
}

// MapOwn maps this layer alone, see [disk.Layered].
func (v *Image) MapOwn(off, n int64) iter.Seq2[disk.Span, error] {
	return v.mapLayers(v.layers[:min(len(v.layers), 1)], off, n)
}

func (v *Image) mapLayers(layers []*Image, off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		if v.refused != nil {
			yield(disk.Span{}, v.refused)
			return
		}
		if off < 0 || n <= 0 || off >= v.geo.DiskSize {
			return
		}
		end := v.geo.DiskSize
		if n < v.geo.DiskSize-off {
			end = off + n
		}
		m := mapper{image: v, layers: layers, out: disk.NewJoiner(yield), cursors: make([]cursor, len(layers))}
		for i := range m.cursors {
			m.cursors[i].most = pieceBudget / vhdx.EntrySize / int64(max(len(layers), fewLayers))
		}
		if m.walk(off, end) {
			m.out.Flush()
		}
	}
}

// mapper walks all layers side by side. Each layer keeps its last answer, so
// that a long run of nothing in a child is found once, not at each span below.
type mapper struct {
	image   *Image
	layers  []*Image // that are asked: all, or the image alone
	out     disk.Joiner
	cursors []cursor
	via     []disk.Via // of the span being made
}

func (m *mapper) walk(off, end int64) bool {
	for off < end {
		n, ok := m.step(off, end)
		if !ok {
			return false
		}
		if off, ok = m.scattered(off+n, end); !ok {
			return false
		}
	}
	return true
}

// step finds the layer that has the byte at off and how far it goes.
func (m *mapper) step(off, end int64) (int64, bool) {
	m.via = m.via[:0]
	limit := end
	for i, layer := range m.layers {
		if off >= layer.geo.DiskSize { // a child may be larger than its parent
			return m.hold(disk.Span{Start: off, Length: limit - off, State: disk.Unallocated, Layer: i, Offset: -1})
		}
		c := &m.cursors[i]
		if off >= c.end || off < c.start {
			if err := c.move(layer, off, end); err != nil {
				return m.fail(layer.readError(c.run, err))
			}
		}
		limit = min(limit, c.end)
		m.via = layer.appendVia(m.via, &c.run, off, i)
		if c.state != disk.FromParent {
			return m.hold(layer.span(&c.run, off, limit, i))
		}
	}
	return m.hold(disk.Span{Start: off, Length: limit - off, State: disk.FromParent, Layer: len(m.layers) - 1, Offset: -1})
}

// fail ends the walk with an error.
func (m *mapper) fail(err error) (int64, bool) { return 0, m.out.Fail(err) }

// hold takes in what was found out about a span, and how.
func (m *mapper) hold(s disk.Span) (int64, bool) {
	s.Via = m.via
	return s.Length, m.out.Add(&s)
}

func (v *Image) span(r *run, off, limit int64, layer int) disk.Span {
	s := disk.Span{Start: off, Length: limit - off, State: r.state, Layer: layer, Offset: -1}
	if r.offset >= 0 {
		s.File, s.Offset = v.src.Name, r.offset+off-r.start
	}
	return s
}

// appendVia adds the entries and the bit that decided a layer's run at off.
// For a run of several blocks it is the entry of the one that holds off.
func (v *Image) appendVia(via []disk.Via, r *run, off int64, layer int) []disk.Via {
	index, entry := r.index, r.entry
	if skipped := v.geo.Block(off) - v.geo.Block(r.start); skipped > 0 {
		index = v.geo.PayloadIndex(v.geo.Block(off))
		if r.state == disk.Data {
			entry += uint64(skipped) * uint64(v.geo.BlockSize)
		}
	}
	via = append(via, disk.Via{Table: "BAT", Index: index, Place: v.place(v.bat.off+index*vhdx.EntrySize, vhdx.EntrySize), Raw: entry, Layer: layer})
	if r.bit < 0 {
		return via
	}
	chunk := v.geo.BitmapIndex(v.geo.Chunk(v.geo.Block(off)))
	bit := r.bit + (off-r.start)/v.geo.SectorSize
	raw := uint64(0)
	if r.state != disk.FromParent {
		raw = 1
	}
	return append(via,
		disk.Via{Table: "BAT", Index: chunk, Place: v.place(v.bat.off+chunk*vhdx.EntrySize, vhdx.EntrySize), Raw: uint64(r.bitmap) | vhdx.FullyPresent, Layer: layer},
		disk.Via{Table: "sector bitmap", Index: bit, Place: v.place(r.bitmap+bit/8, 1), Raw: raw, IsBit: true, Layer: layer})
}

// cursor is a layer's last answer and the piece of its BAT that it came from.
type cursor struct {
	run
	piece batPiece
	most  int64 // entries that a piece may have
	holes batHoles
}

// The pieces of all layers of a walk share pieceBudget bytes; that of a walk of
// few layers is as large as a piece may be.
const (
	fewLayers   = 16
	pieceBudget = fewLayers * maxPiece
)

// batPiece is some entries of the BAT, read at once.
type batPiece struct {
	buf   []byte
	first int64 // index of the first
	count int64
}

// maxPiece bounds a piece, in bytes.
const maxPiece = 256 << 10

// fill reads entries from index on, as many as are wanted and fit.
func (b *batPiece) fill(v *Image, index, want int64) error {
	want = min(want, maxPiece/vhdx.EntrySize, v.geo.Entries(v.params.hasParent)-index)
	if int64(cap(b.buf)) < want*vhdx.EntrySize {
		b.buf = make([]byte, want*vhdx.EntrySize)
	}
	b.buf = b.buf[:want*vhdx.EntrySize]
	n, err := v.data.ReadAt(b.buf, v.bat.off+index*vhdx.EntrySize)
	if n < len(b.buf) {
		b.count = 0
		return fmt.Errorf("BAT: %w", shortRead(v.bat.off+index*vhdx.EntrySize, n, len(b.buf), err))
	}
	b.first, b.count = index, want
	return nil
}

// at is an entry of the piece.
func (b *batPiece) at(index int64) uint64 {
	return binary.LittleEndian.Uint64(b.buf[(index-b.first)*vhdx.EntrySize:])
}

func (b *batPiece) has(index int64) bool { return index >= b.first && index < b.first+b.count }

// move finds the run at off, below limit: one block's, or as many blocks' as
// say the same.
func (c *cursor) move(v *Image, off, limit int64) error {
	limit = min(limit, v.geo.DiskSize)
	c.run = run{start: off, end: limit, offset: -1, bit: -1}
	index := v.geo.PayloadIndex(v.geo.Block(off))
	last := v.geo.PayloadIndex(v.geo.Block(limit - 1))
	if !c.piece.has(index) {
		if err := c.piece.fill(v, index, min(last+1-index, c.most)); err != nil {
			return err
		}
	}
	r, err := v.decide(off, limit, index, c.piece.at(index))
	c.run = r
	if err != nil || r.end >= limit || r.end%v.geo.BlockSize != 0 {
		return err
	}
	return c.extend(v, limit, last)
}

// extend lets a run that ends with its block go on over the blocks behind it
// whose entries say the same: the same state, or data that lie where the
// block before ends.
func (c *cursor) extend(v *Image, limit, last int64) error {
	mask, step, most := uint64(7), uint64(0), v.geo.Blocks
	switch {
	case c.state == disk.Data && c.bit < 0 && vhdx.State(c.entry) == vhdx.FullyPresent:
		_, next := v.clearOf(c.offset, c.offset+1)
		room := min(next, v.size) - (c.offset + c.end - c.start)
		mask, step, most = ^uint64(0), uint64(v.geo.BlockSize), room/v.geo.BlockSize
	case vhdx.State(c.entry) >= vhdx.ReservedState && vhdx.State(c.entry) != vhdx.UnmappedDraft, c.state == disk.Missing:
		return nil
	}
	want := c.entry&mask + step
	for blocks := int64(0); blocks < most && c.end < limit; {
		index := v.geo.PayloadIndex(v.geo.Block(c.end))
		if !c.piece.has(index) {
			if want == uint64(vhdx.NotPresent) && step == 0 {
				if block := c.blockBehindHole(v, index, last+1); block > v.geo.Block(c.end) {
					c.end = min(block*v.geo.BlockSize, limit)
					continue
				}
			}
			if err := c.piece.fill(v, index, min(last+1-index, c.most)); err != nil {
				return err
			}
		}
		// as far as the piece goes and the next sector bitmap's entry
		stop := min(c.piece.first+c.piece.count, v.geo.BitmapIndex(v.geo.Chunk(v.geo.Block(c.end))), last+1, index+most-blocks)
		n := equalEntries(c.piece.buf[(index-c.piece.first)*vhdx.EntrySize:(stop-c.piece.first)*vhdx.EntrySize], mask, want, step)
		blocks += n
		want += uint64(n) * step
		c.end = min(c.end+n*v.geo.BlockSize, limit)
		if n < stop-index {
			return nil
		}
	}
	return nil
}

// blockBehindHole is the first block whose entry, from index on, does not lie in
// a hole of the file, where all entries say "not present": a table of 64 TiB
// fits a file of 4 KiB, and a chain has many.
func (c *cursor) blockBehindHole(v *Image, index, to int64) int64 {
	next, err := c.holes.behind(v, index)
	if err != nil {
		return 0
	}
	to = min(to, next)
	return to - to/(v.geo.Ratio+1)
}

// equalEntries counts the entries at the start of b that are as wanted under
// the mask, each one step more than the one before.
func equalEntries(b []byte, mask, want, step uint64) int64 {
	n := int64(0)
	for ; len(b) >= vhdx.EntrySize; b = b[vhdx.EntrySize:] {
		if binary.LittleEndian.Uint64(b)&mask != want {
			break
		}
		want += step
		n++
	}
	return n
}
