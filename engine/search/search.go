// Package search finds byte patterns in files and on virtual disks: bytes with
// wildcards, text in many encodings at once, regular expressions. Hits stream
// in order while the search goes on. On a virtual disk only what is stored is
// read, so that a sparse disk takes as long as its data; hits across the
// borders of blocks, which lie scattered in the file, are found.
package search

import (
	"context"
	"iter"
	"slices"

	"platter/engine/convoy"
	"platter/engine/disk"
)

// Range limits and directs a search.
type Range struct {
	From, To  int64              // hits lie in [From, To), bytes; To 0 is the end
	Backwards bool               // from To down to From, the last hit first
	Progress  func(at, of int64) // called between hits: how far the search came, in bytes of the range; may be nil
}

// Hit is a place where the pattern matches.
type Hit struct {
	Plane    string // the surface's name: "disk", or the file's
	Offset   int64  // bytes
	Length   int64
	Encoding string // of a text; "hex" and "regexp" for the others
	Context  []byte // the match with up to 32 bytes before and behind it; a long match is cut
	Before   int    // how many bytes of Context lie before the match
}

// Search yields the hits of a pattern, each once, ascending (descending if
// backwards). Hits may overlap, except those of a regular expression. On a
// virtual disk at least one byte of a hit is stored: ranges that read as zeros
// by definition are no place to find anything.
//
// An error that is a [disk.Error] tells of a range that could not be searched;
// the search goes on behind it. Any other error, such as the context's, is
// the last thing yielded.
func Search(ctx context.Context, on disk.Surface, m *Matcher, r Range) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		if r.To <= 0 || r.To > on.Size {
			r.To = on.Size
		}
		r.From = max(r.From, 0)
		s := search{on: on, m: m, r: r}
		s.run(ctx, yield)
	}
}

// search is one search under way.
type search struct {
	on   disk.Surface
	m    *Matcher
	r    Range
	last int64 // end of the last hit of a regular expression
}

func (s *search) run(ctx context.Context, yield func(Hit, error) bool) {
	jobs := s.forward
	if s.r.Backwards {
		jobs = s.backward
	}
	again := s.worker()
	for f, err := range convoy.Run(ctx, convoy.Width(), jobs(ctx), s.worker) {
		if err != nil {
			yield(Hit{}, err)
			return
		}
		if !s.deliver(f, again, yield) {
			return
		}
		s.report(f.job)
	}
	if s.r.Progress != nil {
		s.r.Progress(s.r.To-s.r.From, s.r.To-s.r.From)
	}
}

func (s *search) report(j job) {
	switch {
	case s.r.Progress == nil:
	case s.r.Backwards:
		s.r.Progress(s.r.To-j.from, s.r.To-s.r.From)
	default:
		s.r.Progress(j.to-s.r.From, s.r.To-s.r.From)
	}
}

// deliver yields what a job found and works on what it left over: a job with
// very many hits is done piece by piece.
func (s *search) deliver(f finding, again func(job) finding, yield func(Hit, error) bool) bool {
	for {
		if s.m.expr != nil && !s.r.Backwards {
			if len(f.hits) > 0 && f.hits[0].Offset < s.last {
				// The match before this job reaches into it: where the next
				// one starts depends on that.
				j := f.job
				j.from = s.last
				f = again(j)
			}
			if n := len(f.hits); n > 0 {
				s.last = f.hits[n-1].Offset + f.hits[n-1].Length
			}
		}
		if s.r.Backwards {
			slices.Reverse(f.hits)
		}
		for _, h := range f.hits {
			if !yield(h, nil) {
				return false
			}
		}
		for _, err := range f.errs {
			if !yield(Hit{}, err) {
				return false
			}
		}
		if f.rest == f.job.to {
			return true
		}
		j := f.job
		j.from = f.rest
		f = again(j)
	}
}
