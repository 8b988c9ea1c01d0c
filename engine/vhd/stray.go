package vhd

import (
	"context"

	"platter/decode/vhd"
	"platter/engine/space"
)

// Stray finds the block of an entry that leads nowhere (V031, V032), in the bytes
// that nothing claims: where the order of the others gives it a place, or else
// where there is one such entry and one range which could be its block's.
func (p Parts) Stray(ctx context.Context, entry int64) (Orphan, bool, error) {
	return p.image.strayOf(ctx, entry)
}

func (v *Image) strayOf(ctx context.Context, entry int64) (Orphan, bool, error) {
	rooms, err := v.strayRooms(ctx, false)
	if err != nil || len(rooms) == 0 {
		return Orphan{}, false, err
	}
	at, ok, err := v.expected(entry)
	if err != nil {
		return Orphan{}, false, err
	}
	for _, r := range rooms {
		if ok && at >= r.off && at+v.table.stored() <= r.off+r.n {
			return Orphan{Entry: entry, Start: at}, true, nil
		}
	}
	o, ok, err := v.lone(ctx, rooms)
	return o, ok && o.Entry == entry, err
}

// Parted finds the block of one of two entries that lead to the same place (V034), in the bytes
// that nothing claims: that which the order of the others places there, and not the other one.
func (p Parts) Parted(ctx context.Context, entries [2]int64) (found Orphan, ok bool, err error) {
	v := p.image
	rooms, err := v.strayRooms(ctx, true)
	if err != nil {
		return found, false, err
	}
	for i, entry := range entries {
		at, told, err := v.expectedBut(entry, entries[1-i])
		if err != nil {
			return found, false, err
		}
		for _, r := range rooms {
			if !told || at < r.off || at+v.table.stored() > r.off+r.n {
				continue
			}
			if ok {
				return found, false, nil // either may be the one
			}
			found, ok = Orphan{Entry: entry, Start: at}, true
		}
	}
	return found, ok, nil
}

// Owned is which of the two entries of a finding V034 the block is of, that both lead to.
type Owned int

// Owner finds which of two entries that lead to the same place (V034) the block there is that of: by
// the order of the others it is that of one, and not of the other, whose own is not in the file.
func (p Parts) Owner(ctx context.Context, entries [2]int64) (owner Owned, ok bool, err error) {
	v := p.image
	rooms, err := v.strayRooms(ctx, true)
	if err != nil || len(rooms) > 0 {
		return 0, false, err
	}
	fits := 0
	for i, entry := range entries {
		at, told, err := v.expectedBut(entry, entries[1-i])
		if err != nil {
			return 0, false, err
		}
		place, err := v.placeOf(entry)
		if err != nil {
			return 0, false, err
		}
		beside := true // on both sides: a table that has moved leaves two equal entries at its start
		for _, near := range []int64{entry - 1, entry + 1} {
			where, err := v.placeOf(near)
			if err != nil {
				return 0, false, err
			}
			beside = beside && where >= 0 && near != entries[1-i]
		}
		if told && beside && at == place {
			owner = Owned(i)
			fits++
		}
	}
	return owner, fits == 1, nil
}

// inOrder reports whether the block of an entry may start at a place of the file: if all blocks
// that the table names lie in the order of the disk, that one does too, unless it is the last in
// the file, as one that was written later is.
func (v *Image) inOrder(ctx context.Context, entry, start int64) (bool, error) {
	last, fits, final := int64(-1), true, true
	for cl, err := range v.ascending(ctx, v.order()) {
		switch {
		case err != nil:
			return false, err
		case cl.fixed.Length > 0 || v.leadsNowhere(cl.block.Unit):
			continue
		}
		index := int64(cl.block.Index)
		if index < last {
			return true, nil // they lie in another order
		}
		fits = fits && (cl.off < start) == (index < entry)
		final = final && cl.off < start
		last = index
	}
	return fits || final, nil
}

// lone is the block of the only entry that leads nowhere, in the only range that
// holds data and is as long as a block, but for what aligns the next one.
func (v *Image) lone(ctx context.Context, rooms []claim) (Orphan, bool, error) {
	t := &v.table
	if len(rooms) != 1 || rooms[0].n >= t.stored()+aligned || t.entries < t.needed {
		return Orphan{}, false, nil
	}
	entry := int64(-1)
	for e, err := range t.scan(ctx, 0, t.usable()) {
		if err != nil {
			return Orphan{}, false, err
		}
		if e.holes == 0 && !v.leadsNowhere(e.sector) {
			continue
		}
		if entry >= 0 || e.holes > 1 {
			return Orphan{}, false, nil
		}
		entry = e.index
	}
	start := rooms[0].off
	if rooms[0].n > t.stored() { // data of blocks that are aligned start on 4 KiB
		if start = roundUp(start+t.bitmapBytes, aligned) - t.bitmapBytes; start+t.stored() > rooms[0].off+rooms[0].n {
			return Orphan{}, false, nil
		}
	}
	fits, err := v.inOrder(ctx, entry, start)
	if err != nil || !fits {
		return Orphan{}, false, err // by the order of the others it is another one's
	}
	return Orphan{Entry: entry, Start: start, Alone: true}, entry >= 0, nil
}

// leadsNowhere reports whether nothing of the block that an entry names can be in
// the room for blocks.
func (v *Image) leadsNowhere(sector uint32) bool {
	return sector != vhd.Unallocated && (v.misplaced(sector) != "" || v.areaAt(int64(sector)*vhd.Sector, v.table.stored()) != "")
}

// strayRooms are the ranges of the room for blocks that nothing claims and that
// hold data where a block would have its own. Where two blocks share room there are
// none, unless it is one of those that is looked for: one of the entries may be the one that
// lost its block.
func (v *Image) strayRooms(ctx context.Context, shared bool) (list []claim, err error) {
	look, reach := space.NewLooker(v.src.File, v.size), v.metaEnd
	gap := func(off, n int64) error {
		if !v.holdsBlock(n) {
			return nil
		}
		first, err := look.NotZero(ctx, off+v.table.bitmapBytes, n-v.table.bitmapBytes)
		if err == nil && first >= 0 {
			list = append(list, claim{off: off, n: n})
		}
		return err
	}
	for cl, err := range v.ascending(ctx, v.order()) {
		if err != nil {
			return nil, err
		}
		if cl.fixed.Length == 0 && v.leadsNowhere(cl.block.Unit) {
			continue
		}
		if cl.fixed.Length == 0 && cl.off < reach && !shared {
			return nil, nil
		}
		if cl.off > reach {
			if err := gap(reach, min(cl.off, v.dataEnd)-reach); err != nil {
				return nil, err
			}
		}
		reach = max(reach, cl.off+cl.n)
	}
	return list, gap(reach, v.dataEnd-reach)
}
