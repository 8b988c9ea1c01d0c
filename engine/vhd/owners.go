package vhd

import (
	"context"
	"iter"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/space"
)

// owners yields those of the first n entries of the table whose blocks have a
// place in the file, in units of sectors. No table has more than 2^32 entries.
func (v *Image) owners(ctx context.Context, n int64) iter.Seq2[space.Owner, error] {
	return func(yield func(space.Owner, error) bool) {
		for e, err := range v.table.scan(ctx, 0, n) {
			if err == nil && (e.holes > 0 || v.misplaced(e.sector) != "") {
				continue
			}
			if !yield(space.Owner{Unit: e.sector, Index: uint32(e.index)}, err) || err != nil {
				return
			}
		}
	}
}

// at is the byte of the file at which an entry lies.
func (t *table) at(index int64) int64 { return t.off + vhd.EntrySize*index }

func (v *Image) entryPlace(index int64) decode.Place {
	return v.place(v.table.at(index), vhd.EntrySize)
}

// start is the byte of the file at which a block's bitmap starts.
func start(b space.Owner) int64 { return int64(b.Unit) * vhd.Sector }

// order is that of all blocks in the file; those after the last one needed count.
func (v *Image) order() *space.Order {
	return space.NewOrder(v.dataEnd/vhd.Sector+1, v.table.entries, func(ctx context.Context) iter.Seq2[space.Owner, error] {
		return v.owners(ctx, v.table.entries)
	})
}
