package eyes

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"

	"platter/decode"
	"platter/decode/vhdx"
)

// signature holds that the file begins as a VHDX does.
func (o *opening) signature() error {
	if b, ok := o.file.all(0, int64(len(vhdx.Signature))); !ok || string(b) != vhdx.Signature {
		return refusal(o.file.place(0, int64(len(vhdx.Signature))), "the file does not begin with %s", vhdx.Signature)
	}
	return nil
}

// vhdxQEMU follows block/vhdx.c and vhdx-log.c of QEMU 7.2.
func (o *opening) vhdxQEMU() (virtual, int64, error) {
	if err := o.signature(); err != nil {
		return nil, 0, err
	}
	h, err := o.headerQEMU()
	if err != nil {
		return nil, 0, err
	}
	if err := o.logQEMU(h); err != nil {
		return nil, 0, err
	}
	used := areas{{vhdx.HeaderLogOffset.Get(h.rec), uint64(vhdx.HeaderLogLength.Get(h.rec))}}
	bat, meta, err := o.regionsQEMU(&used)
	if err != nil {
		return nil, 0, err
	}
	v, err := o.metadataQEMU(meta)
	if err != nil {
		return nil, 0, err
	}
	d := &vhdxDisk{file: o.file, block: int64(v.block), sector: vhdx512, pad: true, end: math.MaxInt64, rule: statesQEMU}
	d.ratio = vhdx.ChunkSectors * vhdx512 / d.block
	blocks := uint32((v.size + uint64(v.block) - 1) / uint64(v.block))
	entries := uint64(blocks + (blocks-1)/uint32(d.ratio))
	switch {
	case entries > uint64(bat.length)/vhdx.EntrySize:
		return nil, 0, refusal(bat.place, "the BAT region is too small for the disk: Invalid argument")
	case bat.at > math.MaxInt64-uint64(bat.length):
		return nil, 0, refusal(bat.place, "the BAT can't be read: Invalid argument")
	}
	d.table = int64(bat.at)
	size := int64(v.size / vhdx512 * vhdx512)
	if err := o.entriesQEMU(d, int64(entries), size, used); err != nil {
		return nil, 0, err
	}
	return d, size, nil
}

// vhdx512 is the one sector size that QEMU reads.
const vhdx512 = 512

func (o *opening) headerQEMU() (vhdxHeader, error) {
	one, two := o.header(0, true), o.header(1, true)
	good := func(h vhdxHeader) bool { return h.sound && vhdx.HeaderVersion.Get(h.rec) == 1 }
	switch {
	case good(one) && !good(two), good(one) && good(two) && one.sequence() > two.sequence():
		return one, nil
	case good(two) && !good(one), good(one) && good(two) && two.sequence() > one.sequence():
		return two, nil
	case good(one) && good(two) && bytes.Equal(one.used(), two.used()):
		return one, nil
	}
	return one, refusal(o.file.place(one.at, vhdx.HeaderSize), "No valid VHDX header found")
}

func (o *opening) logQEMU(h vhdxHeader) error {
	at, length := vhdx.HeaderLogOffset.Get(h.rec), vhdx.HeaderLogLength.Get(h.rec)
	of := func(f *decode.Field) decode.Place { return o.file.place(h.at+int64(f.Offset()), int64(f.Size())) }
	switch {
	case at < vhdx.MiB || at%vhdx.MiB != 0:
		return refusal(of(vhdx.HeaderLogOffset.Field()), "the log lies at 0x%x: Invalid argument", at)
	case vhdx.HeaderLogVersion.Get(h.rec) != 0:
		return refusal(of(vhdx.HeaderLogVersion.Field()), "a log version that is not supported: Invalid argument")
	case !h.dirty() || length == 0:
		return nil
	case length%vhdx.MiB != 0:
		return refusal(of(vhdx.HeaderLogLength.Field()), "a log of %d bytes: Invalid argument", length)
	case o.loggedHere(h):
		return refusal(of(vhdx.HeaderLogGUID.Field()), "opened read-only, but contains a log that needs to be replayed")
	}
	o.note("empty-log", of(vhdx.HeaderLogGUID.Field()), "a log that has an identity but no valid entry is taken for an empty one")
	return nil
}

// areas are parts of the file that are taken.
type areas []struct{ at, length uint64 }

func (a areas) overlap(at, length uint64) bool {
	for _, r := range a {
		if !(at >= r.at+r.length || at+length <= r.at) {
			return true
		}
	}
	return false
}

func (o *opening) regionsQEMU(used *areas) (bat, meta region, err error) {
	list, raw, _ := o.regions(0, true)
	if !signedTable(raw) {
		return bat, meta, refusal(o.file.place(vhdx.RegionOffset(0), vhdx.RegionTableSize), "the first region table is not valid: Invalid argument")
	}
	var bats, metas int
	for _, r := range list {
		if used.overlap(r.at, uint64(r.length)) {
			return bat, meta, refusal(r.place, "VHDX region %d-%d overlaps with another one", r.at, r.at+uint64(r.length))
		}
		*used = append(*used, struct{ at, length uint64 }{r.at, uint64(r.length)})
		switch {
		case r.id == vhdx.RegionBAT:
			bat, bats = r, bats+1
		case r.id == vhdx.RegionMetadata:
			meta, metas = r, metas+1
		case r.required&1 != 0:
			return bat, meta, refusal(r.place, "a required region that is not known: Not supported")
		}
		if bats > 1 || metas > 1 {
			return bat, meta, refusal(r.place, "a region is there twice: Invalid argument")
		}
	}
	if bats == 0 || metas == 0 {
		return bat, meta, refusal(o.file.place(vhdx.RegionOffset(0), vhdx.RegionHeadSize), "there is no BAT or no metadata region: Invalid argument")
	}
	if _, second, ok := o.regions(1, true); ok && !bytes.Equal(raw, second) {
		o.note("first-region-table", o.file.place(vhdx.RegionOffset(0), vhdx.RegionTableSize), "the first region table rules, whatever the second says")
	}
	return bat, meta, nil
}

// metadataQEMU reads the five items that must be there, and no other.
func (o *opening) metadataQEMU(meta region) (values, error) {
	var v values
	raw, ok := o.file.padded(meta.at, vhdx.MetadataTableSize)
	if !ok {
		return v, refusal(meta.place, "the metadata can't be read: Invalid argument")
	}
	list, ok := o.items(raw, int64(meta.at))
	if !ok {
		return v, refusal(meta.place, "the metadata table is not valid: Invalid argument")
	}
	seen := map[string]bool{}
	for _, i := range list {
		known, is := vhdx.ItemOf(i.id)
		five := is && (i.id == vhdx.ItemFileParameters || i.id == vhdx.ItemDiskSize || i.id == vhdx.ItemDiskID ||
			i.id == vhdx.ItemLogicalSector || i.id == vhdx.ItemPhysicalSector)
		switch {
		case i.id == vhdx.ItemParentLocator:
			return v, refusal(i.place, "differencing images are not supported")
		case !five && i.required():
			return v, refusal(i.place, "a required metadata item that is not known: Not supported")
		case five && seen[known.Name]:
			return v, refusal(i.place, "a metadata item is there twice: Invalid argument")
		case five:
			seen[known.Name] = true
			b, ok := o.file.padded(meta.at+uint64(i.at), 16)
			if !ok {
				return v, refusal(i.place, "a metadata item can't be read: Invalid argument")
			}
			v.take(i.id, b)
		}
	}
	switch {
	case len(seen) != 5:
		return v, refusal(meta.place, "a metadata item is missing: Not supported")
	case v.hasParent():
		return v, refusal(meta.place, "differencing images are not supported")
	case v.block < vhdx.MinBlockSize || v.block > vhdx.MaxBlockSize || bits.OnesCount32(v.block) != 1:
		return v, refusal(meta.place, "a block size of %d: Invalid argument", v.block)
	case v.sector != vhdx512:
		return v, refusal(meta.place, "sectors of %d bytes: Not supported", v.sector)
	}
	return v, nil
}

// entriesQEMU checks where the stored blocks lie.
func (o *opening) entriesQEMU(d *vhdxDisk, entries, size int64, used areas) error {
	length := roundUp(o.file.size, vhdx512)
	payload := d.ratio
	for i := int64(0); i < entries; {
		b, err := d.file.entry(d.table+i*vhdx.EntrySize, vhdx.EntrySize, true)
		if err != nil {
			return refusal(o.file.place(d.table+i*vhdx.EntrySize, vhdx.EntrySize), "the BAT can't be read")
		}
		for ; len(b) >= vhdx.EntrySize && i < entries; b, i = b[vhdx.EntrySize:], i+1 {
			e := vhdx.EntryAt(b)
			if vhdx.State(e) != vhdx.FullyPresent {
				continue
			}
			at := o.file.place(d.table+i*vhdx.EntrySize, vhdx.EntrySize)
			off := vhdx.FileOffset(e)
			need := min(uint64(d.block), uint64(size)-uint64(i)*uint64(d.block))
			if off > math.MaxInt64-uint64(d.block) || off >= uint64(length) || off+need > uint64(length) {
				return refusal(at, "VHDX BAT entry %d points after end of file (%d). Image has probably been truncated.", i, length)
			}
			if payload--; payload < 0 {
				payload = d.ratio
				continue
			}
			if used.overlap(off, uint64(d.block)) {
				return refusal(at, "VHDX BAT entry %d: the block overlaps a region", i)
			}
		}
	}
	return nil
}

// vhdxLibyal follows libvhdi 20210425. It gives the identity for a child.
func (o *opening) vhdxLibyal() (*vhdxDisk, int64, []byte, error) {
	if err := o.signature(); err != nil {
		return nil, 0, nil, err
	}
	one, two := o.header(0, false), o.header(1, false)
	for _, h := range []vhdxHeader{one, two} {
		if !h.ok || !h.signed() || vhdx.HeaderVersion.Get(h.rec) != 1 {
			return nil, 0, nil, refusal(o.file.place(h.at, vhdx.HeaderSize), "unable to read image header: both headers must have a signature and version 1")
		}
	}
	h := one
	if two.sequence() > one.sequence() {
		h = two
	}
	if !h.sound {
		o.note("header-unchecked", o.file.place(h.at, vhdx.HeaderSize), "the headers' checksums are not looked at")
	}
	if h.dirty() {
		o.note("no-log", o.file.place(h.at+int64(vhdx.HeaderLogGUID.Offset()), int64(vhdx.HeaderLogGUID.Size())), "the log is not replayed")
	}
	var list []region
	for i := range 2 {
		l, raw, ok := o.regions(i, false)
		if !ok || !signedTable(raw) {
			return nil, 0, nil, refusal(o.file.place(vhdx.RegionOffset(i), vhdx.RegionTableSize), "unable to read region table: both copies must be valid")
		}
		if i == 0 {
			list = l
		}
	}
	v, err := o.metadataLibyal(list)
	if err != nil {
		return nil, 0, nil, err
	}
	d, err := o.tableLibyal(list, v)
	if err == nil && v.hasParent() {
		d.diff = true
		d.parent, err = o.parentVHDXLibyal(v)
	}
	id := vhdx.HeaderDataGUID.Get(h.rec)
	return d, int64(min(v.size, math.MaxInt64)), id[:], err
}

// first is the first region of a kind.
func first(list []region, is func(region) bool) (region, bool) {
	for _, r := range list {
		if is(r) {
			return r, true
		}
	}
	return region{}, false
}

func (o *opening) metadataLibyal(list []region) (values, error) {
	var v values
	meta, ok := first(list, func(r region) bool { return r.id == vhdx.RegionMetadata })
	if !ok || meta.at > math.MaxInt64 {
		return v, refusal(o.file.place(vhdx.RegionOffset(0), vhdx.RegionHeadSize), "missing metadata region")
	}
	raw, ok := o.file.all(int64(meta.at), vhdx.MetadataTableSize)
	if !ok {
		return v, refusal(meta.place, "unable to read metadata table")
	}
	items, ok := o.items(raw, int64(meta.at))
	if !ok {
		return v, refusal(meta.place, "unable to read metadata table")
	}
	for _, i := range items {
		b, ok := o.file.all(int64(meta.at)+int64(i.at), int64(min(i.length, 128<<20)))
		if i.at < vhdx.MetadataTableSize || i.length == 0 || i.length > 128<<20 || !ok {
			return v, refusal(i.place, "unable to read metadata item")
		}
		known, is := vhdx.ItemOf(i.id)
		if is && wantedLength(known) > 0 && int64(i.length) != wantedLength(known) {
			return v, refusal(i.place, "unsupported metadata item size")
		}
		v.take(i.id, b)
	}
	switch {
	case v.block < vhdx.MinBlockSize || v.block > vhdx.MaxBlockSize || v.block%vhdx512 != 0 || v.parameters&3 == 3:
		return v, refusal(meta.place, "unsupported file parameters")
	case v.sector != 512 && v.sector != 4096, v.physical != 0 && v.physical != 512 && v.physical != 4096:
		return v, refusal(meta.place, "unsupported sector size")
	case v.size == 0:
		return v, refusal(meta.place, "invalid number of entries value zero")
	}
	return v, nil
}

// wantedLength is the length that libvhdi demands of an item; 0 for any.
func wantedLength(i vhdx.Item) int64 {
	switch i.ID {
	case vhdx.ItemFileParameters, vhdx.ItemDiskSize, vhdx.ItemDiskID, vhdx.ItemLogicalSector, vhdx.ItemPhysicalSector:
		return i.Length
	}
	return 0
}

func (o *opening) tableLibyal(list []region, v values) (*vhdxDisk, error) {
	bat, ok := first(list, func(r region) bool { return r.id == vhdx.RegionBAT })
	if !ok || bat.at > math.MaxInt64/2 {
		return nil, refusal(o.file.place(vhdx.RegionOffset(0), vhdx.RegionHeadSize), "missing BAT region")
	}
	d := &vhdxDisk{file: o.file, block: int64(v.block), sector: int64(v.sector), table: int64(bat.at), end: o.file.size, rule: statesLibyal, strict: true, plain: v.fixed()}
	if d.ratio = vhdx.ChunkSectors * d.sector / d.block; vhdx.MiB%d.ratio != 0 {
		return nil, refusal(bat.place, "the blocks do not divide a sector bitmap")
	}
	return d, nil
}

func (o *opening) parentVHDXLibyal(v values) (*Reader, error) {
	var names []string
	for _, key := range []string{vhdx.KeyWin32Path, vhdx.KeyVolumePath, vhdx.KeyRelativePath} {
		if path, ok := v.value(key); ok {
			names = append(names, baseName(path))
			break
		}
	}
	want, ok := vhdx.Linkage(v.linkage)
	return o.vhdxParent(names, func(below *opening) (*vhdxDisk, int64, error) {
		d, size, id, err := below.vhdxLibyal()
		if err == nil && (!ok || !bytes.Equal(id, want[:])) {
			err = fmt.Errorf("mismatch in identifier: it is another disk, or was changed since")
		}
		return d, size, err
	})
}
