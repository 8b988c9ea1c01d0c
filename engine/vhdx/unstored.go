package vhdx

import (
	"platter/decode"
	"platter/decode/vhdx"
)

// unstored counts the blocks of a fixed image that are not stored (49).
type unstored struct {
	count int64 // in all
	holes int64 // those that were never written, by their entries
	first int64 // of the holes
	where []decode.Place
}

// add takes the entry of a block that is not wholly present.
func (u *unstored) add(block int64, entry uint64, at decode.Place) {
	const most = 16
	if vhdx.State(entry) == vhdx.FullyPresent {
		return
	}
	u.count++
	if vhdx.State(entry) != vhdx.NotPresent {
		return
	}
	if u.holes++; u.holes == 1 {
		u.first = block
	}
	if len(u.where) < most {
		u.where = append(u.where, at)
	}
}

// unstored reports them. While some blocks are stored, no program leaves others out: it says
// ZERO of those that it has not allocated yet.
func (c *checker) unstored(u unstored) bool {
	v := c.image
	switch {
	case u.count == 0:
		return true
	case u.holes > 0 && u.count < v.geo.Blocks:
		return c.addAs(warning, "49:hole", u.where, "the BAT gives no place to %s of the fixed image, the first is block %d, while others have theirs: they read as zeros", decode.Plural(u.holes, "block", "blocks"), u.first)
	}
	return c.addAs(info, "49", []decode.Place{v.place(v.bat.off, v.geo.Entries(false)*vhdx.EntrySize)}, "%d of %d blocks of the fixed image are not allocated", u.count, v.geo.Blocks)
}
