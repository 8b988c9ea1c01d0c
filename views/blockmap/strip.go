package blockmap

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
	"platter/views/theme"
)

// kindLook is how the file strip shows a kind of region, under the name that
// the kind has everywhere. The later in the list the more it matters where
// several share a column.
type kindLook struct {
	kind  disk.Kind
	glyph rune
	style theme.Style
}

var kindLooks = []kindLook{
	{disk.KindPadding, '_', theme.StateNone},
	{disk.KindSlack, 's', theme.StateNone},
	{disk.KindPayload, '#', theme.StateFull},
	{disk.KindBitmap, 'b', theme.StatePartial},
	{disk.KindTable, 'T', theme.Strong},
	{disk.KindMetadata, 'M', theme.Strong},
	{disk.KindDescriptor, 'D', theme.Strong},
	{disk.KindLog, 'L', theme.Strong},
	{disk.KindHeader, 'H', theme.Strong},
	{disk.KindUnknown, 'u', theme.StateUnmapped},
	{disk.KindTrailing, '%', theme.StateUnmapped},
	{disk.KindFree, '~', theme.StateUnmapped},
	{disk.KindOverlap, 'X', theme.StateMissing},
}

// rank is a kind's index in kindLooks.
func rank(k disk.Kind) int {
	return max(0, slices.IndexFunc(kindLooks, func(l kindLook) bool { return l.kind == k }))
}

var overlapRank = rank(disk.KindOverlap)

// Bounds on what the strip keeps, whatever the size of the files.
const (
	maxSlots  = 1 << 12
	maxShared = 1 << 12 // ranges that are claimed more than once
)

// slot is a part of the files: the region in it that matters most.
type slot struct {
	known  bool
	rank   uint8
	region disk.Region // the first of its kind here
}

// spread is where a file lies among all files of the image, one after the
// other.
type spread struct {
	name       string
	base, size int64 // bytes
}

// strip is what each part of the files is for. It is immutable once it has
// been handed over.
type strip struct {
	files  []spread
	size   int64 // bytes of all files
	slots  []slot
	bytes  [16]int64 // by rank
	shared ranges    // overlaps, as many as are kept
	seen   int64     // bytes looked at
	done   bool
	err    error
}

func newStrip(files []disk.File) *strip {
	s := &strip{}
	for _, f := range files {
		s.files = append(s.files, spread{f.Name, s.size, f.Size})
		s.size += f.Size
	}
	s.slots = make([]slot, min(maxSlots, s.size))
	return s
}

// at is the slot that a byte of the files lies in.
func (s *strip) at(pos int64) int {
	hi, lo := bits.Mul64(uint64(pos), uint64(len(s.slots)))
	i, _ := bits.Div64(hi, lo, uint64(s.size))
	return int(i)
}

// pos is where a byte of a file lies among all files.
func (s *strip) pos(file string, off int64) (int64, bool) {
	for _, f := range s.files {
		if f.name == file && off >= 0 && off < f.size {
			return f.base + off, true
		}
	}
	return 0, false
}

func (s *strip) add(r disk.Region) {
	from, ok := s.pos(r.File, r.Offset)
	if !ok || r.Length <= 0 {
		return
	}
	to := min(from+r.Length, s.size)
	k := rank(r.Kind)
	s.bytes[k] += to - from
	s.seen = to
	if k == overlapRank && len(s.shared) < maxShared {
		s.shared = append(s.shared, r)
	}
	for i := s.at(from); i <= s.at(to-1) && i < len(s.slots); i++ {
		if c := &s.slots[i]; !c.known || int(c.rank) < k {
			*c = slot{true, uint8(k), r}
		}
	}
}

// copied is the strip as it is now, to be handed over while it grows.
func (s *strip) copied() *strip {
	c := *s
	c.slots = slices.Clone(s.slots)
	c.shared = slices.Clone(s.shared)
	slices.SortFunc(c.shared, func(a, b disk.Region) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	return &c
}

// column is what column i of n shows: the slot of most concern, false if
// nothing is known yet.
func (s *strip) column(i, n int) (slot, bool) {
	var best slot
	for at := i * len(s.slots) / n; at < max((i+1)*len(s.slots)/n, i*len(s.slots)/n+1) && at < len(s.slots); at++ {
		if c := s.slots[at]; c.known && (!best.known || c.rank > best.rank) {
			best = c
		}
	}
	return best, best.known
}

// surveyed is news of the file strip.
type surveyed struct {
	gen   views.Gen
	strip *strip
	more  tea.Cmd
}

// survey looks at all regions of the image's files in the background.
func survey(ctx context.Context, gen views.Gen, img disk.Image) tea.Cmd {
	return func() tea.Msg {
		news := make(chan *strip)
		go surveyAll(ctx, img, news)
		return nextSurvey(gen, news)
	}
}

// surveyAll sends the strip as it grows, and once more when it is done.
func surveyAll(ctx context.Context, img disk.Image, news chan<- *strip) {
	defer close(news)
	s := newStrip(img.Files())
	defer func() {
		if r := recover(); r != nil {
			s.err = fmt.Errorf("the layout of the files: %v", r)
		}
		s.done = true
		s.send(ctx, news)
	}()
	last, n := time.Now(), 0
	for r, err := range img.Regions(ctx) {
		if err != nil {
			s.err = err
			return
		}
		s.add(r)
		if n++; n&0x3FF == 0 && time.Since(last) >= beat {
			s.send(ctx, news)
			last = time.Now()
		}
	}
}

func (s *strip) send(ctx context.Context, news chan<- *strip) {
	select {
	case news <- s.copied():
	case <-ctx.Done():
	}
}

func nextSurvey(gen views.Gen, news <-chan *strip) tea.Msg {
	s, ok := <-news
	if !ok {
		return nil
	}
	msg := surveyed{gen: gen, strip: s}
	if !s.done {
		msg.more = func() tea.Msg { return nextSurvey(gen, news) }
	}
	return msg
}
