package vhdx

import (
	"context"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// Stray finds the block of a BAT entry that leads nowhere (41, 42), or onto a structure
// (44), or that has no place and a state that is none (38), in the bytes that nothing else claims: where the order of the others gives it a place, or else
// where there is one such entry and one range which could be its block's.
func (p Parts) Stray(ctx context.Context, index int64) (Orphan, bool, error) {
	v := p.image
	block, bitmap := v.geo.IsBitmap(index)
	entry, err := v.entry(index)
	undefined := (vhdx.State(entry) == vhdx.ReservedState || vhdx.State(entry) == vhdx.UnmappedDraft) && !strays{v}.mayHold(entry)
	if err != nil || bitmap || !(strays{v}).leadsNowhere(entry) && !undefined {
		return Orphan{}, false, err
	}
	rooms, err := strays{v}.strayRooms(ctx, false)
	if err != nil || len(rooms) == 0 {
		return Orphan{}, false, err
	}
	at, ok, err := v.inOrder(block, -1)
	if err != nil {
		return Orphan{}, false, err
	}
	for _, r := range rooms {
		if ok && at >= r.Offset && at+v.geo.BlockSize <= r.End() {
			return Orphan{Index: index, Block: block, Start: at}, true, nil
		}
	}
	o, ok, err := strays{v}.lone(ctx, rooms)
	return o, ok && o.Index == index, err
}

// Parted finds the block of one of two BAT entries that lead to the same place (44), in the
// bytes that nothing claims: that which the order of the others places there, and not the
// other one.
func (p Parts) Parted(ctx context.Context, entries [2]int64) (found Orphan, ok bool, err error) {
	v := p.image
	rooms, err := strays{v}.strayRooms(ctx, true)
	if err != nil {
		return found, false, err
	}
	for i, index := range entries {
		block, bitmap := v.geo.IsBitmap(index)
		other, otherBitmap := v.geo.IsBitmap(entries[1-i])
		if bitmap || otherBitmap {
			return found, false, nil
		}
		at, told, err := v.inOrder(block, other)
		if err != nil {
			return found, false, err
		}
		for _, r := range rooms {
			if !told || at < r.Offset || at+v.geo.BlockSize > r.End() {
				continue
			}
			if ok {
				return found, false, nil // either may be the one
			}
			found, ok = Orphan{Index: index, Block: block, Start: at}, true
		}
	}
	return found, ok, nil
}

// Strays fails where bytes that nothing claims may be a block that is missed.
func (p Parts) Strays(ctx context.Context) error {
	rooms, err := strays{p.image}.strayRooms(ctx, false)
	if err == nil && len(rooms) > 0 {
		err = disk.Errorf(disk.Unsupported, p.image.place(rooms[0].Offset, rooms[0].Length), "nothing claims these bytes, and they may be what a missing block held: settle vhdx/50 first")
	}
	return err
}

// strays looks for blocks in bytes that nothing claims.
type strays struct{ *Image }

// leadsNowhere reports whether an entry says that its block is stored, and nothing of
// it can be where it says.
func (v strays) leadsNowhere(entry uint64) bool {
	return vhdx.State(entry) >= vhdx.FullyPresent && (vhdx.FileOffset(entry) == 0 || v.misplaced(entry) != "")
}

// mayHold reports whether an entry has a place that a block can lie at: in the file, and on no
// structure.
func (v strays) mayHold(entry uint64) bool {
	off := int64(vhdx.FileOffset(entry))
	meets, _ := v.clearOf(off, off+v.geo.BlockSize)
	return off > 0 && off < v.data.grown && meets == ""
}

// lone is the block of the only entry that leads nowhere, in the only range that
// holds data and has room for one block, or holds as much data as one block.
func (v strays) lone(ctx context.Context, rooms []store.Range) (o Orphan, found bool, err error) {
	if len(rooms) != 1 {
		return o, false, nil
	}
	for p, err := range v.storedPieces(ctx) {
		if err != nil {
			return o, false, err
		}
		for i := p.first; i < p.first+p.count; i++ {
			block, bitmap := v.geo.IsBitmap(i)
			switch e := p.at(i); {
			case !bitmap && (vhdx.State(e) == vhdx.ReservedState || v.leadsNowhere(e) && found):
				return o, false, nil // either may be the one
			case !bitmap && v.leadsNowhere(e):
				o, found = Orphan{Index: i, Block: block, Alone: true}, true
			}
		}
	}
	if !found {
		return o, false, nil
	}
	room := store.Range{Offset: roundUp(rooms[0].Offset), Length: rooms[0].End() - roundUp(rooms[0].Offset)}
	if room.Length >= v.geo.BlockSize+vhdx.MiB {
		if room, err = v.filled(ctx, room); err != nil || room.Length != v.geo.BlockSize {
			return o, false, err
		}
	}
	o.Start = room.Offset
	return o, room.Length >= v.geo.BlockSize, nil
}

// filled is a range without the whole MiB of zeros at its start and its end: a block can lie
// in it in one place only where what is left is as long as the block.
func (v strays) filled(ctx context.Context, r store.Range) (store.Range, error) {
	first, last, err := v.notZero(ctx, r.Offset, r.End())
	if err != nil || first < 0 {
		return store.Range{}, err
	}
	from := first / vhdx.MiB * vhdx.MiB
	return store.Range{Offset: from, Length: roundUp(last+1) - from}, nil
}

// strayRooms are the ranges with room for a block that nothing claims, and that
// are not zero. Where two entries share room there are none, unless it is one of those that
// is looked for: one of them may be the one that lost its block.
func (v strays) strayRooms(ctx context.Context, shared bool) (list []store.Range, err error) {
	seen := *v.Image
	seen.doubting = true // what leads onto a structure may cover the very block that is missed
	m := seen.survey(ctx)
	for w, err := range m.Windows(0) {
		if err != nil || !shared && m.Has(space.Twice, w.Offset, w.Length) {
			return nil, err
		}
	}
	look := space.NewLooker(v.data, v.data.grown)
	for r, err := range seen.Regions(ctx) {
		if err != nil {
			return nil, err
		}
		if r.Kind != disk.KindUnknown || r.Length < v.geo.BlockSize || r.Offset < vhdx.MiB {
			continue
		}
		first, err := look.NotZero(ctx, r.Offset, r.Length)
		if err != nil {
			return nil, err
		}
		if first >= 0 {
			list = append(list, store.Range{Offset: r.Offset, Length: r.Length})
		}
	}
	return list, nil
}

// loneIn is the block of the only entry that leads nowhere, if it can only lie in a
// range. It is looked for once.
func (c *checker) loneIn(off, n int64) (Orphan, bool, error) {
	if !c.sought {
		c.sought = true
		rooms, err := strays{c.image}.strayRooms(c.ctx, false)
		if err != nil {
			return Orphan{}, false, err
		}
		if c.lone, c.found, err = (strays{c.image}).lone(c.ctx, rooms); err != nil {
			return Orphan{}, false, err
		}
	}
	return c.lone, c.found && c.lone.Start >= off && c.lone.Start < off+n, nil
}
