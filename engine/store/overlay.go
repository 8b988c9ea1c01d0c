package store

import (
	"bytes"
	"cmp"
	"io"
	"iter"
	"math"
	"slices"
	"sort"
)

// joinGap is the longest run of unchanged bytes kept inside an extent: splitting
// there would cost more than it saves.
const joinGap = 16

// fewRuns is how many extents a write may become by equal bytes in it: what is written
// at once over bytes that agree with it here and there stays in few pieces.
const fewRuns = 256

// gapOf is the shortest run of unchanged bytes that splits a write of n bytes.
func gapOf(n int) int64 { return max(joinGap, int64(n/fewRuns)) }

// extent is a run of staged bytes in one file. Its slices are never written to
// again, so that clipped copies of it can share them.
type extent struct {
	off  int64
	data []byte  // as staged
	base []byte  // as on disk, zeros past the end there; as long as data
	by   *change // who wrote it
}

func (e extent) end() int64 { return e.off + int64(len(e.data)) }

// clip is the part of e in [lo, hi), which overlaps it.
func (e extent) clip(lo, hi int64) extent {
	from, to := max(lo-e.off, 0), min(hi, e.end())-e.off
	return extent{e.off + from, e.data[from:to], e.base[from:to], e.by}
}

// shape is a file's staged length.
type shape struct {
	size int64
	cut  []byte // the bytes on disk from size on, where the staged file is shorter
	by   *change
}

// overlay is a file of a workspace: what was on disk at a time, under a sorted list of
// extents that do not overlap. Where it reaches past the end on disk, bytes without an
// extent are zero. Only a draft changes one, before others see it.
type overlay struct {
	*original
	epoch    *epoch
	diskSize int64 // at that time
	shape
	extents []extent
}

// clone is a copy to change.
func (o *overlay) clone() *overlay {
	c := *o
	c.extents = slices.Clone(o.extents)
	return &c
}

// isClean reports whether it shows what is on disk.
func (o *overlay) isClean() bool { return len(o.extents) == 0 && o.size == o.diskSize }

// readAt reads the staged content.
func (o *overlay) readAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errOffset
	}
	want := p
	if int64(len(want)) > o.size-off {
		want = want[:max(o.size-off, 0)]
	}
	n, err := o.readDisk(want, off)
	paint(o.extents, want[:n], off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// readDisk reads what is on disk, zeros past the end there.
func (o *overlay) readDisk(p []byte, off int64) (int, error) {
	on := p[:max(min(int64(len(p)), o.diskSize-off), 0)]
	if len(on) > 0 {
		if n, err := o.original.readAt(on, off, o.epoch); err != nil {
			return n, err
		}
	}
	clear(p[len(on):])
	return len(p), nil
}

// paint lays extents over p, which lies at off.
func paint(list []extent, p []byte, off int64) {
	end := off + int64(len(p))
	for i := find(list, off); i < len(list) && list[i].off < end; i++ {
		e := list[i]
		if e.off < off {
			copy(p, e.data[off-e.off:])
		} else {
			copy(p[e.off-off:], e.data)
		}
	}
}

// find is the index of the first extent that ends after off.
func find(list []extent, off int64) int {
	return sort.Search(len(list), func(i int) bool { return list[i].end() > off })
}

// replace puts extents into [off, end) and returns what was there, clipped.
func (o *overlay) replace(off, end int64, with []extent) (removed []extent) {
	i, j := find(o.extents, off), 0
	var around []extent
	for j = i; j < len(o.extents) && o.extents[j].off < end; j++ {
		removed = append(removed, o.extents[j].clip(off, end))
	}
	if i < j && o.extents[i].off < off {
		around = append(around, o.extents[i].clip(o.extents[i].off, off))
	}
	around = append(around, with...)
	if i < j && o.extents[j-1].end() > end {
		around = append(around, o.extents[j-1].clip(end, o.extents[j-1].end()))
	}
	o.extents = slices.Replace(o.extents, i, j, around...)
	return removed
}

// splice is one step of a change to an overlay, exact enough to be taken back
// and done again without reading anything.
type splice struct {
	o         *original
	off, end  int64
	removed   []extent
	inserted  []extent
	was, made shape // differ in size where the file is resized
	why       string
}

func (s splice) resizes() bool { return s.was.size != s.made.size }

// inverse is the splice that undoes s.
func (s splice) inverse() splice {
	return splice{s.o, s.off, s.end, s.inserted, s.removed, s.made, s.was, s.why}
}

func (d draft) apply(s splice) {
	o := d.overlay(s.o)
	o.replace(s.off, s.end, s.inserted)
	if s.resizes() {
		o.shape = s.made
	}
}

// takeBack undoes splices, the last first.
func (d draft) takeBack(list []splice) {
	for _, s := range slices.Backward(list) {
		d.apply(s.inverse())
	}
}

// pieces are a splice without the gaps between its extents, in which it changed
// nothing: a later change may have bytes there. One that resizes is one piece.
func (s splice) pieces() []splice {
	if s.resizes() {
		return []splice{s}
	}
	both := slices.Concat(s.removed, s.inserted)
	slices.SortFunc(both, func(a, b extent) int { return cmp.Compare(a.off, b.off) })
	var list []splice
	for _, e := range both {
		if n := len(list); n > 0 && e.off <= list[n-1].end {
			list[n-1].end = max(list[n-1].end, e.end())
		} else {
			list = append(list, splice{o: s.o, off: e.off, end: e.end(), was: s.was, made: s.made, why: s.why})
		}
	}
	removed, inserted := s.removed, s.inserted
	for i := range list {
		p := &list[i]
		p.removed, removed = below(removed, p.end)
		p.inserted, inserted = below(inserted, p.end)
	}
	return list
}

// below cuts a sorted list of extents, none of which holds end inside it, there.
func below(list []extent, end int64) (before, rest []extent) {
	i := sort.Search(len(list), func(i int) bool { return list[i].off >= end })
	return list[:i], list[i:]
}

// write stages p at off and returns what that changed. Only bytes that differ
// from what is visible are touched, and only those that differ from the disk
// become extents: writing the old bytes back makes a file clean again.
func (o *overlay) write(p []byte, off int64, by *change) ([]splice, error) {
	if len(p) == 0 {
		return nil, nil
	}
	disk := make([]byte, len(p))
	if _, err := o.readDisk(disk, off); err != nil {
		return nil, err
	}
	var done []splice
	if end := off + int64(len(p)); end > o.size {
		grown, err := o.resize(end, by)
		if err != nil {
			return nil, err
		}
		done = append(done, grown)
	}
	visible := bytes.Clone(disk)
	paint(o.extents, visible, off)
	for _, r := range differing(p, visible, gapOf(len(p))) {
		s := splice{o: o.original, off: off + r.Offset, end: off + r.End(), was: o.shape, made: o.shape}
		s.inserted = extents(bytes.Clone(p[r.Offset:r.End()]), bytes.Clone(disk[r.Offset:r.End()]), s.off, by)
		s.removed = o.replace(s.off, s.end, s.inserted)
		done = append(done, s)
	}
	return done, nil
}

// revert takes staged bytes in [off, end) back to what is on disk.
func (o *overlay) revert(off, end int64) []splice {
	s := splice{o: o.original, off: off, end: end, was: o.shape, made: o.shape}
	s.removed = o.replace(off, end, nil)
	if len(s.removed) == 0 {
		return nil
	}
	return []splice{s}
}

// resize stages another length. It reads what a shorter file cuts off, so that
// the bytes can be checked and brought back after they are gone.
func (o *overlay) resize(size int64, by *change) (splice, error) {
	if size < 0 {
		return splice{}, errOffset
	}
	s := splice{o: o.original, off: min(size, o.size), end: math.MaxInt64, was: o.shape}
	s.made = shape{size: size, by: by}
	cut, regrown := o.diskSize-size, min(size, o.diskSize)-o.size
	if max(cut, regrown) > MaxStaged {
		return splice{}, ErrTooMuch
	}
	if cut > 0 {
		s.made.cut = make([]byte, cut)
		if _, err := o.readDisk(s.made.cut, size); err != nil {
			return splice{}, err
		}
	}
	if regrown > 0 {
		// The old bytes are still on disk here, but the file has been cut
		// and grown: it shows zeros.
		s.inserted = extents(make([]byte, regrown), o.cut[:regrown], o.size, by)
	}
	s.removed = o.replace(s.off, s.end, s.inserted)
	o.shape = s.made
	return s, nil
}

// extents makes the extents that show data, lying at off, where disk holds
// something else.
func extents(data, disk []byte, off int64, by *change) []extent {
	var list []extent
	for _, r := range differing(data, disk, gapOf(len(data))) {
		list = append(list, extent{off + r.Offset, data[r.Offset:r.End()], disk[r.Offset:r.End()], by})
	}
	return list
}

// differing lists the runs where a and b, equally long, differ; runs less than
// a gap apart are one.
func differing(a, b []byte, gap int64) []Range {
	var runs []Range
	for r := range exactRuns(a, b) {
		last := len(runs) - 1
		if last >= 0 && r.Offset-runs[last].End() < gap {
			runs[last].Length = r.End() - runs[last].Offset
		} else {
			runs = append(runs, r)
		}
	}
	return runs
}

// exactRuns yields the runs in which every byte of a differs from b.
func exactRuns(a, b []byte) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		for i := 0; i < len(a); {
			if a[i] == b[i] {
				i++
				continue
			}
			start := i
			for i < len(a) && a[i] != b[i] {
				i++
			}
			if !yield(Range{int64(start), int64(i - start)}) {
				return
			}
		}
	}
}
