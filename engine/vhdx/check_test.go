package vhdx_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// damage is a fault planted in a good image.
type damage struct {
	name     string
	code     string
	severity disk.Severity
	fatal    bool
	plan     plan
	plant    func(f *fixture)
	also     string // a further code that comes with it, unavoidably
}

const (
	note    = disk.SeverityInfo
	warning = disk.SeverityWarning
	severe  = disk.SeverityError
)

var (
	plain   = plan{size: 6 * mib, id: 1, states: map[int64]uint64{1: 6, 2: 6, 4: 3}}
	lone    = plan{size: 6 * mib, id: 1, fixed: true}
	derived = plan{size: 4 * mib, id: 1, parent: 2, name: "base.vhdx", here: odd, states: map[int64]uint64{1: 7, 2: 6}}
)

func bothHeaders(f *fixture, change func(decode.Record[layout.Header])) {
	f.header(0, change)
	f.header(1, change)
}

// item is where the content of the usual item i lies.
func itemAt(f *fixture, i int64) int64 {
	return metadataAt + int64(binary.LittleEndian.Uint32(f.get(metaEntry(i)+16, 4)))
}

// relocate gives the child another parent locator.
func relocate(f *fixture, pairs ...string) {
	f.locator = pairs
	f.metadata(f.usualItems()...)
}

func linkageTo(id int) string { return "{" + identity(id).String() + "}" }

var damages = []damage{
	{"identifier", "1", severe, false, plain, func(f *fixture) { f.put(0, []byte("X")) }, ""},
	{"after the identifier", "2", warning, false, plain, func(f *fixture) { f.put(60000, []byte("hidden")) }, ""},
	{"after the creator's name", "2", warning, false, plain, func(f *fixture) { f.put(300, []byte("hidden")) }, ""},
	{"after the entries of a region table", "2", warning, false, plain, func(f *fixture) { f.regionTables(func(b []byte) { copy(b[5000:], "hidden") }) }, ""},
	{"in the header that is not current", "6", warning, false, plain, func(f *fixture) {
		f.header(0, func(h decode.Record[layout.Header]) { copy(layout.HeaderReserved.Get(h)[100:], "hidden") })
	}, ""},
	{"hidden in the log", "52", warning, false, plain, func(f *fixture) { f.put(logAt+500_001, []byte("hidden")) }, ""},
	{"after the region tables", "2", warning, false, plain, func(f *fixture) { f.put(900<<10, []byte("hidden")) }, ""},
	{"header 1", "3", warning, false, plain, func(f *fixture) { f.put(layout.HeaderOffset(0)+100, []byte{1}) }, ""},
	{"header 2", "3", warning, false, plain, func(f *fixture) { f.put(layout.HeaderOffset(1), []byte{1}) }, ""},
	{"both headers", "4", severe, true, plain, func(f *fixture) {
		f.put(layout.HeaderOffset(0), []byte{1})
		f.put(layout.HeaderOffset(1)+4, []byte{1, 2})
	}, ""},
	{"same header twice", "5", warning, false, plain, func(f *fixture) {
		f.put(layout.HeaderOffset(0), f.get(layout.HeaderOffset(1), layout.HeaderSize))
	}, ""},
	{"same number, other content", "5", severe, true, plain, func(f *fixture) {
		f.header(0, func(h decode.Record[layout.Header]) {
			layout.HeaderSequence.Put(h, 1)
			layout.HeaderFileGUID.Put(h, identity(9))
		})
	}, ""},
	{"reserved of the header", "6", warning, false, plain, func(f *fixture) {
		f.current(func(h decode.Record[layout.Header]) { h.Bytes()[2000] = 1 })
	}, ""},
	{"after the header", "6", warning, false, plain, func(f *fixture) { f.put(layout.HeaderOffset(1)+5000, []byte{1}) }, ""},
	{"version", "7", severe, true, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) { layout.HeaderVersion.Put(h, 2) })
	}, ""},
	{"headers disagree", "8", note, false, plain, func(f *fixture) {
		f.header(0, func(h decode.Record[layout.Header]) { layout.HeaderDataGUID.Put(h, identity(5)) })
	}, ""},
	{"log misaligned", "9", severe, true, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) { layout.HeaderLogOffset.Put(h, logAt+4096) })
	}, ""},
	{"log in the first MiB", "9", severe, true, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) { layout.HeaderLogOffset.Put(h, 0) })
	}, ""},
	{"log outside", "9", severe, true, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) { layout.HeaderLogOffset.Put(h, math.MaxUint64&^(mib-1)) })
	}, ""},
	{"log on the metadata", "9", severe, true, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) { layout.HeaderLogOffset.Put(h, metadataAt) })
	}, ""},
	{"no log but a session", "9", severe, true, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) {
			layout.HeaderLogLength.Put(h, 0)
			layout.HeaderLogGUID.Put(h, session)
		})
	}, ""},
	{"dirty", "10", warning, false, plain, func(f *fixture) { f.log(f.record(0, 1, 0)) }, ""},
	{"dirty, and the file has to grow", "10", warning, false, plain, func(f *fixture) {
		size, _ := f.Size()
		page := f.batPage(func(page []byte) { binary.LittleEndian.PutUint64(page, uint64(size)|layout.FullyPresent) })
		r := f.record(0, 1, 0, page, logChange{target: metadataAt + 512<<10, length: 8192})
		r.last += mib
		f.log(r)
	}, ""},
	{"dirty log in another place", "9", severe, true, plain, func(f *fixture) {
		f.log(f.record(0, 1, 0, f.batPage(func(page []byte) { binary.LittleEndian.PutUint64(page, 2) })))
		bothHeaders(f, func(h decode.Record[layout.Header]) {
			layout.HeaderLogGUID.Put(h, session)
			layout.HeaderLogOffset.Put(h, logAt+512)
		})
	}, ""},
	{"dirty log on the metadata", "9", severe, true, plain, func(f *fixture) {
		f.log(f.record(0, 1, 0, f.batPage(func(page []byte) { binary.LittleEndian.PutUint64(page, 2) })))
		f.bothRegions(entry{identity(8), logAt, mib, 0})
	}, "10"},
	{"both headers of a dirty image", "4", severe, true, plain, func(f *fixture) {
		f.log(f.record(0, 1, 0, f.batPage(func(page []byte) { binary.LittleEndian.PutUint64(page, 2) })))
		f.put(layout.HeaderOffset(0)+100, []byte{1})
		f.put(layout.HeaderOffset(1)+100, []byte{1})
	}, ""},
	{"no sequence", "11", severe, true, plain, func(f *fixture) { f.log() }, ""},
	{"truncated", "12", severe, true, plain, func(f *fixture) {
		r := f.record(0, 1, 0)
		r.flushed += mib
		f.log(r)
	}, ""},
	{"truncated in a block", "12", severe, true, plain, func(f *fixture) {
		f.log(f.record(0, 1, 0))
		f.Truncate(f.next - mib/2)
	}, ""},
	{"truncated before a block", "12", severe, true, plain, func(f *fixture) {
		f.log(f.record(0, 1, 0))
		f.Truncate(f.next - 2*mib)
	}, ""},
	{"region table 1", "13", warning, false, plain, func(f *fixture) { f.put(layout.RegionOffset(0), []byte{1}) }, ""},
	{"region table 2", "13", warning, false, plain, func(f *fixture) { f.put(layout.RegionOffset(1)+9000, []byte{1}) }, ""},
	{"region tables differ", "13", warning, false, plain, func(f *fixture) {
		f.regions(1, entry{layout.RegionMetadata, metadataAt, mib, 1}, entry{layout.RegionBAT, batAt, mib, 1})
	}, ""},
	{"both region tables", "14", severe, true, plain, func(f *fixture) {
		f.put(layout.RegionOffset(0)+20, []byte{1, 2})
		f.put(layout.RegionOffset(1)+20, []byte{1, 2})
	}, ""},
	{"region count", "15", severe, true, plain, func(f *fixture) {
		f.regionTables(func(b []byte) { binary.LittleEndian.PutUint32(b[8:], 2048) })
	}, ""},
	{"region table reserved", "15", warning, false, plain, func(f *fixture) { f.regionTables(func(b []byte) { b[13] = 1 }) }, ""},
	{"Required is 3", "15", warning, false, plain, func(f *fixture) { f.regionTables(func(b []byte) { b[layout.RegionHeadSize+28] = 3 }) }, ""},
	{"no BAT", "16", severe, true, plain, func(f *fixture) {
		f.regions(0, entry{layout.RegionMetadata, metadataAt, mib, 1})
		f.regions(1, entry{layout.RegionMetadata, metadataAt, mib, 1})
	}, ""},
	{"two BATs", "16", severe, true, plain, func(f *fixture) { f.bothRegions(entry{layout.RegionBAT, uint64(f.grow(mib)), mib, 1}) }, ""},
	{"region misaligned", "17", severe, true, plain, func(f *fixture) { f.bothRegions(entry{identity(8), uint64(f.grow(mib)) + 512, mib, 0}) }, ""},
	{"region empty", "17", severe, true, plain, func(f *fixture) { f.bothRegions(entry{identity(8), uint64(f.grow(mib)), 0, 0}) }, ""},
	{"region outside", "17", severe, true, plain, func(f *fixture) { f.bothRegions(entry{identity(8), 1 << 60, mib, 0}) }, ""},
	{"regions overlap", "17", severe, true, plain, func(f *fixture) { f.bothRegions(entry{identity(8), metadataAt, mib, 0}) }, ""},
	{"unknown region", "18", note, false, plain, func(f *fixture) { f.bothRegions(entry{identity(8), uint64(f.grow(mib)), mib, 0}) }, ""},
	{"unknown required region", "18", severe, true, plain, func(f *fixture) { f.bothRegions(entry{identity(8), uint64(f.grow(mib)), mib, 1}) }, ""},
	{"regions of QEMU", "19", note, false, plain, func(f *fixture) {
		for i := range 2 {
			f.regions(i, entry{layout.RegionBAT, batAt, mib, 0}, entry{layout.RegionMetadata, metadataAt, mib, 0})
		}
	}, ""},
	{"metadata signature", "20", severe, true, plain, func(f *fixture) { f.put(metadataAt, []byte("M")) }, ""},
	{"metadata count", "20", severe, true, plain, func(f *fixture) { f.put(metadataAt+10, []byte{0, 8}) }, ""},
	{"metadata reserved", "20", warning, false, plain, func(f *fixture) { f.put(metadataAt+20, []byte{1}) }, ""},
	{"item in the table", "21", severe, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{identity(8), 0, []byte("12345678")})...)
		f.put(metaEntry(5)+16, []byte{0, 4, 0, 0})
	}, ""},
	{"items overlap", "21", severe, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{identity(8), 0, []byte("12345678")})...)
		f.put(metaEntry(5)+16, []byte{4, 0, 1, 0})
	}, ""},
	{"item too long", "21", severe, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{identity(8), 0, []byte("12345678")})...)
		f.put(metaEntry(5)+20, []byte{1, 0, 16, 0})
	}, ""},
	{"empty item with a place", "22", warning, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{identity(8), 0, nil})...)
		f.put(metaEntry(5)+16, []byte{0, 0, 1, 0})
	}, ""},
	{"item twice", "23", severe, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), f.usualItems()[1])...)
	}, ""},
	{"too many items", "23", severe, false, plain, func(f *fixture) {
		list := f.usualItems()
		for i := range 1025 {
			list = append(list, metaItem{identity(1000 + i), 1, nil})
		}
		f.metadata(list...)
	}, ""},
	{"required item of a user", "24", warning, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{identity(8), 5, nil})...)
	}, ""},
	{"flags of an item", "24", warning, false, plain, func(f *fixture) { f.put(metaEntry(1)+24, []byte{4}) }, ""},
	{"reserved flags of an item", "24", warning, false, plain, func(f *fixture) { f.put(metaEntry(1)+28, []byte{4}) }, ""},
	{"unknown required item", "25", severe, true, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{identity(8), 4, nil})...)
	}, ""},
	{"incomplete", "26", severe, true, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{layout.ItemIncomplete, 4, nil})...)
	}, ""},
	{"no disk ID", "27", severe, true, plain, func(f *fixture) { f.metadata(f.usualItems()[:4]...) }, ""},
	{"disk size of 4 bytes", "27", severe, true, plain, func(f *fixture) { f.put(metaEntry(1)+20, []byte{4}) }, ""},
	{"no disk size", "27", severe, true, plain, func(f *fixture) {
		list := f.usualItems()
		f.metadata(append(list[:1], list[2:]...)...)
	}, ""},
	{"no sector sizes", "27", severe, true, plain, func(f *fixture) {
		list := f.usualItems()
		f.metadata(append(list[:2], list[4])...)
	}, ""},
	{"no file parameters", "27", severe, true, plain, func(f *fixture) { f.metadata(f.usualItems()[1:]...) }, ""},
	{"block size", "28", severe, true, plain, func(f *fixture) { f.put(itemAt(f, 0), []byte{0, 0, 0x30, 0}) }, ""},
	{"block size zero", "28", severe, true, plain, func(f *fixture) { f.put(itemAt(f, 0), []byte{0, 0, 0, 0}) }, ""},
	{"logical sector", "28", severe, true, plain, func(f *fixture) { f.put(itemAt(f, 2), []byte{0, 4}) }, ""},
	{"physical sector", "28", severe, true, plain, func(f *fixture) { f.put(itemAt(f, 3), []byte{0, 0}) }, ""},
	{"size zero", "29", severe, true, plain, func(f *fixture) { f.u64(itemAt(f, 1), 0) }, ""},
	{"size too large", "29", severe, true, plain, func(f *fixture) { f.u64(itemAt(f, 1), layout.MaxDiskSize+512) }, ""},
	{"size not whole", "29", severe, false, plain, func(f *fixture) { f.u64(itemAt(f, 1), 6*mib-100) }, ""},
	{"reserved parameters", "30", warning, false, plain, func(f *fixture) { f.put(itemAt(f, 0)+4, []byte{4}) }, ""},
	{"no locator", "31", severe, true, derived, func(f *fixture) { f.metadata(f.usualItems()[:5]...) }, "34"},
	{"locator without a parent", "31", warning, false, plain, func(f *fixture) {
		f.metadata(append(f.usualItems(), metaItem{layout.ItemParentLocator, 4, locatorItem([]string{layout.KeyLinkage, linkageTo(3)})})...)
	}, ""},
	{"type of the locator", "32", severe, false, derived, func(f *fixture) { f.put(itemAt(f, 5), []byte{1}) }, ""},
	{"empty locator", "32", severe, false, derived, func(f *fixture) { relocate(f, []string{}...) }, "34"},
	{"locator value outside", "32", severe, false, derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(2), layout.KeyRelativePath, "base.vhdx", layout.KeyWin32Path, "x")
		f.put(itemAt(f, 5)+layout.LocatorHeadSize+2*layout.LocatorEntrySize+4, []byte{0xFF, 0xFF})
	}, ""},
	{"locator key twice", "32", severe, false, derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(2), layout.KeyRelativePath, "base.vhdx", layout.KeyRelativePath, "base.vhdx")
	}, ""},
	{"locator with NUL", "32", severe, false, derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(2), layout.KeyRelativePath, "base.vhdx", layout.KeyWin32Path, "a\x00b")
	}, ""},
	{"no linkage", "33", severe, false, derived, func(f *fixture) { relocate(f, layout.KeyRelativePath, "base.vhdx") }, "34"},
	{"bad linkage", "33", severe, false, derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, "\x1b[2J{}", layout.KeyRelativePath, "base.vhdx")
	}, "34"},
	{"no path", "33", severe, false, derived, func(f *fixture) { relocate(f, layout.KeyLinkage, linkageTo(2)) }, "34"},
	{"parent not found", "34", severe, false, derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(2), layout.KeyRelativePath, "gone.vhdx")
	}, ""},
	{"parent changed", "34", severe, false, derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(3), layout.KeyRelativePath, "base.vhdx")
	}, ""},
	{"BAT too small", "35", severe, true, plain, func(f *fixture) { f.u64(itemAt(f, 1), 200_000*mib) }, ""},
	{"padding of the BAT", "36", warning, false, plain, func(f *fixture) { f.u64(batAt+500_000, 1) }, ""},
	{"reserved bits", "37", warning, false, plain, func(f *fixture) { f.batEntry(1, uint64(f.at[1])|0x80|6) }, ""},
	{"state 4", "38", severe, false, plain, func(f *fixture) { f.batEntry(0, 4) }, ""},
	{"state 4 with a place", "38", severe, false, plain, func(f *fixture) { f.batEntry(0, uint64(f.grow(mib))|4) }, ""},
	{"state 4 in a child", "38", severe, false, derived, func(f *fixture) { f.batEntry(0, 4) }, ""},
	{"state 5", "38", warning, false, plain, func(f *fixture) { f.batEntry(0, 5) }, ""},
	{"state 5 in a child", "38", severe, false, derived, func(f *fixture) { f.batEntry(0, 5) }, ""},
	{"partial without a parent", "39", severe, false, plain, func(f *fixture) { f.batEntry(1, uint64(f.at[1])|7) }, ""},
	{"place of a ZERO block", "40", warning, false, plain, func(f *fixture) { f.batEntry(0, uint64(f.grow(mib))|2) }, ""},
	{"present without a place", "41", severe, false, plain, func(f *fixture) { f.batEntry(0, 6) }, ""},
	{"bitmap without a place", "41", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, 6) }, "47"},
	{"child's block without a place", "41", severe, false, derived, func(f *fixture) { f.batEntry(0, 6) }, ""},
	{"bitmap past the end", "42", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, 1<<40|6) }, "47"},
	{"anchor past the end", "42", severe, false, plain, func(f *fixture) { f.batEntry(0, 1<<40|3) }, ""},
	{"block past the end", "42", severe, false, plain, func(f *fixture) { f.batEntry(0, 1<<40|6) }, ""},
	{"block at the last MiB there is", "42", severe, false, plain, func(f *fixture) { f.batEntry(0, math.MaxUint64&^(mib-1)|6) }, ""},
	{"block cut off", "42", severe, false, plan{size: 6 * mib, block: 2 * mib, states: map[int64]uint64{0: 6}}, func(f *fixture) { f.Truncate(f.at[0] + mib) }, ""},
	{"block cut off inside its last MiB", "42", severe, false, plan{size: 6 * mib, states: map[int64]uint64{0: 6, 1: 6}}, func(f *fixture) { f.Truncate(f.next - mib/2) }, ""},
	{"last block cut off where the disk ends", "43", warning, false, plan{size: mib, block: 2 * mib, states: map[int64]uint64{0: 6}}, func(f *fixture) { f.Truncate(f.at[0] + mib) }, ""},
	{"two blocks in one place", "44", severe, false, plain, func(f *fixture) { f.batEntry(0, uint64(f.at[1])|6) }, ""},
	{"blocks that overlap by half", "44", severe, false, plan{size: 8 * mib, block: 2 * mib, states: map[int64]uint64{0: 6, 1: 6}}, func(f *fixture) {
		f.batEntry(2, uint64(f.at[1]+mib)|6)
	}, ""},
	{"block on the log", "44", severe, false, plain, func(f *fixture) { f.batEntry(0, logAt|6) }, ""},
	{"bitmap on a block", "44", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, uint64(f.at[2])|6) }, ""},
	{"bitmap on the metadata", "44", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, metadataAt|6) }, "47"},
	{"block after an anchor", "45", warning, false, plain, func(f *fixture) { f.batEntry(3, uint64(f.at[1])|3) }, ""},
	{"anchor on the log", "45", warning, false, plain, func(f *fixture) { f.batEntry(0, logAt|3) }, ""},
	{"anchor on a block", "45", warning, false, plain, func(f *fixture) { f.batEntry(0, uint64(f.at[1])|3) }, ""},
	{"bitmap in a dynamic image", "46", warning, false, plan{size: 4100 * mib}, func(f *fixture) { f.bitmapEntry(0, uint64(f.grow(mib))|6) }, ""},
	{"state of a bitmap", "46", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, uint64(f.sbm[0])|3) }, "47"},
	{"state of a bitmap without a place", "46", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, 2) }, "47"},
	{"no bitmap", "47", severe, false, derived, func(f *fixture) { f.bitmapEntry(0, 0) }, ""},
	{"all bits clear", "48", note, false, derived, func(f *fixture) { f.put(f.sbm[0]+256, make([]byte, 256)) }, ""},
	{"all bits set", "48", note, false, derived, func(f *fixture) { f.put(f.sbm[0]+256, bytes.Repeat([]byte{0xFF}, 256)) }, ""},
	{"fixed with a hole", "49", warning, false, lone, func(f *fixture) { f.batEntry(3, 0); f.put(f.at[3], make([]byte, f.block)) }, "50"},
	{"fixed by QEMU", "49", note, false, lone, func(f *fixture) {
		for b := range int64(6) {
			f.batEntry(b, 2)
			f.put(f.at[b], make([]byte, f.block))
		}
	}, "50"},
	{"leaked in the middle", "50", note, false, plain, func(f *fixture) { f.grow(mib); f.batEntry(0, uint64(f.grow(mib))|6) }, ""},
	{"leaked", "50", note, false, plain, func(f *fixture) { f.grow(2 * mib) }, ""},
	{"data of a lost entry", "50", warning, false, plain, func(f *fixture) { f.put(f.grow(2*mib)+mib+5, []byte("old")) }, ""},
	{"odd size", "51", note, false, plain, func(f *fixture) { f.Truncate(f.next + 512) }, ""},
	{"old log entries", "52", note, false, plain, func(f *fixture) {
		r := f.record(0, 1, 0)
		f.put(logAt, r.bytes())
	}, ""},
	{"after the bits of the last sector", "52", warning, false, derived, func(f *fixture) { f.put(f.sbm[0]+mib-9, []byte("hidden")) }, ""},
	{"last entry twice", "52", note, false, plain, func(f *fixture) {
		head, _ := layout.MetadataTable.Of(f.get(metadataAt, layout.MetadataHeadSize))
		end := metadataAt + layout.MetadataHeadSize + int64(layout.MetadataCount.Get(head))*layout.MetadataEntrySize
		f.put(end, f.get(end-layout.MetadataEntrySize, layout.MetadataEntrySize))
	}, ""},
	{"hidden in the metadata region", "52", warning, false, plain, func(f *fixture) { f.put(metadataAt+800_000, []byte("hidden")) }, ""},
	{"no identity", "53", warning, false, plain, func(f *fixture) {
		bothHeaders(f, func(h decode.Record[layout.Header]) { layout.HeaderDataGUID.Put(h, uuid.UUID{}) })
	}, ""},
	{"last sequence number", "54", note, false, plain, func(f *fixture) {
		f.current(func(h decode.Record[layout.Header]) { layout.HeaderSequence.Put(h, math.MaxUint64) })
	}, ""},
}

// TestDamage plants a fault a test: its code is found with its severity, and
// nothing else of severity warning or above.
func TestDamage(t *testing.T) {
	for _, d := range damages {
		t.Run(d.code+" "+d.name, func(t *testing.T) {
			f := build(t, d.plan)
			d.plant(f)
			folder := files(map[string]*fixture{"disk.vhdx": f, "base.vhdx": baseOf(t, d)})
			img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))
			list := check(t, img)
			codes := []string{"vhdx/" + d.code}
			if d.also != "" {
				codes = append(codes, "vhdx/"+d.also)
			}
			expectCodes(t, slices.DeleteFunc(slices.Clone(list), func(f disk.Finding) bool {
				return (f.Code == "vhdx/50" || f.Code == "vhdx/52") && !slices.Contains(codes, f.Code) // what lost its claim
			}), codes...)
			for _, found := range list {
				if found.Code == "vhdx/"+d.code && (found.Severity != d.severity || found.Fatal != d.fatal) {
					t.Errorf("severity %s, fatal %v: %s", found.Severity, found.Fatal, found.Text)
				}
			}
			if d.fatal == img.Info().Readable() {
				t.Errorf("readable: %v, refused %v", img.Info().Readable(), img.Info().Refused)
			}
			enginetest.Conform(t, img)
		})
	}
}

// TestOldEntriesAreCounted words how many entries are left over, and how many
// of them are torn only if any are.
func TestOldEntriesAreCounted(t *testing.T) {
	torn := func(b []byte) []byte { b[4] ^= 0xFF; return b }
	same := func(b []byte) []byte { return b }
	for want, plant := range map[string][]func([]byte) []byte{
		"1 entry in the log is left over from an earlier update":                       {same},
		"2 entries in the log are left over from earlier updates":                      {same, same},
		"2 entries in the log are left over from earlier updates, 1 of them not whole": {same, torn},
	} {
		f := build(t, plain)
		for i, change := range plant {
			r := f.record(int64(i)*layout.LogSector, uint64(i+1), 0)
			f.put(logAt+int64(i)*layout.LogSector, change(r.bytes()))
		}
		list := check(t, openFixture(t, f))
		changed := slices.ContainsFunc(list, func(f disk.Finding) bool { return f.Severity == warning && strings.Contains(f.Text, "checksum") })
		if len(list) == 0 || list[len(list)-1].Text != want || changed != strings.Contains(want, "not whole") {
			t.Errorf("%v, want %s", list, want)
		}
	}
}

// TestBytesUnderTheParent tells of bytes in sectors that are left to the parent (55).
func TestBytesUnderTheParent(t *testing.T) {
	folder := files(map[string]*fixture{"disk.vhdx": build(t, derived), "base.vhdx": build(t, plan{size: derived.size, id: 2, fixed: true})})
	found := 0
	for _, f := range checkAll(t, open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))) {
		if f.Code == "vhdx/55" && f.Severity == warning && strings.HasPrefix(f.Text, "1 block stored in part") {
			found++
		}
	}
	if found != 1 {
		t.Errorf("found %d times", found)
	}
}

// TestEveryCheckIsTested compares the damages with the numbers of vhdx.md 14.
func TestEveryCheckIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, d := range damages {
		tested[d.code] = true
	}
	for i := 1; i <= 54; i++ {
		if !tested[strconv.Itoa(i)] {
			t.Errorf("no test plants %d", i)
		}
	}
}

// TestHealthyFixtures find nothing at all in whole images.
func TestHealthyFixtures(t *testing.T) {
	for _, p := range []plan{plain, lone, derived} {
		folder := files(map[string]*fixture{"disk.vhdx": build(t, p), "base.vhdx": build(t, plan{size: p.size, id: 2, fixed: true})})
		for _, f := range check(t, open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))) {
			t.Errorf("%s: %s", f.Code, f.Text)
		}
	}
}

// TestManyFindings caps what is listed of one code.
func TestManyFindings(t *testing.T) {
	f := build(t, plan{size: 3000 * mib})
	for b := range int64(3000) {
		f.batEntry(b, 4)
	}
	list := check(t, openFixture(t, f))
	if len(list) != 1001 || !strings.HasPrefix(list[1000].Text, "2000 more") {
		t.Errorf("%d findings, the last: %s", len(list), list[len(list)-1].Text)
	}
}

// TestDamageIsConfined reads the whole blocks beside a lost one.
func TestDamageIsConfined(t *testing.T) {
	f := build(t, plain)
	f.batEntry(0, 1<<40|6)
	img := openFixture(t, f)
	if n, err := img.ReadAt(make([]byte, 2*mib), 0); n != 0 || !isKind(err, disk.ErrDamaged) {
		t.Errorf("lost block: %d, %v", n, err)
	}
	got := make([]byte, 512)
	if _, err := img.ReadAt(got, mib); err != nil || string(got) != string(content(1, mib)) {
		t.Errorf("block beside it: %v", err)
	}
}
