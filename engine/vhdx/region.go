package vhdx

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
)

// tableCopy is one of the two region tables.
type tableCopy struct {
	raw   []byte // as much as the file has
	head  decode.Record[vhdx.Region]
	valid bool   // signature, checksum and count are right
	why   string // why it is not
}

// regionTables are both copies and which one is used.
type regionTables struct {
	copies [2]tableCopy
	used   int // -1: none
	sound  bool
}

// region is one entry of the region table that is used.
type region struct {
	guid     uuid.UUID
	entry    int64 // of the file; where the entry lies
	off      int64
	length   int64
	required bool
	flags    uint64 // reserved bits
	placed   bool   // its place is possible
	why      string // why it is not
}

// readRegionTables reads both copies, as they are after replay, and takes the
// first valid one. A damaged copy still shows what it holds if there is no other.
func (v *Image) readRegionTables() error {
	t := &v.tables
	t.used = -1
	for i := range t.copies {
		raw, err := readUpTo(v.data, vhdx.RegionOffset(i), vhdx.RegionTableSize)
		if err != nil {
			return err
		}
		t.copies[i] = tableOf(raw)
		if t.copies[i].valid && !t.sound {
			t.used, t.sound = i, true
		}
	}
	for i, c := range t.copies {
		if m, _ := vhdx.RegionSign.Field().Verdict(c.raw); t.used < 0 && m == decode.Good && len(c.raw) >= vhdx.RegionHeadSize {
			t.used = i
		}
	}
	if t.used >= 0 {
		v.readRegions()
	}
	return nil
}

func tableOf(raw []byte) tableCopy {
	c := tableCopy{raw: raw}
	head, ok := vhdx.RegionTable.Of(raw)
	if !ok {
		c.why = fmt.Sprintf("the file ends %d bytes into it", len(raw))
		return c
	}
	c.head = head
	if m, _ := vhdx.RegionSign.Field().Verdict(raw); m != decode.Good {
		c.why = fmt.Sprintf("signature %s, expected %q", vhdx.RegionSign.Field().Value(raw), vhdx.RegionSignature)
		return c
	}
	if m, why := vhdx.RegionChecksum.Field().Verdict(raw); m != decode.Good {
		c.why = why
		return c
	}
	c.valid = true
	return c
}

// count is how many entries the table has room for and claims.
func (c tableCopy) count() int64 {
	room := max(int64(len(c.raw))-vhdx.RegionHeadSize, 0) / vhdx.RegionEntrySize
	return min(int64(vhdx.RegionCount.Get(c.head)), vhdx.MaxRegionEntries, room)
}

// entries is how many of them are believed: where the count is impossible,
// those before the first one without a GUID.
func (c tableCopy) entries() int64 {
	n := c.count()
	if vhdx.RegionCount.Get(c.head) <= vhdx.MaxRegionEntries {
		return n
	}
	for i := range n {
		if vhdx.RegionGUID.Get(c.entry(i)) == (uuid.UUID{}) {
			return i
		}
	}
	return n
}

// entry is entry i of the table; i is below count.
func (c tableCopy) entry(i int64) decode.Record[vhdx.RegionEntry] {
	rec, _ := vhdx.RegionEntryTable.Of(c.raw[vhdx.RegionHeadSize+i*vhdx.RegionEntrySize:][:vhdx.RegionEntrySize])
	return rec
}

func (v *Image) readRegions() {
	c := v.tables.copies[v.tables.used]
	for i := range c.entries() {
		rec := c.entry(i)
		r := region{
			guid: vhdx.RegionGUID.Get(rec), entry: vhdx.RegionOffset(v.tables.used) + vhdx.RegionHeadSize + i*vhdx.RegionEntrySize,
			length: int64(vhdx.RegionLength.Get(rec)), required: vhdx.RegionRequired.Get(rec) != 0, flags: vhdx.RegionFlags.Get(rec),
		}
		off := vhdx.RegionFileOffset.Get(rec)
		r.why = regionFault(off, r.length, v.data.grown)
		if r.placed = r.why == ""; r.placed {
			r.off = int64(off)
		}
		v.regions = append(v.regions, r)
	}
	v.bat = v.region(vhdx.RegionBAT)
	v.meta.region = v.region(vhdx.RegionMetadata)
}

// regionFault says why a region can't be where its entry puts it.
func regionFault(off uint64, length, size int64) string {
	switch {
	case off < vhdx.MiB:
		return fmt.Sprintf("FileOffset 0x%x lies in the first MiB of the file", off)
	case off%vhdx.MiB != 0 || length%vhdx.MiB != 0:
		return fmt.Sprintf("0x%x+0x%x: expected multiples of 1 MiB", off, length)
	case length == 0:
		return "Length is zero"
	case off > uint64(size) || length > size-int64(off):
		return fmt.Sprintf("0x%x+0x%x: the file has 0x%x bytes", off, length, size)
	}
	return ""
}

// region is the first region of a kind.
func (v *Image) region(id uuid.UUID) region {
	for _, r := range v.regions {
		if r.guid == id {
			return r
		}
	}
	return region{}
}

// extent is a range of the file that a structure occupies. Of several, sorted
// by place, reach is the furthest end up to it, and whose that is.
type extent struct {
	off, end int64
	name     string
	reach    int64
	reacher  string
}

// structures lists what is neither payload nor free, sorted by place.
func (v *Image) structures() []extent {
	list := []extent{{off: 0, end: vhdx.MiB, name: "headers"}}
	if v.log.length > 0 {
		list = append(list, extent{off: v.log.off, end: v.log.off + v.log.length, name: "log"})
	}
	for _, r := range v.regions {
		if r.placed {
			list = append(list, extent{off: r.off, end: r.off + r.length, name: vhdx.RegionName(r.guid) + " region"})
		}
	}
	slices.SortStableFunc(list, func(a, b extent) int { return cmp.Compare(a.off, b.off) })
	for i := range list {
		list[i].reach, list[i].reacher = list[i].end, list[i].name
		if i > 0 && list[i-1].reach > list[i].reach {
			list[i].reach, list[i].reacher = list[i-1].reach, list[i-1].reacher
		}
	}
	return list
}

// clearOf is a structure that meets [off, end), empty if none does, and where
// the first one after that range starts.
func (v *Image) clearOf(off, end int64) (meets string, next int64) {
	if last := len(v.held) - 1; last < 0 || off >= v.held[last].reach {
		return "", math.MaxInt64
	}
	i := sort.Search(len(v.held), func(i int) bool { return v.held[i].off >= end })
	next = math.MaxInt64
	if i < len(v.held) {
		next = v.held[i].off
	}
	if i > 0 && v.held[i-1].reach > off {
		meets = v.held[i-1].reacher
	}
	return meets, next
}

// judgeRegions checks the region tables and what they place.
func (v judge) judgeRegions() {
	a, b := v.tables.copies[0], v.tables.copies[1]
	first, second := v.place(vhdx.RegionOffset(0), vhdx.RegionTableSize), v.place(vhdx.RegionOffset(1), vhdx.RegionTableSize)
	switch {
	case !a.valid && !b.valid:
		v.add("14", []decode.Place{first, second}, "neither region table is valid: %s; %s", a.why, b.why)
	case !a.valid:
		v.add("13", []decode.Place{first}, "region table 1 is not valid: %s; the second one is used", a.why)
	case !b.valid:
		v.add("13", []decode.Place{second}, "region table 2 is not valid: %s; the first one is used", b.why)
	case string(a.raw) != string(b.raw):
		v.add("13", []decode.Place{first, second}, "the region tables differ; the first one is used")
	}
	if !v.tables.sound {
		return // what a damaged table holds is shown, but not judged
	}
	v.judgeTableHead(v.tables.copies[v.tables.used])
	v.judgeRegionKinds()
	for _, r := range v.regions {
		v.judgeRegion(r)
	}
	v.judgeRegionOverlaps()
}

func (v judge) judgeTableHead(c tableCopy) {
	at := v.place(vhdx.RegionOffset(v.tables.used), 0)
	if n := vhdx.RegionCount.Get(c.head); n > vhdx.MaxRegionEntries {
		f := v.finding("15", fmt.Sprintf("EntryCount is %d, at most %d entries fit", n, vhdx.MaxRegionEntries), decode.At(at, vhdx.RegionCount))
		f.Fatal = true
		v.keep(f)
	}
	if !isZero(vhdx.RegionReserved.Get(c.head)) {
		v.addAs(warning, "15:reserved", []decode.Place{decode.At(at, vhdx.RegionReserved)}, "reserved bytes of the region table are not zero")
	}
}

func (v judge) judgeRegionKinds() {
	where := map[uuid.UUID]region{}
	for _, r := range v.regions {
		if other, twice := where[r.guid]; twice {
			v.add("16", []decode.Place{v.place(other.entry, vhdx.RegionEntrySize), v.place(r.entry, vhdx.RegionEntrySize)},
				"two regions are called %s", vhdx.RegionName(r.guid))
			continue
		}
		where[r.guid] = r
	}
	for _, id := range []uuid.UUID{vhdx.RegionBAT, vhdx.RegionMetadata} {
		if _, ok := where[id]; !ok {
			v.add("16", []decode.Place{v.place(vhdx.RegionOffset(v.tables.used), vhdx.RegionTableSize)}, "there is no %s region", vhdx.RegionName(id))
		}
	}
}

func (v judge) judgeRegion(r region) {
	entry := v.place(r.entry, vhdx.RegionEntrySize)
	known := r.guid == vhdx.RegionBAT || r.guid == vhdx.RegionMetadata
	if r.flags != 0 {
		v.addAs(warning, "15:reserved", []decode.Place{decode.At(entry, vhdx.RegionRequired)}, "Required of the %s region has the undefined bits 0x%x", vhdx.RegionName(r.guid), r.flags<<1)
	}
	if !r.placed {
		v.add("17", []decode.Place{entry}, "%s region: %s", vhdx.RegionName(r.guid), r.why)
	}
	switch {
	case !known && r.required:
		v.add("18", []decode.Place{entry}, "region %s is required, and nobody here knows it", r.guid)
	case !known:
		v.addAs(info, "18:optional", []decode.Place{entry}, "region %s is not known; its space is left alone", r.guid)
	case !r.required:
		v.add("19", []decode.Place{entry}, "the %s region is not marked as required", vhdx.RegionName(r.guid))
	}
}

// judgeRegionOverlaps compares each structure with what reaches furthest of
// those before it.
func (v judge) judgeRegionOverlaps() {
	list := v.structures()
	for i := 1; i < len(list); i++ {
		e, before := list[i], list[i-1]
		if e.off >= before.reach {
			continue
		}
		code := "17"
		if e.name == "log" || before.reacher == "log" {
			code = "9"
		}
		v.add(code, []decode.Place{v.place(e.off, min(e.end, before.reach)-e.off)}, "%s and %s overlap at 0x%x", before.reacher, e.name, e.off)
	}
}
