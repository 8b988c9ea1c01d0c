package vhdx_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

const mib = 1 << 20

// Where the fixtures have their structures.
const (
	logAt      = 1 * mib
	metadataAt = 2 * mib
	batAt      = 3 * mib
)

// plan is what a test image is to be.
type plan struct {
	fixed   bool
	size    int64
	block   int64 // bytes; 1 MiB if 0
	sector  int64 // bytes; 512 if 0
	states  map[int64]uint64
	here    func(sector int64) bool // for partially present blocks
	id      int                     // of content and identity
	parent  int                     // identity of the parent; 0 for none
	locator []string                // keys and values; nil for the usual ones
	name    string                  // of the parent
	bat     int64                   // MiB of the BAT region; 1 if 0
}

// fixture is an image in memory, whole until a test damages it.
type fixture struct {
	*store.MemFile
	plan
	geo  layout.Geometry
	next int64           // where the next block goes
	at   map[int64]int64 // of the blocks that are stored
	sbm  map[int64]int64 // of the sector bitmaps
}

// identity is the DataWriteGuid of the image with an id.
func identity(id int) uuid.UUID { return uuid.UUID{byte(id), byte(id >> 8), 2, 3, 4, 5, 6, 7, 8, 9} }

// build makes the image that Windows would make.
func build(t testing.TB, p plan) *fixture {
	t.Helper()
	if p.block == 0 {
		p.block = mib
	}
	if p.sector == 0 {
		p.sector = 512
	}
	p.bat = max(p.bat, 1)
	geo, ok := layout.NewGeometry(uint64(p.block), uint64(p.sector), uint64(p.size))
	if !ok {
		t.Fatalf("impossible plan %+v", p)
	}
	f := &fixture{MemFile: store.NewMemFile(batAt + p.bat*mib), plan: p, geo: geo, next: batAt + p.bat*mib, at: map[int64]int64{}, sbm: map[int64]int64{}}
	id := layout.IdentifierTable.Blank()
	layout.IdentifierCreator.Put(id, "test")
	f.put(0, id.Bytes())
	for i := range 2 {
		f.header(i, func(h decode.Record[layout.Header]) {
			copy(h.Bytes(), layout.HeaderTable.Layout.Blank())
			layout.HeaderSequence.Put(h, uint64(i))
			layout.HeaderFileGUID.Put(h, identity(200))
			layout.HeaderDataGUID.Put(h, identity(p.id))
			layout.HeaderLogLength.Put(h, mib)
			layout.HeaderLogOffset.Put(h, logAt)
		})
		f.regions(i, entry{layout.RegionBAT, batAt, uint32(p.bat * mib), 1}, entry{layout.RegionMetadata, metadataAt, mib, 1})
	}
	f.metadata(f.usualItems()...)
	f.blocks()
	return f
}

func (f *fixture) put(off int64, b []byte) {
	if _, err := f.WriteAt(b, off); err != nil {
		panic(err)
	}
}

func (f *fixture) get(off int64, n int) []byte {
	b := make([]byte, n)
	if _, err := f.ReadAt(b, off); err != nil {
		panic(err)
	}
	return b
}

func (f *fixture) u64(off int64, v uint64) {
	f.put(off, binary.LittleEndian.AppendUint64(nil, v))
}

// header changes header i and makes its checksum right.
func (f *fixture) header(i int, change func(decode.Record[layout.Header])) {
	b := f.get(layout.HeaderOffset(i), layout.HeaderSize)
	h, _ := layout.HeaderTable.Of(b)
	change(h)
	layout.HeaderTable.Seal(b)
	f.put(layout.HeaderOffset(i), b)
}

// current changes the current header, which is the second one.
func (f *fixture) current(change func(decode.Record[layout.Header])) { f.header(1, change) }

// entry is a region.
type entry struct {
	id       uuid.UUID
	off      uint64
	length   uint32
	required uint64
}

// regions writes region table i.
func (f *fixture) regions(i int, list ...entry) {
	b := make([]byte, layout.RegionTableSize)
	copy(b, layout.RegionTable.Layout.Blank())
	head, _ := layout.RegionTable.Of(b)
	layout.RegionCount.Put(head, uint32(len(list)))
	for k, r := range list {
		rec, _ := layout.RegionEntryTable.Of(b[layout.RegionHeadSize+k*layout.RegionEntrySize:])
		layout.RegionGUID.Put(rec, r.id)
		layout.RegionFileOffset.Put(rec, r.off)
		layout.RegionLength.Put(rec, r.length)
		layout.RegionRequired.Put(rec, r.required)
	}
	layout.RegionTable.Seal(b)
	f.put(layout.RegionOffset(i), b)
}

// bothRegions writes the usual regions and more into both tables.
func (f *fixture) bothRegions(more ...entry) {
	list := append([]entry{{layout.RegionBAT, batAt, uint32(f.bat * mib), 1}, {layout.RegionMetadata, metadataAt, mib, 1}}, more...)
	f.regions(0, list...)
	f.regions(1, list...)
}

// regionTables changes both region tables in the same way and seals them.
func (f *fixture) regionTables(change func(b []byte)) {
	for i := range 2 {
		b := f.get(layout.RegionOffset(i), layout.RegionTableSize)
		change(b)
		layout.RegionTable.Seal(b)
		f.put(layout.RegionOffset(i), b)
	}
}

// metaItem is a metadata item to be written.
type metaItem struct {
	id      uuid.UUID
	flags   uint32
	content []byte
}

func (f *fixture) usualItems() []metaItem {
	params := layout.FileParametersTable.Blank()
	layout.ParametersBlockSize.Put(params, uint32(f.block))
	size := layout.DiskSizeTable.Blank()
	layout.DiskSizeBytes.Put(size, uint64(f.size))
	logical, physical := layout.LogicalSectorTable.Blank(), layout.PhysicalSectorTable.Blank()
	layout.LogicalSectorSize.Put(logical, uint32(f.sector))
	layout.PhysicalSectorSize.Put(physical, 4096)
	disk := layout.DiskIDTable.Blank()
	layout.DiskIDGUID.Put(disk, identity(100))
	list := []metaItem{{layout.ItemFileParameters, 4, params.Bytes()}, {layout.ItemDiskSize, 6, size.Bytes()},
		{layout.ItemLogicalSector, 6, logical.Bytes()}, {layout.ItemPhysicalSector, 6, physical.Bytes()}, {layout.ItemDiskID, 6, disk.Bytes()}}
	if f.fixed {
		layout.ParametersFixed.Put(params, 1)
	}
	if f.parent != 0 {
		layout.ParametersHasParent.Put(params, 1)
		pairs := f.locator
		if pairs == nil {
			pairs = []string{layout.KeyLinkage, "{" + identity(f.parent).String() + "}", layout.KeyRelativePath, `.\` + f.name}
		}
		list = append(list, metaItem{layout.ItemParentLocator, 4, locatorItem(pairs)})
	}
	return list
}

func locatorItem(pairs []string) []byte {
	item := layout.LocatorTable.Blank()
	layout.LocatorTypeGUID.Put(item, layout.LocatorType)
	layout.LocatorCount.Put(item, uint16(len(pairs)/2))
	b := append(item.Bytes(), make([]byte, len(pairs)/2*layout.LocatorEntrySize)...)
	for i := 0; i < len(pairs); i += 2 {
		key, value := decode.EncodeUTF16(pairs[i], decode.Little), decode.EncodeUTF16(pairs[i+1], decode.Little)
		e, _ := layout.LocatorEntryTable.Of(b[layout.LocatorHeadSize+i/2*layout.LocatorEntrySize:])
		layout.LocatorKeyOffset.Put(e, uint32(len(b)))
		layout.LocatorKeyLength.Put(e, uint16(len(key)))
		layout.LocatorValueOffset.Put(e, uint32(len(b)+len(key)))
		layout.LocatorValueLength.Put(e, uint16(len(value)))
		b = append(append(b, key...), value...)
	}
	return b
}

// metadata writes the metadata table and packs the items after it.
func (f *fixture) metadata(items ...metaItem) {
	f.put(metadataAt, make([]byte, 2*layout.MetadataTableSize))
	table := layout.MetadataTable.Blank()
	layout.MetadataCount.Put(table, uint16(len(items)))
	f.put(metadataAt, table.Bytes())
	off := uint32(layout.MetadataTableSize)
	for i, it := range items {
		e := layout.MetadataEntryTable.Blank()
		layout.EntryItemID.Put(e, it.id)
		if len(it.content) > 0 {
			layout.EntryOffset.Put(e, off)
		}
		layout.EntryLength.Put(e, uint32(len(it.content)))
		binary.LittleEndian.PutUint32(e.Bytes()[24:], it.flags)
		f.put(metadataAt+layout.MetadataHeadSize+int64(i)*layout.MetadataEntrySize, e.Bytes())
		f.put(metadataAt+int64(off), it.content)
		off += uint32(len(it.content))
	}
}

// metaEntry is where entry i of the metadata table lies.
func metaEntry(i int64) int64 {
	return metadataAt + layout.MetadataHeadSize + i*layout.MetadataEntrySize
}

// bat writes the entry of a block.
func (f *fixture) batEntry(block int64, entry uint64) {
	f.u64(batAt+f.geo.PayloadIndex(block)*layout.EntrySize, entry)
}

// bitmapEntry writes the entry of a sector bitmap.
func (f *fixture) bitmapEntry(chunk int64, entry uint64) {
	f.u64(batAt+f.geo.BitmapIndex(chunk)*layout.EntrySize, entry)
}

// grow gives room of whole MiB at the end of the file.
func (f *fixture) grow(n int64) int64 {
	at := f.next
	f.next += n
	if err := f.Truncate(f.next); err != nil {
		panic(err)
	}
	return at
}

// blocks writes the BAT and the blocks that are stored, the last one first.
func (f *fixture) blocks() {
	if f.parent == 0 && f.fixed {
		f.states = map[int64]uint64{}
		for b := range f.geo.Blocks {
			f.states[b] = layout.FullyPresent
		}
	}
	for _, b := range slices.Backward(slices.Sorted(maps.Keys(f.states))) {
		state := f.states[b]
		if state < layout.FullyPresent {
			f.batEntry(b, state)
			continue
		}
		at := f.grow(f.block)
		f.at[b] = at
		f.batEntry(b, uint64(at)|state)
		block := make([]byte, min(f.block, f.size-b*f.block))
		for s := int64(0); s < int64(len(block)); s += 512 {
			fill(block[s:s+512], f.id, b*f.block+s)
		}
		f.put(at, block)
		if state == layout.PartiallyPresent {
			f.bits(b)
		}
	}
}

// bits writes the bits of a partially present block, and its chunk's sector
// bitmap if there is none yet.
func (f *fixture) bits(block int64) {
	chunk := f.geo.Chunk(block)
	if _, ok := f.sbm[chunk]; !ok {
		f.sbm[chunk] = f.grow(mib)
		f.bitmapEntry(chunk, uint64(f.sbm[chunk])|layout.FullyPresent)
	}
	bits := make([]byte, f.geo.BitmapBytes())
	for s := range f.block / f.sector {
		if sector := block*f.block/f.sector + s; f.here(sector) {
			bits[s/8] |= 1 << (s % 8)
		}
	}
	f.put(f.sbm[chunk]+f.geo.BitmapByte(block), bits)
}

// content is what the image with an id has in the 512 bytes at off.
func content(id int, off int64) []byte {
	b := make([]byte, 512)
	fill(b, id, off)
	return b
}

// fill is content in b, of zeros.
func fill(b []byte, id int, off int64) {
	copy(b, fmt.Appendf(make([]byte, 0, 64), "image %d byte %d", id, off))
	b[511] = byte(id)
}

// want is the 512 bytes at off of a chain, the child first.
func want(off int64, list ...*fixture) []byte {
	for _, f := range list {
		if off >= f.size {
			break
		}
		switch f.states[off/f.block] {
		case layout.FullyPresent:
			return content(f.id, off)
		case layout.PartiallyPresent:
			if f.here(off / f.sector) {
				return content(f.id, off)
			}
		case layout.NotPresent:
			if f.parent == 0 {
				return make([]byte, 512)
			}
		default:
			return make([]byte, 512)
		}
	}
	return make([]byte, 512)
}

// odd is a pattern of sectors for partially present blocks.
func odd(sector int64) bool { return sector%3 == 1 || sector%64 > 40 }

// files puts fixtures into a folder in memory.
func files(named map[string]*fixture) *store.Mem {
	m := store.NewMem()
	for name, f := range named {
		m.Put(name, f.MemFile)
	}
	return m
}

// openFixture opens an image that is alone in its folder.
func openFixture(t testing.TB, f *fixture) disk.Image {
	t.Helper()
	return open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": f}), "disk.vhdx", formats))
}

// check runs the whole check.
//
// The fixtures have bytes in sectors that are left to the parent, to see that nobody reads
// them: that this is found (55) is left out.
func check(t testing.TB, img disk.Image) []disk.Finding {
	t.Helper()
	return slices.DeleteFunc(checkAll(t, img), func(f disk.Finding) bool { return f.Code == "vhdx/55" })
}

func checkAll(t testing.TB, img disk.Image) []disk.Finding {
	t.Helper()
	var list []disk.Finding
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// logRecord is a log entry to be written.
type logRecord struct {
	pos, tail     int64
	seq           uint64
	guid          uuid.UUID
	flushed, last uint64
	changes       []logChange
}

// logChange is a page to be replaced, or without one a range to be zeroed.
type logChange struct {
	target uint64
	page   []byte
	length uint64
}

// session is the LogGuid of the fixtures' logs.
var session = identity(77)

// bytes are the entry's.
func (r logRecord) bytes() []byte {
	area := layout.DescriptorSectors(int64(len(r.changes))) * layout.LogSector
	b := make([]byte, area)
	copy(b, layout.LogEntryTable.Layout.Blank())
	for i, c := range r.changes {
		d := b[layout.DescriptorOffset(int64(i)):][:layout.DescriptorSize]
		if c.page == nil {
			rec, _ := layout.ZeroTable.Of(d)
			copy(d, layout.ZeroTable.Layout.Blank())
			layout.ZeroLength.Put(rec, c.length)
			layout.ZeroFileOffset.Put(rec, c.target)
			layout.ZeroSequence.Put(rec, r.seq)
			continue
		}
		rec, _ := layout.DataTable.Of(d)
		copy(d, layout.DataTable.Layout.Blank())
		layout.DataLeading.Put(rec, binary.LittleEndian.Uint64(c.page))
		layout.DataTrailing.Put(rec, binary.LittleEndian.Uint32(c.page[4092:]))
		layout.DataOffset.Put(rec, c.target)
		layout.DataSequence.Put(rec, r.seq)
		sector := layout.DataSectorTable.Blank()
		copy(layout.SectorData.Get(sector), c.page[8:4092])
		layout.SectorHigh.Put(sector, uint32(r.seq>>32))
		layout.SectorLow.Put(sector, uint32(r.seq))
		b = append(b, sector.Bytes()...)
	}
	head, _ := layout.LogEntryTable.Of(b)
	layout.LogEntryLength.Put(head, uint32(len(b)))
	layout.LogTail.Put(head, uint32(r.tail))
	layout.LogSequence.Put(head, r.seq)
	layout.LogDescriptors.Put(head, uint32(len(r.changes)))
	layout.LogGUID.Put(head, r.guid)
	layout.LogFlushed.Put(head, r.flushed)
	layout.LogLast.Put(head, r.last)
	layout.LogChecksum.Put(head, uint32(layout.Checksum(b)))
	return b
}

// log writes entries into the ring, which may wrap, and makes the image dirty.
func (f *fixture) log(records ...logRecord) {
	for _, r := range records {
		b := r.bytes()
		for i := 0; i < len(b); i += layout.LogSector {
			f.put(logAt+(r.pos+int64(i))%mib, b[i:i+layout.LogSector])
		}
	}
	f.current(func(h decode.Record[layout.Header]) { layout.HeaderLogGUID.Put(h, session) })
}

// record is an entry of the session that fits the file as it is.
func (f *fixture) record(pos int64, seq uint64, tail int64, changes ...logChange) logRecord {
	size, _ := f.Size()
	return logRecord{pos: pos, tail: tail, seq: seq, guid: session, flushed: uint64(size), last: uint64(size), changes: changes}
}

// batPage is the first page of the BAT, changed.
func (f *fixture) batPage(change func(page []byte)) logChange {
	page := f.get(batAt, layout.LogSector)
	change(page)
	return logChange{target: batAt, page: page}
}
