package parts_test

import (
	"errors"
	"math"
	"testing"

	"platter/engine/disk"
	"platter/views/widget/parts"
)

// image is a disk of which only the size counts.
type image struct {
	disk.Image
	size int64
}

func (i image) Info() disk.Info { return disk.Info{VirtualSize: i.size, BlockSize: 1 << 20} }

// run looks at everything, and returns how often that was done.
func run(s *parts.Scan[int64]) (steps int) {
	for next := s.Step(); next != nil; steps++ {
		_, next = s.Take(next().(parts.Found[int64]))
	}
	return steps
}

func TestEveryByteIsLookedAtOnce(t *testing.T) {
	for _, size := range []int64{0, 512, 1 << 20, 1<<20 + 1, 64 << 40, math.MaxInt64} {
		end := int64(0)
		s := parts.New(image{size: size}, func(off, n int64) (int64, error) {
			if off != end || n <= 0 || n > size-off {
				t.Fatalf("%d: looks at %d, %d bytes, after %d", size, off, n, end)
			}
			end = off + n
			return n, nil
		})
		if run(&s); end != size || s.At != size || s.Running || s.Percent() != 100 {
			t.Errorf("%d: ends at %d", size, end)
		}
		if size == 0 {
			continue
		}
		for _, cells := range []int{1, 7, 5000} {
			at := int64(0)
			for i := range cells {
				start, to := s.Bounds(i, cells)
				if start > at || to <= start || len(s.Cell(i, cells)) == 0 {
					t.Fatalf("%d: cell %d of %d is %d to %d, after %d", size, i, cells, start, to, at)
				}
				at = to
			}
			if at != size {
				t.Errorf("%d: %d cells end at %d", size, cells, at)
			}
		}
	}
}

func TestScanEndsAtAFault(t *testing.T) {
	fault := errors.New("bad sector")
	s := parts.New(image{size: 8 << 20}, func(off, n int64) (int64, error) {
		if off >= 4<<20 {
			return 0, fault
		}
		return n, nil
	})
	if run(&s); s.Err != fault || s.Running || s.At == s.Size {
		t.Errorf("ends at %d with %v", s.At, s.Err)
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	s := parts.New(image{size: 8 << 20}, func(_, n int64) (int64, error) { return n, nil })
	late := s.Step()().(parts.Found[int64])
	if !s.Stop() || s.Stop() {
		t.Error("a scan can't be stopped once")
	}
	if found, next := s.Take(late); found != nil || next != nil || s.At != 0 {
		t.Error("an answer that comes too late counts")
	}
}

// TestRest waits before the first step, and looks at nothing where the scan has ended by then.
func TestRest(t *testing.T) {
	looked := 0
	look := func(_, n int64) (int64, error) { looked++; return n, nil }
	s := parts.New(image{size: 8 << 20}, look)
	s.Rest = 1
	first := s.Step()().(parts.Found[int64])
	if looked > 0 {
		t.Fatal("it looked before it had rested")
	}
	s.Stop()
	if _, next := s.Take(first); next != nil || looked > 0 {
		t.Error("it goes on after it was stopped")
	}
	s = parts.New(image{size: 8 << 20}, look)
	s.Rest = 1
	if steps := run(&s); steps < 2 || looked == 0 || s.Running {
		t.Errorf("%d steps, looked %d times, running: %v", steps, looked, s.Running)
	}
}
