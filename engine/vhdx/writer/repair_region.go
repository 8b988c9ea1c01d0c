package writer

import (
	"bytes"
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// renewTable makes both region tables equal (13).
func (v *image) renewTable(disk.Finding) []disk.Repair {
	other := 1 - v.Table
	list := v.copyTable(v.Table, fix{title: fmt.Sprintf("rewrite region table %d from the other one", other+1), risk: v.hiddenIn(other)})
	if v.OtherValid {
		list = append(list, v.copyTable(other, fix{title: fmt.Sprintf("region table %d is right: rewrite the other one from it", other+1),
			risk: "the image is read by the other table then: look at both first", reads: true})...)
		return list // each table says something
	}
	return v.apart(list)
}

// hiddenIn is the risk of writing over table i: what stands there after the entries that the
// other one has, where that has zeros; empty for nothing.
func (v *image) hiddenIn(i int) string {
	good, bad := v.Tables[1-i], v.Tables[i]
	r, ok := vhdx.RegionTable.Of(good)
	if !ok {
		return ""
	}
	from := min(vhdx.RegionHeadSize+min(int64(vhdx.RegionCount.Get(r)), vhdx.MaxRegionEntries)*vhdx.RegionEntrySize, int64(len(bad)))
	n := 0
	for at := from; at < int64(len(bad)); at++ {
		if bad[at] != 0 && (at >= int64(len(good)) || good[at] == 0) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s after its entries, which the other one does not have, are lost", decode.Plural(int64(n), "byte", "bytes"))
}

// copyTable writes the other region table as a copy of table i.
func (v *image) copyTable(i int, f fix) []disk.Repair {
	f.body = v.put(vhdx.RegionOffset(1-i), v.Tables[i])
	return v.one(f)
}

// changeTables changes both region tables, which are equal, and seals them.
func (v *image) changeTables(change func(b []byte)) disk.Step {
	table := bytes.Clone(v.Tables[0])
	change(table)
	return v.writeTables(table)
}

// writeTables makes both region tables hold these bytes, sealed.
func (v *image) writeTables(table []byte) disk.Step {
	vhdx.RegionTable.Seal(table)
	return disk.Steps(v.put(vhdx.RegionOffset(0), table), v.put(vhdx.RegionOffset(1), table))
}

// repairTableBits repairs the head of the region tables, or the bits of an entry
// that have no meaning (15).
func (v *image) repairTableBits(of disk.Finding) []disk.Repair {
	off := of.Where[0].Offset - vhdx.RegionOffset(v.Table)
	f := fix{title: "clear the undefined bits"}
	switch {
	case off == int64(vhdx.RegionCount.Offset()):
		f = fix{title: fmt.Sprintf("set EntryCount to %d", v.Regions), risk: "regions after an entry without a GUID are given up", reads: true}
		f.body = v.changeTables(func(b []byte) {
			head, _ := vhdx.RegionTable.Of(b)
			vhdx.RegionCount.Put(head, uint32(v.Regions))
		})
	case off < vhdx.RegionHeadSize:
		f = fix{title: "zero the reserved bytes", body: v.changeTables(func(b []byte) { clear(b[off:][:of.Where[0].Length]) })}
	default:
		f.body = v.changeTables(func(b []byte) {
			rec, _ := vhdx.RegionEntryTable.Of(b[off-int64(vhdx.RegionFlags.Offset()):])
			vhdx.RegionFlags.Put(rec, 0)
		})
	}
	return v.one(f)
}

// changeRegion changes an entry of both region tables.
func (v *image) changeRegion(entry int64, change func(decode.Record[vhdx.RegionEntry])) disk.Step {
	return v.changeTables(func(b []byte) {
		rec, _ := vhdx.RegionEntryTable.Of(b[entry-vhdx.RegionOffset(v.Table):])
		change(rec)
	})
}

// requireRegion sets Required of a region (19).
func (v *image) requireRegion(f disk.Finding) []disk.Repair {
	return v.apart(v.one(fix{title: "mark the region as required",
		body: v.changeRegion(f.Where[0].Offset, func(r decode.Record[vhdx.RegionEntry]) { vhdx.RegionRequired.Put(r, 1) })}))
}

// rebuildTables looks for metadata and BAT where neither region table is valid
// (14), and rewrites both tables.
func (v *image) rebuildTables(disk.Finding) []disk.Repair {
	for _, table := range v.Tables {
		if vhdx.UnmarkedRegions(table) {
			marked := bytes.Clone(table)
			copy(marked, vhdx.RegionSignature)
			return v.one(fix{title: "put the signatures back: the rest of the region tables is whole", body: v.writeTables(marked)})
		}
	}
	return v.one(fix{title: "look for metadata and BAT, and rewrite both region tables", risk: "where the BAT lies is a guess by what its entries say; other regions are given up", reads: true,
		body: func(ctx context.Context, to store.FS) error {
			bat, meta, err := v.FindRegions(ctx)
			if err != nil {
				return err
			}
			return v.writeTables(tableOfRegions(bat, meta))(ctx, to)
		}})
}

// tableOfRegions makes a region table, not yet sealed.
func tableOfRegions(list ...reader.Region) []byte {
	table := make([]byte, vhdx.RegionTableSize)
	copy(table, vhdx.RegionTable.Layout.Blank())
	head, _ := vhdx.RegionTable.Of(table)
	vhdx.RegionCount.Put(head, uint32(len(list)))
	for i, r := range list {
		rec, _ := vhdx.RegionEntryTable.Of(table[vhdx.RegionHeadSize+i*vhdx.RegionEntrySize:])
		vhdx.RegionGUID.Put(rec, r.GUID)
		vhdx.RegionFileOffset.Put(rec, uint64(r.Off))
		vhdx.RegionLength.Put(rec, uint32(r.Length))
		vhdx.RegionRequired.Put(rec, 1)
	}
	return table
}

// enlargeBAT moves a BAT that is too small to the end of the file, where it
// gets the room that it needs (35).
func (v *image) enlargeBAT(disk.Finding) []disk.Repair {
	length := roundUp(v.Geometry.Entries(v.HasParent) * vhdx.EntrySize)
	risk := v.longer("if the size of the disk is what is wrong, the disk gets a tail of zeros", roundUp(v.Size)+length)
	return v.one(fix{title: "move the BAT to the end of the file and enlarge it", risk: risk, reads: true,
		body: v.inFreshRoom(length, func(room int64) disk.Step {
			return disk.Steps(disk.Copy(v.place(v.BAT.Off, v.BAT.Length), room), v.changeRegion(v.BAT.Entry, func(r decode.Record[vhdx.RegionEntry]) {
				vhdx.RegionFileOffset.Put(r, uint64(room))
				vhdx.RegionLength.Put(r, uint32(length))
			}))
		})})
}
