package blockmap

import (
	"context"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// sought is where a search for the next change has come to.
type sought struct {
	gen   views.Gen
	cell  int64
	found bool
	err   error
}

// seek goes to the next cell, in either direction, that is of another kind
// than the one before it.
func (v *View) seek(step int64) tea.Cmd {
	if v.overlay == contents {
		return v.arrive(v.seekShown(step))
	}
	if v.overlay == readers {
		return v.arrive(v.seekDisputed(step))
	}
	s := seeker{
		img: v.image, shape: v.tally.shape, shared: v.shared, pages: slices.Clone(v.tally.pages),
		level: v.level, judge: func(c *count) uint8 { return kin(allocated(c)) }, step: step,
	}
	switch v.overlay {
	case fileOrder:
		s.judge = ordered
	case layered:
		s.judge = layerLook
	}
	if v.level >= v.tally.shape.shift {
		return v.arrive(s.coarse(v.cell()))
	}
	ctx, gen := v.seeking.begin()
	s.ctx = ctx
	from := v.cell()
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = sought{gen: gen, err: fmt.Errorf("search from cell %d: %v", from, r)}
			}
		}()
		cell, found, err := s.fine(from)
		return sought{gen, cell, found, err}
	}
}

// seekShown looks among the cells that show: of others there are no samples.
func (v *View) seekShown(step int64) (int64, bool) {
	first, _ := v.window()
	i := v.cell() - first
	if i < 0 || i >= int64(len(v.shown)) {
		return 0, false
	}
	for was := v.shown[i]; i >= 0 && i < int64(len(v.shown)); i += step {
		if v.shown[i] != was {
			return first + i, true
		}
	}
	return 0, false
}

func (v *View) sought(msg sought) tea.Cmd {
	if !v.seeking.end(msg.gen) {
		return nil
	}
	v.canvas.Dirty = true
	if msg.err != nil {
		return views.Send(views.Failed{Err: msg.err})
	}
	return v.arrive(msg.cell, msg.found)
}

func (v *View) arrive(cell int64, found bool) tea.Cmd {
	if !found {
		v.note = "no further change in this direction"
		return nil
	}
	v.cursor = cell << v.level
	v.place()
	return tea.Batch(v.refresh(), v.sample())
}

// seeker looks for the next cell of another kind.
type seeker struct {
	ctx    context.Context
	img    disk.Image
	shape  shape
	shared ranges
	pages  [][]count
	level  uint
	judge  func(*count) uint8
	step   int64
	cells  []count // of a bucket
}

// coarse looks through cells that are sums of buckets.
func (s *seeker) coarse(cell int64) (int64, bool) {
	t := tally{shape: s.shape, pages: s.pages}
	kindOf := func(cell int64) uint8 {
		c := t.sum(s.level, cell)
		return s.judge(&c)
	}
	was := kindOf(cell)
	for cell += s.step; cell >= 0 && cell < s.shape.cells(s.level); cell += s.step {
		if kindOf(cell) != was {
			return cell, true
		}
	}
	return 0, false
}

// fine looks through cells smaller than a bucket, asking for the map bucket by
// bucket. Buckets that are the same throughout are not asked for.
func (s *seeker) fine(cell int64) (int64, bool, error) {
	shift := s.shape.shift - s.level
	bucket := cell >> shift
	if err := s.read(bucket); err != nil {
		return 0, false, err
	}
	in := cell - bucket<<shift
	was := s.judge(&s.cells[in])
	for in += s.step; ; {
		for ; in >= 0 && in < int64(len(s.cells)); in += s.step {
			if s.judge(&s.cells[in]) != was {
				return bucket<<shift + in, true, nil
			}
		}
		for bucket += s.step; s.same(bucket, was); bucket += s.step {
		}
		if bucket < 0 || bucket >= int64(s.shape.buckets) {
			return 0, false, nil
		}
		if err := s.read(bucket); err != nil {
			return 0, false, err
		}
		if in = 0; s.step < 0 {
			in = int64(len(s.cells)) - 1
		}
	}
}

// same reports whether a bucket is known to consist of blocks of one mark,
// which look like was, without any order among them.
func (s *seeker) same(bucket int64, was uint8) bool {
	if bucket < 0 || bucket >= int64(s.shape.buckets) {
		return false
	}
	counts := s.pages[bucket/pageBuckets]
	if counts == nil {
		return false
	}
	c := &counts[bucket%pageBuckets]
	return c.jumps+c.backs == 0 && c.blocks[c.worst()] == c.total() && c.total() > 0 && c.from&(c.from-1) == 0 && s.judge(c) == was
}

// read counts the cells of a bucket.
func (s *seeker) read(bucket int64) error {
	shift := s.shape.shift - s.level
	n := min(1<<shift, s.shape.cells(s.level)-bucket<<shift)
	s.cells = make([]count, n)
	return walk(s.ctx, s.img, &s.shape, s.shared, bucket<<s.shape.shift, s.level, s.cells, nil)
}
