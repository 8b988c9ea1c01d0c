package vhd

import (
	"context"
	"iter"
	"slices"

	"platter/decode/vhd"
)

// orderCap bounds how many entries are sorted at once: 8 bytes each.
const orderCap = 1 << 22

// storedBlock is a block where its entry says it is. No table has more than
// 2^32 entries.
type storedBlock struct{ sector, index uint32 }

func (b storedBlock) start() int64 { return int64(b.sector) * vhd.Sector }

// order goes through the stored blocks as they lie in the file. Those whose
// entries can't be right are left out; those behind the last one needed count.
// The table is gone through in passes over ranges of the file, each with as
// many entries as memory allows; where one pass is enough it is kept.
type order struct {
	image *Image
	held  []uint64 // sector and index of the pass, sorted
	whole bool     // the pass is all there is
}

// blocks yields the blocks, ascending, those of one place by their index.
func (o *order) blocks(ctx context.Context) iter.Seq2[storedBlock, error] {
	return func(yield func(storedBlock, error) bool) {
		if o.whole {
			o.list(yield)
			return
		}
		if o.held == nil {
			o.held = make([]uint64, 0, min(o.image.table.entries, orderCap))
		}
		o.pass(ctx, 0, o.image.dataEnd/vhd.Sector+1, yield)
	}
}

// pass yields the blocks that start in sectors [from, to). Where there are too
// many of them it parts them in the middle: a place that very many entries name
// becomes a pass of its own. It reports whether to go on.
func (o *order) pass(ctx context.Context, from, to int64, yield func(storedBlock, error) bool) bool {
	if from >= to {
		return true
	}
	fits, err := o.collect(ctx, from, to)
	switch {
	case err != nil:
		yield(storedBlock{}, err)
		return false
	case !fits && to-from > 1:
		middle := o.middle()
		return o.pass(ctx, from, middle, yield) && o.pass(ctx, middle, middle+1, yield) && o.pass(ctx, middle+1, to, yield)
	}
	slices.Sort(o.held)
	o.whole = fits && from == 0 && to > o.image.dataEnd/vhd.Sector
	return o.list(yield)
}

// middle is the median sector of what was collected: each part then has half of
// it at least, so that no order of the entries makes many passes.
func (o *order) middle() int64 {
	slices.Sort(o.held)
	return int64(o.held[len(o.held)/2] >> 32)
}

func (o *order) list(yield func(storedBlock, error) bool) bool {
	for _, k := range o.held {
		if !yield(storedBlock{uint32(k >> 32), uint32(k)}, nil) {
			return false
		}
	}
	return true
}

// collect reports false when there are more entries than fit; those of a
// single sector are all the same, so a part of them is enough.
func (o *order) collect(ctx context.Context, from, to int64) (bool, error) {
	v := o.image
	o.held = o.held[:0]
	for e, err := range v.table.scan(ctx, 0, v.table.entries) {
		if err != nil {
			return false, err
		}
		if s := int64(e.sector); e.holes > 0 || s < from || s >= to || v.misplaced(e.sector) != "" {
			continue
		}
		if len(o.held) == orderCap {
			return false, nil
		}
		o.held = append(o.held, uint64(e.sector)<<32|uint64(uint32(e.index)))
	}
	return true, nil
}
