// Package compact makes the files of sparse images shorter, whatever their format: it
// finds the gaps, has what is not needed given up, and moves the last blocks into the
// gaps. A format says where its blocks lie and changes their entries ([File]).
package compact

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/space"
	"platter/engine/store"
)

// Kind sorts pieces.
type Kind uint8

// The kinds of piece.
const (
	Block  Kind = iota // data of the disk
	Small              // what is shorter than a block: a sector bitmap, a grain table
	Anchor             // room that a block has kept although nothing is stored there
)

// Piece is what lies in a file and could lie elsewhere as well.
type Piece struct {
	Kind       Kind
	Ref        int64 // its number, in the format's own count
	At, Length int64 // bytes in the file
}

// Verdict is what a format says about a piece.
type Verdict uint8

// The verdicts.
const (
	Kept   Verdict = iota
	Zeros          // given up: it is zeros
	Parent         // given up: the parent has the same
	Orphan         // given up: nothing needs it
)

// File is one file of a format that is being compacted. Changes of entries are staged,
// and durable after Flush, not before what was written to the file.
type File interface {
	// Pieces visits all pieces, as the entries have them now. Entries may change
	// meanwhile.
	Pieces(ctx context.Context, use func(Piece) error) error
	// Drop stages that a piece is not stored any more, if it needs not be. Zero says
	// that the data of a block are all zeros; it is false where nobody looks.
	Drop(p Piece, zero bool) (Verdict, error)
	// Point stages that a piece lies at another place.
	Point(p Piece, at int64) error
	// Beneath hands on what the parent shows where nothing is stored here, block by
	// block: how long each is, and how to read it from its start on.
	Beneath(ctx context.Context, use func(n int64, read func(p []byte, off int64) error) error) error
	// Ready is called before the first change of what lies in the file.
	Ready(ctx context.Context) error
	Flush(ctx context.Context) error
}

// Shape is how a file is laid out. All is in bytes.
type Shape struct {
	Name  string
	File  store.File
	Fixed []store.Range // what can't be moved
	End   int64         // of the room for pieces
	Unit  int64         // that a block takes
	Head  int64         // of these in front of its data
	Small int64         // that a small piece takes; 0: there are none
	Align int64         // where pieces may start: a power of two

	// Copies is a structure of which copies may be anywhere, such as a footer that has
	// moved; empty: there is none.
	Copies []byte
}

// Result is what became of a file.
type Result struct {
	disk.Compacted
	End int64 // of what is left, in bytes
}

// run is a compaction under way.
type run struct {
	File
	Shape
	opt     disk.CompactOptions
	result  Result
	pending []store.Range // room that nothing names any more after the next flush
	since   int64         // bytes copied since the last
	done    int64         // bytes that were looked at or copied,
	total   int64         // of so many
	anchors bool          // there are some,
	shared  bool          // and something else lies in the room of one
}

// How much is copied, and how many pieces are given up, until all is made durable.
const (
	bytesOfBatch  = 256 << 20
	piecesOfBatch = 1 << 16
)

// maxRounds bounds how often gaps are filled: more than once only where pieces of
// different lengths lie among each other.
const maxRounds = 4

// Run compacts a file. After a failure or a cancellation the file is whole, and as long
// as it was.
func Run(ctx context.Context, f File, s Shape, opt disk.CompactOptions) (Result, error) {
	r := &run{File: f, Shape: s, opt: opt}
	err := r.all(ctx)
	if ctx.Err() != nil { // what was begun is finished
		err = errors.Join(err, r.flush(context.WithoutCancel(ctx)))
	}
	return r.result, err
}

func (r *run) all(ctx context.Context) error {
	if err := r.measure(ctx); err != nil {
		return err
	}
	if err := r.leftovers(ctx); err != nil {
		return err
	}
	if err := r.drop(ctx); err != nil {
		return err
	}
	for range maxRounds {
		before := r.result.Moved
		if err := r.fill(ctx); err != nil {
			return err
		}
		if r.result.Moved == before {
			break
		}
	}
	return r.measure(ctx)
}

// measure finds the end of all that is stored, and how much there is.
func (r *run) measure(ctx context.Context) error {
	end, total := int64(0), int64(0)
	for _, f := range r.Fixed {
		end = max(end, f.End())
	}
	err := r.each(ctx, func(p Piece) error {
		end, total = max(end, p.At+p.Length), total+p.Length
		r.anchors = r.anchors || p.Kind == Anchor
		return nil
	})
	if r.total == 0 {
		r.total = total
	}
	r.result.End = end
	return err
}

// each visits all pieces, and heeds the context.
func (r *run) each(ctx context.Context, use func(Piece) error) error {
	return r.Pieces(ctx, func(p Piece) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return use(p)
	})
}

// gaps are the runs of the file, a byte long at least, that nothing claims; with anchors
// also the room that freed blocks have kept.
func (r *run) gaps(ctx context.Context, anchors bool) ([]store.Range, error) {
	m := space.Survey(r.Shape.End, min(r.Align, maxGranule), 1, func(m *space.Map) error { return r.claim(ctx, m, anchors) })
	var list []store.Range
	for g, err := range m.Free(0) {
		if err != nil {
			return nil, err
		}
		if list = append(list, g); len(list) == maxGaps {
			break
		}
	}
	return list, nil
}

// maxGranule is how exactly gaps are known, in bytes, at least.
const maxGranule = 64 << 10

// claim marks what is taken: the room that blocks have kept last, which something else may
// lie in, unless that counts as a gap.
func (r *run) claim(ctx context.Context, m *space.Map, free bool) error {
	for _, f := range r.Fixed {
		m.Mark(0, f.Offset, f.Length)
	}
	err := r.each(ctx, func(p Piece) error {
		if p.Kind != Anchor && m.Mark(0, p.At, p.Length) {
			return disk.Refuse(disk.RefusedUntrusted, disk.ReadOnly, []decode.Place{{File: r.Name, Offset: p.At, Length: p.Length}},
				"what an entry places at 0x%x shares its room with something else: check says what", p.At)
		}
		return nil
	})
	if err != nil || !r.anchors || free {
		return err
	}
	return r.each(ctx, func(p Piece) error {
		if p.Kind == Anchor && m.Mark(0, p.At, p.Length) {
			r.shared = true
		}
		return nil
	})
}

// maxGaps bounds how many gaps are known at once. What comes after them waits for
// another run.
const maxGaps = 1 << 21

// drop gives up what is not needed.
func (r *run) drop(ctx context.Context) error {
	look := space.NewLooker(r.Shape.File, r.Shape.End)
	err := r.each(ctx, func(p Piece) error {
		zero := false
		if p.Kind == Block && r.opt.Zeros {
			first, err := look.NotZero(ctx, p.At+r.Head, min(p.At+p.Length, r.Shape.End)-p.At-r.Head)
			if err != nil {
				return err
			}
			zero = first < 0
		}
		if p.Kind == Anchor && r.shared {
			return nil
		}
		if p.Kind == Anchor { // before its entry goes, which says that nothing is stored there
			if err := r.vacate(ctx, store.Range{Offset: p.At, Length: p.Length}); err != nil {
				return err
			}
		}
		verdict, err := r.Drop(p, zero)
		if err != nil {
			return err
		}
		r.count(verdict)
		r.progress(p.Length)
		if verdict == Kept {
			return nil
		}
		return r.release(ctx, p)
	})
	if err != nil {
		return err
	}
	return r.flush(ctx)
}

func (r *run) count(v Verdict) {
	switch v {
	case Zeros:
		r.result.Zero++
	case Parent:
		r.result.Parent++
	case Orphan:
		r.result.Orphan++
	}
}

func (r *run) progress(n int64) {
	if r.done += n; r.opt.Progress != nil {
		r.opt.Progress(min(r.done, r.total), r.total)
	}
}

// release gives up the room of a piece whose entry has changed.
func (r *run) release(ctx context.Context, p Piece) error {
	r.pending = append(r.pending, store.Range{Offset: p.At, Length: p.Length})
	if len(r.pending) < piecesOfBatch && r.since < bytesOfBatch {
		return nil
	}
	return r.flush(ctx)
}

// flush makes the entries durable, and zeros of what they do not name any more: a next
// run must not take that for data without an entry.
func (r *run) flush(ctx context.Context) error {
	if err := r.Flush(ctx); err != nil {
		return err
	}
	slices.SortFunc(r.pending, func(a, b store.Range) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := 0; i < len(r.pending); {
		all := r.pending[i]
		for i++; i < len(r.pending) && r.pending[i].Offset <= all.End(); i++ {
			all.Length = max(all.End(), r.pending[i].End()) - all.Offset
		}
		if err := r.vacate(ctx, all); err != nil {
			return err
		}
	}
	r.pending, r.since = r.pending[:0], 0
	return nil
}

func (r *run) vacate(ctx context.Context, p store.Range) error {
	return layer.Vacate(ctx, r.Shape.File, p.Offset, p.Length, "zeros where nothing is stored any more")
}

// move copies a piece, whose new room is zeros, and has its entry name the copy.
func (r *run) move(ctx context.Context, p Piece, at int64, c *copier) error {
	for off, end := p.At, min(p.At+p.Length, r.Shape.End); off < end; {
		stored, err := c.look.Stored(off)
		if err != nil {
			return err
		}
		for off = max(off, stored.Offset); off < min(stored.End(), end); {
			b := c.buf[:min(int64(len(c.buf)), min(stored.End(), end)-off)]
			if err := layer.ReadFull(r.Shape.File, b, off); err != nil {
				return err
			}
			if _, err := store.WriteFor(r.Shape.File, b, at+off-p.At, "copy of a block into a gap"); err != nil {
				return err
			}
			off += int64(len(b))
		}
	}
	r.result.Moved, r.result.Bytes, r.since = r.result.Moved+1, r.result.Bytes+p.Length, r.since+p.Length
	if err := r.Point(p, at); err != nil {
		return err
	}
	return r.release(ctx, p)
}
