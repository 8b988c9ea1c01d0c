package disk

import (
	"context"

	"platter/decode"
	"platter/engine/store"
)

// Revealer is an ability of writers of child images: to leave to the parent again what
// they hold themselves.
type Revealer interface {
	// Reveal gives up the blocks that lie wholly in [off, off+n), whether they are
	// stored or said to be zeros, so that the parent shows there. The rest stays as
	// it is. An image without a parent, or one that can't do it, is an [Error] of
	// kind Unsupported, and nothing has changed.
	Reveal(ctx context.Context, off, n int64) error
	// Hides compares what the disk reads as with what Reveal would make of it.
	Hides(ctx context.Context, off, n int64) (Loss, error)
}

// Loss is content of a disk that would be gone.
type Loss struct {
	Bytes  int64         // of all sectors in which something would change
	Count  int64         // of the ranges in which they lie
	Ranges []store.Range // of the disk, ascending: the first of them
}

// maxLost bounds how many ranges a [Loss] lists.
const maxLost = 1000

// Add takes a range that follows those before.
func (l *Loss) Add(off, n int64) {
	l.Bytes += n
	if last := len(l.Ranges) - 1; last >= 0 && l.Count == int64(len(l.Ranges)) && l.Ranges[last].End() == off {
		l.Ranges[last].Length += n
		return
	}
	if l.Count++; l.Count <= maxLost {
		l.Ranges = append(l.Ranges, store.Range{Offset: off, Length: n})
	}
}

// Refusal is that of whoever does not want to lose anything; nil if nothing is lost.
func (l Loss) Refusal() error {
	if l.Count == 0 {
		return nil
	}
	where := make([]decode.Place, len(l.Ranges))
	for i, r := range l.Ranges {
		where[i] = decode.Place{File: "the virtual disk", Offset: r.Offset, Length: r.Length}
	}
	return Refuse(RefusedLoss, ReadOnly, where, "the parent holds other bytes there: %s (%s bytes) of this image's content would be lost, in %s",
		decode.FormatSize(uint64(l.Bytes)), decode.Grouped(l.Bytes), decode.Plural(int(l.Count), "range", "ranges"))
}

// NoParent is the error of revealing the parent of an image that has none.
func NoParent() error {
	return Errorf(Unsupported, decode.Place{}, "the image has no parent that could show: a trim without revealing gives room back")
}
