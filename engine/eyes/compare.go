package eyes

import (
	"bytes"
	"context"
	"iter"
)

// The classes of [Range] that are no content.
const (
	ClassLost = -1 // the reader fails there
	ClassPast = -2 // its disk has ended before
	ClassNone = -3 // it has no disk at all: it refuses the image, or nothing is known
)

// Range is a part of the disk in which the readers do not agree.
type Range struct {
	Start, End int64   // bytes of the disk
	Class      []int   // by reader: those with the same number from 0 on see the same bytes
	Pieces     []Piece // by reader: where the first of them come from
	Parts      int64   // of how many entries or bits it was joined
}

const (
	sectorSize = 512
	chunkSize  = 256 << 10
)

// walk goes through all readers' disks side by side.
type walk struct {
	readers []*Reader
	cursors []cursor
	digests *Digests // nil: none are made
	bufs    [][]byte
	zero    []byte
	out     func(Range) bool
	last    Range
	open    bool // last holds something
}

type cursor struct {
	next  func() (Piece, error, bool)
	stop  func()
	piece Piece
	err   error
}

// Compare gives the ranges in which the readers do not agree, ascending, and fills in
// digests where they are wanted. Only what can differ is read for it; with digests all
// is read once. Progress is told the byte that is reached; it may be nil.
func (e *Eyes) Compare(ctx context.Context, d *Digests, progress func(at int64)) iter.Seq2[Range, error] {
	return func(yield func(Range, error) bool) {
		w := &walk{readers: e.Readers, digests: d, zero: make([]byte, chunkSize)}
		w.out = func(r Range) bool { return yield(r, nil) }
		for _, r := range e.Readers {
			c := cursor{piece: Piece{Kind: Past, End: 1 << 62}}
			if r.Readable() {
				c.piece = Piece{}
				c.next, c.stop = iter.Pull2(r.Pieces(ctx, 0))
				defer c.stop()
			}
			w.cursors = append(w.cursors, c)
			w.bufs = append(w.bufs, nil)
		}
		if err := w.run(ctx, e.Size(), progress); err != nil {
			yield(Range{}, err)
		}
	}
}

// errStopped ends a walk that nobody listens to any more.
type errStopped struct{}

func (errStopped) Error() string { return "stopped" }

func (w *walk) run(ctx context.Context, size int64, progress func(int64)) error {
	for pos := int64(0); pos < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := size
		for i := range w.cursors {
			if err := w.cursors[i].reach(pos); err != nil {
				return err
			}
			end = min(end, w.cursors[i].piece.End)
		}
		if err := w.segment(ctx, pos, end); err == (errStopped{}) {
			return nil
		} else if err != nil {
			return err
		}
		if pos = end; progress != nil {
			progress(pos)
		}
	}
	if err := w.flush(); err == nil {
		w.digests.finish(w.readers)
	}
	return nil
}

// reach moves a cursor to the piece that holds the byte at pos.
func (c *cursor) reach(pos int64) error {
	for c.next != nil && pos >= c.piece.End {
		p, err, ok := c.next()
		switch {
		case !ok:
			c.piece, c.next = Piece{Start: pos, End: 1 << 62, Kind: Past}, nil
		case err != nil:
			return err
		default:
			c.piece = p
		}
	}
	return nil
}

// group are readers that take a segment from the same place.
type group struct {
	first   int // a reader of it
	members []int
	kind    Kind
	data    []byte // of the chunk
}

// groups sorts the readers by where they take the bytes at the cursors from.
func (w *walk) groups() []group {
	var list []group
next:
	for i, r := range w.readers {
		if !r.Readable() {
			continue
		}
		p := w.cursors[i].piece
		for g := range list {
			if p.same(w.cursors[list[g].first].piece) {
				list[g].members = append(list[g].members, i)
				continue next
			}
		}
		list = append(list, group{first: i, members: []int{i}, kind: p.Kind})
	}
	return list
}

// segment looks at a range in which no reader's piece ends.
func (w *walk) segment(ctx context.Context, pos, end int64) error {
	groups := w.groups()
	readable := 0
	for _, g := range groups {
		if g.kind != Lost && g.kind != Past {
			readable++
		}
	}
	if w.digests == nil && readable <= 1 {
		if len(groups) > 1 {
			return w.emit(pos, end, w.classes(groups))
		}
		return w.flush()
	}
	for at := pos; at < end; {
		n := min(end-at, chunkSize-at%chunkSize)
		if err := ctx.Err(); err != nil {
			return err
		}
		w.load(groups, at, n)
		if err := w.chunk(groups, at, n); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// load reads a chunk once for each group. What can't be read is lost from there on.
func (w *walk) load(groups []group, at, n int64) {
	for i := range groups {
		g := &groups[i]
		p := w.cursors[g.first].piece
		switch g.kind = p.Kind; g.kind {
		case Zeros:
			g.data = w.zero[:n]
		case Stored, Packed:
			if w.bufs[g.first] == nil {
				w.bufs[g.first] = make([]byte, chunkSize)
			}
			g.data = w.bufs[g.first][:n]
			if err := p.read(g.data, at); err != nil {
				g.kind = Lost
				w.cursors[g.first].err = err
			}
		}
	}
}

// chunk compares what the groups have and feeds the digests.
func (w *walk) chunk(groups []group, at, n int64) error {
	w.digests.feed(w.readers, groups, n)
	if len(groups) == 1 {
		return w.flush()
	}
	same := func(a, b group, from, to int64) bool {
		if a.kind == Lost || a.kind == Past || b.kind == Lost || b.kind == Past {
			return a.kind == b.kind
		}
		return bytes.Equal(a.data[from:to], b.data[from:to])
	}
	if w.alike(groups, 0, n, same) {
		return w.flush()
	}
	for from := int64(0); from < n; {
		to := min(n, from+sectorSize-(at+from)%sectorSize)
		if err := w.emit(at+from, at+to, w.classesOf(groups, from, to, same)); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (w *walk) alike(groups []group, from, to int64, same func(a, b group, from, to int64) bool) bool {
	for _, g := range groups[1:] {
		if !same(groups[0], g, from, to) {
			return false
		}
	}
	return true
}

// classes numbers groups of which at most one has bytes.
func (w *walk) classes(groups []group) []int {
	return w.classesOf(groups, 0, 0, func(a, b group, _, _ int64) bool { return a.kind == b.kind })
}

// classesOf numbers the readers by what they see in a part of the chunk.
func (w *walk) classesOf(groups []group, from, to int64, same func(a, b group, from, to int64) bool) []int {
	list := make([]int, len(w.readers))
	for i := range list {
		list[i] = ClassNone
	}
	var seen []group
	for _, g := range groups {
		class := len(seen)
		switch g.kind {
		case Lost:
			class = ClassLost
		case Past:
			class = ClassPast
		default:
			for i, s := range seen {
				if same(s, g, from, to) {
					class = i
					break
				}
			}
			if class == len(seen) {
				seen = append(seen, g)
			}
		}
		for _, m := range g.members {
			list[m] = class
		}
	}
	return list
}

// emit adds a part to the range at hand, or begins another one. Readers that agree there
// end it.
func (w *walk) emit(start, end int64, classes []int) error {
	if agreed(classes) {
		return w.flush()
	}
	if w.open && w.last.End == start && equal(w.last.Class, classes) && w.alikeBy() {
		w.last.End = end
		for _, c := range w.cursors {
			if c.piece.Start == start {
				w.last.Parts++
				break
			}
		}
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.last = Range{Start: start, End: end, Class: classes, Pieces: make([]Piece, len(w.readers)), Parts: 1}
	for i := range w.cursors {
		w.last.Pieces[i] = w.cursors[i].piece.cut(start)
		if classes[i] == ClassLost && w.cursors[i].err != nil && w.last.Pieces[i].Why == "" {
			w.last.Pieces[i].Why = w.cursors[i].err.Error()
		}
	}
	w.open = true
	return nil
}

// alikeBy reports whether the same deviations decide as in the range at hand.
func (w *walk) alikeBy() bool {
	for i, p := range w.last.Pieces {
		if p.By != w.cursors[i].piece.By || p.Kind != w.cursors[i].piece.Kind {
			return false
		}
	}
	return true
}

// flush hands out the range at hand; it fails if no more are wanted.
func (w *walk) flush() error {
	if !w.open {
		return nil
	}
	if w.open = false; !w.out(w.last) {
		return errStopped{}
	}
	return nil
}

func agreed(classes []int) bool {
	first, found := 0, false
	for _, c := range classes {
		if c == ClassNone {
			continue
		}
		if found && c != first {
			return false
		}
		first, found = c, true
	}
	return true
}

func equal(a, b []int) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
