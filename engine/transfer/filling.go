package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync"

	"platter/engine/disk"
	"platter/engine/store"
)

// Sector is the least that salvage gives up, and the least unit of zeros, in bytes.
const Sector = 512

// Wanted says which part of a disk becomes the content of another one, and how.
type Wanted struct {
	Start, Length int64 // of the source's disk, in bytes
	Unit          int64 // aligned zeros of so many bytes are left out, a power of two from [Sector] to 1 MiB; 0: everything is stored
	Width         int   // how many workers read; 0: [Width]
	Salvage       bool  // what can't be read becomes zeros

	// Passed is told how many bytes were gone through, again in each pass over the
	// content, and Taken of all bytes in their order, once. Both may be nil.
	Passed func(n int64)
	Taken  func(b []byte)
}

// Filling is the content of a new disk that is taken from an image: a [disk.Filling] that
// is read ahead by several workers, which also look for zeros. It is for one goroutine
// at a time, and cheap to read from front to back.
type Filling struct {
	ctx  context.Context
	img  disk.Image
	want Wanted
	bufs sync.Pool

	pull  func() (stretch, error, bool)
	stop  func()
	cur   stretch // what was read last
	from  int64   // where cur and the zeros before it begin, those of stored chunks too
	err   error   // the end of all reading
	taken int64   // what Taken was told
	lost  []store.Range
	gone  int64 // bytes that could not be read
	count Counts
}

var (
	_ disk.Filling = (*Filling)(nil)
	_ disk.Lender  = (*Filling)(nil)
)

// stretch is a chunk, as offsets of the new disk, and what of it is to be stored.
type stretch struct {
	chunk
	data, lost []store.Range
}

// NewFilling begins to read a part of an image's disk. Close must be called.
func NewFilling(ctx context.Context, img disk.Image, want Wanted) (*Filling, error) {
	info := img.Info()
	if !info.Readable() && !want.Salvage {
		return nil, info.Refused
	}
	if err := within(want.Start, want.Length, info.VirtualSize, "disk"); err != nil {
		return nil, err
	}
	if want.Width == 0 {
		want.Width = Width()
	}
	f := &Filling{ctx: ctx, img: img, want: want, bufs: sync.Pool{New: func() any { return new([chunkSize]byte) }}}
	f.begin(0)
	return f, nil
}

// Close ends the reading.
func (f *Filling) Close() {
	if f.stop != nil {
		f.stop()
	}
}

// begin starts to read at an offset of the new disk, once more if need be.
func (f *Filling) begin(off int64) {
	f.Close()
	off -= off % chunkSize
	runs := pieces(f.moved(long(disk.SparseRuns(f.ctx, f.img, f.want.Start+off, f.want.Length-off))))
	f.pull, f.stop = iter.Pull2(Convoy(f.ctx, f.want.Width, runs, f.worker))
	f.from, f.cur, f.err = off, stretch{chunk: chunk{Run: disk.Run{Start: off}}}, nil
}

// moved counts runs from the start of what is wanted.
func (f *Filling) moved(runs iter.Seq2[disk.Run, error]) iter.Seq2[disk.Run, error] {
	return func(yield func(disk.Run, error) bool) {
		for r, err := range runs {
			if r.Start -= f.want.Start; !yield(r, err) {
				return
			}
		}
	}
}

// worker reads chunks, and finds out what of them is zeros.
func (f *Filling) worker() func(disk.Run) stretch {
	source := shifted{f.img, f.want.Start}
	return func(r disk.Run) stretch {
		s := stretch{chunk: chunk{Run: r}}
		if r.Content == disk.Zeros {
			return s
		}
		s.buf = f.bufs.Get().(*[chunkSize]byte)
		if s.fill(source); s.err != nil && f.want.Salvage {
			s.Length, s.err = r.Length, nil
			s.lost = salvage(source, s.buf[:s.Length], s.Start)
		}
		s.data = stored(s.buf[:s.Length], s.Start, f.want.Unit)
		return s
	}
}

// shifted is a disk from a byte on.
type shifted struct {
	io.ReaderAt
	by int64
}

// ReadAt reads the part.
func (s shifted) ReadAt(p []byte, off int64) (int, error) { return s.ReaderAt.ReadAt(p, s.by+off) }

// salvage reads what can be read of b, sector by sector, and clears the rest.
func salvage(r io.ReaderAt, b []byte, off int64) []store.Range {
	var lost []store.Range
	for at := 0; at < len(b); at += Sector {
		part := b[at:min(at+Sector, len(b))]
		if n, _ := r.ReadAt(part, off+int64(at)); n == len(part) {
			continue
		}
		clear(part)
		lost = appendRange(lost, store.Range{Offset: off + int64(at), Length: int64(len(part))})
	}
	return lost
}

// stored lists what of b is not zeros, in units.
func stored(b []byte, off, unit int64) []store.Range {
	var list []store.Range
	if unit == 0 {
		return []store.Range{{Offset: off, Length: int64(len(b))}}
	}
	for at := int64(0); at < int64(len(b)); at += unit {
		part := b[at:min(at+unit, int64(len(b)))]
		if !bytes.Equal(part, zeros[:len(part)]) {
			list = appendRange(list, store.Range{Offset: off + at, Length: int64(len(part))})
		}
	}
	return list
}

// appendRange joins ranges that touch.
func appendRange(list []store.Range, r store.Range) []store.Range {
	if n := len(list); n > 0 && list[n-1].End() == r.Offset {
		list[n-1].Length += r.Length
		return list
	}
	return append(list, r)
}

// advance goes on to the next chunk. The error is io.EOF at the end.
func (f *Filling) advance() error {
	if f.err != nil {
		return f.err
	}
	before := f.cur.End()
	if f.cur.buf != nil {
		f.bufs.Put(f.cur.buf)
	}
	s, err, ok := f.pull()
	switch {
	case !ok:
		f.err = io.EOF
		s = stretch{chunk: chunk{Run: disk.Run{Start: f.want.Length}}}
	case err != nil:
		f.err = err
		return err
	}
	if f.cur.buf != nil && len(f.cur.data) > 0 {
		f.from = before
	}
	f.cur = s
	if s.err != nil {
		f.err = s.err
	}
	if f.want.Passed != nil {
		f.want.Passed(s.End() - before)
	}
	f.take()
	return f.err
}

// take tells of bytes that nobody was told of before.
func (f *Filling) take() {
	if f.cur.End() <= f.taken {
		return
	}
	for _, r := range f.cur.lost {
		if f.gone += r.Length; len(f.lost) < maxLost {
			f.lost = appendRange(f.lost, store.Range{Offset: f.want.Start + r.Offset, Length: r.Length})
		}
	}
	f.count.add(f.cur, f.taken)
	for f.want.Taken != nil && f.taken < f.cur.End() && f.ctx.Err() == nil {
		b := f.cur.at(f.taken)
		f.want.Taken(b)
		f.taken += int64(len(b))
	}
	f.taken = f.cur.End()
}

// at is the bytes from off on, as many as are at hand; off lies before the end.
func (s stretch) at(off int64) []byte {
	if s.buf != nil && off >= s.Start {
		return s.buf[off-s.Start : s.Length]
	}
	end := s.End()
	if s.buf != nil {
		end = s.Start
	}
	return zeros[:min(end-off, chunkSize)]
}

// NextData is the first run at or after off that is to be stored.
func (f *Filling) NextData(off int64) (store.Range, error) {
	if f.want.Unit == 0 && off < f.want.Length {
		return store.Range{Offset: off, Length: f.want.Length - off}, nil
	}
	if off < f.from {
		f.begin(off)
	}
	for {
		for _, r := range f.cur.data {
			if start := max(r.Offset, off); start < r.End() {
				return store.Range{Offset: start, Length: r.End() - start}, nil
			}
		}
		if f.cur.End() >= f.want.Length {
			return store.Range{}, io.EOF
		}
		if err := f.advance(); err != nil {
			return store.Range{}, err
		}
	}
}

// ReadAt reads bytes of the new disk. After the part of the source there are zeros.
func (f *Filling) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		n, err := f.some(p[done:], at)
		if done += n; err != nil {
			return done, err
		}
	}
	return done, nil
}

// Lend is bytes of the new disk from off on, n at most, until something else is asked for.
func (f *Filling) Lend(off, n int64) ([]byte, error) {
	for off >= f.from && off >= f.cur.End() && off < f.want.Length {
		if err := f.advance(); err != nil {
			return nil, err
		}
	}
	if off >= f.from && off < f.want.Length {
		b := f.cur.at(off)
		return b[:min(int64(len(b)), n)], nil
	}
	b := make([]byte, n)
	if got, err := f.ReadAt(b, off); got < len(b) {
		return nil, err
	}
	return b, nil
}

// some reads a part of what is asked for, or goes on to where it lies.
func (f *Filling) some(p []byte, off int64) (int, error) {
	switch end := f.cur.End(); {
	case off >= f.want.Length:
		clear(p)
		return len(p), nil
	case off < f.from:
		return f.back(p[:min(int64(len(p)), f.from-off)], off)
	case off >= end:
		return 0, f.advance()
	}
	return copy(p, f.cur.at(off)), nil
}

// back reads what has been passed already.
func (f *Filling) back(p []byte, off int64) (int, error) {
	source := shifted{f.img, f.want.Start}
	n, err := source.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if f.want.Salvage {
		salvage(source, p, off)
		return len(p), nil
	}
	return n, err
}

// Finish goes through what has not been asked for, so that Taken is told of everything.
func (f *Filling) Finish() error {
	for f.cur.End() < f.want.Length {
		if err := f.advance(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return f.ctx.Err()
}

// Counts is what a content was made of, in bytes.
type Counts struct {
	Read   int64 // were read
	Stored int64 // of them are to be stored
}

func (c *Counts) add(s stretch, taken int64) {
	if s.buf == nil {
		return
	}
	c.Read += s.End() - max(s.Start, taken)
	for _, r := range s.data {
		c.Stored += max(r.End()-max(r.Offset, taken), 0)
	}
}

// Counts tells what was gone through so far; what was neither read nor stored is zeros.
func (f *Filling) Counts() Counts { return f.count }

// maxLost bounds how many ranges are listed.
const maxLost = 1 << 16

// Lost lists the ranges of the source's disk that could not be read, in their order, as
// far as there is room for them, and tells how many bytes they all are.
func (f *Filling) Lost() (list []store.Range, bytes int64) { return slices.Clone(f.lost), f.gone }
