package search

import (
	"context"
	"iter"
	"slices"

	"platter/engine/disk"
)

// job is a piece of a search: the hits that start in [from, to).
type job struct {
	from, to int64
	floor    int64 // nothing below can be read
	data     int64 // a hit must end after this: what is stored starts here
	kind     jobKind
}

type jobKind uint8

const (
	readIt jobKind = iota
	passBy         // reads as zeros: only for the progress
	lostIt         // can't be read
)

const (
	chunk       = 1 << 20  // bytes of a job
	backChunk   = 64 << 10 // of one backwards, which is to find one hit as a rule
	backStretch = 16 << 20 // of the map, read at once backwards, to start with
	farAway     = 64 << 20 // zeros as long as this are worth a progress report
)

// forward lists the jobs in ascending order.
func (s *search) forward(ctx context.Context) iter.Seq2[job, error] {
	return func(yield func(job, error) bool) {
		c := cutter{s: s, size: chunk, floor: 0, done: s.r.From}
		for run, err := range s.runs(ctx, s.r.From, s.r.To) {
			if err != nil {
				yield(job{}, err)
				return
			}
			for j := range c.cut(run) {
				if !yield(j, nil) {
					return
				}
			}
		}
	}
}

func (s *search) runs(ctx context.Context, from, to int64) iter.Seq2[disk.Run, error] {
	if !s.on.Disk && s.m.zeros { // zeros are what is looked for
		return func(yield func(disk.Run, error) bool) {
			yield(disk.Run{Start: from, Length: to - from}, ctx.Err())
		}
	}
	return s.on.Runs(ctx, from, to-from)
}

// cutter makes jobs of runs.
type cutter struct {
	s     *search
	size  int64
	floor int64
	done  int64 // where the last stored run ended
}

func (c *cutter) cut(run disk.Run) iter.Seq[job] {
	return func(yield func(job) bool) {
		switch {
		case run.Content == disk.Lost:
			c.floor, c.done = run.End(), run.End()
			yield(job{from: run.Start, to: run.End(), kind: lostIt})
		case run.Content == disk.Zeros:
			if run.Length >= farAway {
				yield(job{from: run.Start, to: run.End(), kind: passBy})
			}
		default:
			// A hit may start in the zeros before the run.
			from := max(run.Start-int64(c.s.m.longest)+1, c.done)
			c.done = run.End()
			for ; from < run.End(); from = min(run.End(), max(from, run.Start)+c.size) {
				j := job{from: from, to: min(run.End(), max(from, run.Start)+c.size), floor: c.floor, data: run.Start}
				if !yield(j) {
					return
				}
			}
		}
	}
}

// backward lists the jobs in descending order. The map is read in stretches,
// which grow where there is nothing and shrink where there is much.
func (s *search) backward(ctx context.Context) iter.Seq2[job, error] {
	return func(yield func(job, error) bool) {
		stretch := int64(backStretch)
		for to := s.r.To; to > s.r.From; {
			from := max(s.r.From, to-stretch)
			jobs, err := s.stretch(ctx, from, to)
			if err != nil {
				yield(job{}, err)
				return
			}
			if len(jobs) > 1<<14 && stretch > backChunk {
				stretch /= 2
				continue
			}
			for _, j := range slices.Backward(jobs) {
				if !yield(j, nil) {
					return
				}
			}
			if len(jobs) <= 1 {
				stretch *= 2
			}
			to = from
		}
	}
}

// stretch lists the jobs of [from, to); no more than are too many.
func (s *search) stretch(ctx context.Context, from, to int64) ([]job, error) {
	// What lies just below decides where a run starts, and its lead.
	lead := max(s.r.From, from-int64(s.m.longest))
	c := cutter{s: s, size: backChunk, done: lead}
	var jobs []job
	for run, err := range s.runs(ctx, lead, min(to+int64(s.m.longest), s.r.To)) {
		if err != nil {
			return nil, err
		}
		for j := range c.cut(run) {
			if j.from, j.to = max(j.from, from), min(j.to, to); j.from < j.to {
				jobs = append(jobs, j)
			}
		}
		if len(jobs) > 1<<14 && to-from > backChunk {
			break
		}
	}
	return jobs, nil
}
