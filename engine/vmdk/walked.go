package vmdk

import (
	"fmt"
	"slices"
	"sync"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// walked reads a stream whose tables are lost: its grains are found by their markers,
// from front to back as far as that goes (vmdk.md 5.3). What comes after is not known.
type walked struct {
	s      *sparse
	packed *unpacker
	grain  int64 // bytes

	mu       sync.Mutex
	at       int64   // where the next marker is read
	marks    []stray // every so many of the grains that were found, ascending
	count    int64   // grains that were found
	last     int64   // the number of the last one; -1 for none
	done     bool    // nothing more can be found
	complete bool    // the directory's marker was reached: all grains are known
	mixed    bool    // the grains are not in the order of the disk
	cut      int64   // the number of the grain in which the file ends; -1 if it does not end in one
}

// markStep is how many grains are found from each that is remembered.
const markStep = 64

// walkAtOpen bounds how many markers are read when an image is opened.
const walkAtOpen = 1 << 16

// walkable makes the reader of a stream that has lost its tables, if its header says
// enough and a grain lies where they start.
func (s *sparse) walkable() *walked {
	if !s.lost || s.movedBy != 0 || !s.salvageable() {
		return nil
	}
	grain := int64(vmdk.HeaderGrainSize.Get(s.header)) * vmdk.SectorSize
	w := &walked{s: s, packed: newUnpacker(s.file, grain, true), grain: grain, at: s.floor(), last: -1, cut: -1}
	if w.walk(1, -1); w.count == 0 {
		return nil
	}
	return w
}

// capacity is the size of the extent in bytes.
func (w *walked) capacity() int64 { return int64(w.s.capacity()) * vmdk.SectorSize }

// walk reads up to most markers, until a grain from a number on was met; all of them if
// that is below 0.
func (w *walked) walk(most, number int64) {
	for ; most > 0 && !w.done && (number < 0 || w.last < number); most-- {
		m := w.marker(w.at)
		switch {
		case m.next == 0:
			w.done, w.cut, w.complete = true, m.cut, m.complete
		case m.grain && m.number <= w.last:
			w.done, w.mixed = true, true
		case m.grain:
			if w.count%markStep == 0 {
				w.marks = append(w.marks, stray{m.number, w.at})
			}
			w.count, w.last = w.count+1, m.number
		}
		if !w.done {
			w.at = m.next
		}
	}
}

// marked is what a marker says.
type marked struct {
	next     int64 // where the next marker is; 0 if it can't be told
	grain    bool
	number   int64
	length   int64 // of a grain's marker and data
	complete bool  // the directory follows: there are no more grains
	cut      int64 // the number of the grain in which the file ends; -1 for none
}

// marker reads the marker at a byte.
func (w *walked) marker(at int64) marked {
	m := marked{cut: -1}
	b, err := w.s.file.head(at, vmdk.SectorSize)
	if err != nil {
		return m
	}
	whole := len(b) == vmdk.SectorSize
	r, ok := vmdk.MarkerTable.Of(append(b, make([]byte, vmdk.SectorSize-len(b))...))
	value, size := vmdk.MarkerValue.Get(r), int64(vmdk.MarkerSize.Get(r))
	if !ok || len(b) < vmdk.GrainMarkerSize {
		return m
	}
	if size != 0 {
		unit := uint64(w.grain / vmdk.SectorSize)
		if size > 2*w.grain || value%unit != 0 || value >= w.s.capacity() {
			return m
		}
		m.number, m.length = int64(value/unit), vmdk.GrainMarkerSize+size
		if at+m.length > w.s.file.Size {
			m.cut = m.number
			return m
		}
		m.grain, m.next = true, at+roundUp(m.length, vmdk.SectorSize)
		return m
	}
	tables := uint64(roundUp(w.tableBytes(), vmdk.SectorSize) / vmdk.SectorSize)
	switch kind := vmdk.MarkerType.Get(r); {
	case !whole:
	case kind == vmdk.MarkerDirectory, kind == vmdk.MarkerFooter:
		m.complete = true
	case kind == vmdk.MarkerTableType && value <= tables:
		m.next = at + vmdk.SectorSize + int64(value)*vmdk.SectorSize
	case kind == vmdk.MarkerProgress:
		m.next = at + vmdk.SectorSize
	}
	return m
}

func (w *walked) tableBytes() int64 {
	return int64(vmdk.HeaderTableEntries.Get(w.s.header)) * vmdk.EntrySize
}

// find is the first grain from a number on of those that were met, with its place;
// false if there is none.
func (w *walked) find(number int64) (m marked, at int64, found bool) {
	i, exact := slices.BinarySearchFunc(w.marks, number, func(s stray, n int64) int { return int(s.number - n) })
	if !exact {
		i--
	}
	if at = w.s.floor(); i >= 0 {
		at = w.marks[i].at
	}
	for at < w.at {
		m = w.marker(at)
		if m.grain && m.number >= number {
			return m, at, true
		}
		if m.next == 0 {
			break
		}
		at = m.next
	}
	return marked{}, 0, false
}

// run tells what the bytes [x, x+n) of the extent are, as far as one answer goes.
func (w *walked) run(x, n int64, r *run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	number := x / w.grain
	*r = run{length: min(n, (number+1)*w.grain-x), offset: -1}
	if x >= roundUp(w.capacity(), w.grain) {
		r.length, r.state, r.fault = n, disk.Missing, headerShort
		return
	}
	w.walk(1<<62, number)
	m, at, found := w.find(number)
	if found && m.number == number {
		r.state, r.offset, r.packed, r.skip = disk.Data, at, m.length, x-number*w.grain
		return
	}
	w.walk(1<<62, -1) // nothing is called not stored before the end was seen
	switch {
	case found && !w.mixed:
		r.state, r.length = disk.FromParent, min(n, m.number*w.grain-x)
	case w.complete && !found:
		r.state, r.length = disk.FromParent, n
	case found:
		r.state, r.fault = disk.Missing, streamCut
	default:
		r.state, r.fault, r.length = disk.Missing, streamCut, n
	}
}

// words says how far the stream could be followed, and why not further.
func (w *walked) words(most int64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.walk(most, -1)
	read := fmt.Sprintf("%d grains up to there can be read by their markers", w.count)
	unit := w.grain / vmdk.SectorSize
	switch {
	case !w.done:
		return fmt.Sprintf("at least the first %d grains can be read by their markers", w.count)
	case w.complete:
		return fmt.Sprintf("all its %d grains can be read by their markers", w.count)
	case w.cut >= 0:
		return fmt.Sprintf("the file is cut at byte 0x%x, inside the grain of sector %d; %s", w.s.file.Size, w.cut*unit, read)
	case w.at >= w.s.file.Size:
		return fmt.Sprintf("the file is cut at byte 0x%x, after the grain of sector %d; %s", w.s.file.Size, w.last*unit, read)
	case w.mixed:
		return fmt.Sprintf("the grain at byte 0x%x is not in the order of the disk, so that the stream can't be followed any further; %s", w.at, read)
	}
	return fmt.Sprintf("at byte 0x%x is no marker, so that the stream can't be followed any further; %s", w.at, read)
}

// claim lists the grains and tables that were met.
func (w *walked) claim(put putter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.walk(1<<62, -1)
	for at := w.s.floor(); at < w.at; {
		m := w.marker(at)
		kind, name := disk.KindPayload, "grain data"
		if !m.grain {
			kind, name = disk.KindTable, "grain table"
		}
		if m.next == 0 {
			break
		}
		if !put(at, m.next-at, kind, name) {
			return false
		}
		at = m.next
	}
	return w.cut < 0 || put(w.at, w.s.file.Size-w.at, disk.KindPayload, "grain that the file cuts off")
}
