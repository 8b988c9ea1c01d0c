package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"platter/engine/convoy"
	"platter/engine/disk"
)

// The measures of a transfer, in bytes. A stretch of zeros shorter than
// minZero is cheaper to read along than to treat apart.
const (
	chunkSize = 1 << 20
	minZero   = 256 << 10
)

var zeros [chunkSize]byte

// Stream hands the bytes [off, off+n) of the virtual disk to emit, in order,
// in pieces of at most 1 MiB that are valid during the call. Pieces are read
// ahead in parallel; what the format says is zero is not read. What can be
// read in front of a failure is emitted. An error of emit stops the transfer
// and is returned.
func Stream(ctx context.Context, img disk.Image, off, n int64, emit func([]byte) error) error {
	info := img.Info()
	if !info.Readable() {
		return info.Refused
	}
	if err := within(off, n, info.VirtualSize, "disk"); err != nil {
		return err
	}
	return transfer(ctx, img, diskRuns(ctx, img, off, n), emit)
}

// StreamFile is Stream for the bytes of one of an image's files.
func StreamFile(ctx context.Context, file disk.File, off, n int64, emit func([]byte) error) error {
	if err := within(off, n, file.Size, "file"); err != nil {
		return err
	}
	return transfer(ctx, file.Data, fileRuns(file, off, n), emit)
}

func within(off, n, size int64, what string) error {
	if off < 0 || n < 0 || off > size || n > size-off {
		return &disk.Error{Kind: disk.OutOfRange, Op: "read", What: fmt.Sprintf("%d bytes from offset %d: the %s has %d bytes", n, off, what, size)}
	}
	return nil
}

// run is a stretch of bytes that are all zeros, or all to be read.
type run struct {
	off, n int64
	zero   bool
}

// diskRuns makes long stretches of a map's runs. What can't be read counts as
// data: reading it says why.
func diskRuns(ctx context.Context, img disk.Image, off, n int64) iter.Seq2[run, error] {
	return func(yield func(run, error) bool) {
		cur := run{off: off}
		for r, err := range disk.Runs(ctx, img, off, n) {
			if err != nil {
				if cur.n == 0 || yield(cur, nil) {
					yield(run{}, err)
				}
				return
			}
			zero := r.Content == disk.Zeros && (r.Length >= minZero || cur.zero)
			if zero != cur.zero && cur.n > 0 {
				if !yield(cur, nil) {
					return
				}
				cur = run{off: r.Start}
			}
			cur.zero = zero
			cur.n += r.Length
		}
		if cur.n > 0 {
			yield(cur, nil)
		}
	}
}

// fileRuns leaves out the holes of a file that knows them.
func fileRuns(file disk.File, off, n int64) iter.Seq2[run, error] {
	return func(yield func(run, error) bool) {
		for end := off + n; off < end; {
			start, stop := file.NextStored(off, end)
			if start > off && !yield(run{off, start - off, true}, nil) {
				return
			}
			if stop > start && !yield(run{start, stop - start, false}, nil) {
				return
			}
			off = stop
		}
	}
}

// pieces cuts what is to be read into chunks, at multiples of their size.
func pieces(runs iter.Seq2[run, error]) iter.Seq2[run, error] {
	return func(yield func(run, error) bool) {
		for r, err := range runs {
			if err != nil || r.zero {
				if !yield(r, err) {
					return
				}
				continue
			}
			for r.n > 0 {
				n := min(r.n, chunkSize-r.off%chunkSize)
				if !yield(run{r.off, n, false}, nil) {
					return
				}
				r.off, r.n = r.off+n, r.n-n
			}
		}
	}
}

// chunk is a piece that was read, as far as that was possible.
type chunk struct {
	run
	buf *[chunkSize]byte // nil for zeros
	err error
}

// transfer reads the runs in parallel and emits them in order.
func transfer(ctx context.Context, r io.ReaderAt, runs iter.Seq2[run, error], emit func([]byte) error) error {
	bufs := sync.Pool{New: func() any { return new([chunkSize]byte) }}
	worker := func() func(run) chunk {
		return func(p run) chunk {
			if p.zero {
				return chunk{run: p}
			}
			c := chunk{run: p, buf: bufs.Get().(*[chunkSize]byte)}
			c.fill(r)
			return c
		}
	}
	for c, err := range convoy.Run(ctx, convoy.Width(), pieces(runs), worker) {
		if err != nil {
			return err
		}
		if err := c.emit(ctx, emit); err != nil {
			return err
		}
		if c.buf != nil {
			bufs.Put(c.buf)
		}
	}
	return nil
}

func (c *chunk) fill(r io.ReaderAt) {
	n, err := r.ReadAt(c.buf[:c.n], c.off)
	if int64(n) == c.n {
		return
	}
	c.n, c.err = int64(n), err
	if err == nil || errors.Is(err, io.EOF) {
		c.err = fmt.Errorf("read at 0x%x: %w", c.off+c.n, io.ErrUnexpectedEOF)
	}
}

func (c *chunk) emit(ctx context.Context, emit func([]byte) error) error {
	if c.buf != nil {
		if c.n > 0 {
			if err := emit(c.buf[:c.n]); err != nil {
				return err
			}
		}
		return c.err
	}
	for left := c.n; left > 0; left -= chunkSize {
		if err := emit(zeros[:min(left, chunkSize)]); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
