package vhd

import (
	"context"
	"fmt"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
)

// checkOverlaps finds blocks that share bytes of the file (V034).
func (c *checker) checkOverlaps(ctx context.Context) bool {
	o := overlaps{checker: c}
	for b, err := range c.order.Ascending(ctx) {
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
	by    space.Owner // the one that reaches furthest
}

func (o *overlaps) next(b space.Owner) bool {
	size := o.image.table.stored()
	shared := int64(b.Unit) < o.reach
	if shared && !o.Full("vhd/V034") && !o.Report(o.overlap(b, size)) {
		return false
	}
	if end := int64(b.Unit) + size/vhd.Sector; end > o.reach {
		o.reach, o.by = end, b
	}
	return true
}

func (o *overlaps) overlap(b space.Owner, size int64) disk.Finding {
	v := o.image
	at, other := v.place(start(b), size), v.place(start(o.by), size)
	text := fmt.Sprintf("blocks %d and %d both lie at 0x%x", o.by.Index, b.Index, at.Offset)
	if o.by.Unit != b.Unit {
		text = fmt.Sprintf("block %d at 0x%x overlaps block %d at 0x%x", b.Index, at.Offset, o.by.Index, other.Offset)
	}
	return v.finding("V034", text, v.entryPlace(int64(b.Index)), v.entryPlace(int64(o.by.Index)), at, other)
}
