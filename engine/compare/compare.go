// Package compare tells where two disks, two files or two records differ. Of
// two disks only what is stored in at least one of them is read.
package compare

import (
	"context"
	"fmt"
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/transfer"
)

// Range is a run of bytes that differ.
type Range struct {
	Start  int64 // bytes
	Length int64
}

// End is the offset of the first byte after the range.
func (r Range) End() int64 { return r.Start + r.Length }

// gap is how many equal bytes may lie within a range: without them a changed
// number would come as several ranges.
const gap = 16

// Compare yields the ranges in which two surfaces differ, ascending. A range
// starts and ends with a byte that differs; fewer than 16 equal bytes in a row
// may lie within. Where one surface is longer, the rest of it differs,
// whatever it holds. Progress, which may be nil, hears between ranges how many
// bytes have been compared.
//
// An error that is a [disk.Error] tells of a range that could not be compared;
// the comparison goes on after it. Any other error, such as the context's, is
// the last thing yielded.
func Compare(ctx context.Context, a, b disk.Surface, progress func(at, of int64)) iter.Seq2[Range, error] {
	return func(yield func(Range, error) bool) {
		c := comparison{a: a, b: b, common: min(a.Size, b.Size)}
		out := joiner{yield: yield}
		for f, err := range transfer.Convoy(ctx, transfer.Width(), c.jobs(ctx), workers(&c, func(list []Range, a, b []byte, off int64) []Range {
			return differences(list, a, b, off, gap)
		})) {
			if err != nil {
				if out.flush() {
					yield(Range{}, err)
				}
				return
			}
			for _, r := range f.list {
				if !out.add(r) {
					return
				}
			}
			for _, err := range f.errs {
				if !out.fail(err) {
					return
				}
			}
			if progress != nil {
				progress(f.end, max(a.Size, b.Size))
			}
		}
		if rest := max(a.Size, b.Size) - c.common; rest > 0 && !out.add(Range{c.common, rest}) {
			return
		}
		if out.flush() && progress != nil {
			progress(max(a.Size, b.Size), max(a.Size, b.Size))
		}
	}
}

// joiner makes one range of those that are close to each other.
type joiner struct {
	yield func(Range, error) bool
	held  Range
}

func (j *joiner) add(r Range) bool {
	if j.held.Length > 0 && r.Start-j.held.End() < gap {
		j.held.Length = r.End() - j.held.Start
		return true
	}
	ok := j.flush()
	j.held = r
	return ok
}

func (j *joiner) flush() bool {
	r := j.held
	j.held = Range{}
	return r.Length == 0 || j.yield(r, nil)
}

func (j *joiner) fail(err error) bool { return j.flush() && j.yield(Range{}, err) }

type comparison struct {
	a, b   disk.Surface
	common int64
}

// job is a range of both surfaces, to be read unless it is lost.
type job struct {
	off, n int64
	lost   bool
	skip   bool // zeros on both sides
}

const (
	chunk  = 1 << 20
	sector = 512
	// far is how long zeros on both sides must be to be worth a job, which
	// only tells how far the comparison came.
	far = 64 << 20
)

// jobs walks both maps at once.
func (c *comparison) jobs(ctx context.Context) iter.Seq2[job, error] {
	return func(yield func(job, error) bool) {
		left, stopLeft := iter.Pull2(c.a.Runs(ctx, 0, c.common))
		defer stopLeft()
		right, stopRight := iter.Pull2(c.b.Runs(ctx, 0, c.common))
		defer stopRight()
		var l, r disk.Run
		var err error
		for off := int64(0); off < c.common; {
			if l, err = advance(l, off, left); err == nil {
				r, err = advance(r, off, right)
			}
			if err != nil {
				yield(job{}, err)
				return
			}
			end := min(l.End(), r.End(), c.common)
			if !cut(job{off, end - off, l.Content == disk.Lost || r.Content == disk.Lost, l.Content == disk.Zeros && r.Content == disk.Zeros}, yield) {
				return
			}
			off = end
		}
	}
}

// advance gets the run that holds off.
func advance(run disk.Run, off int64, next func() (disk.Run, error, bool)) (disk.Run, error) {
	for run.End() <= off {
		r, err, ok := next()
		if err != nil {
			return run, err
		}
		if !ok {
			return run, fmt.Errorf("the map ends at 0x%x", off)
		}
		run = r
	}
	return run, nil
}

// cut yields a job in pieces of a buffer's size.
func cut(j job, yield func(job, error) bool) bool {
	if j.skip {
		return j.n < far || yield(j, nil)
	}
	if j.lost {
		return yield(j, nil)
	}
	for off, end := j.off, j.off+j.n; off < end; off += chunk {
		if !yield(job{off: off, n: min(chunk, end-off)}, nil) {
			return false
		}
	}
	return true
}

// finding is what a job found: ranges, or blocks.
type finding[R any] struct {
	list []R
	errs []*disk.Error // of ranges that could not be compared
	end  int64
}

// workers read what a job names of both sides, and have look add what differs
// in it to a list.
func workers[R any](c *comparison, look func(list []R, a, b []byte, off int64) []R) func() func(job) finding[R] {
	return func() func(job) finding[R] {
		var a, b []byte
		return func(j job) finding[R] {
			f := finding[R]{end: j.off + j.n}
			switch {
			case j.skip:
				return f
			case j.lost:
				f.errs = []*disk.Error{c.lost(j.off, j.n, nil)}
				return f
			case a == nil:
				a, b = make([]byte, chunk), make([]byte, chunk)
			}
			if c.read(a[:j.n], b[:j.n], j.off) == nil {
				f.list = look(nil, a[:j.n], b[:j.n], j.off)
				return f
			}
			for off := j.off; off < f.end; { // sector by sector, what can be read
				n := min(sector-off%sector, f.end-off)
				if err := c.read(a[:n], b[:n], off); err != nil {
					f.errs = append(f.errs, c.lost(off, n, err))
				} else {
					f.list = look(f.list, a[:n], b[:n], off)
				}
				off += n
			}
			f.errs = joined(f.errs)
			return f
		}
	}
}

// joined makes one error of those for neighbouring sectors.
func joined(errs []*disk.Error) []*disk.Error {
	var out []*disk.Error
	for _, e := range errs {
		if n := len(out); n > 0 && out[n-1].At.End() == e.At.Offset {
			last := out[n-1]
			last.At.Length += e.At.Length
			last.What = lostText(last.At)
			continue
		}
		out = append(out, e)
	}
	return out
}

func (c *comparison) read(a, b []byte, off int64) error {
	if err := full(c.a, a, off); err != nil {
		return err
	}
	return full(c.b, b, off)
}

func full(s disk.Surface, b []byte, off int64) error {
	n, err := s.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *comparison) lost(off, n int64, cause error) *disk.Error {
	at := decode.Place{Offset: off, Length: n}
	return &disk.Error{Kind: disk.Damaged, Op: "compare", At: at, What: lostText(at), Err: cause}
}

func lostText(at decode.Place) string {
	return fmt.Sprintf("0x%x to 0x%x can't be read on both sides and was not compared", at.Offset, at.End())
}
