// Package transfer moves bytes: many pieces are read at once and handed on in
// their order, so that a long job uses all processors and still streams.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"platter/decode"
	"platter/engine/disk"
)

// The measures of a transfer, in bytes. A stretch of zeros shorter than
// minZero is cheaper to read along than to treat apart.
const (
	chunkSize = 1 << 20
	minZero   = 256 << 10
)

var zeros [chunkSize]byte

// Place hands the bytes of a place of the image, which may lie on
// [disk.VirtualDisk], to emit, as [Disk] does.
func Place(ctx context.Context, img disk.Image, at decode.Place, emit func([]byte) error) error {
	if at.File == disk.VirtualDisk {
		return Disk(ctx, img, at.Offset, at.Length, emit)
	}
	for _, f := range img.Files() {
		if f.Name == at.File {
			return File(ctx, f, at.Offset, at.Length, emit)
		}
	}
	return &disk.Error{Kind: disk.NotFound, Op: "read", What: fmt.Sprintf("the image has no file %q", at.File)}
}

// Disk hands the bytes [off, off+n) of the virtual disk to emit, in order,
// in pieces of at most 1 MiB that are valid during the call. Pieces are read
// ahead in parallel; what the format says is zero is not read. What can be
// read in front of a failure is emitted. An error of emit stops the transfer
// and is returned.
func Disk(ctx context.Context, img disk.Image, off, n int64, emit func([]byte) error) error {
	info := img.Info()
	if !info.Readable() {
		return info.Refused
	}
	if err := within(off, n, info.VirtualSize, "disk"); err != nil {
		return err
	}
	return transfer(ctx, img, long(disk.SparseRuns(ctx, img, off, n)), emit)
}

// File is [Disk] for the bytes of one of an image's files.
func File(ctx context.Context, file disk.File, off, n int64, emit func([]byte) error) error {
	if err := within(off, n, file.Size, "file"); err != nil {
		return err
	}
	return transfer(ctx, file.Data, disk.FileRuns(ctx, file, off, n), emit)
}

func within(off, n, size int64, what string) error {
	if off < 0 || n < 0 || off > size || n > size-off {
		return &disk.Error{Kind: disk.OutOfRange, Op: "read", What: fmt.Sprintf("%d bytes from offset %d: the %s has %d bytes", n, off, what, size)}
	}
	return nil
}

// long makes long stretches of a map's runs. What can't be read counts as
// stored: reading it says why.
func long(runs iter.Seq2[disk.Run, error]) iter.Seq2[disk.Run, error] {
	return func(yield func(disk.Run, error) bool) {
		var cur disk.Run
		for r, err := range runs {
			if err != nil {
				if cur.Length == 0 || yield(cur, nil) {
					yield(disk.Run{}, err)
				}
				return
			}
			if r.Content != disk.Zeros || r.Length < minZero && cur.Content != disk.Zeros {
				r.Content = disk.Stored
			}
			if cur.Length > 0 && r.Content == cur.Content {
				cur.Length += r.Length
				continue
			}
			if cur.Length > 0 && !yield(cur, nil) {
				return
			}
			cur = r
		}
		if cur.Length > 0 {
			yield(cur, nil)
		}
	}
}

// pieces cuts what is to be read into chunks, at multiples of their size.
func pieces(runs iter.Seq2[disk.Run, error]) iter.Seq2[disk.Run, error] {
	return func(yield func(disk.Run, error) bool) {
		for r, err := range runs {
			if err != nil || r.Content == disk.Zeros {
				if !yield(r, err) {
					return
				}
				continue
			}
			for at, end := r.Start, r.End(); at < end; {
				n := min(end-at, chunkSize-at%chunkSize)
				if !yield(disk.Run{Start: at, Length: n}, nil) {
					return
				}
				at += n
			}
		}
	}
}

// chunk is a piece that was read, as far as that was possible.
type chunk struct {
	disk.Run
	buf *[chunkSize]byte // nil for zeros
	err error
}

// transfer reads the runs in parallel and emits them in order.
func transfer(ctx context.Context, r io.ReaderAt, runs iter.Seq2[disk.Run, error], emit func([]byte) error) error {
	bufs := sync.Pool{New: func() any { return new([chunkSize]byte) }}
	worker := func() func(disk.Run) chunk {
		return func(p disk.Run) chunk {
			if p.Content == disk.Zeros {
				return chunk{Run: p}
			}
			c := chunk{Run: p, buf: bufs.Get().(*[chunkSize]byte)}
			c.fill(r)
			return c
		}
	}
	for c, err := range Convoy(ctx, Width(), pieces(runs), worker) {
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
	n, err := r.ReadAt(c.buf[:c.Length], c.Start)
	if int64(n) == c.Length {
		return
	}
	c.Length, c.err = int64(n), err
	if err == nil || errors.Is(err, io.EOF) {
		c.err = fmt.Errorf("read at 0x%x: %w", c.End(), io.ErrUnexpectedEOF)
	}
}

func (c *chunk) emit(ctx context.Context, emit func([]byte) error) error {
	if c.buf != nil {
		if c.Length > 0 {
			if err := emit(c.buf[:c.Length]); err != nil {
				return err
			}
		}
		return c.err
	}
	for left := c.Length; left > 0; left -= chunkSize {
		if err := emit(zeros[:min(left, chunkSize)]); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
