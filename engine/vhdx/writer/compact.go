package writer

import (
	"context"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/compact"
	"platter/engine/disk"
	"platter/engine/layer"
)

// compacting is a file whose blocks are given up and moved (vhdx.md 11). Entries go
// through the log; the DataWriteGuid stays, since the content does.
type compacting struct {
	*blocks
	opt disk.CompactOptions
}

// Compact makes the file shorter. Blocks of zeros become ZERO, never what asks the parent.
func (w *blocks) Compact(ctx context.Context, opt disk.CompactOptions) (disk.Compacted, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return disk.Compacted{}, w.failed
	}
	if w.fixed {
		return disk.Compacted{}, disk.Errorf(disk.Unsupported, decode.Place{File: w.parts.Source.Name}, "a fixed VHDX keeps all of its blocks: only holes can be made in the file (--punch-only)")
	}
	if err := w.parts.TablesWhole(ctx); err != nil {
		return disk.Compacted{}, err
	}
	shape := compact.Shape{
		Name: w.parts.Source.Name, File: w.file, Fixed: w.parts.Structures(), End: w.parts.Size, Unit: w.geo.BlockSize, Small: vhdx.MiB, Align: vhdx.MiB,
	}
	if w.geo.BlockSize == vhdx.MiB {
		shape.Small = 0
	}
	r, err := compact.Run(ctx, compacting{w, opt}, shape, opt)
	if err == nil && r.End < w.parts.Size {
		err = w.ready()
	}
	if err == nil {
		w.room = layer.NewRoom((r.End+vhdx.MiB-1)/vhdx.MiB*vhdx.MiB, w.room.End(), 0)
	}
	w.dropped += r.Zero + r.Parent
	return r.Compacted, err
}

// Pieces visits blocks, sector bitmaps, and the room of freed blocks.
func (c compacting) Pieces(_ context.Context, use func(compact.Piece) error) error {
	for index := range c.geo.Entries(c.child) {
		e, err := c.load(index)
		if err != nil {
			return err
		}
		if e.at == 0 {
			continue
		}
		p := compact.Piece{Ref: index, At: e.at, Length: c.geo.BlockSize}
		_, bitmap := c.geo.IsBitmap(index)
		stored := e.state == vhdx.FullyPresent || e.state == vhdx.PartiallyPresent
		switch {
		case bitmap && stored:
			p.Kind, p.Length = compact.Small, vhdx.MiB
		case bitmap || e.state == vhdx.NotPresent:
			continue
		case !stored:
			p.Kind, p.Length = compact.Anchor, min(p.Length, max(c.parts.Size-e.at, 0))
		}
		if err := use(p); err != nil {
			return err
		}
	}
	return nil
}

// Drop gives up what is not needed. The last sector bitmap of a chunk comes after its
// blocks.
func (c compacting) Drop(p compact.Piece, zero bool) (compact.Verdict, error) {
	number, bitmap := c.geo.IsBitmap(p.Ref)
	switch {
	case bitmap:
		return c.dropBitmap(p, number)
	case p.Kind == compact.Anchor:
		e, err := c.load(p.Ref)
		if err != nil {
			return compact.Kept, err
		}
		return compact.Orphan, c.change(p.Ref, entry{state: e.state}, why("freed block %d keeps no room", number))
	case !zero && !c.opt.Parent:
		return compact.Kept, nil
	}
	return c.dropBlock(p, number, zero)
}

// dropBlock gives up a block that is zeros, or that the parent shows as well. What absent
// sectors of it hold must be zeros.
func (c compacting) dropBlock(p compact.Piece, block int64, zero bool) (compact.Verdict, error) {
	e, err := c.load(p.Ref)
	if err != nil {
		return compact.Kept, err
	}
	off := block * c.geo.BlockSize
	n := min(c.geo.BlockSize, c.Size()-off)
	whole := e.state == vhdx.FullyPresent
	if zero && !whole {
		if whole, err = c.below.Empty(off, n); err != nil {
			return compact.Kept, err
		}
	}
	if zero && whole {
		return compact.Zeros, c.change(p.Ref, entry{state: vhdx.ZeroBlock}, why("block %d is zeros", block))
	}
	if !c.child || c.below.Parent == nil {
		return compact.Kept, nil
	}
	same, err := c.shownBelow(e, block, off, n)
	if err != nil || !same {
		return compact.Kept, err
	}
	if e.state == vhdx.PartiallyPresent {
		if err := c.ready(); err != nil {
			return compact.Kept, err
		}
		if err := c.mark(block, off, c.geo.BlockSize, false); err != nil {
			return compact.Kept, err
		}
	}
	return compact.Parent, c.change(p.Ref, entry{}, why("block %d is as the parent has it", block))
}

// shownBelow reports whether the parent shows what a block does. Without the wish to
// compare content only a block without any sector does.
func (c compacting) shownBelow(e entry, block, off, n int64) (same bool, err error) {
	at := func(off int64) int64 { return e.at + off%c.geo.BlockSize }
	if e.state == vhdx.FullyPresent {
		if !c.opt.Parent {
			return false, nil
		}
		return c.below.Shows(c.file, at(off), off, n)
	}
	same = true
	err = c.rows(block, off, n, func(set bool, off, n int64) (err error) {
		switch {
		case !same:
		case set && !c.opt.Parent:
			same = false
		case set:
			same, err = c.below.Shows(c.file, at(off), off, n)
		default:
			same, err = layer.HoldsZeros(c.file, at(off), n)
		}
		return err
	})
	return same, err
}

// dropBitmap gives up the bitmap of a chunk in which no block is stored in part.
func (c compacting) dropBitmap(p compact.Piece, chunk int64) (compact.Verdict, error) {
	for block := chunk * c.geo.Ratio; block < min((chunk+1)*c.geo.Ratio, c.geo.Blocks); block++ {
		e, err := c.load(c.geo.PayloadIndex(block))
		if err != nil || e.state == vhdx.PartiallyPresent {
			return compact.Kept, err
		}
	}
	// What it holds is not needed from here on, and would be taken for data afterwards.
	if err := c.flush(context.Background()); err != nil {
		return compact.Kept, err
	}
	if err := layer.Vacate(context.Background(), c.file, p.At, p.Length, why("the sector bitmap of chunk %d is not needed", chunk)); err != nil {
		return compact.Kept, err
	}
	return compact.Orphan, c.change(p.Ref, entry{}, why("the sector bitmap of chunk %d is not needed", chunk))
}

// change stages an entry.
func (c compacting) change(index int64, e entry, why string) error {
	if err := c.ready(); err != nil {
		return err
	}
	return c.store(index, e, why)
}

// Point has the table name another place for a piece.
func (c compacting) Point(p compact.Piece, at int64) error {
	e, err := c.load(p.Ref)
	if err != nil {
		return err
	}
	e.at = at
	return c.change(p.Ref, e, why("place of BAT entry %d", p.Ref))
}

// Beneath hands on what the parent shows.
func (c compacting) Beneath(_ context.Context, use func(n int64, read func(p []byte, off int64) error) error) error {
	if c.below.Parent == nil {
		return nil
	}
	for block := range c.geo.Blocks {
		e, err := c.load(c.geo.PayloadIndex(block))
		if err != nil {
			return err
		}
		if e.state != vhdx.NotPresent {
			continue
		}
		err = use(c.geo.BlockSize, func(p []byte, off int64) error { return c.below.Read(p, block*c.geo.BlockSize+off) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Ready gives the session its identities.
func (c compacting) Ready(context.Context) error { return c.ready() }

// Flush makes all durable.
func (c compacting) Flush(ctx context.Context) error { return c.flush(ctx) }
