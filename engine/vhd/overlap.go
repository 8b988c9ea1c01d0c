package vhd

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// checkOverlaps finds blocks that share bytes of the file (V034).
func (c *checker) checkOverlaps(ctx context.Context) bool {
	o := overlaps{checker: c}
	for b, err := range c.order.blocks(ctx) {
		if err != nil {
			return c.Fail(err)
		}
		if !o.next(b) {
			return false
		}
	}
	return true
}

type overlaps struct {
	*checker
	reach int64       // how far the blocks before go, in sectors
	by    storedBlock // the one that reaches furthest
}

func (o *overlaps) next(b storedBlock) bool {
	size := o.image.table.stored()
	shared := int64(b.sector) < o.reach
	if shared && !o.Full("vhd/V034") && !o.Report(o.overlap(b, size)) {
		return false
	}
	if end := int64(b.sector) + size/vhd.Sector; end > o.reach {
		o.reach, o.by = end, b
	}
	return true
}

func (o *overlaps) overlap(b storedBlock, size int64) disk.Finding {
	v := o.image
	at, other := v.place(b.start(), size), v.place(o.by.start(), size)
	text := fmt.Sprintf("blocks %d and %d both lie at 0x%x", o.by.index, b.index, at.Offset)
	if o.by.sector != b.sector {
		text = fmt.Sprintf("block %d at 0x%x overlaps block %d at 0x%x", b.index, at.Offset, o.by.index, other.Offset)
	}
	entry := func(i uint32) decode.Place { return v.place(v.table.off+4*int64(i), 4) }
	return v.finding("V034", text, entry(b.index), entry(o.by.index), at, other)
}
