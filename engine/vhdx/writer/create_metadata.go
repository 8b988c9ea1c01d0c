package writer

import (
	"github.com/google/uuid"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// newItem is a metadata item to be stored.
type newItem struct {
	id                   uuid.UUID
	user, disk, required bool
	content              []byte
}

// known is an item of the format with the flags that it should have (vhdx.md 6).
func known(id uuid.UUID, content []byte) newItem {
	it, _ := vhdx.ItemOf(id)
	return newItem{id: id, disk: it.Flags&2 != 0, required: it.Flags&4 != 0, content: content}
}

// diskItems are the five items that every file has, in the order of Windows.
func diskItems(spec disk.Spec, id uuid.UUID, fixed, hasParent uint64) []newItem {
	logical, physical := spec.SectorSizes(physicalSector)
	parameters := vhdx.FileParametersTable.Blank()
	vhdx.ParametersBlockSize.Put(parameters, uint32(spec.Bytes(disk.OptionBlockSize)))
	vhdx.ParametersFixed.Put(parameters, fixed)
	vhdx.ParametersHasParent.Put(parameters, hasParent)
	size := vhdx.DiskSizeTable.Blank()
	vhdx.DiskSizeBytes.Put(size, uint64(spec.Bytes(disk.OptionSize)))
	logicalSector := vhdx.LogicalSectorTable.Blank()
	vhdx.LogicalSectorSize.Put(logicalSector, uint32(logical))
	physicalSector := vhdx.PhysicalSectorTable.Blank()
	vhdx.PhysicalSectorSize.Put(physicalSector, uint32(physical))
	diskID := vhdx.DiskIDTable.Blank()
	vhdx.DiskIDGUID.Put(diskID, id)
	return []newItem{
		known(vhdx.ItemFileParameters, parameters.Bytes()),
		known(vhdx.ItemDiskSize, size.Bytes()),
		known(vhdx.ItemLogicalSector, logicalSector.Bytes()),
		known(vhdx.ItemPhysicalSector, physicalSector.Bytes()),
		known(vhdx.ItemDiskID, diskID.Bytes()),
	}
}

// metadataOf is the table of the items and their contents, packed after it. Offsets
// count from the start of the region.
func metadataOf(items []newItem) []store.Piece {
	table := vhdx.MetadataTable.Blank()
	vhdx.MetadataCount.Put(table, uint16(len(items)))
	entries := table.Bytes()
	var contents []byte
	for _, it := range items {
		entries = append(entries, it.entry(vhdx.MetadataTableSize+len(contents))...)
		contents = append(contents, it.content...)
	}
	return []store.Piece{{Data: entries}, {Offset: vhdx.MetadataTableSize, Data: contents}}
}

// entry places an item; one without content lies nowhere.
func (it newItem) entry(at int) []byte {
	if len(it.content) == 0 {
		at = 0
	}
	rec := vhdx.MetadataEntryTable.Blank()
	vhdx.EntryItemID.Put(rec, it.id)
	vhdx.EntryOffset.Put(rec, uint32(at))
	vhdx.EntryLength.Put(rec, uint32(len(it.content)))
	vhdx.EntryIsUser.Put(rec, bit(it.user))
	vhdx.EntryIsVirtualDisk.Put(rec, bit(it.disk))
	vhdx.EntryIsRequired.Put(rec, bit(it.required))
	return rec.Bytes()
}

func bit(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// metadataEnd is how far the pieces reach.
func metadataEnd(pieces []store.Piece) int64 {
	end := int64(0)
	for _, p := range pieces {
		end = max(end, p.Offset+int64(len(p.Data)))
	}
	return end
}
