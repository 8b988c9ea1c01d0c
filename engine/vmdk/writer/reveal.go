package writer

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
)

// revealer is an ability of storage whose grains can be left to the parent.
type revealer interface {
	// hiding hands on the grains that lie wholly in a range and have an entry, which
	// hides the parent.
	hiding(off, n int64, use func(grain, off, n int64, e uint32) error) error
	drop(grain int64, old, entry uint32) error
}

// Reveal gives the grains that lie wholly in a range no entry any more: the parent shows
// where there is none (vmdk.md 4.2).
func (w *extents) Reveal(ctx context.Context, off, n int64) error {
	if err := w.revealing(off, n); err != nil {
		return err
	}
	return w.change(ctx, off, n, func(s part, off, n int64) error {
		r := s.storage.(revealer)
		return r.hiding(off, n, func(grain, _, _ int64, e uint32) error { return r.drop(grain, e, absent) })
	})
}

// Hides compares the grains that Reveal would give up with the parent.
func (w *extents) Hides(ctx context.Context, off, n int64) (loss disk.Loss, err error) {
	if err := w.revealing(off, n); err != nil {
		return loss, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err = w.each(off, n, func(s part, off, n int64) error {
		return s.storage.(revealer).hiding(off, n, func(_, off, n int64, _ uint32) error {
			return w.below.Compare(ctx, held{w}, off, n, &loss)
		})
	})
	return loss, err
}

// revealing fails where a range can't be left to the parent.
func (w *extents) revealing(off, n int64) error {
	if w.below.Parent == nil {
		return disk.NoParent()
	}
	return w.each(off, n, func(s part, off, _ int64) error {
		if _, ok := s.storage.(revealer); !ok {
			return disk.Errorf(disk.Unsupported, decode.Place{}, "byte 0x%x of the disk lies in an extent without grains of its own: there the parent never shows", off)
		}
		if _, ok := s.storage.(*packed); ok {
			return disk.Errorf(disk.Unsupported, decode.Place{}, "byte 0x%x of the disk lies in a stream: readers that go from marker to marker would still find its grain: convert the image", off)
		}
		return nil
	})
}

// hiding goes through the entries table by table.
func (s *grains) hiding(off, n int64, use func(grain, off, n int64, e uint32) error) error {
	return s.byTable(off, n, func(off, n, first int64, entries []byte) error {
		if entries == nil {
			return nil
		}
		return s.pieces(off, n, func(grain, at, n int64) error {
			if e := entryOf(entries, grain-first); e != absent && s.whole(at, n) {
				return use(grain, at, n, e)
			}
			return nil
		})
	})
}
