package writer

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// partBlocks is for two entries that share bytes (V034): one leads to the block that no entry
// names where the order says so; else either gets a block of its own, or is given up: first
// that which by the order has none.
func (v *image) partBlocks(f disk.Finding) []disk.Repair {
	entries, blocks := f.Where[:2], f.Where[2:]
	list := v.nameOrphan(f)
	owner, owned := f.About.(reader.Owned)
	if owned {
		r := v.clearEntries(entries[1-owner])
		r.Risk = fmt.Sprintf("that the block is that of entry %d is told by the order of the others, and that entry %d had none by there being no block that no entry leads to: look at what the disk holds there first",
			v.Table.Index(entries[owner].Offset), v.Table.Index(entries[1-owner].Offset))
		list = append(list, r)
	}
	for i := range entries {
		list = append(list, v.cloneBlock(entries[i], blocks[i].Offset))
	}
	for i, at := range entries {
		if !owned || i == int(owner) {
			list = append(list, v.clearEntries(at))
		}
	}
	for i := range list {
		list[i].Even = len(list) == 2*len(entries) // nothing tells whose the block is
	}
	for i, at := range entries {
		if start, err := v.Table.Entry(v.Table.Index(at.Offset)); err == nil && start != blocks[i].Offset {
			return disk.Done(list) // it was led elsewhere since
		}
	}
	return list
}

// cloneBlock copies the block at start after all data, and the entry leads
// there.
func (v *image) cloneBlock(entry decode.Place, start int64) disk.Repair {
	t := v.Table
	title := fmt.Sprintf("give block %d a copy of its own after the data", t.Index(entry.Offset))
	risk := "one of the two blocks has lost its content to the other: which, nobody knows"
	return disk.Repair{Title: title, Risk: risk, Apply: func(ctx context.Context, to store.FS) error {
		at, room, err := v.roomBehind(ctx, t.Stored)
		if err != nil {
			return err
		}
		if at/vhd.Sector >= int64(vhd.Unallocated) {
			return &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: v.place(at, 0), What: "no entry of the table can lead that far"}
		}
		leads := vhd.AppendEntry(nil, uint32(at/vhd.Sector))
		return disk.Steps(room, disk.Copy(v.place(start, t.Stored), at), v.put(entry.Offset, leads))(ctx, to)
	}}
}

// settleLeftover is for a sector that has bytes although its bit is clear (V033).
func (v *image) settleLeftover(f disk.Finding) []disk.Repair {
	of, ok := f.About.(reader.Leftover)
	if !ok {
		return nil
	}
	older := "the guest reads these bytes instead of zeros"
	if v.Kind == vhd.Differencing {
		older = "the guest reads these bytes instead of the parent's"
	}
	return []disk.Repair{
		{Title: "set the bits of all sectors that have bytes, in all blocks", Risk: older, Apply: v.presentAll, All: true},
		{Title: fmt.Sprintf("set the bits of the sectors of block %d that have bytes", of.Block), Risk: older, Apply: disk.Steps(v.unlessShared(of), v.present(of.Block, of.Start))},
		{Title: fmt.Sprintf("zero all absent sectors of block %d", of.Block), Risk: fmt.Sprintf("%d sectors that have bytes are lost", of.Count), Apply: disk.Steps(v.unlessShared(of), v.zeroAbsent(of))},
	}
}

// presentAll sets the bits of all sectors that have bytes, where no block lies in
// another.
func (v *image) presentAll(ctx context.Context, to store.FS) error {
	if err := v.Apart(ctx); err != nil {
		return err
	}
	for e, err := range v.Table.Scan(ctx) {
		switch {
		case err != nil:
			return err
		case e.Holes > 0 || e.Index >= v.Table.Needed:
			continue
		}
		if err := v.present(e.Index, e.Start)(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

// present sets the bits of the sectors of a block that have bytes.
func (v *image) present(block, start int64) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		mask := make([]byte, v.Table.BitmapBytes)
		found := false
		if err := v.EachLeftover(ctx, block, start, func(sector int64) {
			found = true
			mask[sector/8] |= 0x80 >> (sector % 8)
		}); err != nil || !found {
			return err
		}
		return v.change(start, v.Table.BitmapBytes, func(b []byte) {
			for i := range b {
				b[i] |= mask[i]
			}
		})(ctx, to)
	}
}

// unlessShared fails where something else lies in a block: what is absent there
// may be present in that.
func (v *image) unlessShared(of reader.Leftover) disk.Step {
	return func(ctx context.Context, _ store.FS) error {
		if err := v.freeOfOthers(ctx, of.Start, v.Table.Stored, of.Block); err != nil {
			return fmt.Errorf("%w: settle that first (V031, V034)", err)
		}
		return nil
	}
}

func (v *image) zeroAbsent(of reader.Leftover) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		t := v.Table
		end := (min(v.Virtual-of.Block*t.BlockSize, t.BlockSize) + vhd.Sector - 1) / vhd.Sector
		for sector := int64(0); sector < end; {
			set, n, err := t.BitRow(of.Start, sector, end)
			if err != nil {
				return err
			}
			if at := of.Start + t.BitmapBytes + sector*vhd.Sector; !set && at < v.DataEnd {
				if err := disk.Clear(v.place(at, min(n*vhd.Sector, v.DataEnd-at)))(ctx, to); err != nil {
					return err
				}
			}
			sector += n
		}
		return ctx.Err()
	}
}
