package vhd

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"platter/decode/vhd"
)

// overlapCap bounds how many entries are sorted at once: 8 bytes each.
const overlapCap = 1 << 20

// stored is a block's place for sorting. No table has more than 2^32 entries.
type storedBlock struct{ sector, index uint32 }

// checkOverlaps finds blocks that share bytes of the file (V034). The table is
// gone through in passes over ranges of the file, each with as many entries as
// memory allows.
func (c *checker) checkOverlaps(ctx context.Context) bool {
	o := overlaps{checker: c, ctx: ctx}
	return o.pass(0, c.image.dataEnd/vhd.Sector+1)
}

type overlaps struct {
	*checker
	ctx   context.Context
	held  []storedBlock
	reach int64       // how far the blocks of earlier passes go, in sectors
	by    storedBlock // the one that reaches furthest
}

// pass looks at the blocks that start in sectors [from, to), in halves if
// there are too many of them.
func (o *overlaps) pass(from, to int64) bool {
	fits, err := o.collect(from, to)
	switch {
	case err != nil:
		return o.fail(err)
	case !fits && to-from > 1:
		middle := from + (to-from)/2
		return o.pass(from, middle) && o.pass(middle, to)
	}
	slices.SortFunc(o.held, func(a, b storedBlock) int {
		return cmp.Or(cmp.Compare(a.sector, b.sector), cmp.Compare(a.index, b.index))
	})
	for _, b := range o.held {
		if !o.next(b) {
			return false
		}
	}
	return true
}

// collect reports false when there are more entries than fit; those of a
// single sector are all the same, so a part of them is enough.
func (o *overlaps) collect(from, to int64) (bool, error) {
	v := o.image
	o.held = o.held[:0]
	for e, err := range v.table.scan(o.ctx, 0, v.table.usable()) {
		if err != nil {
			return false, err
		}
		if s := int64(e.sector); e.holes > 0 || s < from || s >= to || v.misplaced(e.sector) != "" {
			continue
		}
		if len(o.held) == overlapCap {
			return false, nil
		}
		o.held = append(o.held, storedBlock{e.sector, uint32(e.index)})
	}
	return true, nil
}

func (o *overlaps) next(b storedBlock) bool {
	v := o.image
	size := v.table.stored()
	if start := int64(b.sector); start < o.reach {
		at, other := v.place(start*vhd.Sector, size), v.place(int64(o.by.sector)*vhd.Sector, size)
		text := fmt.Sprintf("blocks %d and %d both lie at 0x%x", o.by.index, b.index, at.Offset)
		if o.by.sector != b.sector {
			text = fmt.Sprintf("block %d at 0x%x overlaps block %d at 0x%x", b.index, at.Offset, o.by.index, other.Offset)
		}
		entry := func(i uint32) int64 { return v.table.off + 4*int64(i) }
		f := v.finding("V034", text, v.place(entry(b.index), 4), v.place(entry(o.by.index), 4), at, other)
		if !o.report(f) {
			return false
		}
	}
	if end := int64(b.sector) + size/vhd.Sector; end > o.reach {
		o.reach, o.by = end, b
	}
	return true
}
