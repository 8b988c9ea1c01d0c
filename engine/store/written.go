package store

import (
	"cmp"
	"slices"
)

// written remembers which bytes of a file were written, in as few ranges as it can.
// Bytes come at a few places that go on, mostly: new ranges are kept apart in the order
// in which they came, and sorted in when there are many.
type written struct {
	sorted []Range // ascending, with gaps between them
	recent []Range
}

// maxRecent is how many ranges are looked through one by one.
const maxRecent = 256

// add takes a range.
func (w *written) add(off, n int64) {
	for i := len(w.recent) - 1; i >= 0; i-- {
		if r := &w.recent[i]; off >= r.Offset && off <= r.End() {
			r.Length = max(r.Length, off+n-r.Offset)
			return
		}
	}
	if len(w.recent) == maxRecent {
		w.sort()
	}
	w.recent = append(w.recent, Range{off, n})
}

// sort joins all ranges that meet.
func (w *written) sort() {
	if len(w.recent) == 0 {
		return
	}
	slices.SortFunc(w.recent, func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	first, _ := slices.BinarySearchFunc(w.sorted, w.recent[0].Offset, func(r Range, off int64) int { return cmp.Compare(r.End(), off) })
	old, recent := slices.Clone(w.sorted[first:]), w.recent
	w.sorted, w.recent = w.sorted[:first], nil
	for len(old)+len(recent) > 0 {
		if len(recent) == 0 || len(old) > 0 && old[0].Offset <= recent[0].Offset {
			w.sorted, old = join(w.sorted, old[0]), old[1:]
		} else {
			w.sorted, recent = join(w.sorted, recent[0]), recent[1:]
		}
	}
}

// join adds a range that begins after the others do.
func join(list []Range, r Range) []Range {
	if last := len(list) - 1; last >= 0 && r.Offset <= list[last].End() {
		list[last].Length = max(list[last].Length, r.End()-list[last].Offset)
		return list
	}
	return append(list, r)
}

// next is the first range that ends after off.
func (w *written) next(off int64) (Range, bool) {
	i, _ := slices.BinarySearchFunc(w.sorted, off, func(r Range, off int64) int {
		if r.End() <= off {
			return -1
		}
		return 1
	})
	found := w.sorted[i:min(i+1, len(w.sorted))]
	for _, r := range w.recent {
		if r.End() > off && (len(found) == 0 || r.Offset < found[0].Offset) {
			found = []Range{r}
		}
	}
	if len(found) == 0 {
		return Range{}, false
	}
	return found[0], true
}

// cut forgets what lies past the end of a file that has become shorter.
func (w *written) cut(size int64) {
	w.sort()
	for last := len(w.sorted) - 1; last >= 0 && w.sorted[last].End() > size; last-- {
		if w.sorted[last].Length = size - w.sorted[last].Offset; w.sorted[last].Length > 0 {
			return
		}
		w.sorted = w.sorted[:last]
	}
}

// drop forgets a range.
func (w *written) drop(off, n int64) {
	if r, ok := w.next(off); !ok || r.Offset >= off+n {
		return
	}
	w.sort()
	var left []Range
	first, _ := slices.BinarySearchFunc(w.sorted, off, func(r Range, off int64) int {
		if r.End() <= off {
			return -1
		}
		return 1
	})
	last := first
	for ; last < len(w.sorted) && w.sorted[last].Offset < off+n; last++ {
		r := w.sorted[last]
		if r.Offset < off {
			left = append(left, Range{r.Offset, off - r.Offset})
		}
		if r.End() > off+n {
			left = append(left, Range{off + n, r.End() - off - n})
		}
	}
	w.sorted = slices.Replace(w.sorted, first, last, left...)
}
