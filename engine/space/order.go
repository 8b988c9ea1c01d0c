package space

import (
	"context"
	"iter"
	"slices"
)

// Owner is an entry of a table and the unit of the file from which on something
// belongs to it.
type Owner struct{ Unit, Index uint32 }

// orderCap bounds how many owners are sorted at once: 8 bytes each.
const orderCap = 1 << 22

// Order goes through the owners of a table as they lie in the file, for what a
// [Map] can't tell: who it is. It takes passes over ranges of the file, each with
// as many owners as memory allows; where one pass is enough it is kept.
type Order struct {
	units  int64
	most   int64 // owners of a pass
	owners func(context.Context) iter.Seq2[Owner, error]
	held   []uint64 // unit and index of the pass, sorted
	whole  bool     // the pass is all there is
}

// NewOrder is the order of at most so many owners, which lie below a number of
// units. They are asked for once for each pass.
func NewOrder(units, most int64, owners func(context.Context) iter.Seq2[Owner, error]) *Order {
	return &Order{units: units, owners: owners, most: min(most, orderCap)}
}

// Ascending yields the owners by their units, those of one unit by their index:
// of more than 4 million in one unit so many.
func (o *Order) Ascending(ctx context.Context) iter.Seq2[Owner, error] {
	return func(yield func(Owner, error) bool) {
		if o.whole {
			o.list(yield)
			return
		}
		if o.held == nil {
			o.held = make([]uint64, 0, o.most)
		}
		o.pass(ctx, 0, o.units, yield)
	}
}

// pass yields the owners in units [from, to). Where there are too many of them it
// parts them in the middle: a place that very many entries name becomes a pass of
// its own. It reports whether to go on.
func (o *Order) pass(ctx context.Context, from, to int64, yield func(Owner, error) bool) bool {
	if from >= to {
		return true
	}
	fits, err := o.collect(ctx, from, to)
	if err != nil {
		yield(Owner{}, err)
		return false
	}
	slices.Sort(o.held)
	if !fits && to-from > 1 {
		// The median: each part then has half of what was collected at least, so
		// that no order of the entries makes many passes.
		middle := int64(o.held[len(o.held)/2] >> 32)
		return o.pass(ctx, from, middle, yield) && o.pass(ctx, middle, middle+1, yield) && o.pass(ctx, middle+1, to, yield)
	}
	o.whole = fits && to-from == o.units
	return o.list(yield)
}

func (o *Order) list(yield func(Owner, error) bool) bool {
	for _, k := range o.held {
		if !yield(Owner{uint32(k >> 32), uint32(k)}, nil) {
			return false
		}
	}
	return true
}

// collect reports false when there are more owners than fit; those of a single
// unit are all the same, so a part of them is enough.
func (o *Order) collect(ctx context.Context, from, to int64) (bool, error) {
	o.held = o.held[:0]
	for e, err := range o.owners(ctx) {
		if err != nil {
			return false, err
		}
		if u := int64(e.Unit); u < from || u >= to {
			continue
		}
		if len(o.held) == cap(o.held) {
			return false, nil
		}
		o.held = append(o.held, uint64(e.Unit)<<32|uint64(e.Index))
	}
	return true, nil
}
