package eyes

import (
	"bytes"
	"math"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
)

// vhdxHeader is one of the two headers of a VHDX as it lies in the file.
type vhdxHeader struct {
	rec   decode.Record[vhdx.Header]
	at    int64
	ok    bool // all of it is there
	sound bool // signature and checksum are right
}

// header reads header i. A reader that pads takes what is past the end of the file as zeros.
func (o *opening) header(i int, pad bool) vhdxHeader {
	h := vhdxHeader{at: vhdx.HeaderOffset(i)}
	var b []byte
	if pad {
		b, h.ok = o.file.padded(uint64(h.at), vhdx.HeaderSize)
	} else {
		b, h.ok = o.file.all(h.at, vhdx.HeaderSize)
	}
	if !h.ok {
		b = make([]byte, vhdx.HeaderSize)
	}
	h.rec, _ = vhdx.HeaderTable.Of(b)
	h.sound = h.signed() && sums(vhdx.HeaderChecksum.Field(), b)
	return h
}

func (h vhdxHeader) signed() bool {
	return bytes.HasPrefix(h.rec.Bytes(), []byte(vhdx.HeaderSignature))
}

func (h vhdxHeader) sequence() uint64 { return vhdx.HeaderSequence.Get(h.rec) }

// used is the part of a header that has fields.
func (h vhdxHeader) used() []byte { return h.rec.Bytes()[:vhdx.HeaderReserved.Offset()] }

func (h vhdxHeader) dirty() bool { return vhdx.HeaderLogGUID.Get(h.rec) != uuid.Nil }

// region is an entry of a region table.
type region struct {
	id       uuid.UUID
	at       uint64
	length   uint32
	required uint32
	place    decode.Place
}

// regions reads the entries of region table i.
func (o *opening) regions(i int, pad bool) (list []region, raw []byte, ok bool) {
	at := vhdx.RegionOffset(i)
	if pad {
		raw, ok = o.file.padded(uint64(at), vhdx.RegionTableSize)
	} else {
		raw, ok = o.file.all(at, vhdx.RegionTableSize)
	}
	if !ok {
		return nil, nil, false
	}
	head, _ := vhdx.RegionTable.Of(raw)
	count := min(int64(vhdx.RegionCount.Get(head)), vhdx.MaxRegionEntries)
	for n := range count {
		e := raw[vhdx.RegionHeadSize+n*vhdx.RegionEntrySize:][:vhdx.RegionEntrySize]
		rec, _ := vhdx.RegionEntryTable.Of(e)
		list = append(list, region{
			id: vhdx.RegionGUID.Get(rec), at: vhdx.RegionFileOffset.Get(rec), length: vhdx.RegionLength.Get(rec),
			required: uint32(vhdx.RegionEntryTable.Order().Uint(e[vhdx.RegionRequired.Offset():])),
			place:    o.file.place(at+vhdx.RegionHeadSize+n*vhdx.RegionEntrySize, vhdx.RegionEntrySize),
		})
	}
	return list, raw, true
}

// signedTable reports whether a region table has its signature, its checksum and a count
// that fits.
func signedTable(raw []byte) bool {
	head, _ := vhdx.RegionTable.Of(raw)
	return bytes.HasPrefix(raw, []byte(vhdx.RegionSignature)) && sums(vhdx.RegionChecksum.Field(), raw) && vhdx.RegionCount.Get(head) <= vhdx.MaxRegionEntries
}

// item is an entry of the metadata table.
type item struct {
	id        uuid.UUID
	at        uint32 // from the start of the region
	length    uint32
	flags     uint32
	reserved2 uint32
	place     decode.Place
}

// items reads the entries of a metadata table, of which raw is the start of the region.
func (o *opening) items(raw []byte, region int64) (list []item, ok bool) {
	head, _ := vhdx.MetadataTable.Of(raw)
	count := int64(vhdx.MetadataCount.Get(head))
	if !bytes.HasPrefix(raw, []byte(vhdx.MetadataSignature)) || count > vhdx.MaxMetadataEntries {
		return nil, false
	}
	for n := range count {
		from := vhdx.MetadataHeadSize + n*vhdx.MetadataEntrySize
		if from+vhdx.MetadataEntrySize > int64(len(raw)) {
			return nil, false
		}
		e := raw[from:][:vhdx.MetadataEntrySize]
		rec, _ := vhdx.MetadataEntryTable.Of(e)
		list = append(list, item{
			id: vhdx.EntryItemID.Get(rec), at: vhdx.EntryOffset.Get(rec), length: vhdx.EntryLength.Get(rec),
			flags:     uint32(vhdx.MetadataEntryTable.Order().Uint(e[vhdx.EntryIsUser.Offset():][:vhdx.EntryIsUser.Size()])),
			reserved2: vhdx.EntryReserved2.Get(rec),
			place:     o.file.place(region+from, vhdx.MetadataEntrySize),
		})
	}
	return list, true
}

func (i item) required() bool { return i.flags&4 != 0 }

// values are what the metadata of a VHDX say.
type values struct {
	block      uint32
	parameters uint32 // the flags
	size       uint64
	sector     uint32
	physical   uint32
	linkage    string
	pairs      []vhdx.Pair
}

func (v values) fixed() bool     { return v.parameters&1 != 0 }
func (v values) hasParent() bool { return v.parameters&2 != 0 }

// take reads what an item holds, as far as its bytes go.
func (v *values) take(id uuid.UUID, b []byte) {
	switch id {
	case vhdx.ItemFileParameters:
		if rec, ok := vhdx.FileParametersTable.Of(b); ok {
			v.block = vhdx.ParametersBlockSize.Get(rec)
			v.parameters = uint32(vhdx.FileParametersTable.Order().Uint(b[vhdx.ParametersFixed.Offset():][:vhdx.ParametersFixed.Size()]))
		}
	case vhdx.ItemDiskSize:
		if rec, ok := vhdx.DiskSizeTable.Of(b); ok {
			v.size = vhdx.DiskSizeBytes.Get(rec)
		}
	case vhdx.ItemLogicalSector:
		if rec, ok := vhdx.LogicalSectorTable.Of(b); ok {
			v.sector = vhdx.LogicalSectorSize.Get(rec)
		}
	case vhdx.ItemPhysicalSector:
		if rec, ok := vhdx.PhysicalSectorTable.Of(b); ok {
			v.physical = vhdx.PhysicalSectorSize.Get(rec)
		}
	case vhdx.ItemParentLocator:
		v.pairs = vhdx.Pairs(b)
		v.linkage, _ = v.value(vhdx.KeyLinkage)
	}
}

// value is what a key of the parent locator says.
func (v values) value(key string) (string, bool) {
	for _, p := range v.pairs {
		if p.Key == key && p.KeyBad == "" {
			return p.Value, p.ValueBad == ""
		}
	}
	return "", false
}

// loggedHere reports whether the ring of a log has an entry that QEMU would take: any
// whose signature, identity and checksum are right.
func (o *opening) loggedHere(h vhdxHeader) bool {
	start, length := vhdx.HeaderLogOffset.Get(h.rec), int64(vhdx.HeaderLogLength.Get(h.rec))
	if start > math.MaxInt64/2 || int64(start) >= o.file.size {
		return false
	}
	for at := int64(0); at < length && int64(start)+at < o.file.size; at += vhdx.LogSector {
		b, ok := o.file.all(int64(start)+at, vhdx.LogHeadSize)
		if ok && bytes.HasPrefix(b, []byte(vhdx.LogEntrySignature)) && o.entryHolds(h, b, int64(start), at, length) {
			return true
		}
	}
	return false
}

// entryHolds checks one entry of the log, which may wrap around the end of the ring.
func (o *opening) entryHolds(h vhdxHeader, head []byte, start, at, length int64) bool {
	rec, _ := vhdx.LogEntryTable.Of(head)
	n := int64(vhdx.LogEntryLength.Get(rec))
	if n == 0 || n > length || n%vhdx.LogSector != 0 || vhdx.LogSequence.Get(rec) == 0 ||
		vhdx.LogGUID.Get(rec) != vhdx.HeaderLogGUID.Get(h.rec) || int64(vhdx.LogDescriptors.Get(rec))*vhdx.DescriptorSize > n {
		return false
	}
	entry := make([]byte, 0, n)
	for left := n; left > 0; {
		part, ok := o.file.padded(uint64(start+at), min(left, length-at))
		if !ok {
			return false
		}
		entry = append(entry, part...)
		left, at = left-int64(len(part)), 0
	}
	whole := bytes.Clone(entry)
	vhdx.SealEntry(whole)
	return bytes.Equal(whole, entry)
}
