package disk

import (
	"context"
	"io"
	"iter"
	"math"

	"platter/decode"
	"platter/engine/store"
)

// Content says what a reader finds in a range of the virtual disk.
type Content uint8

// The contents, whatever the state that the format gives for the reason.
const (
	Stored Content = iota // has to be read
	Zeros                 // reads as zeros
	Lost                  // can't be read
)

// Content tells what reading a range of this state finds.
func (s State) Content() Content {
	switch s {
	case Data:
		return Stored
	case Missing, FromParent:
		return Lost
	}
	return Zeros
}

// Run is a range of the virtual disk or of a file, as long as its content is
// the same.
type Run struct {
	Start   int64 // bytes
	Length  int64
	Content Content
}

// End is the offset of the first byte after the run.
func (r Run) End() int64 { return r.Start + r.Length }

// mapWindow bounds how much is asked of a map at once, so that a walk over
// nothing for terabytes can be stopped. Where the answer is one span the next
// question is about twice as much: a header can claim a disk of exbibytes.
const mapWindow = 64 << 30

// Runs joins the spans of the map over [off, off+n) that have the same
// content: ascending, without holes. The walk ends with the context's error
// or the map's.
func Runs(ctx context.Context, img Image, off, n int64) iter.Seq2[Run, error] {
	return runs(ctx, img, off, n, func(s *Span, add adder) bool { return add(s.Start, s.Length, s.State.Content()) })
}

// adder is told of a range of the disk and reports whether to go on.
type adder func(start, length int64, c Content) bool

// runs is Runs with a way to tell what a span holds.
func runs(ctx context.Context, img Image, off, n int64, tell func(s *Span, add adder) bool) iter.Seq2[Run, error] {
	return func(yield func(Run, error) bool) {
		var run Run
		add := func(start, length int64, c Content) bool {
			if run.Length > 0 && c == run.Content {
				run.Length += length
				return true
			}
			ok := run.Length == 0 || yield(run, nil)
			run = Run{start, length, c}
			return ok
		}
		named := tally{}
		window := int64(mapWindow)
		for end := off + n; off < end; {
			size, spans := min(end-off, window), 0
			for s, err := range img.Map(off, size) {
				spans++
				if err == nil {
					err = ctx.Err()
				}
				if err == nil {
					err = named.add(img, &s)
				}
				if err != nil {
					yield(Run{}, err)
					return
				}
				if !tell(&s, add) {
					return
				}
			}
			off += size
			if window = mapWindow; spans == 1 && size >= mapWindow {
				window = size + min(size, math.MaxInt64-size)
			}
			if err := ctx.Err(); err != nil {
				yield(Run{}, err)
				return
			}
		}
		if run.Length > 0 {
			yield(run, nil)
		}
	}
}

// tally counts how many bytes of each file a map has named.
type tally map[string]int64

// fewShared is how many bytes a damaged map may name too often in any file.
const fewShared = 64 << 20

// add counts a span, and fails where entries that all lead to the same few bytes make
// a disk without end out of a small file. A few blocks that share their place are
// damage that can be read on from.
func (t tally) add(img Image, s *Span) error {
	if s.State != Data || s.Packed > 0 {
		return nil
	}
	t[s.File] += s.Length
	if t[s.File] <= fewShared || (t[s.File]-fewShared)/2 <= sizeOf(img, s.File) {
		return nil
	}
	return Errorf(Damaged, decode.Place{File: s.File}, "the map says that more than twice as much lies in the file as it has room for, and has no end (at byte 0x%x of the disk)", s.Start)
}

// sizeOf is the size of a file of any layer; that of a file that none has is not known.
func sizeOf(img Image, name string) int64 {
	for ; img != nil; img = img.Parent() {
		for _, f := range img.Files() {
			if f.Name == name {
				return f.Size
			}
		}
	}
	return math.MaxInt64
}

// FileRuns tells where a file of the host has holes, which read as zeros, in
// [off, off+n). A host that does not know says that everything is stored.
func FileRuns(ctx context.Context, f File, off, n int64) iter.Seq2[Run, error] {
	return func(yield func(Run, error) bool) {
		for end := off + n; off < end; {
			if err := ctx.Err(); err != nil {
				yield(Run{}, err)
				return
			}
			start, stop := f.NextStored(off, end)
			if start > off && !yield(Run{off, start - off, Zeros}, nil) {
				return
			}
			if stop > start && !yield(Run{start, stop - start, Stored}, nil) {
				return
			}
			off = stop
		}
	}
}

// NextStored is the first range of [off, end) that is no hole; both are end if
// there is none.
func (f File) NextStored(off, end int64) (start, stop int64) {
	sparse, ok := f.Data.(store.Holes)
	if !ok {
		return off, end
	}
	r, err := sparse.NextData(off)
	start, stop = max(r.Offset, off), min(r.End(), end)
	switch {
	case err == io.EOF, err == nil && start >= end:
		return end, end
	case err != nil, stop <= start:
		return off, end
	}
	return start, stop
}
