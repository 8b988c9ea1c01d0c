package disk

import (
	"context"
	"errors"
	"io"
	"strings"

	"platter/engine/store"
)

// copyPiece is how many bytes are copied or zeroed at once.
const copyPiece = 1 << 20

// Lay provides the room of n bytes at off in a new file, for the data of a fixed or
// flat disk: as a hole, reserved, or written with zeros, as the spec says. What the
// spec has as content from byte start of the disk on is copied there.
func Lay(ctx context.Context, f store.File, off, n, start int64, spec Spec) error {
	switch spec.Text(OptionPreallocate) {
	case PreallocateReserve:
		if err := store.Reserve(f, off, n); err != nil {
			return err
		}
	case PreallocateFull:
		if err := zeroOut(ctx, f, off, n, spec.Tell); err != nil {
			return err
		}
	}
	if size, err := f.Size(); err != nil || size < off+n {
		if err := errors.Join(err, f.Truncate(off+n)); err != nil {
			return err
		}
	}
	return fill(ctx, f, off, n, start, spec.Filling, make([]byte, min(n, copyPiece)))
}

func zeroOut(ctx context.Context, f store.File, off, n int64, tell func(n int64)) error {
	zeros := make([]byte, min(n, copyPiece))
	for at := int64(0); at < n; at += copyPiece {
		if err := ctx.Err(); err != nil {
			return err
		}
		length := min(copyPiece, n-at)
		if _, err := f.WriteAt(zeros[:length], off+at); err != nil {
			return err
		}
		tell(length)
	}
	return nil
}

// fill copies the data in [start, start+n) of the content, as many bytes at once as fit
// into buf.
func fill(ctx context.Context, f store.File, off, n, start int64, from Filling, buf []byte) error {
	if from == nil {
		return nil
	}
	for at := start; at < start+n; {
		r, err := from.NextData(at)
		if errors.Is(err, io.EOF) || err == nil && r.Offset >= start+n {
			return ctx.Err()
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		piece, err := lent(from, r.Offset, buf[:min(r.Length, start+n-r.Offset, int64(len(buf)))])
		if err != nil {
			return err
		}
		if _, err := f.WriteAt(piece, off+r.Offset-start); err != nil {
			return err
		}
		at = r.Offset + int64(len(piece))
	}
	return nil
}

// Lender is a [Filling] whose bytes can be looked at where they lie: at least one from off
// on, n at most, until it is asked again.
type Lender interface {
	Lend(off, n int64) ([]byte, error)
}

// lent is bytes of a content from off on: its own where it lends them, or all of buf.
func lent(from Filling, off int64, buf []byte) ([]byte, error) {
	if l, ok := from.(Lender); ok {
		return l.Lend(off, int64(len(buf)))
	}
	if got, err := from.ReadAt(buf, off); got < len(buf) {
		return nil, err
	}
	return buf, nil
}

// WindowsPath is a path with the separators of Windows.
func WindowsPath(path string) string { return strings.ReplaceAll(path, "/", `\`) }
