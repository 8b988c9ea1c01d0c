package writer

import (
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// zeroMetadataHead zeroes the reserved bytes of the metadata table, or puts its
// signature back (20).
func (v *image) zeroMetadataHead(f disk.Finding) []disk.Repair {
	if !v.MetaSigned {
		return v.rewrite(fix{title: "put the signature back: the table lists all items that a disk needs"}, f.Where[0].Sub(0, vhdx.MetadataHeadSize), func(b []byte) { copy(b, vhdx.MetadataSignature) })
	}
	return v.rewrite(fix{title: "zero the reserved bytes"}, f.Where[0], func(b []byte) {
		head, _ := vhdx.MetadataTable.Of(b)
		clear(vhdx.MetadataReserved.Get(head))
		clear(vhdx.MetadataReserved2.Get(head))
	})
}

// rewriteEntry changes an entry of the metadata table.
func (v *image) rewriteEntry(f fix, at decode.Place, change func(decode.Record[vhdx.MetadataEntry])) []disk.Repair {
	return v.rewrite(f, at, func(b []byte) {
		rec, _ := vhdx.MetadataEntryTable.Of(b)
		change(rec)
	})
}

// unplaceItem takes the place from an empty item (22).
func (v *image) unplaceItem(f disk.Finding) []disk.Repair {
	return v.rewriteEntry(fix{title: "set Offset to zero"}, f.Where[0], func(e decode.Record[vhdx.MetadataEntry]) { vhdx.EntryOffset.Put(e, 0) })
}

// correctFlags gives an item the flags that the format wants (24).
func (v *image) correctFlags(f disk.Finding) []disk.Repair {
	return v.rewriteEntry(fix{title: "correct the flags"}, f.Where[0], func(e decode.Record[vhdx.MetadataEntry]) {
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
func (v *image) deleteItem(of disk.Finding) []disk.Repair {
	f := fix{title: "delete the mark", risk: "any part of the disk may never have been written", reads: true}
	f.body = v.withoutItem(of.Where[0].Offset)
	return v.one(f)
}

// supply is what can be put in the place of a mandatory item.
type supply struct {
	words   string
	risk    string
	content []byte
}

// supplyItem supplies a mandatory item that is missing or of the wrong length (27).
func (v *image) supplyItem(f disk.Finding) []disk.Repair {
	var list []disk.Repair
	if known, ok := f.About.(vhdx.Item); ok {
		for _, s := range v.supplies(known.ID) {
			list = append(list, v.putItem(known, s))
		}
	}
	return list
}

// supplies are the values that an item may have had.
func (v *image) supplies(id uuid.UUID) []supply {
	sector := func(size uint32, risk string) supply {
		rec := vhdx.LogicalSectorTable.Blank()
		vhdx.LogicalSectorSize.Put(rec, size)
		return supply{fmt.Sprintf("%d bytes", size), risk, rec.Bytes()}
	}
	switch id {
	case vhdx.ItemDiskID:
		rec := vhdx.DiskIDTable.Blank()
		vhdx.DiskIDGUID.Put(rec, uuid.New())
		return []supply{{"a new one", "the guest sees another disk", rec.Bytes()}}
	case vhdx.ItemPhysicalSector:
		const risk = "guests may have been told otherwise"
		return []supply{sector(4096, risk), sector(512, risk)}
	case vhdx.ItemLogicalSector:
		const risk = "with the wrong size nothing on the disk is where it was; nearly all disks have 512"
		return []supply{sector(512, risk), sector(4096, risk)}
	}
	size, _ := v.GuessSize()
	rec := vhdx.DiskSizeTable.Blank()
	vhdx.DiskSizeBytes.Put(rec, uint64(size))
	return []supply{{decode.FormatSize(uint64(size)), guessRisk, rec.Bytes()}}
}

const guessRisk = "it is the end of the last block that the BAT knows: if the disk was larger, its tail is cut off"

// putItem puts an item after all others, and its entry into the table: in the
// place of the one that is there, else at the table's end.
func (v *image) putItem(known vhdx.Item, s supply) disk.Repair {
	off, _ := v.ItemRoom(int64(len(s.content)))
	rec := vhdx.MetadataEntryTable.Blank()
	vhdx.EntryItemID.Put(rec, known.ID)
	vhdx.EntryOffset.Put(rec, uint32(off))
	vhdx.EntryLength.Put(rec, uint32(len(s.content)))
	putFlags(rec, known)
	entry := v.MandatoryPlace(known)
	steps := []disk.Step{v.put(v.Meta.Off+off, s.content)}
	if entry.Length != vhdx.MetadataEntrySize {
		entry = v.place(v.Meta.Off+v.TableBytes(), vhdx.MetadataEntrySize)
		steps = append(steps, disk.Change(v.place(v.Meta.Off, vhdx.MetadataHeadSize), func(b []byte) {
			h, _ := vhdx.MetadataTable.Of(b)
			vhdx.MetadataCount.Put(h, uint16(v.Items+1))
		}))
	}
	steps = append(steps, v.put(entry.Offset, rec.Bytes()))
	return v.one(fix{title: fmt.Sprintf("supply %s: %s", known.Name, s.words), risk: s.risk, reads: true, body: disk.Steps(steps...)})[0]
}

// correctSize gives the disk a size that it can have (29).
func (v *image) correctSize(f disk.Finding) []disk.Repair {
	size, guessed := v.NextSize()
	risk := "the last sector gets whole; what is past the old end of the disk shows what lies in the file there"
	if guessed {
		risk = guessRisk
	}
	return v.rewrite(fix{title: fmt.Sprintf("set the size of the disk to %d bytes", size), risk: risk, reads: true}, f.Where[0], func(b []byte) {
		rec, _ := vhdx.DiskSizeTable.Of(b)
		vhdx.DiskSizeBytes.Put(rec, uint64(size))
	})
}

// clearParameterBits clears the bits of the file parameters without a meaning (30).
func (v *image) clearParameterBits(f disk.Finding) []disk.Repair {
	return v.rewrite(fix{title: "clear the reserved bits"}, f.Where[0], func(b []byte) {
		rec, _ := vhdx.FileParametersTable.Of(b)
		vhdx.ParametersFlags.Put(rec, 0)
	})
}
