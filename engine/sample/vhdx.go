package sample

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"platter/decode/vhdx"
	"platter/engine/store"
)

// The dynamic VHDX: the layout of Windows, with the smallest blocks.
const (
	vhdxSize     = 64 << 20
	vhdxBlock    = 1 << 20
	vhdxLog      = 1 << 20
	vhdxMetadata = 2 << 20
	vhdxBAT      = 3 << 20
	vhdxBlocks   = 4 << 20 // where payload blocks start
)

func buildVHDX(files *store.Mem) error {
	content, err := gptDisk(vhdxSize/sectorSize, entries("a dynamic VHDX"))
	if err != nil {
		return err
	}
	w, bat, err := vhdxBase(content, uuid.Nil)
	w.putAt(bat, vhdxBAT)
	files.Put("sample.vhdx", w.to.(*store.MemFile))
	return errors.Join(err, w.err)
}

// vhdxBase writes an image of a disk's content, all but its BAT. A GUID of the log
// says that the log is to be replayed.
func vhdxBase(content *store.MemFile, log uuid.UUID) (*writer, []byte, error) {
	w := &writer{to: store.NewMemFile(vhdxBlocks)}
	used, err := usedUnits(content, vhdxSize, vhdxBlock)
	if err != nil {
		return w, nil, err
	}
	slices.Reverse(used[1:]) // blocks lie in the order in which they were written
	w.vhdxHead(vhdxIdentity{file: fileID, data: dataID, log: log})
	w.vhdxItems(nil)

	bat := make([]byte, vhdxSize/vhdxBlock*vhdx.EntrySize)
	entry := func(block int64, offset int64, state uint64) {
		vhdx.PutEntry(bat[block*vhdx.EntrySize:], uint64(offset)|state)
	}
	next := int64(vhdxBlocks)
	block := make([]byte, vhdxBlock)
	// What formatting and trimming leave behind: zeroed blocks, and one that
	// the guest has freed and whose old content is still there.
	entry(2, 0, vhdx.ZeroBlock)
	entry(3, 0, vhdx.ZeroBlock)
	entry(10, next, vhdx.Unmapped)
	copy(block, "This block was freed by the guest. The file still has its old content.\r\n")
	w.putAt(block, next)
	next += vhdxBlock
	for _, b := range used {
		if _, err := content.ReadAt(block, b*vhdxBlock); err != nil {
			return w, nil, err
		}
		w.putAt(block, next)
		entry(b, next, vhdx.FullyPresent)
		next += vhdxBlock
	}
	return w, bat, nil
}

// vhdxIdentity are the GUIDs in the headers of a file.
type vhdxIdentity struct{ file, data, log uuid.UUID }

// vhdxHead writes the structures of the first MiB.
func (w *writer) vhdxHead(id vhdxIdentity) {
	identifier := vhdx.IdentifierTable.Blank()
	vhdx.IdentifierCreator.Put(identifier, "Platter 1.0")
	w.put(identifier.Bytes(), 0)
	for i, sequence := range []uint64{11, 12} {
		w.putAt(vhdxHeader(sequence, id), vhdx.HeaderOffset(i))
		w.putAt(vhdxRegions(), vhdx.RegionOffset(i))
	}
}

func (w *writer) putAt(b []byte, off int64) { w.put(b, off/sectorSize) }

func vhdxHeader(sequence uint64, id vhdxIdentity) []byte {
	rec := vhdx.HeaderTable.Blank()
	vhdx.HeaderSequence.Put(rec, sequence)
	vhdx.HeaderFileGUID.Put(rec, id.file)
	vhdx.HeaderDataGUID.Put(rec, id.data)
	vhdx.HeaderLogGUID.Put(rec, id.log)
	vhdx.HeaderVersion.Put(rec, 1)
	vhdx.HeaderLogLength.Put(rec, 1<<20)
	vhdx.HeaderLogOffset.Put(rec, vhdxLog)
	vhdx.HeaderTable.Seal(rec.Bytes())
	return rec.Bytes()
}

func vhdxRegions() []byte {
	b := make([]byte, vhdx.RegionTableSize)
	copy(b, vhdx.RegionTable.Layout.Blank())
	head, _ := vhdx.RegionTable.Of(b)
	vhdx.RegionCount.Put(head, 2)
	for i, region := range []struct {
		id uuid.UUID
		at uint64
	}{{vhdx.RegionBAT, vhdxBAT}, {vhdx.RegionMetadata, vhdxMetadata}} {
		rec, _ := vhdx.RegionEntryTable.Of(b[vhdx.RegionHeadSize+i*vhdx.RegionEntrySize:])
		vhdx.RegionGUID.Put(rec, region.id)
		vhdx.RegionFileOffset.Put(rec, region.at)
		vhdx.RegionLength.Put(rec, 1<<20)
		vhdx.RegionRequired.Put(rec, 1)
	}
	vhdx.RegionTable.Seal(b)
	return b
}

// vhdxItems writes the metadata table and the five items that each file has, and a
// parent locator, which makes the image a differencing one; nil for none.
func (w *writer) vhdxItems(locator []byte) {
	parameters := vhdx.FileParametersTable.Blank()
	vhdx.ParametersBlockSize.Put(parameters, vhdxBlock)
	size := vhdx.DiskSizeTable.Blank()
	vhdx.DiskSizeBytes.Put(size, vhdxSize)
	logical := vhdx.LogicalSectorTable.Blank()
	vhdx.LogicalSectorSize.Put(logical, 512)
	physical := vhdx.PhysicalSectorTable.Blank()
	vhdx.PhysicalSectorSize.Put(physical, 4096)
	id := vhdx.DiskIDTable.Blank()
	vhdx.DiskIDGUID.Put(id, diskID)
	items := []vhdxItem{
		{vhdx.ItemFileParameters, parameters.Bytes(), 0}, {vhdx.ItemDiskSize, size.Bytes(), 1},
		{vhdx.ItemLogicalSector, logical.Bytes(), 1}, {vhdx.ItemPhysicalSector, physical.Bytes(), 1}, {vhdx.ItemDiskID, id.Bytes(), 1},
	}
	if locator != nil {
		vhdx.ParametersHasParent.Put(parameters, 1)
		items = append(items, vhdxItem{vhdx.ItemParentLocator, locator, 0})
	}
	w.vhdxItemTable(items)
}

// vhdxItem is a metadata item.
type vhdxItem struct {
	id    uuid.UUID
	value []byte
	disk  uint64 // whether the item belongs to the disk, not to this file
}

func (w *writer) vhdxItemTable(items []vhdxItem) {
	table := vhdx.MetadataTable.Blank()
	b, at := table.Bytes(), uint32(vhdx.MetadataTableSize)
	var values []byte
	for _, item := range items {
		rec := vhdx.MetadataEntryTable.Blank()
		vhdx.EntryItemID.Put(rec, item.id)
		vhdx.EntryOffset.Put(rec, at+uint32(len(values)))
		vhdx.EntryLength.Put(rec, uint32(len(item.value)))
		vhdx.EntryIsVirtualDisk.Put(rec, item.disk)
		vhdx.EntryIsRequired.Put(rec, 1)
		b = append(b, rec.Bytes()...)
		values = append(values, item.value...)
	}
	head, _ := vhdx.MetadataTable.Of(b)
	vhdx.MetadataCount.Put(head, uint16(len(items)))
	w.putAt(b, vhdxMetadata)
	w.putAt(values, vhdxMetadata+vhdx.MetadataTableSize)
}
