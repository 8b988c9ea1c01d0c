package transfer

import (
	"context"
	"errors"
	"iter"
	"sync"

	"platter/engine/disk"
)

// Overlaid is what layers of a disk held themselves, in bytes.
type Overlaid struct {
	Copied int64 // were written
	Equal  int64 // were there already
	Zero   int64 // read as zeros, and do so below now
}

// Overlay makes the disk of w read as the first so many layers of an image do, wherever
// those hold something themselves: data that differ are written, zeros are zeros. What they
// leave to others stays as it is. Passed, which may be nil, is told up to which byte of the
// disk that is done. It can be done again after a failure.
func Overlay(ctx context.Context, img disk.Image, layers int, w disk.Writer, passed func(at int64)) (o Overlaid, err error) {
	old := make([]byte, chunkSize)
	bufs := sync.Pool{New: func() any { return new([chunkSize]byte) }}
	since := int64(0)
	for c, err := range Convoy(ctx, Width(), pieces(Own(ctx, img, layers)), reading(img, &bufs)) {
		if err == nil {
			err = c.err
		}
		if err != nil {
			return o, err
		}
		wrote := int64(0)
		if c.buf == nil {
			err = w.Zero(ctx, c.Start, c.Length)
			o.Zero += c.Length
		} else {
			wrote, err = pour(w, c.buf[:c.Length], old[:c.Length], c.Start)
			o.Copied, o.Equal = o.Copied+wrote, o.Equal+c.Length-wrote
			bufs.Put(c.buf)
		}
		if since += wrote; err == nil && since >= syncEvery {
			since, err = 0, w.Sync(ctx)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return o, err
		}
		if passed != nil {
			passed(c.End())
		}
	}
	return o, nil
}

// reading makes workers that read what is not zeros.
func reading(img disk.Image, bufs *sync.Pool) func() func(disk.Run) chunk {
	return func() func(disk.Run) chunk {
		return func(r disk.Run) chunk {
			c := chunk{Run: r}
			if r.Content != disk.Zeros {
				c.buf = bufs.Get().(*[chunkSize]byte)
				c.fill(img)
			}
			return c
		}
	}
}

// ownWindow is how much of a disk is asked for at once, so that a walk can be stopped.
const ownWindow = 64 << 30

// Own yields the runs that the first so many layers of an image hold themselves, ascending.
func Own(ctx context.Context, img disk.Image, layers int) iter.Seq2[disk.Run, error] {
	return func(yield func(disk.Run, error) bool) {
		var run disk.Run
		flush := func() bool { return run.Length == 0 || yield(run, nil) }
		size := img.Info().VirtualSize
		for off := int64(0); off < size; off += ownWindow {
			for s, err := range img.Map(off, min(ownWindow, size-off)) {
				if err = errors.Join(err, ctx.Err()); err != nil {
					yield(run, err)
					return
				}
				content := s.State.Content()
				switch {
				case s.Layer >= layers:
					continue
				case run.Length > 0 && run.End() == s.Start && run.Content == content:
					run.Length += s.Length
					continue
				case !flush():
					return
				}
				run = disk.Run{Start: s.Start, Length: s.Length, Content: content}
			}
		}
		flush()
	}
}
