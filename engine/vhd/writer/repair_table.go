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

// clearEntry makes entries unallocated: those at the first place.
func (v *image) clearEntry(f disk.Finding) []disk.Repair {
	return []disk.Repair{v.clearEntries(f.Where[0])}
}

// settleEntry is for an entry that can't be right (V031): it leads to its block
// where that is known, or is cleared.
func (v *image) settleEntry(f disk.Finding) []disk.Repair {
	return append(v.nameOrphan(f), v.clearEntry(f)...)
}

// nameOrphan lets an entry lead to the block that seems to have lost it (V031,
// V032, V035), unless another entry leads there.
func (v *image) nameOrphan(f disk.Finding) []disk.Repair {
	o, ok := f.About.(reader.Orphan)
	if !ok {
		return nil
	}
	free := func(ctx context.Context, _ store.FS) error {
		return v.freeOfOthers(ctx, o.Start, v.Table.Stored, o.Entry)
	}
	leads := vhd.AppendEntry(nil, uint32(o.Start/vhd.Sector))
	told := "by the order of the others"
	if o.Alone {
		told = "only by this: no other entry leads nowhere, and no other range that is as long as a block holds data"
	}
	return one(fmt.Sprintf("let entry %d of the table lead to the block at 0x%x", o.Entry, o.Start),
		"that the block belongs there is told "+told+": look at what the disk holds there first; a block that was given up shows old bytes again",
		disk.Steps(free, v.put(v.Table.Place(o.Entry), leads)))
}

func (v *image) clearEntries(at decode.Place) disk.Repair {
	first := v.Table.Index(at.Offset)
	title := fmt.Sprintf("clear entry %d of the table", first)
	if n := at.Length / 4; n > 1 {
		title = fmt.Sprintf("clear entries %d to %d of the table", first, first+n-1)
	}
	return disk.Repair{Title: title, Risk: v.clearRisk(first), Apply: disk.Change(at, func(b []byte) { fill(b, 0xFF) })}
}

func (v *image) clearRisk(entry int64) string {
	switch {
	case entry >= v.Table.Needed:
		return "nothing refers to what is stored there any more"
	case v.Kind == vhd.Differencing:
		return "what the block held is given up: it is taken from the parent from then on, also where its data still lie in the file (V035 tells of bytes that no entry names)"
	}
	return "what the block held is given up: it reads as zeros from then on, also where its data still lie in the file (V035 tells of bytes that no entry names)"
}

func (v *image) padTable(f disk.Finding) []disk.Repair {
	return one("fill the padding with ones", "what is hidden in it is lost", disk.Change(f.Where[0], func(b []byte) { fill(b, 0xFF) }))
}

// fitTable makes a table and a disk agree that needs more entries (V029): by a
// longer table where the file has room for it, or a smaller disk.
func (v *image) fitTable(disk.Finding) []disk.Repair {
	t := v.Table
	var list []disk.Repair
	if t.Extends {
		list = v.extendTable()
	}
	if size := t.Entries * t.BlockSize; size > 0 {
		list = append(list, v.resized(fmt.Sprintf("set the size to what the table has entries for: %d bytes", size),
			"the guest sees a smaller disk: its end is given up", size)...)
	}
	return list
}

// extendTable counts the entries that lack. What lies after the table may be
// entries already; words that can't be are made unallocated.
func (v *image) extendTable() []disk.Repair {
	const title, risk = "make the table longer", "what lies after the table is taken for entries, or overwritten"
	start, end := v.Table.Place(v.Table.Entries), v.Table.Place(v.Table.Needed)
	entries := v.change(start, roundUp(end)-start, func(b []byte) { v.dropImplausible(b[:end-start]); fill(b[end-start:], 0xFF) })
	room := func(ctx context.Context, _ store.FS) error {
		return v.roomAt(ctx, v.Table.End, roundUp(end)-v.Table.End)
	}
	return one(title, risk, disk.Steps(room, v.changeHeader(v.count), entries))
}

// count has the header count the entries that the disk needs.
func (v *image) count(h decode.Record[vhd.Header]) { vhd.HeaderEntries.Put(h, uint32(v.Table.Needed)) }

// dropImplausible makes unallocated what can't be an entry of the table.
func (v *image) dropImplausible(b []byte) {
	for ; len(b) >= vhd.EntrySize; b = b[vhd.EntrySize:] {
		start := int64(vhd.EntryAt(b)) * vhd.Sector
		if start == 0 || v.Misplaced(start) || start+v.Table.Stored > v.DataEnd {
			vhd.PutEntry(b, vhd.Unallocated)
		}
	}
}

// roomAt fails unless nothing of the image lies in [off, off+n) of the file.
func (v *image) roomAt(ctx context.Context, off, n int64) error {
	switch {
	case n <= 0:
		return nil
	case off < 0 || n > v.DataEnd-off:
		return v.taken(off, n, "the file's data end before")
	}
	return v.freeOfOthers(ctx, off, n, none)
}

// none is a block that no entry is of.
const none = -1

// freeOfOthers fails if anything but the block given meets [off, off+n), be it
// in the file or not.
func (v *image) freeOfOthers(ctx context.Context, off, n, block int64) error {
	if why := v.Claimed(off, n); why != "" {
		return v.taken(off, n, why)
	}
	return v.freeOfBlocks(ctx, off, n, block)
}

// freeOfBlocks fails if the entry of another block than the one given leads to
// [off, off+n), rightly or not.
func (v *image) freeOfBlocks(ctx context.Context, off, n, block int64) error {
	for e, err := range v.Table.Scan(ctx) {
		if err != nil {
			return err
		}
		if e.Holes == 0 && e.Index != block && e.Start < off+n && off < e.Start+v.Table.Stored {
			return v.taken(off, n, fmt.Sprintf("the table says that block %d lies there", e.Index))
		}
	}
	return nil
}

func (v *image) taken(off, n int64, what string) error {
	return &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: v.place(off, n), What: "the room is taken: " + what}
}

// dropSpares counts only the entries that the disk needs (V030), where none of
// the others is in use.
func (v *image) dropSpares(disk.Finding) []disk.Repair {
	const title, risk = "count only the entries that the disk needs", "a program that makes the disk larger finds no spare entries any more"
	end := v.Table.Place(v.Table.Needed)
	spares := v.change(end, v.Table.End-end, func(b []byte) { fill(b, 0xFF) })
	return one(title, risk, disk.Steps(v.unused, v.changeHeader(v.count), spares))
}

// unused fails if one of the spare entries is in use.
func (v *image) unused(ctx context.Context, _ store.FS) error {
	for e, err := range v.Table.Scan(ctx) {
		switch {
		case err != nil:
			return err
		case e.Index >= v.Table.Needed && e.Holes == 0:
			return fmt.Errorf("entry %d of the table is in use: clear it first (V038)", e.Index)
		}
	}
	return nil
}
