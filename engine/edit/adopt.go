package edit

import (
	"bytes"
	"context"
	"io"
	"iter"

	"platter/engine/compare"
	"platter/engine/disk"
	"platter/engine/layer"
)

// adoptPiece is how many bytes are looked at at once.
const adoptPiece = 1 << 20

// adoptAhead is how much room for new blocks the image takes at once, in bytes.
const adoptAhead = 64 << 20

// Adopt has the image store itself what it leaves to its parent, wherever another one holds
// something else, so that it can be based on that without a change of its disk; nil stands
// for zeros. It goes straight to the file, and is durable at the end. At every moment, also
// after a power cut, the disk is what it was. It tells how many bytes were stored; without
// write how many would be. The session shows the image as it was before, and must be closed.
func (s *Session) Adopt(ctx context.Context, other disk.Image, write bool, progress func(done, of int64)) (stored int64, err error) {
	img, err := s.Image()
	if err != nil {
		return 0, err
	}
	if l := tieOf(img).Link; l.Fault != nil {
		return 0, refusedLink(s.path, l)
	}
	a := adoption{size: img.Info().VirtualSize, unit: max(img.Info().LogicalSectorSize, 512), progress: progress}
	a.from, a.to = padded(img.Parent(), a.size), padded(other, a.size)
	if !write {
		err = a.run(ctx, img, func([]byte, int64) error { return nil })
		return a.stored, err
	}
	_, err = s.Straight(ctx, disk.WriteOptions{Ahead: adoptAhead}, func(ctx context.Context, w disk.Writer) error {
		return a.run(ctx, w, func(b []byte, off int64) error {
			_, err := w.WriteAt(b, off)
			return err
		})
	})
	return a.stored, err
}

// adoption is a run of Adopt.
type adoption struct {
	size     int64
	unit     int64        // a sector: what an image stores or leaves to its parent
	from, to disk.Surface // the old parent, and the new one
	stored   int64
	done     int64 // up to here all is stored
	progress func(done, of int64)
}

// run goes through all ranges in which the parents differ. What the image has stored there
// reads as something else than the old parent, or is stored once more, which changes
// nothing.
func (a *adoption) run(ctx context.Context, now io.ReaderAt, put func(b []byte, off int64) error) error {
	for r, err := range compare.Compare(ctx, a.from, a.to, a.progress) {
		if err != nil {
			return err
		}
		start := max(r.Start/a.unit*a.unit, a.done)
		a.done = max(min((r.End()+a.unit-1)/a.unit*a.unit, a.size), a.done)
		err := layer.Pieces(start, a.done-start, adoptPiece, func(at, n int64) error { return a.piece(now, put, at, n) })
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// piece stores the sectors of a range that the image leaves to the old parent and that the new
// one does not hold.
func (a *adoption) piece(now io.ReaderAt, put func(b []byte, off int64) error, off, n int64) error {
	here, old, fresh := make([]byte, n), make([]byte, n), make([]byte, n)
	for _, side := range []struct {
		io.ReaderAt
		b []byte
	}{{now, here}, {a.from, old}, {a.to, fresh}} {
		if err := layer.ReadFull(side, side.b, off); err != nil {
			return err
		}
	}
	wanted := func(at int64) bool {
		end := min(at+a.unit, n)
		return bytes.Equal(here[at:end], old[at:end]) && !bytes.Equal(here[at:end], fresh[at:end])
	}
	for at := int64(0); at < n; {
		end := at
		for end < n && wanted(end) {
			end = min(end+a.unit, n)
		}
		if end > at {
			if err := put(here[at:end], off+at); err != nil {
				return err
			}
			a.stored += end - at
		}
		at = min(end+a.unit, n)
	}
	return nil
}

// padded is the disk of an image with zeros after it, or nothing but zeros, up to a size.
func padded(img disk.Image, size int64) disk.Surface {
	p := disk.Surface{Name: "disk", Disk: true, Size: size, ReaderAt: layer.Under{Parent: img}.Padded()}
	have := int64(0)
	if img != nil {
		have = min(img.Info().VirtualSize, size)
	}
	p.Runs = func(ctx context.Context, off, n int64) iter.Seq2[disk.Run, error] {
		return func(yield func(disk.Run, error) bool) {
			if rest := min(have-off, n); rest > 0 {
				for r, err := range disk.Runs(ctx, img, off, rest) {
					if !yield(r, err) || err != nil {
						return
					}
				}
			}
			if start := max(off, have); start < off+n {
				yield(disk.Run{Start: start, Length: off + n - start, Content: disk.Zeros}, nil)
			}
		}
	}
	return p
}
