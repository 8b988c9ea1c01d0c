package layer

import (
	"iter"

	"platter/engine/disk"
)

// Map tells for a range of the virtual disk where each byte comes from, in
// whichever layer. Neighbours that say the same are one span.
func (s *Stack) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return mapLayers(s.layers, off, n)
}

// MapOwn maps the layer on top alone, see [disk.Layered].
func (s *Stack) MapOwn(off, n int64) iter.Seq2[disk.Span, error] {
	return mapLayers(s.layers[:1], off, n)
}

func mapLayers(layers []member, off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		size := layers[0].size
		if err := layers[0].Refused(); err != nil {
			yield(disk.Span{}, err)
			return
		}
		if off < 0 || n <= 0 || off >= size {
			return
		}
		m := mapper{layers: layers, out: disk.NewJoiner(yield), cursors: make([]cursor, len(layers))}
		if m.walk(off, off+min(n, size-off)) {
			m.out.Flush()
		}
	}
}

// mapper walks all layers side by side. Each layer keeps its last answer, so
// that a long run of nothing in a child is found once, not at each span below.
type mapper struct {
	layers  []member // that are asked: all, or the one on top alone
	out     disk.Joiner
	cursors []cursor
	via     []disk.Via // of the span being made
}

// cursor is a layer's last answer, and what finds the next one.
type cursor struct {
	Cursor // nil until it is asked
	run    Run
}

func (m *mapper) walk(off, end int64) bool {
	for off < end {
		n, ok := m.step(off, end)
		if !ok {
			return false
		}
		off += n
		if s, can := m.cursors[0].Cursor.(Scatterer); can && len(m.layers) == 1 {
			if off, ok = s.Scattered(off, end, &m.out); !ok {
				return false
			}
		}
	}
	return true
}

// step finds the layer that has the byte at off and how far it goes.
func (m *mapper) step(off, end int64) (int64, bool) {
	m.via = m.via[:0]
	limit := end
	for i := range m.layers {
		l, c := &m.layers[i], &m.cursors[i]
		if off >= l.size { // a child may be larger than its parent
			return m.hold(&Run{Start: off, State: disk.Unallocated, Offset: -1}, off, limit, i)
		}
		if off >= c.run.End || off < c.run.Start {
			if err := m.move(l, c, off, end); err != nil {
				return 0, m.out.Fail(l.failed(Run{Start: off}, err))
			}
		}
		limit = min(limit, c.run.End)
		if err := m.trail(l, &c.run, off, i); err != nil {
			return 0, m.out.Fail(l.failed(Run{Start: off}, err))
		}
		if c.run.State != disk.FromParent || i+1 == len(m.layers) {
			return m.hold(&c.run, off, limit, i)
		}
	}
	panic("a chain without layers")
}

// move asks a layer for its run at off.
func (m *mapper) move(l *member, c *cursor, off, end int64) error {
	if c.Cursor == nil {
		c.Cursor = l.Cursor(len(m.layers))
	}
	return c.Next(off, min(end, l.size), &c.run)
}

// trail adds what decided a layer's run at off.
func (m *mapper) trail(l *member, r *Run, off int64, layer int) (err error) {
	known := len(m.via)
	m.via, err = l.Trail(m.via, off, r)
	for i := known; i < len(m.via); i++ {
		m.via[i].Layer = layer
	}
	return err
}

// hold takes in what was found out about [off, limit), and how.
func (m *mapper) hold(r *Run, off, limit int64, layer int) (int64, bool) {
	s := disk.Span{Start: off, Length: limit - off, State: r.State, Layer: layer, Offset: -1, Via: m.via}
	if r.Offset >= 0 {
		s.File, s.Offset, s.Packed = r.File, r.Offset, r.Packed
		if r.Packed == 0 {
			s.Offset += off - r.Start
		}
	}
	if r.Whole {
		return s.Length, m.out.Pass(&s)
	}
	return s.Length, m.out.Add(&s)
}
