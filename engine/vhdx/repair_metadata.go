package vhdx

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// zeroMetadataHead zeroes the reserved bytes of the metadata table (20).
func (v *Image) zeroMetadataHead(where []decode.Place) ([]disk.Repair, string) {
	if where[0].Length != vhdx.MetadataHeadSize {
		return nil, "Without the table nobody knows which items there were: take the metadata region from a backup, or from another image of the same disk."
	}
	return v.rewrite(fix{title: "zero the reserved bytes"}, where[0].Offset, where[0].Length, func(b []byte) {
		head, _ := vhdx.MetadataTable.Of(b)
		clear(vhdx.MetadataReserved.Get(head))
		clear(vhdx.MetadataReserved2.Get(head))
	}), ""
}

// rewriteEntry changes an entry of the metadata table.
func (v *Image) rewriteEntry(f fix, at decode.Place, change func(decode.Record[vhdx.MetadataEntry])) ([]disk.Repair, string) {
	if at.Length != vhdx.MetadataEntrySize {
		return nil, ""
	}
	return v.rewrite(f, at.Offset, at.Length, func(b []byte) {
		rec, _ := vhdx.MetadataEntryTable.Of(b)
		change(rec)
	}), ""
}

// unplaceItem takes the place from an empty item (22).
func (v *Image) unplaceItem(where []decode.Place) ([]disk.Repair, string) {
	return v.rewriteEntry(fix{title: "set Offset to zero"}, where[0], func(e decode.Record[vhdx.MetadataEntry]) { vhdx.EntryOffset.Put(e, 0) })
}

// correctFlags gives an item the flags that the format wants (24).
func (v *Image) correctFlags(where []decode.Place) ([]disk.Repair, string) {
	return v.rewriteEntry(fix{title: "correct the flags"}, where[0], func(e decode.Record[vhdx.MetadataEntry]) {
		vhdx.EntryFlags.Put(e, 0)
		vhdx.EntryReserved2.Put(e, 0)
		user := vhdx.EntryIsUser.Get(e) != 0
		if user {
			vhdx.EntryIsRequired.Put(e, 0)
		}
		if known, ok := vhdx.ItemOf(vhdx.EntryItemID.Get(e)); ok && !user && known.Flags != 0 {
			putFlags(e, known)
		}
	})
}

func putFlags(e decode.Record[vhdx.MetadataEntry], known vhdx.Item) {
	vhdx.EntryIsVirtualDisk.Put(e, known.Flags>>1&1)
	vhdx.EntryIsRequired.Put(e, known.Flags>>2&1)
}

// deleteItem takes the mark of an incomplete file out of the table (26).
func (v *Image) deleteItem(where []decode.Place) ([]disk.Repair, string) {
	f := fix{title: "delete the mark", risk: "any part of the disk may never have been written", reads: true}
	table := v.meta.region.off
	return v.rewrite(f, table, v.tableBytes(), func(b []byte) {
		head, _ := vhdx.MetadataTable.Of(b)
		vhdx.MetadataCount.Put(head, uint16(len(v.meta.items)-1))
		at := where[0].Offset - table
		copy(b[at:], b[at+vhdx.MetadataEntrySize:])
		clear(b[len(b)-vhdx.MetadataEntrySize:])
	}), ""
}

// tableBytes is how much of the metadata table is used.
func (v *Image) tableBytes() int64 {
	return vhdx.MetadataHeadSize + int64(len(v.meta.items))*vhdx.MetadataEntrySize
}

// supply is what can be put in the place of a mandatory item.
type supply struct {
	id      uuid.UUID
	words   string
	risk    string
	content []byte
}

// supplyItem supplies a mandatory item that is missing or of the wrong length (27).
func (v *Image) supplyItem(known vhdx.Item) ([]disk.Repair, string) {
	var list []disk.Repair
	choices, why := v.supplies(known.ID)
	for _, s := range choices {
		if r, ok := v.putItem(known, s); ok {
			list = append(list, r)
		}
	}
	return list, why
}

// supplies are the values that an item may have had.
func (v *Image) supplies(id uuid.UUID) ([]supply, string) {
	sector := func(size uint32, risk string) supply {
		rec := vhdx.LogicalSectorTable.Blank()
		vhdx.LogicalSectorSize.Put(rec, size)
		return supply{id, fmt.Sprintf("%d bytes", size), risk, rec.Bytes()}
	}
	switch id {
	case vhdx.ItemDiskID:
		fresh := uuid.New()
		rec := vhdx.DiskIDTable.Blank()
		vhdx.DiskIDGUID.Put(rec, fresh)
		return []supply{{id, "a new one", "the guest sees another disk", rec.Bytes()}}, ""
	case vhdx.ItemPhysicalSector:
		return []supply{sector(4096, "guests may have been told otherwise"), sector(512, "guests may have been told otherwise")}, ""
	case vhdx.ItemLogicalSector:
		const risk = "with the wrong size nothing on the disk is where it was; nearly all disks have 512"
		return []supply{sector(512, risk), sector(4096, risk)}, ""
	case vhdx.ItemDiskSize:
		size, why := v.guessSize()
		if why != "" {
			return nil, why
		}
		rec := vhdx.DiskSizeTable.Blank()
		vhdx.DiskSizeBytes.Put(rec, uint64(size))
		return []supply{{id, decode.FormatSize(uint64(size)), guessRisk, rec.Bytes()}}, ""
	}
	return nil, "A wrong block size would scramble the disk: take it from a backup, a child or the program that made the image."
}

const guessRisk = "it is the end of the last block that the BAT knows: if the disk was larger, its tail is cut off"

// guessSize is the size of the disk up to the last block that the BAT has.
func (v *Image) guessSize() (size int64, why string) {
	p := v.params
	sector := p.logicalSector
	if sector == 0 {
		sector = 512
	}
	geo, ok := vhdx.NewGeometry(p.blockSize, sector, vhdx.MaxDiskSize)
	if !ok || !v.bat.placed {
		return 0, "The size can be guessed once the BAT and the other metadata are readable."
	}
	room := min(v.bat.length, geo.Entries(true)*vhdx.EntrySize)
	_, last, err := v.notZero(context.Background(), v.bat.off, v.bat.off+room)
	if err != nil || last < 0 {
		return 0, "The BAT has no entry to guess the size by: take it from a backup, a child or the program that made the image."
	}
	number, bitmap := geo.IsBitmap((last - v.bat.off) / vhdx.EntrySize)
	if bitmap {
		number = (number+1)*geo.Ratio - 1
	}
	return min((number+1)*geo.BlockSize, vhdx.MaxDiskSize), ""
}

// mandatoryPlace is where a finding about a mandatory item points.
func (v *Image) mandatoryPlace(known vhdx.Item) decode.Place {
	at := v.place(v.meta.region.off, vhdx.MetadataTableSize)
	for _, it := range v.meta.items {
		if it.id == known.ID && !it.user {
			at = v.entryPlace(it)
		}
	}
	return at
}

// putItem puts an item behind all others, and its entry into the table: in the
// place of the one that is there, else at the table's end.
func (v *Image) putItem(known vhdx.Item, s supply) (disk.Repair, bool) {
	off, ok := v.itemRoom(int64(len(s.content)))
	entry, added := v.mandatoryPlace(known), false
	if entry.Length != vhdx.MetadataEntrySize {
		entry, added = v.place(v.meta.region.off+v.tableBytes(), vhdx.MetadataEntrySize), true
	}
	if !ok || added && len(v.meta.items) >= vhdx.MaxSystemItems {
		return disk.Repair{}, false
	}
	f := fix{title: fmt.Sprintf("supply %s: %s", known.Name, s.words), risk: s.risk, reads: true}
	f.body = func(context.Context) (edits, error) {
		p := patches{image: v}
		rec := vhdx.MetadataEntryTable.Blank()
		vhdx.EntryItemID.Put(rec, known.ID)
		vhdx.EntryOffset.Put(rec, uint32(off))
		vhdx.EntryLength.Put(rec, uint32(len(s.content)))
		putFlags(rec, known)
		err := p.put(entry.Offset, rec.Bytes())
		if err == nil && added {
			head := append([]byte(nil), v.meta.raw[:vhdx.MetadataHeadSize]...)
			h, _ := vhdx.MetadataTable.Of(head)
			vhdx.MetadataCount.Put(h, uint16(len(v.meta.items)+1))
			err = p.put(v.meta.region.off, head)
		}
		if err == nil {
			err = p.put(v.meta.region.off+off, s.content)
		}
		return p.list, err
	}
	return v.one(f)[0], true
}

// itemRoom is room for an item behind all others, from the start of the region.
func (v *Image) itemRoom(n int64) (off int64, ok bool) {
	off = vhdx.MetadataTableSize
	for _, it := range v.meta.items {
		if it.placed {
			off = max(off, it.offset+it.length)
		}
	}
	return off, n <= v.meta.region.length-off
}

// rewriteItem changes the content of an item.
func (v *Image) rewriteItem(f fix, at decode.Place, change func([]byte)) []disk.Repair {
	return v.rewrite(f, at.Offset, at.Length, change)
}

// correctSize gives the disk a size that it can have (29).
func (v *Image) correctSize(where []decode.Place) ([]disk.Repair, string) {
	p := v.params
	size, risk := int64(0), guessRisk
	switch {
	case p.diskSize > 0 && p.diskSize <= vhdx.MaxDiskSize:
		size = int64((p.diskSize + p.logicalSector - 1) / p.logicalSector * p.logicalSector)
		risk = "the last sector gets whole; what is behind the old end of the disk shows what lies in the file there"
	default:
		var why string
		if size, why = v.guessSize(); why != "" {
			return nil, why
		}
	}
	f := fix{title: fmt.Sprintf("set the size of the disk to %d bytes", size), risk: risk, reads: true}
	return v.rewriteItem(f, where[0], func(b []byte) {
		rec, _ := vhdx.DiskSizeTable.Of(b)
		vhdx.DiskSizeBytes.Put(rec, uint64(size))
	}), ""
}

// clearParameterBits clears the bits of the file parameters without a meaning (30).
func (v *Image) clearParameterBits(where []decode.Place) ([]disk.Repair, string) {
	return v.rewriteItem(fix{title: "clear the reserved bits"}, where[0], func(b []byte) {
		rec, _ := vhdx.FileParametersTable.Of(b)
		vhdx.ParametersFlags.Put(rec, 0)
	}), ""
}
