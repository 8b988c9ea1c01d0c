package vhd

import (
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// The largest blocks, in bytes, whose absent sectors are zeroed at once, and
// which are copied: what is changed is kept in memory.
const (
	maxZeroed = 16 << 20
	maxCloned = 16 << 20
)

// partBlocks is for two entries that share bytes (V034): either gets a block of
// its own, or is given up.
func (v *Image) partBlocks(where []decode.Place) []disk.Repair {
	if len(where) < 4 {
		return nil
	}
	var list []disk.Repair
	for i := range 2 {
		list = append(list, v.cloneBlock(where[i], where[i+2].Offset)...)
	}
	for i := range 2 {
		list = append(list, v.clearEntry(where[i:])...)
	}
	return list
}

// cloneBlock copies the block at start behind all data, and the entry leads
// there.
func (v *Image) cloneBlock(entry decode.Place, start int64) []disk.Repair {
	t := &v.table
	if t.stored() > maxCloned {
		return nil
	}
	title := fmt.Sprintf("give block %d a copy of its own behind the data", (entry.Offset-t.off)/4)
	risk := "one of the two blocks has lost its content to the other: which, nobody knows"
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		to, edits, err := v.roomBehind(ctx, t.stored())
		if err != nil {
			return nil, err
		}
		if to/vhd.Sector >= int64(vhd.Unallocated) {
			return nil, &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: v.place(to, 0), What: "no entry of the table can lead that far"}
		}
		content, err := readUpTo(v.src.File, start, int(t.stored()))
		if err != nil {
			return nil, err
		}
		edits = append(edits, v.stored(to, content)...)
		return append(edits, disk.Edit{File: v.src.Name, Offset: entry.Offset, Data: binary.BigEndian.AppendUint32(nil, uint32(to/vhd.Sector))}), nil
	}}}
}

// stored are the edits that write content to a place that holds zeros.
func (v *Image) stored(at int64, content []byte) []disk.Edit {
	var edits []disk.Edit
	for len(content) > 0 {
		n := min(len(content), len(zeros))
		if !isZero(content[:n]) {
			edits = append(edits, disk.Edit{File: v.src.Name, Offset: at, Data: content[:n]})
		}
		at, content = at+int64(n), content[n:]
	}
	return edits
}

// leftoverRepairs are those of a sector that has bytes although its bit is
// clear (V033).
func (v *Image) leftoverRepairs(block, start, sector int64) []disk.Repair {
	t := &v.table
	older := "the guest reads these bytes instead of zeros"
	if v.kind == vhd.Differencing {
		older = "the guest reads these bytes instead of the parent's"
	}
	zero := v.unlessShared(block, start, disk.Repair{Title: fmt.Sprintf("zero all absent sectors of block %d", block), Risk: "what is hidden in them is lost",
		Edits: func(ctx context.Context) ([]disk.Edit, error) { return v.zeroAbsent(ctx, block, start) }})
	set := v.unlessShared(block, start, v.mend(fmt.Sprintf("set the bit of sector %d", sector), older, start+sector/8, 1, func(b []byte) { b[0] |= 0x80 >> (sector % 8) }))
	if t.blockSize > maxZeroed {
		return []disk.Repair{set}
	}
	return []disk.Repair{zero, set}
}

// unlessShared fails a repair of a block where something else lies too: what
// is absent there may be present in that.
func (v *Image) unlessShared(block, start int64, r disk.Repair) disk.Repair {
	edits := r.Edits
	r.Edits = func(ctx context.Context) ([]disk.Edit, error) {
		if err := v.freeOfOthers(ctx, start, v.table.stored(), block); err != nil {
			return nil, fmt.Errorf("%w: settle that first (V031, V034)", err)
		}
		return edits(ctx)
	}
	return r
}

func (v *Image) zeroAbsent(ctx context.Context, block, start int64) ([]disk.Edit, error) {
	t := &v.table
	end := (min(v.virtual-block*t.blockSize, t.blockSize) + vhd.Sector - 1) / vhd.Sector
	var all []disk.Edit
	for sector := int64(0); sector < end; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		set, n, err := t.bitRow(start, sector, end)
		if err != nil {
			return nil, err
		}
		if at := start + t.bitmapBytes + sector*vhd.Sector; !set && at < v.dataEnd {
			edits, err := disk.Rewrite(v.src.File, v.place(at, min(n*vhd.Sector, v.dataEnd-at)), func(b []byte) { clear(b) })
			if err != nil {
				return nil, err
			}
			all = append(all, edits...)
		}
		sector += n
	}
	return all, nil
}
