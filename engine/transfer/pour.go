package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"platter/engine/disk"
)

// pourUnit is what is compared, and written if it differs, in bytes.
const pourUnit = 4096

// syncEvery is how many bytes are poured between two syncs.
const syncEvery = 256 << 20

// Pour makes the disk of w hold a content from byte 0 on. Only what differs is written, in
// aligned pieces of 4 KiB; the counts are of what was equal, and of what was written. What
// lies after the content stays as it is.
func (f *Filling) Pour(ctx context.Context, w disk.Writer) (equal, written int64, err error) {
	old := make([]byte, chunkSize)
	since := int64(0)
	for f.cur.End() < f.want.Length {
		if err := f.advance(); err != nil && !errors.Is(err, io.EOF) {
			return equal, written, err
		}
		var wrote int64
		if f.cur.buf == nil {
			err = clearTo(ctx, w, f.cur.Run, old)
		} else {
			b := f.cur.buf[:f.cur.Length]
			if wrote, err = pour(w, b, old[:len(b)], f.cur.Start); err == nil {
				equal, written = equal+f.cur.Length-wrote, written+wrote
			}
		}
		if since += wrote; err == nil && since >= syncEvery {
			since, err = 0, w.Sync(ctx)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return equal, written, err
		}
	}
	return equal, written, nil
}

// readZeros is how long a run of zeros may be to be compared first, in bytes: a child must
// not store what its parent shows as zeros already. Longer runs are mostly whole blocks.
const readZeros = 64 << 20

// clearTo makes a run zeros, but for what is so already.
func clearTo(ctx context.Context, w disk.Writer, run disk.Run, old []byte) error {
	if run.Length > readZeros {
		return w.Zero(ctx, run.Start, run.Length)
	}
	for at := run.Start; at < run.End(); {
		b := old[:min(int64(len(old)), run.End()-at)]
		if n, err := w.ReadAt(b, at); n < len(b) {
			return err
		}
		if !bytes.Equal(b, zeros[:len(b)]) {
			if err := w.Zero(ctx, at, int64(len(b))); err != nil {
				return err
			}
		}
		at += int64(len(b))
	}
	return nil
}

// pour writes those units of b that differ from what the disk holds.
func pour(w disk.Writer, b, old []byte, off int64) (wrote int64, err error) {
	if n, err := w.ReadAt(old, off); n < len(old) {
		return 0, err
	}
	if bytes.Equal(b, old) {
		return 0, nil
	}
	differs := func(at int) bool { return !bytes.Equal(b[at:unitEnd(b, at)], old[at:unitEnd(b, at)]) }
	for at := 0; at < len(b); {
		end := unitEnd(b, at)
		if !differs(at) {
			at = end
			continue
		}
		for end < len(b) && differs(end) {
			end = unitEnd(b, end)
		}
		if _, err := w.WriteAt(b[at:end], off+int64(at)); err != nil {
			return wrote, err
		}
		wrote, at = wrote+int64(end-at), end
	}
	return wrote, nil
}

func unitEnd(b []byte, at int) int { return min(at+pourUnit, len(b)) }

// Verify holds the disk of an image against a content; after it there must be zeros.
// Different bytes are [disk.ErrDamaged].
func (f *Filling) Verify(ctx context.Context, img disk.Image) error {
	got := make([]byte, chunkSize)
	for f.cur.End() < f.want.Length {
		done := f.cur.End()
		if err := f.advance(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		err := f.verifyZeros(ctx, img, done, f.cur.Start)
		switch {
		case err != nil:
		case f.cur.buf == nil:
			err = f.verifyZeros(ctx, img, f.cur.Start, f.cur.End())
		default:
			err = same(img, got[:f.cur.Length], f.cur.buf[:f.cur.Length], f.cur.Start)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return f.verifyZeros(ctx, img, f.want.Length, img.Info().VirtualSize)
}

// verifyZeros reads what an image stores of a range that should be zeros.
func (f *Filling) verifyZeros(ctx context.Context, img disk.Image, start, end int64) error {
	if start >= end {
		return nil
	}
	got := make([]byte, chunkSize)
	for r, err := range pieces(disk.Runs(ctx, img, start, end-start)) {
		if err == nil && r.Content != disk.Zeros {
			err = same(img, got[:r.Length], zeros[:r.Length], r.Start)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func same(r io.ReaderAt, got, want []byte, off int64) error {
	if n, err := r.ReadAt(got, off); n < len(got) {
		return err
	}
	if !bytes.Equal(got, want) {
		return &disk.Error{Kind: disk.Damaged, Op: "verify", What: fmt.Sprintf("the %d bytes at 0x%x of the disk are not those that were written", len(got), off)}
	}
	return nil
}
