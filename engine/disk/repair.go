package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/store"
)

// Repair is a way to repair what a finding found.
type Repair struct {
	Title string // what it does: "recompute the checksum"
	Risk  string // what may be lost or guessed; empty for a repair that is safe without asking
	All   bool   // it repairs all findings of a row of many, not the first alone
	Apart bool   // it depends on nothing else that a check finds, and need not wait for what is worse
	Even  bool   // another repair of the finding is as likely to be right: none is taken that was not chosen

	// Apply writes to the files of the image, as they are now, and to nothing
	// else. It fails where it finds out that the repair would destroy something.
	Apply Step
}

// Repairer lists the ways to repair what a finding of an image found, the safest
// first; none for a finding that is not Repairable. It may read files.
type Repairer func(ctx context.Context, img Image, f Finding) ([]Repair, error)

// Step is what a [Repair] does, or a part of it.
type Step = func(ctx context.Context, to store.FS) error

// Steps carries steps out one after the other.
func Steps(list ...Step) Step {
	return func(ctx context.Context, to store.FS) error {
		for _, step := range list {
			if err := errors.Join(ctx.Err(), step(ctx, to)); err != nil {
				return err
			}
		}
		return nil
	}
}

// Done takes the work out of repairs of a finding that another repair has settled meanwhile: to
// carry one out again would move what is at its place already, and leave its room to nobody.
func Done(list []Repair) []Repair {
	for i := range list {
		list[i].Apply = Steps()
	}
	return list
}

// Change has the bytes at a place changed where they lie. A place that is not
// wholly in the file is an [Error] of kind OutOfRange, one that is longer than a
// workspace takes is [store.ErrTooMuch].
func Change(at decode.Place, change func([]byte)) Step {
	return func(_ context.Context, to store.FS) error {
		if at.Length > store.MaxStaged {
			return store.ErrTooMuch
		}
		return edit(to, at.File, func(f store.File) error {
			b := make([]byte, max(at.Length, 0))
			if n, err := f.ReadAt(b, at.Offset); n < len(b) {
				return &Error{Kind: OutOfRange, Op: "repair", At: at, What: fmt.Sprintf("only %d of %d bytes could be read", n, at.Length), Err: err}
			}
			change(b)
			_, err := f.WriteAt(b, at.Offset)
			return err
		})
	}
}

// Put writes bytes; the file grows to take them in.
func Put(file string, off int64, b []byte) Step {
	return func(_ context.Context, to store.FS) error {
		return edit(to, file, func(f store.File) error {
			_, err := f.WriteAt(b, off)
			return err
		})
	}
}

// Resize gives a file another length. What it gains is zeros.
func Resize(file string, size int64) Step {
	return func(_ context.Context, to store.FS) error {
		return edit(to, file, func(f store.File) error { return f.Truncate(size) })
	}
}

// Clear writes zeros over what the file has of a place.
func Clear(at decode.Place) Step {
	return func(ctx context.Context, to store.FS) error {
		return edit(to, at.File, func(f store.File) error {
			return pieces(ctx, f, at, func(b []byte, off int64) error {
				clear(b)
				_, err := f.WriteAt(b, off)
				return err
			})
		})
	}
}

// MustBeZero fails if the file has a byte at a place that is not zero. It reads all
// of it, but for its holes.
func MustBeZero(at decode.Place) Step {
	return func(ctx context.Context, to store.FS) error {
		f, err := to.Open(at.File)
		if err != nil {
			return err
		}
		defer f.Close()
		return pieces(ctx, f, at, func(b []byte, off int64) error {
			if rest := bytes.TrimLeft(b, "\x00"); len(rest) > 0 {
				found := decode.Place{File: at.File, Offset: off + int64(len(b)-len(rest)), Length: 1}
				return &Error{Kind: Damaged, Op: "repair", At: found, What: "the bytes were taken for unused, but are not zero"}
			}
			return nil
		})
	}
}

// Copy writes what the file has of a place to another place in it, which must not
// follow in the first and holds zeros so far.
func Copy(from decode.Place, to int64) Step {
	return func(ctx context.Context, fs store.FS) error {
		return edit(fs, from.File, func(f store.File) error {
			return pieces(ctx, f, from, func(b []byte, off int64) error {
				_, err := f.WriteAt(b, to+off-from.Offset)
				return err
			})
		})
	}
}

func edit(to store.FS, file string, change func(store.File) error) error {
	f, err := to.OpenWrite(file)
	if err != nil {
		return err
	}
	return errors.Join(change(f), f.Close())
}

// pieceSize is how many bytes are copied at once.
const pieceSize = 256 << 10

// pieces reads what a file has of a place, but for its holes.
func pieces(ctx context.Context, f store.File, at decode.Place, use func(b []byte, off int64) error) error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	buf, data := make([]byte, pieceSize), store.Range{}
	for off, end := at.Offset, min(at.End(), size); off < end; {
		if off >= data.End() { // to ask takes a file system a walk over the rest of a run
			if data, err = store.NextData(f, off, end); err != nil {
				return notEnd(err)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		off = max(off, data.Offset)
		b := buf[:min(pieceSize, data.End()-off)]
		if n, err := f.ReadAt(b, off); n < len(b) {
			return &Error{Kind: OutOfRange, Op: "repair", At: at, What: fmt.Sprintf("the file ends at 0x%x", off+int64(n)), Err: err}
		}
		if err := use(b, off); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}

// notEnd is nil where a file has nothing more.
func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
