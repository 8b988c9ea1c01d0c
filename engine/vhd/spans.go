package vhd

import (
	"io"
	"iter"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// Map tells for a range of the virtual disk where each byte comes from, in
// whichever layer. Neighbours that say the same are one span.
func (v *Image) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return v.mapLayers(v.layers, v.base, off, n)
}

// MapOwn maps this layer alone, see [disk.Layered].
func (v *Image) MapOwn(off, n int64) iter.Seq2[disk.Span, error] {
	return v.mapLayers(v.layers[:min(len(v.layers), 1)], nil, off, n)
}

func (v *Image) mapLayers(layers []*Image, base disk.Image, off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		if v.refused != nil {
			yield(disk.Span{}, v.refused)
			return
		}
		if off < 0 || n <= 0 || off >= v.virtual {
			return
		}
		end := v.virtual
		if n < v.virtual-off {
			end = off + n
		}
		m := mapper{layers: layers, base: base, out: disk.NewJoiner(yield), cursors: make([]run, len(layers))}
		if m.walk(off, end) {
			m.out.Flush()
		}
	}
}

// mapper walks all layers side by side. Each layer keeps its last answer, so
// that a long run of nothing in a child is found once, not at each span below.
type mapper struct {
	layers  []*Image   // that are asked: all, or the image alone
	base    disk.Image // the raw parent of the last one; nil for none
	out     disk.Joiner
	cursors []run
	via     []disk.Via // of the span being made
}

func (m *mapper) walk(off, end int64) bool {
	for off < end {
		n, ok := m.step(off, end)
		if !ok {
			return false
		}
		off += n
	}
	return true
}

// step finds the layer that has the byte at off and how far it goes.
func (m *mapper) step(off, end int64) (int64, bool) {
	m.via = m.via[:0]
	limit := end
	for i, layer := range m.layers {
		if off >= layer.virtual {
			return m.hold(disk.Span{Start: off, Length: limit - off, State: disk.Unallocated, Layer: i, Offset: -1})
		}
		c := &m.cursors[i]
		if off >= c.end || off < c.start {
			var err error
			if *c, err = layer.mapRun(off, end); err != nil {
				return m.fail(layer.readError(*c, err))
			}
		}
		limit = min(limit, c.end)
		m.via = layer.appendVia(m.via, c, off, i)
		if c.state != disk.FromParent {
			return m.hold(layer.span(c, off, limit, i))
		}
	}
	if m.base != nil {
		return m.below(off, limit)
	}
	return m.hold(disk.Span{Start: off, Length: limit - off, State: disk.FromParent, Layer: len(m.layers) - 1, Offset: -1})
}

// below passes on what a raw parent says.
func (m *mapper) below(off, limit int64) (int64, bool) {
	depth := len(m.layers)
	size := m.base.Info().VirtualSize
	if off >= size {
		return m.hold(disk.Span{Start: off, Length: limit - off, State: disk.Unallocated, Layer: depth, Offset: -1})
	}
	for s, err := range m.base.Map(off, min(limit, size)-off) {
		if err != nil {
			return m.fail(err)
		}
		s.Layer += depth
		return m.hold(s)
	}
	return m.fail(io.ErrUnexpectedEOF)
}

// fail ends the walk with an error.
func (m *mapper) fail(err error) (int64, bool) { return 0, m.out.Fail(err) }

// hold takes in what was found out about a span, and how.
func (m *mapper) hold(s disk.Span) (int64, bool) {
	s.Via = m.via
	return s.Length, m.out.Add(&s)
}

// mapRun is run, and for a fixed image also knows the holes of its file.
func (v *Image) mapRun(off, limit int64) (run, error) {
	r, err := v.run(off, limit)
	if err != nil || v.kind != vhd.Fixed || r.state != disk.Data {
		return r, err
	}
	data, err := store.NextData(v.src.File, off, r.end)
	switch {
	case err == io.EOF:
		r.state = disk.Zero
		return r, nil
	case err != nil:
		return r, err
	case data.Offset > off:
		r.state, r.end = disk.Zero, min(r.end, data.Offset)
	default:
		r.end = min(r.end, data.Offset+data.Length)
	}
	return r, nil
}

func (v *Image) span(r *run, off, limit int64, layer int) disk.Span {
	s := disk.Span{Start: off, Length: limit - off, State: r.state, Layer: layer, Offset: -1}
	if r.offset >= 0 {
		s.File, s.Offset = v.src.Name, r.offset+off-r.start
	}
	return s
}

// appendVia adds the entry and the bit that decided a layer's run at off.
func (v *Image) appendVia(via []disk.Via, r *run, off int64, layer int) []disk.Via {
	if r.block < 0 {
		return via
	}
	block := off / v.table.blockSize
	via = append(via, disk.Via{Table: "BAT", Index: block, Place: v.place(v.table.off+4*block, 4), Raw: uint64(r.entry), Layer: layer})
	if r.bit < 0 {
		return via
	}
	bit := off/vhd.Sector - block*(v.table.blockSize/vhd.Sector)
	raw := uint64(0)
	if r.state == disk.Data || r.state == disk.Missing {
		raw = 1
	}
	at := v.place(int64(r.entry)*vhd.Sector+bit/8, 1)
	return append(via, disk.Via{Table: "sector bitmap", Index: bit, Place: at, Raw: raw, IsBit: true, Layer: layer})
}
