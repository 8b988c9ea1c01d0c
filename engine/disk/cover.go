package disk

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// Claim is a range of a file that some structure says is its own.
type Claim struct {
	Offset int64 // bytes
	Length int64
	Kind   Kind
	Name   string // shared by claims that may be merged when they touch
}

func (c Claim) end() int64 { return c.Offset + c.Length }

// Claims yields the claims that touch [from, to) of a file, in any order; it
// may yield others too. It is called again and again, and must give the same
// claims each time.
type Claims func(from, to int64) iter.Seq2[Claim, error]

// Gap names a range that nothing claims.
type Gap func(off, length int64) (Kind, string)

// claimCap bounds how many claims are in memory at once.
const claimCap = 1 << 19

// Cover turns the claims on a file of size bytes into regions that cover it
// exactly once, ascending: what is claimed twice becomes an overlap, what is
// claimed by nobody is named by gap. Claims that reach past the end are cut.
// Memory is bounded: a file with more claims than fit is worked through in
// several passes over windows of it.
func Cover(ctx context.Context, file string, size int64, claims Claims, gap Gap) iter.Seq2[Region, error] {
	return func(yield func(Region, error) bool) {
		c := cover{ctx: ctx, file: file, claims: claims, gap: gap, yield: yield}
		if c.window(0, size) {
			c.flush()
		}
	}
}

type cover struct {
	ctx    context.Context
	file   string
	claims Claims
	gap    Gap
	yield  func(Region, error) bool
	held   []Claim
	last   Region
}

// window covers [from, to), in halves if it has too many claims. It reports
// whether to go on.
func (c *cover) window(from, to int64) bool {
	if from >= to {
		return true
	}
	fits, err := c.collect(from, to)
	if err != nil {
		c.flush()
		c.yield(Region{}, err)
		return false
	}
	if !fits {
		middle := from + (to-from)/2
		return c.window(from, middle) && c.window(middle, to)
	}
	return c.sweep(from, to)
}

// collect gathers the window's claims, cut to it. It reports false when there
// are too many of them even after merging those that touch.
func (c *cover) collect(from, to int64) (bool, error) {
	c.held = c.held[:0]
	seen := 0
	for cl, err := range c.claims(from, to) {
		if err != nil {
			return false, err
		}
		start, end := max(cl.Offset, from), min(cl.end(), to)
		if cl.Length <= 0 || cl.end() < cl.Offset || start >= end {
			continue
		}
		cl.Offset, cl.Length = start, end-start
		if n := len(c.held); n >= 2 && c.held[n-1] == cl && c.held[n-2] == cl {
			continue // a third claim on what is claimed twice tells nothing new
		}
		if seen++; seen%4096 == 0 && c.ctx.Err() != nil {
			return false, c.ctx.Err()
		}
		if c.extend(cl) {
			continue
		}
		c.held = append(c.held, cl)
		if len(c.held) == claimCap {
			if c.merge(); len(c.held) > claimCap/2 && to-from > 1 {
				return false, nil
			}
		}
	}
	c.merge()
	return true, c.ctx.Err()
}

// extend joins a claim to one of the last three if it continues it: the grains of an image
// mostly come in order, and those of a table and its second copy by turns.
func (c *cover) extend(cl Claim) bool {
	for i := len(c.held) - 1; i >= max(0, len(c.held)-3); i-- {
		if l := &c.held[i]; l.end() == cl.Offset && l.Kind == cl.Kind && l.Name == cl.Name {
			l.Length += cl.Length
			return true
		}
	}
	return false
}

// merge makes the claims fewer without changing what they cover once or
// twice: it sorts them, drops those whose whole range two others have already,
// and joins neighbours of one kind and name. A table full of equal entries
// comes down to two claims.
func (c *cover) merge() {
	slices.SortFunc(c.held, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length))
	})
	var first, second int64 // how far the two that reach furthest go
	kept := c.held[:0]
	for _, cl := range c.held {
		switch end := cl.end(); {
		case end <= second:
			continue
		case end > first:
			first, second = end, first
		default:
			second = end
		}
		kept = append(kept, cl)
	}
	out := kept[:0]
	for _, cl := range kept {
		if n := len(out); n > 0 && out[n-1].end() == cl.Offset && out[n-1].Kind == cl.Kind && out[n-1].Name == cl.Name {
			out[n-1].Length += cl.Length
			continue
		}
		out = append(out, cl)
	}
	c.held = out
}

// sweep walks the sorted claims.
func (c *cover) sweep(from, to int64) bool {
	s := sweep{cover: c, pos: from}
	for _, cl := range c.held {
		if !s.add(cl) {
			return false
		}
	}
	return s.upTo(to)
}

// sweep turns ascending claims into regions. Of the claims seen so far only the
// two that reach furthest matter: below the second's end two claims meet, below
// the first's end there is one, after it none.
type sweep struct {
	*cover
	pos           int64
	first, second Claim
}

func (s *sweep) add(cl Claim) bool {
	if !s.upTo(cl.Offset) {
		return false
	}
	switch {
	case cl.end() > s.first.end():
		s.first, s.second = cl, s.first
	case cl.end() > s.second.end():
		s.second = cl
	}
	return true
}

// upTo emits the regions below limit.
func (s *sweep) upTo(limit int64) bool {
	if end := min(s.second.end(), limit); s.pos < end {
		if !s.emit(s.pos, end, KindOverlap, s.first.Name+" and "+s.second.Name) {
			return false
		}
		s.pos = end
	}
	if end := min(s.first.end(), limit); s.pos < end {
		if !s.emit(s.pos, end, s.first.Kind, s.first.Name) {
			return false
		}
		s.pos = end
	}
	if s.pos < limit {
		kind, name := s.gap(s.pos, limit-s.pos)
		if !s.emit(s.pos, limit, kind, name) {
			return false
		}
		s.pos = limit
	}
	return true
}

// CoverAscending is [Cover] for claims that come in the order of their offsets:
// it holds none of them.
func CoverAscending(ctx context.Context, file string, size int64, claims iter.Seq2[Claim, error], gap Gap) iter.Seq2[Region, error] {
	return func(yield func(Region, error) bool) {
		c := &cover{ctx: ctx, file: file, gap: gap, yield: yield}
		if err := c.stream(size, claims); err != nil {
			c.flush()
			yield(Region{}, err)
		}
	}
}

func (c *cover) stream(size int64, claims iter.Seq2[Claim, error]) error {
	s := sweep{cover: c}
	n := 0
	for cl, err := range claims {
		if n++; err == nil && n%4096 == 1 {
			err = c.ctx.Err()
		}
		if err != nil {
			return err
		}
		end := min(cl.end(), size)
		if cl.Offset < 0 || cl.end() < cl.Offset || end <= cl.Offset {
			continue
		}
		cl.Length = end - cl.Offset
		if !s.add(cl) {
			return nil
		}
	}
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if s.upTo(size) {
		c.flush()
	}
	return nil
}

// emit joins a region to the one before if a window's border parted them.
func (c *cover) emit(from, to int64, kind Kind, name string) bool {
	if c.last.Length > 0 && c.last.Offset+c.last.Length == from && c.last.Kind == kind && c.last.Name == name {
		c.last.Length = to - c.last.Offset
		return true
	}
	if !c.flush() {
		return false
	}
	c.last = Region{c.file, from, to - from, kind, name}
	return true
}

func (c *cover) flush() bool {
	if c.last.Length == 0 {
		return true
	}
	r := c.last
	c.last = Region{}
	return c.yield(r, nil)
}
