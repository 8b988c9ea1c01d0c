package vhd

import (
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// headerRemedy changes the bytes of the dynamic header.
func headerRemedy(title, risk string, change func(h []byte)) func(*Image, []decode.Place) []disk.Repair {
	return func(v *Image, _ []decode.Place) []disk.Repair { return v.mendHeader(title, risk, change) }
}

// mendHeader changes the dynamic header and seals it. One with a wrong
// checksum has to be judged first.
func (v *Image) mendHeader(title, risk string, change func(h []byte)) []disk.Repair {
	if mark, _ := vhd.HeaderChecksum.Verdict(v.header.rec.Bytes()); !v.header.ok() || mark != decode.Good {
		return nil
	}
	return []disk.Repair{v.sealHeader(title, risk, change)}
}

func (v *Image) sealHeader(title, risk string, change func(h []byte)) disk.Repair {
	return v.mend(title, risk, v.header.off, vhd.HeaderSize, func(h []byte) {
		change(h)
		vhd.HeaderTable.Seal(h)
	})
}

// resealHeader is for a header whose checksum alone is wrong (V024).
func (v *Image) resealHeader([]decode.Place) []disk.Repair {
	if !v.header.ok() || vhd.HeaderVersion.Get(v.header.rec)>>16 != 1 {
		return nil
	}
	return []disk.Repair{v.sealHeader("recompute the checksum", "some byte of the header was changed without it: look at the fields first", func([]byte) {})}
}

// dropSpares counts only the entries that the disk needs (V030), where the
// table stays as many sectors long and none of the others is in use.
func (v *Image) dropSpares([]decode.Place) []disk.Repair {
	const title = "count only the entries that the disk needs"
	t := &v.table
	end := t.off + 4*t.needed
	parts := v.mendHeader(title, "", func(h []byte) { binary.BigEndian.PutUint32(h[vhd.HeaderEntries.Offset():], uint32(t.needed)) })
	if len(parts) == 0 || roundUp(end, vhd.Sector) != t.end() {
		return nil
	}
	all := disk.Mends(title, "", append(parts, v.mend(title, "", end, t.end()-end, func(b []byte) { fill(b, 0xFF) }))...)
	return []disk.Repair{{Title: title, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		if err := v.unused(end, 4*(t.entries-t.needed)); err != nil {
			return nil, err
		}
		return all.Edits(ctx)
	}}}
}

// unused fails if one of the entries in [off, off+n), less than a sector, is
// in use.
func (v *Image) unused(off, n int64) error {
	b, err := readUpTo(v.src.File, off, int(n))
	if err != nil {
		return err
	}
	for at := 0; at+4 <= len(b); at += 4 {
		if e := binary.BigEndian.Uint32(b[at:]); e != 0 && e != vhd.Unallocated {
			return fmt.Errorf("entry %d of the table is in use: clear it first (V038)", (off-v.table.off)/4+int64(at/4))
		}
	}
	return nil
}

// maxClear bounds how many bytes of entries are cleared by one repair.
const maxClear = 1 << 20

// clearEntry makes entries unallocated: those at the first place.
func (v *Image) clearEntry(where []decode.Place) []disk.Repair {
	if len(where) == 0 || where[0].Length > maxClear {
		return nil
	}
	first := (where[0].Offset - v.table.off) / 4
	title := fmt.Sprintf("clear entry %d of the table", first)
	if n := where[0].Length / 4; n > 1 {
		title = fmt.Sprintf("clear entries %d to %d of the table", first, first+n-1)
	}
	return []disk.Repair{v.mend(title, v.clearRisk(first), where[0].Offset, where[0].Length, func(b []byte) { fill(b, 0xFF) })}
}

func (v *Image) clearRisk(entry int64) string {
	switch {
	case entry >= v.table.needed:
		return "nothing refers to what is stored there any more"
	case v.kind == vhd.Differencing:
		return "the block is taken from the parent from then on"
	}
	return "the block reads as zeros from then on"
}

// clearEither clears one of two entries that share bytes (V034).
func (v *Image) clearEither(where []decode.Place) []disk.Repair {
	var list []disk.Repair
	for i := range min(2, len(where)) {
		list = append(list, v.clearEntry(where[i:])...)
	}
	return list
}

func (v *Image) padTable(where []decode.Place) []disk.Repair {
	if len(where) == 0 {
		return nil
	}
	return []disk.Repair{v.mend("fill the padding with ones", "", where[0].Offset, where[0].Length, func(b []byte) { fill(b, 0xFF) })}
}

// locatorAt is the slot, from 0, of the locator that a finding is about.
func (v *Image) locatorAt(where []decode.Place) (slot int, ok bool) {
	if len(where) == 0 {
		return 0, false
	}
	slot = int((where[0].Offset - v.header.off - int64(vhd.HeaderLocators.Offset())) / 24)
	return slot, slot >= 0 && slot < vhd.Locators
}

// mendLocator zeroes the reserved field, or the whole slot if that is not all
// and another name of the parent remains (V041).
func (v *Image) mendLocator(where []decode.Place) []disk.Repair {
	slot, ok := v.locatorAt(where)
	if !ok {
		return nil
	}
	at := vhd.HeaderLocators.Offset() + 24*slot
	if !isZero(v.header.rec.Bytes()[at+12 : at+16]) {
		return v.mendHeader("zero the reserved field", "", func(h []byte) { clear(h[at+12 : at+16]) })
	}
	others := v.parentName() != ""
	for _, l := range v.locators {
		others = others || l.slot != slot && l.usable()
	}
	if !others {
		return nil
	}
	return v.mendHeader(fmt.Sprintf("drop locator %d", slot+1), "the parent is looked for under its other names only", func(h []byte) { clear(h[at : at+24]) })
}

// sizeLocator gives the room of a locator in whole sectors, as bytes (V042).
func (v *Image) sizeLocator(where []decode.Place) []disk.Repair {
	slot, ok := v.locatorAt(where)
	if !ok {
		return nil
	}
	return v.mendHeader("set the room to the whole sectors that the path takes", "", func(h []byte) {
		rec, ok := vhd.LocatorTable.Of(h[vhd.HeaderLocators.Offset()+24*slot:][:24])
		if ok {
			length := int64(vhd.LocatorLength.Get(rec))
			vhd.LocatorSpace.Put(rec, uint32(min(max(roundUp(length, vhd.Sector), vhd.Sector), vhd.MaxLocator)))
		}
	})
}

// acceptParentTime takes the time in the parent's footer for the one wanted
// (V045).
func (v *Image) acceptParentTime([]decode.Place) []disk.Repair {
	p, ok := v.parent.(*Image)
	if !ok {
		return nil
	}
	made := vhd.FooterTimestamp.Get(p.footer)
	if made == 0 {
		return nil
	}
	return v.mendHeader("store the time from the parent's footer", "if the parent has really been written to, this image is worthless, and nothing will say so",
		func(h []byte) { binary.BigEndian.PutUint32(h[vhd.HeaderParentTime.Offset():], made) })
}

// mendBatmap recomputes the checksum, or clears the bit of a block that is not
// full (V049).
func (v *Image) mendBatmap(where []decode.Place) []disk.Repair {
	if !v.batmap.found || v.batmapHeaderFault() != "" || len(where) < 2 {
		return nil
	}
	if where[0] == v.place(v.batmap.off+int64(vhd.BatmapSum.Offset()), 4) {
		return []disk.Repair{{Title: "recompute the checksum of the batmap", Edits: func(context.Context) ([]disk.Edit, error) { return v.sealBatmap(0, 0) }}}
	}
	start := where[1].Offset / vhd.Sector
	return []disk.Repair{{Title: "mark the block as not full, and recompute the checksum", Edits: func(ctx context.Context) ([]disk.Edit, error) {
		return v.clearFull(ctx, where[0].Offset-v.batmap.mapOff, uint32(start))
	}}}
}

// clearFull takes back the bits in one byte of the batmap whose blocks lie at
// a sector.
func (v *Image) clearFull(ctx context.Context, at int64, sector uint32) ([]disk.Edit, error) {
	var mask byte
	for i := 8 * at; i < min(8*at+8, v.table.usable()); i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := v.table.entry(i)
		if err != nil {
			return nil, err
		}
		if e == sector {
			mask |= 0x80 >> (i % 8)
		}
	}
	edits, err := disk.Rewrite(v.src.File, v.place(v.batmap.mapOff+at, 1), func(b []byte) { b[0] &^= mask })
	if err != nil {
		return nil, err
	}
	sum, err := v.sealBatmap(at, mask)
	return append(edits, sum...), err
}

// sealBatmap stores the map's checksum, as it is without the bits of mask in
// byte at.
func (v *Image) sealBatmap(at int64, mask byte) ([]disk.Edit, error) {
	sums, err := v.batmapSum()
	if err != nil {
		return nil, err
	}
	b, err := readUpTo(v.src.File, v.batmap.mapOff+at, 1)
	if err != nil {
		return nil, err
	}
	sum := sums[0]
	if len(b) == 1 && at < v.sumBytes() {
		sum += uint32(b[0] & mask)
	}
	return disk.Rewrite(v.src.File, v.place(v.batmap.off+int64(vhd.BatmapSum.Offset()), 4), func(b []byte) { binary.BigEndian.PutUint32(b, sum) })
}

// leftoverRepairs are those of a sector that has bytes although its bit is
// clear (V033).
func (v *Image) leftoverRepairs(block, start, sector int64) []disk.Repair {
	t := &v.table
	older := "the guest reads these bytes instead of zeros"
	if v.kind == vhd.Differencing {
		older = "the guest reads these bytes instead of the parent's"
	}
	zero := disk.Repair{Title: fmt.Sprintf("zero all absent sectors of block %d", block), Risk: "what is hidden in them is lost",
		Edits: func(ctx context.Context) ([]disk.Edit, error) { return v.zeroAbsent(ctx, block, start) }}
	set := v.mend(fmt.Sprintf("set the bit of sector %d", sector), older, start+sector/8, 1, func(b []byte) { b[0] |= 0x80 >> (sector % 8) })
	if t.blockSize > maxZeroed {
		return []disk.Repair{set}
	}
	return []disk.Repair{zero, set}
}

// maxZeroed bounds the blocks whose absent sectors are zeroed at once.
const maxZeroed = 16 << 20

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
		if !set {
			at := start + t.bitmapBytes + sector*vhd.Sector
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
