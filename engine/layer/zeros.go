package layer

import (
	"context"
	"errors"
	"io"

	"platter/engine/store"
)

// zerosPiece is how many zeros are written at once, in bytes.
const zerosPiece = 1 << 20

// WriteZeros writes zeros to [off, off+n) of a file; why is the reason.
func WriteZeros(f store.File, off, n int64, why string) error {
	return inZeros(off, n, func(zeros []byte, at int64) error {
		_, err := store.WriteFor(f, zeros, at, why)
		return err
	})
}

// StoreZeros writes zeros to a range of a disk like any other data. The caller lets
// nobody else write.
func StoreZeros(d Units, unit, off, n int64) error {
	return inZeros(off, n, func(zeros []byte, at int64) error {
		_, err := WriteAt(d, unit, zeros, at)
		return err
	})
}

// inZeros hands on a range in pieces, each as the zeros to write.
func inZeros(off, n int64, use func(zeros []byte, at int64) error) error {
	zeros := make([]byte, min(n, zerosPiece))
	return Pieces(off, n, zerosPiece, func(at, n int64) error { return use(zeros[:n], at) })
}

// Vacate makes [off, off+n) of a file, which nothing names any more, zeros: a hole where
// there can be one. Its bytes are somebody's deleted data, and a check takes what is not
// zero for lost.
func Vacate(ctx context.Context, f store.File, off, n int64, why string) error {
	if err := store.Punch(f, off, n); !errors.Is(err, store.ErrNoHoles) {
		return err
	}
	return ClearStored(ctx, f, off, n, why)
}

// ClearStored makes [off, off+n) of a file zeros: holes are so already, and stay.
func ClearStored(ctx context.Context, f store.File, off, n int64, why string) error {
	for end := off + n; off < end; {
		data, err := f.NextData(off)
		if errors.Is(err, io.EOF) || err == nil && data.Offset >= end {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		off = max(off, data.Offset)
		length := min(end, data.End(), off+zerosPiece) - off
		if err := WriteZeros(f, off, length, why); err != nil {
			return err
		}
		off += length
	}
	return nil
}
