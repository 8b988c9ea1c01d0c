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

	"platter/engine/disk"
	"platter/engine/transfer"
)

// Search yields the hits of a pattern, each once, ascending (descending if
// backwards). Hits may overlap, except those of a regular expression. On a
// virtual disk at least one byte of a hit is stored: ranges that read as zeros
// by definition are no place to find anything. A hit's context has up to 32
// bytes on both sides of the match; of a long match it has the start. Progress,
// which may be nil, hears between hits how many bytes of the stretch are done.
//
// An error that is a [disk.Error] tells of a range that could not be searched;
// the search goes on after it. Any other error, such as the context's, is
// the last thing yielded.
func Search(ctx context.Context, on disk.Surface, m *Matcher, r disk.Stretch, progress func(done, total int64)) iter.Seq2[disk.Hit, error] {
	return func(yield func(disk.Hit, error) bool) {
		if r.To <= 0 || r.To > on.Size {
			r.To = on.Size
		}
		r.From = max(r.From, 0)
		s := search{on: on, m: m, r: r, progress: progress}
		s.run(ctx, yield)
	}
}

// search is one search under way.
type search struct {
	on       disk.Surface
	m        *Matcher
	r        disk.Stretch
	progress func(done, total int64)
	last     int64 // end of the last hit of a regular expression
}

func (s *search) run(ctx context.Context, yield func(disk.Hit, error) bool) {
	jobs := s.forward
	if s.r.Backwards {
		jobs = s.backward
	}
	again := s.worker()
	for f, err := range transfer.Convoy(ctx, transfer.Width(), jobs(ctx), s.worker) {
		if err != nil {
			yield(disk.Hit{}, err)
			return
		}
		if !s.deliver(f, again, yield) {
			return
		}
		s.report(f.job)
	}
	if s.progress != nil {
		s.progress(s.r.To-s.r.From, s.r.To-s.r.From)
	}
}

func (s *search) report(j job) {
	switch {
	case s.progress == nil:
	case s.r.Backwards:
		s.progress(s.r.To-j.from, s.r.To-s.r.From)
	default:
		s.progress(j.to-s.r.From, s.r.To-s.r.From)
	}
}

// deliver yields what a job found and works on what it left over: a job with
// very many hits is done piece by piece.
func (s *search) deliver(f finding, again func(job) finding, yield func(disk.Hit, error) bool) bool {
	for {
		if s.m.expr != nil && !s.r.Backwards {
			if len(f.hits) > 0 && f.hits[0].Place.Offset < s.last {
				// The match before this job reaches into it: where the next
				// one starts depends on that.
				j := f.job
				j.from = s.last
				f = again(j)
			}
			if n := len(f.hits); n > 0 {
				s.last = f.hits[n-1].Place.End()
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
			if !yield(disk.Hit{}, err) {
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
