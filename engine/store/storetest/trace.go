package storetest

import (
	"fmt"
	"iter"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	"platter/engine/store"
)

// Trace is what a program did to the files of an FS since Record: all that is
// needed to see what a power cut would have left at any moment, without running
// the program again.
type Trace struct {
	start  map[string]*file
	first  int // operations that the FS had counted before
	events []event
}

// event is an operation that succeeded: a write or truncation of a file, the
// sync of a file or, with no file, of the folder, or a change of names.
type event struct {
	file   *file
	op     op
	sync   bool
	naming naming
	site   string // the calls that led to a sync, innermost first
}

// Point is a moment of a trace at which the power goes.
type Point struct {
	Ops  int    // operations of the FS before it, as FS.Ops counts them
	Seed uint64 // what chose the part that survives of what was not synced
}

// String names the point so that a failing test can be run again.
func (p Point) String() string { return fmt.Sprintf("cut after %d operations, seed %d", p.Ops, p.Seed) }

// Record begins a trace. What the FS holds now counts as durable. An earlier
// trace is complete with it.
func (s *FS) Record() *Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &Trace{start: map[string]*file{}, first: s.ops}
	for name, f := range s.live {
		t.start[name] = f.settled()
	}
	s.durable, s.names, s.trace = maps.Clone(s.live), nil, t
	return t
}

// settled makes all of the file durable and returns what it holds.
func (f *file) settled() *file {
	f.sync()
	return &file{synced: f.live.Clone(), twin: f}
}

func (t *Trace) add(e event) {
	if t != nil {
		t.events = append(t.events, e)
	}
}

// Len is the number of operations recorded.
func (t *Trace) Len() int { return len(t.events) }

// Sites lists the places in the program from which a sync was called, sorted.
func (t *Trace) Sites() []string {
	sites := map[string]bool{}
	for _, e := range t.events {
		if e.sync {
			sites[e.site] = true
		}
	}
	return slices.Sorted(maps.Keys(sites))
}

// IgnoreSync is the same trace on a disk that takes the syncs called from a site,
// as Sites names it, for done and does nothing. A test that proves an order of
// writes fails on it, or the sync is not needed.
func (t *Trace) IgnoreSync(site string) *Trace {
	c := *t
	c.events = slices.Clone(t.events)
	for i := range c.events {
		if e := &c.events[i]; e.sync && e.site == site {
			*e = event{}
		}
	}
	return &c
}

// Crashes are the file systems that power cuts could leave: for each moment of
// the trace, before the first operation to after the last one, one for each seed
// from 0. They are cheap: unchanged pages are shared.
func (t *Trace) Crashes(seeds int) iter.Seq2[Point, *store.Mem] {
	return func(yield func(Point, *store.Mem) bool) {
		s, files := New(), map[*file]*file{}
		for name, f := range t.start {
			files[f.twin] = &file{synced: f.synced.Clone()}
			s.durable[name] = files[f.twin]
		}
		for i := range len(t.events) + 1 {
			if i > 0 {
				s.redo(t.events[i-1], files)
			}
			for seed := range uint64(seeds) {
				if p := (Point{t.first + i, seed}); !yield(p, s.CrashClone(uint64(i)<<20|seed)) {
					return
				}
			}
		}
	}
}

// redo applies an event to the files that stand for those of the trace.
func (s *FS) redo(e event, files map[*file]*file) {
	of := func(f *file) *file {
		if f != nil && files[f] == nil {
			files[f] = &file{synced: store.NewMemFile(0)}
		}
		return files[f]
	}
	switch {
	case e.sync && e.file == nil:
		s.syncNames()
	case e.sync:
		of(e.file).sync()
	case e.file != nil:
		f := of(e.file)
		f.pending = append(f.pending, e.op)
	case e.naming != naming{}:
		e.naming.file = of(e.naming.file)
		s.names = append(s.names, e.naming)
	}
}

// siteDepth is how many calls tell one sync of the program from another.
const siteDepth = 3

// site is where the program called a sync from.
func site() string {
	var pcs [siteDepth]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var calls []string
	for {
		f, more := frames.Next()
		calls = append(calls, fmt.Sprintf("%s:%d", path.Base(f.Function), f.Line))
		if !more {
			return strings.Join(calls, " < ")
		}
	}
}
