package vhdx

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
)

// metadata is the metadata region.
type metadata struct {
	region region
	raw    []byte // the table
	head   decode.Record[vhdx.Metadata]
	signed bool // the table has its signature
	items  []item
}

// item is one entry of the metadata table.
type item struct {
	id       uuid.UUID
	entry    int64 // of the file; where the entry lies
	offset   int64 // from the region's start
	length   int64
	user     bool
	disk     bool
	required bool
	flags    uint64 // reserved bits
	reserved uint64
	placed   bool // it lies inside the region, after the table
	content  []byte
}

// name words an item.
func (it item) name() string {
	if known, ok := vhdx.ItemOf(it.id); ok && !it.user {
		return known.Name
	}
	return "item " + it.id.String()
}

// parameters are what the items say about the disk; zero where they say nothing.
type parameters struct {
	blockSize      uint64
	diskSize       uint64
	logicalSector  uint64
	physicalSector uint64
	fixed          bool
	hasParent      bool
	diskID         uuid.UUID
	incomplete     bool
}

// readMetadata reads the table and the known items.
func (v *Image) readMetadata() error {
	m := &v.meta
	if !m.region.placed {
		return nil
	}
	raw, err := readUpTo(v.data, m.region.off, vhdx.MetadataTableSize)
	if err != nil {
		return err
	}
	head, ok := vhdx.MetadataTable.Of(raw)
	if !ok {
		return nil
	}
	m.raw, m.head = raw, head
	sign, _ := vhdx.MetadataSign.Field().Verdict(raw)
	if m.signed = sign == decode.Good; !m.signed {
		return nil
	}
	for i := range min(int64(vhdx.MetadataCount.Get(head)), vhdx.MaxMetadataEntries) {
		at := vhdx.MetadataHeadSize + i*vhdx.MetadataEntrySize
		if at+vhdx.MetadataEntrySize > int64(len(raw)) {
			break
		}
		rec, _ := vhdx.MetadataEntryTable.Of(raw[at : at+vhdx.MetadataEntrySize])
		if vhdx.MetadataCount.Get(head) > vhdx.MaxMetadataEntries && vhdx.EntryItemID.Get(rec) == (uuid.UUID{}) {
			break // the count is impossible, so the first entry without an identity ends the table
		}
		m.items = append(m.items, itemOf(rec, m.region.off+at, m.region.length))
	}
	return v.readItems()
}

func itemOf(rec decode.Record[vhdx.MetadataEntry], entry, room int64) item {
	it := item{
		id: vhdx.EntryItemID.Get(rec), entry: entry,
		offset: int64(vhdx.EntryOffset.Get(rec)), length: int64(vhdx.EntryLength.Get(rec)),
		user: vhdx.EntryIsUser.Get(rec) != 0, disk: vhdx.EntryIsVirtualDisk.Get(rec) != 0, required: vhdx.EntryIsRequired.Get(rec) != 0,
		flags: vhdx.EntryFlags.Get(rec), reserved: uint64(vhdx.EntryReserved2.Get(rec)),
	}
	it.placed = it.length > 0 && it.length <= vhdx.MaxItemSize && it.offset >= vhdx.MetadataTableSize && it.offset+it.length <= room
	return it
}

// readItems reads what the format defines, the first item of each kind.
func (v *Image) readItems() error {
	m, p := &v.meta, &v.params
	for i := range m.items {
		it := &m.items[i]
		known, ok := vhdx.ItemOf(it.id)
		if !ok || it.user {
			continue
		}
		if it.id == vhdx.ItemIncomplete {
			p.incomplete = true
		}
		if !it.placed || known.Length >= 0 && it.length != known.Length {
			continue
		}
		b, err := readUpTo(v.data, m.region.off+it.offset, int(it.length))
		if err != nil {
			return err
		}
		if int64(len(b)) == it.length && v.itemContent(it.id) == nil {
			it.content = b
		}
	}
	v.readParameters()
	v.locator = locatorOf(v.itemContent(vhdx.ItemParentLocator))
	return nil
}

// itemContent is the content of the first usable item of a kind; nil if there
// is none.
func (v *Image) itemContent(id uuid.UUID) []byte {
	for _, it := range v.meta.items {
		if it.id == id && !it.user && it.content != nil {
			return it.content
		}
	}
	return nil
}

func (v *Image) readParameters() {
	p := &v.params
	if rec, ok := vhdx.FileParametersTable.Of(v.itemContent(vhdx.ItemFileParameters)); ok {
		p.blockSize = uint64(vhdx.ParametersBlockSize.Get(rec))
		p.fixed, p.hasParent = vhdx.ParametersFixed.Get(rec) != 0, vhdx.ParametersHasParent.Get(rec) != 0
	}
	if rec, ok := vhdx.DiskSizeTable.Of(v.itemContent(vhdx.ItemDiskSize)); ok {
		p.diskSize = vhdx.DiskSizeBytes.Get(rec)
	}
	if rec, ok := vhdx.LogicalSectorTable.Of(v.itemContent(vhdx.ItemLogicalSector)); ok {
		p.logicalSector = uint64(vhdx.LogicalSectorSize.Get(rec))
	}
	if rec, ok := vhdx.PhysicalSectorTable.Of(v.itemContent(vhdx.ItemPhysicalSector)); ok {
		p.physicalSector = uint64(vhdx.PhysicalSectorSize.Get(rec))
	}
	if rec, ok := vhdx.DiskIDTable.Of(v.itemContent(vhdx.ItemDiskID)); ok {
		p.diskID = vhdx.DiskIDGUID.Get(rec)
	}
}

// judgeMetadata checks the metadata table and its items.
func (v judge) judgeMetadata() {
	m := &v.meta
	if !m.region.placed {
		return
	}
	table := []decode.Place{v.place(m.region.off, vhdx.MetadataTableSize)}
	if !m.signed {
		v.add("20", table, "the metadata table has no signature %q", vhdx.MetadataSignature)
		return
	}
	if n := vhdx.MetadataCount.Get(m.head); n > vhdx.MaxMetadataEntries {
		v.add("20", table, "EntryCount of the metadata table is %d, at most %d entries fit", n, vhdx.MaxMetadataEntries)
	}
	if !isZero(vhdx.MetadataReserved.Get(m.head)) || !isZero(vhdx.MetadataReserved2.Get(m.head)) {
		v.addAs(warning, "20:reserved", []decode.Place{v.place(m.region.off, vhdx.MetadataHeadSize)}, "reserved bytes of the metadata table are not zero")
	}
	users := 0
	seen := map[itemKey]bool{}
	for _, it := range m.items {
		if it.user {
			users++
		}
		v.judgeItem(it)
		if key := (itemKey{it.id, it.user}); seen[key] {
			v.add("23", []decode.Place{v.entryPlace(it)}, "%s is there twice", it.name())
		} else {
			seen[key] = true
		}
	}
	if users > vhdx.MaxUserItems || len(m.items)-users > vhdx.MaxSystemItems {
		v.add("23", table, "%d items of the user and %d of the format, at most %d and %d are allowed", users, len(m.items)-users, vhdx.MaxUserItems, vhdx.MaxSystemItems)
	}
	v.judgeItemOverlaps()
	v.judgeMandatory()
}

type itemKey struct {
	id   uuid.UUID
	user bool
}

func (v *Image) entryPlace(it item) decode.Place { return v.place(it.entry, vhdx.MetadataEntrySize) }

// itemPlace is where an item's content lies.
func (v *Image) itemPlace(it item) decode.Place {
	return v.place(v.meta.region.off+it.offset, it.length)
}

func (v judge) judgeItem(it item) {
	at := []decode.Place{v.entryPlace(it)}
	known, ok := vhdx.ItemOf(it.id)
	ok = ok && !it.user
	switch {
	case it.length == 0 && it.offset != 0:
		v.add("22", at, "%s is empty, but its Offset is 0x%x", it.name(), it.offset)
	case it.length > 0 && !it.placed:
		v.add("21", at, "%s at 0x%x+0x%x: expected after the table's 64 KiB, inside the region of 0x%x bytes, at most 1 MiB long", it.name(), it.offset, it.length, v.meta.region.length)
	}
	switch {
	case it.flags != 0 || it.reserved != 0:
		v.add("24", at, "%s has reserved bits set", it.name())
	case it.user && it.required:
		v.add("24", at, "%s belongs to the user and is marked as required", it.name())
	case ok && known.Flags != 0 && (it.disk != (known.Flags&2 != 0) || it.required != (known.Flags&4 != 0)):
		v.add("24", at, "%s has IsVirtualDisk %v and IsRequired %v, expected %v and %v", it.name(), it.disk, it.required, known.Flags&2 != 0, known.Flags&4 != 0)
	}
	if !ok && !it.user && it.required {
		v.add("25", at, "%s is required, and nobody here knows it", it.name())
	}
	if ok && it.id == vhdx.ItemIncomplete {
		v.add("26", at, "the mark of an incomplete file is there: its creation did not finish")
	}
}

func (v judge) judgeItemOverlaps() {
	list := slices.DeleteFunc(slices.Clone(v.meta.items), func(it item) bool { return !it.placed })
	slices.SortStableFunc(list, func(a, b item) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; b.offset < a.offset+a.length {
			v.add("21", []decode.Place{v.itemPlace(a), v.itemPlace(b)}, "%s and %s overlap at 0x%x", a.name(), b.name(), v.meta.region.off+b.offset)
		}
		if a, b := &list[i-1], &list[i]; a.offset+a.length > b.offset+b.length {
			*b = *a // what reaches furthest is what the next one is compared with
		}
	}
}

// judgeMandatory looks for the items that every file must have.
func (v judge) judgeMandatory() {
	for _, known := range vhdx.Items() {
		if !known.Mandatory || v.itemContent(known.ID) != nil {
			continue
		}
		why := "is missing"
		for _, it := range v.meta.items {
			if it.id == known.ID && !it.user {
				why = fmt.Sprintf("has 0x%x bytes at 0x%x, expected %d", it.length, it.offset, known.Length)
			}
		}
		ok, instead := prospect(v).settled(func() (bool, string) { return prospect(v).canSupply(known) })
		f := v.worded("27", fmt.Sprintf("%s %s", known.Name, why), ok, instead, v.mandatoryPlace(known))
		f.About = known
		v.keep(f)
	}
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

// release forgets the contents that were only needed to judge them: an item
// may have a MiB, and a chain 256 layers.
func (v judge) release() {
	v.locator.raw = nil
	for i := range v.meta.items {
		v.meta.items[i].content = nil
	}
}

// judgeParameters checks the values of the items.
func (v judge) judgeParameters() {
	p := v.params
	at := func(id uuid.UUID) []decode.Place {
		for _, it := range v.meta.items {
			if it.id == id && it.content != nil {
				return []decode.Place{v.itemPlace(it)}
			}
		}
		return nil
	}
	if b := v.itemContent(vhdx.ItemFileParameters); b != nil {
		if !vhdx.GoodBlockSize(p.blockSize) {
			v.add("28", at(vhdx.ItemFileParameters), "BlockSize is 0x%x, expected a power of two from 1 to 256 MiB", p.blockSize)
		}
		if rec, ok := vhdx.FileParametersTable.Of(b); ok && vhdx.ParametersFlags.Get(rec) != 0 {
			v.add("30", at(vhdx.ItemFileParameters), "reserved bits of the file parameters are set: 0x%x", vhdx.ParametersFlags.Get(rec)<<2)
		}
	}
	v.judgeSectorSize(vhdx.ItemLogicalSector, p.logicalSector, at)
	v.judgeSectorSize(vhdx.ItemPhysicalSector, p.physicalSector, at)
	if v.itemContent(vhdx.ItemDiskSize) != nil {
		switch {
		case p.diskSize == 0 || p.diskSize > vhdx.MaxDiskSize:
			v.add("29", at(vhdx.ItemDiskSize), "Virtual Disk Size is 0x%x bytes, expected at most 64 TiB and not zero", p.diskSize)
		case (p.logicalSector == 512 || p.logicalSector == 4096) && p.diskSize%p.logicalSector != 0:
			v.addAs(severe, "29", at(vhdx.ItemDiskSize), "Virtual Disk Size 0x%x is no multiple of the sector size %d", p.diskSize, p.logicalSector)
		}
	}
	v.judgeLocator(at(vhdx.ItemParentLocator))
	v.judgeTableRoom()
}

func (v judge) judgeSectorSize(id uuid.UUID, size uint64, at func(uuid.UUID) []decode.Place) {
	if known, _ := vhdx.ItemOf(id); v.itemContent(id) != nil && size != 512 && size != 4096 {
		v.add("28", at(id), "%s is %d, expected 512 or 4096", known.Name, size)
	}
}

// judgeTableRoom checks that the BAT has all the entries that the disk needs.
func (v judge) judgeTableRoom() {
	if v.geo.Blocks == 0 || !v.bat.placed || v.sized {
		return
	}
	need := v.geo.Entries(v.params.hasParent) * vhdx.EntrySize
	v.add("35", []decode.Place{v.place(v.bat.off, v.bat.length)}, "the BAT region has 0x%x bytes, %d entries need 0x%x", v.bat.length, need/vhdx.EntrySize, need)
}
