package store

import (
	"iter"
	"slices"
)

// Step is one thing that Commit would do: write a run of bytes, the first and the last
// of which differ from what is on disk, or give a file another length. The slices must
// not be modified.
type Step struct {
	File   string
	Offset int64  // bytes
	Old    []byte // on disk; shorter than New where the file grows. What a cut takes away
	New    []byte // empty for a resize
	// Sizes of the file in bytes, where the step resizes it; else both 0.
	SizeBefore, SizeAfter int64
	Change                int    // ID of the change it stems from
	Title                 string // of that change
}

// Resizes tells whether the step changes the length of the file.
func (s Step) Resizes() bool { return s.SizeBefore != s.SizeAfter }

// Dirty lists the staged bytes of a file that differ from what is on disk,
// ascending; neighbours are one range. Past the end of the file on disk, where
// growing leaves zeros, only other bytes are listed.
func (w *Workspace) Dirty(name string) []Range {
	w.mu.RLock()
	defer w.mu.RUnlock()
	o := w.now.Load().staged[w.byName[name]]
	if o == nil {
		return nil
	}
	var list []Range
	for _, e := range o.extents {
		for r := range e.runs(len(list)) {
			last := len(list) - 1
			if last >= 0 && list[last].End() == r.Offset {
				list[last].Length += r.Length
			} else {
				list = append(list, r)
			}
		}
	}
	return list
}

// manyRuns is how many runs of bytes are told apart. The rest of an extent is one
// run, equal bytes in it included: a list of millions would take more memory than
// the bytes.
const manyRuns = 1 << 16

// runs yields, as ranges of the file, the bytes of e that differ from the disk;
// some were told apart already.
func (e extent) runs(already int) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		for r := range exactRuns(e.data, e.base) {
			if already++; already > manyRuns {
				yield(Range{e.off + r.Offset, int64(len(e.data)) - r.Offset})
				return
			}
			if !yield(Range{e.off + r.Offset, r.Length}) {
				return
			}
		}
	}
}

// Plan lists what Commit would do, in order: file by file as they were opened,
// first growth, then bytes ascending, a cut last. Neighbouring bytes of one change
// are one step, with bytes between them that stay as they are.
func (w *Workspace) Plan() []Step {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.plan()
}

func (w *Workspace) plan() []Step {
	var steps []Step
	now := w.now.Load()
	for _, o := range w.order {
		if v := now.staged[o]; v != nil {
			steps = append(steps, v.plan()...)
		}
	}
	return steps
}

func (o *overlay) plan() []Step {
	var steps []Step
	resize := Step{File: o.name, Offset: min(o.size, o.diskSize), SizeBefore: o.diskSize, SizeAfter: o.size, Old: o.cut}
	if o.by != nil {
		resize.Change, resize.Title = o.by.id, o.by.heading()
	}
	if o.size > o.diskSize {
		steps = append(steps, resize)
	}
	steps = o.planWrites(steps)
	if o.size < o.diskSize {
		steps = append(steps, resize)
	}
	return steps
}

func (o *overlay) planWrites(steps []Step) []Step {
	var by *change
	joined := false // the last step has slices of its own
	for _, e := range o.extents {
		if e = e.trimmed(); len(e.data) == 0 {
			continue
		}
		old := e.base[:max(min(int64(len(e.base)), o.diskSize-e.off), 0)]
		last := len(steps) - 1
		if by != e.by || steps[last].Offset+int64(len(steps[last].New)) != e.off {
			by, joined = e.by, false
			steps = append(steps, Step{File: o.name, Offset: e.off, Old: old, New: e.data, Change: by.id, Title: by.heading()})
			continue
		}
		if !joined {
			steps[last].New, steps[last].Old = slices.Clip(steps[last].New), slices.Clip(steps[last].Old)
			joined = true
		}
		steps[last].New = append(steps[last].New, e.data...)
		steps[last].Old = append(steps[last].Old, old...)
	}
	return steps
}

// trimmed is the extent without bytes at its ends that are the same on disk: those between
// others were kept for the sake of few pieces, and the others may be gone.
func (e extent) trimmed() extent {
	from, to := 0, len(e.data)
	for from < to && e.data[from] == e.base[from] {
		from++
	}
	for from < to && e.data[to-1] == e.base[to-1] {
		to--
	}
	return extent{e.off + int64(from), e.data[from:to], e.base[from:to], e.by}
}
