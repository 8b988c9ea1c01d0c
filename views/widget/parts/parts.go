// Package parts goes through a virtual disk in the background, part by part,
// and keeps what there is to say of each: for strips that show a whole disk in
// a few cells, whatever its size.
package parts

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// most is into how many parts of equal size a disk is divided, or one more.
const most = 2048

// slice is how long a step works before it shows what it has.
const slice = 100 * time.Millisecond

// Scan looks at the parts of a disk in their order. The zero Scan has none.
type Scan[T any] struct {
	Gen     views.Gen
	Size    int64 // of the disk, bytes
	At      int64 // looked through so far, bytes
	List    []T   // of all parts; zero for those that are still to come
	Running bool
	Err     error // why it ended before its end

	// Rest is how long it waits before its first step: one that is not wanted any more by
	// then costs nothing.
	Rest time.Duration

	part int64 // bytes
	look func(off, n int64) (T, error)
}

// New divides an image's disk into parts of whole blocks. Look, which runs in
// the background, finds out what there is to say of n bytes from off.
func New[T any](img disk.Image, look func(off, n int64) (T, error)) Scan[T] {
	info := img.Info()
	s := Scan[T]{Gen: views.NewGen(), Size: info.VirtualSize, look: look}
	unit := max(info.BlockSize, 512)
	s.part = max((s.Size/most+unit-1)/unit*unit, unit)
	if s.Running = info.Readable() && s.Size > 0; s.Running {
		s.List = make([]T, (s.Size-1)/s.part+1)
	}
	return s
}

// Found is what was found of some parts that follow each other.
type Found[T any] struct {
	gen   views.Gen
	first int
	list  []T
	err   error
}

// Step is a command that looks at parts for a while.
func (s *Scan[T]) Step() tea.Cmd {
	if !s.Running {
		return nil
	}
	gen, look, size, part, at := s.Gen, s.look, s.Size, s.part, s.At
	if rest := s.Rest; rest > 0 {
		s.Rest = 0
		return tea.Tick(rest, func(time.Time) tea.Msg { return Found[T]{gen: gen, first: int(at / part)} })
	}
	return func() tea.Msg {
		msg := Found[T]{gen: gen, first: int(at / part)}
		for begin := time.Now(); at < size && msg.err == nil && time.Since(begin) < slice; {
			var t T
			n := min(part, size-at)
			t, msg.err = look(at, n)
			msg.list = append(msg.list, t)
			at += n // not part: a header can claim all of 63 bits
		}
		return msg
	}
}

// Take takes in what was found, and goes on. It returns the parts that are
// new, none for a late answer.
func (s *Scan[T]) Take(msg Found[T]) ([]T, tea.Cmd) {
	if msg.gen != s.Gen || !s.Running {
		return nil, nil
	}
	n := copy(s.List[msg.first:], msg.list)
	s.At, s.Err = s.offset(msg.first+n), msg.err
	s.Running = s.At < s.Size && s.Err == nil
	return s.List[msg.first : msg.first+n], s.Step()
}

// Stop ends the scan, and reports whether it ran.
func (s *Scan[T]) Stop() bool {
	was := s.Running
	s.Running = false
	return was
}

// Percent is how much of the disk was looked through.
func (s *Scan[T]) Percent() int64 {
	if s.Size == 0 {
		return 100
	}
	return int64(float64(s.At) / float64(s.Size) * 100)
}

// Cell is the parts that cell i of n shows, one at least; several cells show
// the same one where there are more cells than parts.
func (s *Scan[T]) Cell(i, n int) []T {
	from, to := s.cell(i, n)
	return s.List[from:to]
}

func (s *Scan[T]) cell(i, n int) (from, to int) {
	all := len(s.List)
	from, to = i*all/max(n, 1), (i+1)*all/max(n, 1)
	return min(from, all), min(max(to, from+1), all)
}

// Bounds is where a cell of n starts on the disk and where it ends, in bytes.
func (s *Scan[T]) Bounds(i, n int) (start, end int64) {
	from, to := s.cell(i, n)
	return min(s.offset(from), max(s.Size-1, 0)), s.offset(to)
}

// offset is where a part starts on the disk, in bytes; the disk's end for those
// past the last one, whose product would not fit 63 bits.
func (s *Scan[T]) offset(part int) int64 {
	if part >= len(s.List) {
		return s.Size
	}
	return int64(part) * s.part
}
