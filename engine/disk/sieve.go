package disk

import (
	"context"
	"iter"

	"platter/engine/store"
)

// SparseRuns is [Runs], with zeros also where a file of the host has a hole under what the
// image stores: a sparse copy of a fixed disk is as quick to go through as a dynamic one.
// The bytes that a log in memory lies over are not looked for holes.
func SparseRuns(ctx context.Context, img Image, off, n int64) iter.Seq2[Run, error] {
	v := sieve{img: img, layer: -1}
	return runs(ctx, img, off, n, v.split)
}

// sieve looks for holes under the spans of a map. It remembers the last one it found, since
// spans follow each other in a file.
type sieve struct {
	img   Image
	layer int
	file  File // the one that was looked at last
	known bool // its holes can be asked for

	from, start, stop int64 // of it: a hole to start, then data up to stop
}

// split tells of the parts of a span.
func (v *sieve) split(s *Span, add adder) bool {
	if s.State != Data || s.Packed > 0 || s.File == "" || !v.look(s) {
		return add(s.Start, s.Length, s.State.Content())
	}
	for at, end := s.Offset, s.Offset+s.Length; at < end; {
		if at < v.from || at >= v.stop {
			v.ask(at)
		}
		virtual := s.Start + at - s.Offset
		if hole := min(v.start, end) - at; hole > 0 {
			if !add(virtual, hole, Zeros) {
				return false
			}
			at, virtual = at+hole, virtual+hole
		}
		if data := min(v.stop, end) - at; data > 0 {
			if !add(virtual, data, Stored) {
				return false
			}
			at += data
		}
	}
	return true
}

// look finds the file of a span, and reports whether the span lies in it and holes can be
// asked for.
func (v *sieve) look(s *Span) bool {
	if s.Layer != v.layer || s.File != v.file.Name {
		v.layer, v.file, v.known = s.Layer, File{Name: s.File}, false
		v.from, v.start, v.stop = 0, 0, 0
		img := v.img
		for i := 0; img != nil && i < s.Layer; i++ {
			img = img.Parent()
		}
		if img != nil && !img.Info().Dirty {
			for _, f := range img.Files() {
				if f.Name == s.File {
					_, v.known = f.Data.(store.Holes)
					v.file = f
				}
			}
		}
	}
	return v.known && s.Offset >= 0 && s.Offset <= v.file.Size && s.Length <= v.file.Size-s.Offset
}

// ask finds the next data at or after an offset. A file that ends in a hole is asked for its
// last byte: one that was cut since it was opened has no zeros there, it has nothing.
func (v *sieve) ask(at int64) {
	v.from = at
	v.start, v.stop = v.file.NextStored(at, v.file.Size)
	if v.start < v.stop {
		return
	}
	if n, _ := v.file.Data.ReadAt(make([]byte, 1), v.file.Size-1); n == 0 {
		v.start, v.stop = at, v.file.Size
	}
}
