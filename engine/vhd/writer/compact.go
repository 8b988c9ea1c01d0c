package writer

import (
	"context"

	"platter/decode/vhd"
	"platter/engine/compact"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// compacting is a file whose blocks are given up and moved (vhd.md 11.3).
type compacting struct {
	*dynamic
	opt disk.CompactOptions
}

// Compact makes the file shorter. A differencing image has no mark for zeros: a block of
// zeros is given up only where no ancestor stores anything.
func (w *dynamic) Compact(ctx context.Context, opt disk.CompactOptions) (disk.Compacted, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return disk.Compacted{}, w.failed
	}
	if err := w.parts.Settled(ctx); err != nil {
		return disk.Compacted{}, err
	}
	t := w.parts.Table
	r, err := compact.Run(ctx, compacting{w, opt}, compact.Shape{
		Name: w.parts.Source.Name, File: w.file, Fixed: w.fixed(), End: w.parts.Tail.Off, Unit: t.Stored, Head: t.BitmapBytes, Align: vhd.Sector,
		Copies: w.room.footer,
	}, opt)
	if err == nil {
		w.room.next, w.room.free = r.End, nil
	}
	w.dropped += r.Zero + r.Parent
	return r.Compacted, err
}

// fixed is where the structures outside the blocks lie.
func (w *dynamic) fixed() []store.Range {
	p := w.parts
	list := []store.Range{{Length: p.MetadataEnd()}}
	for _, l := range p.Locators {
		list = append(list, store.Range{Offset: l.Off, Length: (l.Area + vhd.Sector - 1) / vhd.Sector * vhd.Sector})
	}
	if p.Batmap.Found {
		list = append(list, store.Range{Offset: p.Batmap.Off, Length: vhd.Sector}, store.Range{Offset: p.Batmap.MapOff, Length: p.Batmap.Length})
	}
	return list
}

// Pieces visits the blocks, also those past the end of the disk that the table has
// entries for.
func (c compacting) Pieces(_ context.Context, use func(compact.Piece) error) error {
	for block := range c.parts.Table.Entries {
		start, stored, err := c.start(block)
		if err != nil {
			return err
		}
		if !stored || start == 0 {
			continue
		}
		if err := use(compact.Piece{Ref: block, At: start, Length: c.parts.Table.Stored}); err != nil {
			return err
		}
	}
	return nil
}

// Drop gives up a block that is zeros, or that the parent shows as well. What absent
// sectors of it hold must be zeros: other programs may show it.
func (c compacting) Drop(p compact.Piece, zero bool) (compact.Verdict, error) {
	off := p.Ref * c.parts.Table.BlockSize
	n := min(c.parts.Table.BlockSize, c.Size()-off)
	if n <= 0 || c.parts.Batmap.Found || !zero && !c.opt.Parent {
		return compact.Kept, nil
	}
	verdict := compact.Kept
	if zero {
		empty, err := c.below.Empty(off, n)
		if err != nil {
			return verdict, err
		}
		if empty {
			verdict = compact.Zeros
		}
	}
	if verdict == compact.Kept && c.below.Parent != nil && (c.opt.Parent || zero) {
		same, err := c.shownBelow(p.At, off, n)
		if err != nil || !same {
			return verdict, err
		}
		verdict = compact.Parent
	}
	if verdict == compact.Kept {
		return verdict, nil
	}
	if err := c.ready(); err != nil {
		return compact.Kept, err
	}
	c.tables.Forget(p.At, c.parts.Table.BitmapBytes)
	return verdict, c.point(p.Ref, vhd.Unallocated, why("block %d is not stored any more", p.Ref))
}

// shownBelow reports whether the parent shows what a block does. Without the wish to
// compare content only a block without any sector does.
func (c compacting) shownBelow(start, off, n int64) (same bool, err error) {
	same = true
	err = c.rows(start, off, n, func(set bool, at, n int64) (err error) {
		switch {
		case !same:
		case set && !c.opt.Parent:
			same = false
		case set:
			same, err = c.below.Shows(c.file, c.dataAt(start, at), at, n)
		default:
			same, err = layer.HoldsZeros(c.file, c.dataAt(start, at), n)
		}
		return err
	})
	return same, err
}

// Point has the table name another place for a block.
func (c compacting) Point(p compact.Piece, at int64) error {
	if err := c.ready(); err != nil {
		return err
	}
	return c.point(p.Ref, uint32(at/vhd.Sector), why("place of block %d", p.Ref))
}

// Beneath hands on what the parent shows.
func (c compacting) Beneath(_ context.Context, use func(n int64, read func(p []byte, off int64) error) error) error {
	if c.below.Parent == nil {
		return nil
	}
	size := c.parts.Table.BlockSize
	for block := range min(c.parts.Table.Entries, c.parts.Table.Needed) {
		_, stored, err := c.start(block)
		if err != nil {
			return err
		}
		if stored {
			continue
		}
		err = use(size, func(p []byte, off int64) error { return c.below.Read(p, block*size+off) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Ready has nothing to do: the format has no mark of a file that is being written.
func (c compacting) Ready(context.Context) error { return c.failed }

// Flush makes all durable.
func (c compacting) Flush(ctx context.Context) error { return c.sync(ctx) }
