package eyes

import (
	"bytes"
	"math"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
)

// vhdxSevenZip follows VhdxHandler.cpp of 7-Zip 26.02. Wanted is the identity that a
// child demands; nil for none.
func (o *opening) vhdxSevenZip(wanted []byte) (*vhdxDisk, int64, error) {
	if err := o.signature(); err != nil {
		return nil, 0, err
	}
	h, err := o.headerSevenZip()
	if err != nil {
		return nil, 0, err
	}
	end := int64(vhdx.MiB)
	if n := int64(vhdx.HeaderLogLength.Get(h.rec)); n != 0 {
		end = max(end, int64(min(vhdx.HeaderLogOffset.Get(h.rec), math.MaxInt64/2))+n)
		if h.dirty() {
			o.note("no-log", o.file.place(h.at+int64(vhdx.HeaderLogGUID.Offset()), int64(vhdx.HeaderLogGUID.Size())), "non-empty LOG was not replayed")
		}
	}
	bat, meta, last, err := o.regionsSevenZip()
	if err != nil {
		return nil, 0, err
	}
	v, err := o.metadataSevenZip(meta)
	if err != nil {
		return nil, 0, err
	}
	d := &vhdxDisk{file: o.file, block: int64(v.block), sector: int64(v.sector), table: int64(bat.at), diff: v.hasParent(), strict: true}
	d.ratio = vhdx.ChunkSectors * d.sector / d.block
	if _, ok := o.file.all(int64(bat.at), 0); !ok || int64(bat.at)+int64(bat.length) > o.file.size {
		return nil, 0, refusal(bat.place, cannot+"the BAT lies past the end of the file")
	}
	if d.end, err = o.entriesSevenZip(d, bat, v, max(end, last)); err != nil {
		return nil, 0, err
	}
	id := vhdx.HeaderDataGUID.Get(h.rec)
	if wanted != nil && !bytes.Equal(id[:], wanted) {
		return nil, 0, refusal(o.file.place(h.at+int64(vhdx.HeaderDataGUID.Offset()), int64(vhdx.HeaderDataGUID.Size())), "it is another disk, or was changed since")
	}
	if d.diff {
		d.parent, err = o.parentVHDXSevenZip(v)
	}
	return d, int64(v.size), err
}

// headerSevenZip takes the newer of two headers that both have to be valid.
func (o *opening) headerSevenZip() (vhdxHeader, error) {
	one, two := o.header(0, false), o.header(1, false)
	for _, h := range []vhdxHeader{one, two} {
		if !h.ok || !h.sound || vhdx.HeaderVersion.Get(h.rec) != 1 || vhdx.HeaderLogLength.Get(h.rec)%vhdx.MiB != 0 || vhdx.HeaderLogOffset.Get(h.rec)%vhdx.MiB != 0 {
			return h, refusal(o.file.place(h.at, vhdx.HeaderSize), cannot+"both headers must be valid")
		}
	}
	switch a, b := one.sequence(), two.sequence(); {
	case a > b:
		return one, nil
	case a < b:
		return two, nil
	}
	same := func(f *decode.Field) bool {
		from, to := f.Offset(), f.Offset()+f.Size()
		return bytes.Equal(one.rec.Bytes()[from:to], two.rec.Bytes()[from:to])
	}
	for _, f := range []*decode.Field{vhdx.HeaderFileGUID.Field(), vhdx.HeaderDataGUID.Field(), vhdx.HeaderLogGUID.Field(), vhdx.HeaderLogLength.Field(), vhdx.HeaderLogOffset.Field()} {
		if !same(f) {
			return one, refusal(o.file.place(one.at, vhdx.HeaderSize), cannot+"two headers of the same sequence number differ")
		}
	}
	return one, nil
}

// regionsSevenZip reads the first region table: where it is wrong the second is never
// really looked at.
func (o *opening) regionsSevenZip() (bat, meta region, end int64, err error) {
	at := o.file.place(vhdx.RegionOffset(0), vhdx.RegionTableSize)
	list, raw, ok := o.regions(0, false)
	_, second, both := o.regions(1, false)
	if !ok || !both || !signedTable(raw) {
		return bat, meta, 0, refusal(at, cannot+"the first region table is not valid")
	}
	if head, _ := vhdx.RegionTable.Of(raw); !isZero(vhdx.RegionReserved.Get(head)) {
		return bat, meta, 0, refusal(at, cannot+"the reserved bytes of the region table are not zero")
	}
	if !bytes.Equal(raw, second) {
		o.note("first-region-table", at, "the first region table rules, whatever the second says")
	}
	bats, metas := 0, 0
	for _, r := range list {
		last := r.at + uint64(r.length)
		if r.at%vhdx.MiB != 0 || r.length%vhdx.MiB != 0 || last < r.at || last > math.MaxInt64 {
			return bat, meta, 0, refusal(r.place, cannot+"a region is not at a whole MiB")
		}
		end = max(end, int64(last))
		switch {
		case r.id == vhdx.RegionBAT:
			bat, bats = r, bats+1
		case r.id == vhdx.RegionMetadata:
			meta, metas = r, metas+1
		case r.required != 0:
			return bat, meta, 0, refusal(r.place, cannot+"a required region is not known")
		}
	}
	if bats != 1 || metas != 1 || bat.length == 0 || meta.length == 0 {
		return bat, meta, 0, refusal(at, cannot+"BAT and metadata must be there once each")
	}
	return bat, meta, end, nil
}

// metadataSevenZip reads the metadata region, and refuses all that is not as it should be.
func (o *opening) metadataSevenZip(meta region) (values, error) {
	var v values
	bad := func(at decode.Place, what string) (values, error) { return v, refusal(at, cannot+"%s", what) }
	raw, ok := o.file.all(int64(meta.at), vhdx.MetadataTableSize)
	if !ok || int64(meta.at)+int64(meta.length) > o.file.size {
		return bad(meta.place, "the metadata region lies past the end of the file")
	}
	list, ok := o.items(raw, int64(meta.at))
	head, _ := vhdx.MetadataTable.Of(raw)
	if !ok || !isZero(vhdx.MetadataReserved.Get(head)) || !isZero(vhdx.MetadataReserved2.Get(head)) {
		return bad(meta.place, "the metadata table is not valid")
	}
	seen := map[uuid.UUID]bool{}
	for _, i := range list {
		switch {
		case i.at != 0 && i.at < vhdx.MetadataTableSize, i.length > vhdx.MaxItemSize, i.length == 0 && i.at != 0,
			i.flags>>3 != 0, i.reserved2&3 != 0, uint64(i.at)+uint64(i.length) > uint64(meta.length):
			return bad(i.place, "a metadata entry is not valid")
		}
		known, is := vhdx.ItemOf(i.id)
		want := wantedLength(known)
		switch {
		case is && want > 0 && int64(i.length) != want:
			return bad(i.place, "a metadata item has another length than it must")
		case want > 0 && seen[i.id] && i.id != vhdx.ItemDiskID, i.id == vhdx.ItemParentLocator && seen[i.id]:
			return bad(i.place, "a metadata item is there twice")
		case want == 0 && i.id != vhdx.ItemParentLocator:
			if i.required() {
				return bad(i.place, "a required metadata item is not known")
			}
			continue
		}
		seen[i.id] = true
		b, _ := o.file.all(int64(meta.at)+int64(i.at), int64(i.length))
		v.take(i.id, b)
		if i.id == vhdx.ItemParentLocator && !v.goodLocator(b) {
			return bad(i.place, "the parent locator is not valid")
		}
	}
	power := func(n uint32) bool { return n != 0 && n&(n-1) == 0 }
	switch {
	case !power(v.block) || v.block < vhdx.MinBlockSize || v.block > vhdx.MaxBlockSize || v.parameters>>2 != 0:
		return bad(meta.place, "the file parameters are missing or not valid")
	case v.sector != 512 && v.sector != 4096, seen[vhdx.ItemPhysicalSector] && v.physical != 512 && v.physical != 4096:
		return bad(meta.place, "a sector size is missing or not valid")
	case !seen[vhdx.ItemDiskSize] || v.size&uint64(v.sector) != 0 || v.size > vhdx.MaxDiskSize || v.size == 0:
		return bad(meta.place, "the disk's size is missing or not valid")
	}
	return v, nil
}

// goodLocator is what 7-Zip demands of a parent locator.
func (v values) goodLocator(b []byte) bool {
	head, ok := vhdx.LocatorTable.Of(b)
	if !ok || !isZero(vhdx.LocatorReserved.Get(head)) || vhdx.LocatorHeadSize+int(vhdx.LocatorCount.Get(head))*vhdx.LocatorEntrySize > len(b) {
		return false
	}
	for _, p := range v.pairs {
		if p.KeyBad != "" || p.ValueBad != "" {
			return false
		}
	}
	return true
}

// entriesSevenZip checks all entries of the BAT, and finds where the image ends.
func (o *opening) entriesSevenZip(d *vhdxDisk, bat region, v values, end int64) (int64, error) {
	blocks := (int64(v.size) + d.block - 1) / d.block
	entries := blocks + (blocks-1)/d.ratio
	if d.diff {
		entries = (blocks + d.ratio - 1) / d.ratio * (d.ratio + 1)
	}
	if entries > int64(bat.length)/vhdx.EntrySize {
		return 0, refusal(bat.place, cannot+"the BAT is too small for the disk")
	}
	for i := int64(0); i < entries; {
		b, err := d.file.entry(d.table+i*vhdx.EntrySize, vhdx.EntrySize, false)
		if err != nil {
			return 0, refusal(bat.place, cannot+"the BAT lies past the end of the file")
		}
		for ; len(b) >= vhdx.EntrySize && i < entries; b, i = b[vhdx.EntrySize:], i+1 {
			e := vhdx.EntryAt(b)
			if e == 0 {
				continue
			}
			length, ok := d.goodEntry(i, e)
			if !ok {
				return 0, refusal(o.file.place(d.table+i*vhdx.EntrySize, vhdx.EntrySize), cannot+"entry %d of the BAT is 0x%x, which it does not take", i, e)
			}
			if length > 0 {
				end = max(end, int64(vhdx.FileOffset(e))+length)
			}
		}
	}
	return end, nil
}

// goodEntry is what 7-Zip demands of a BAT entry; length is what it places.
func (d *vhdxDisk) goodEntry(index int64, e uint64) (length int64, ok bool) {
	state, off := vhdx.State(e), vhdx.FileOffset(e)
	placed := off != 0 && off < 1<<62
	switch {
	case vhdx.ReservedBits(e) != 0:
		return 0, false
	case index%(d.ratio+1) == d.ratio:
		return vhdx.MiB * min(int64(state), 1), state == vhdx.NotPresent || state == vhdx.FullyPresent && d.diff && placed
	case state == vhdx.FullyPresent, state == vhdx.PartiallyPresent && d.diff:
		return d.block, placed
	}
	return 0, state < vhdx.ReservedState
}

func (o *opening) parentVHDXSevenZip(v values) (*Reader, error) {
	want, ok := sevenZipGUID(v.linkage)
	var names []string
	for _, key := range []string{vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path} {
		if path, has := v.value(key); has {
			if path = trimDot(path); !strings.ContainsAny(path, `/\:`) {
				names = append(names, path)
			}
		}
	}
	if !ok || len(names) == 0 {
		return nil, refusal(o.file.place(0, 0), "Missing parent VHDX file: no name that can be followed, or no identity")
	}
	return o.vhdxParent(names, func(below *opening) (*vhdxDisk, int64, error) { return below.vhdxSevenZip(want) })
}

func sevenZipGUID(s string) ([]byte, bool) {
	id, ok := vhdx.Linkage(s)
	return id[:], ok
}

// vhdxDissect is what is known of dissect.hypervisor: no checksum is looked at, and no log.
func (o *opening) vhdxDissect() (virtual, int64, error) {
	if err := o.signature(); err != nil {
		return nil, 0, err
	}
	one, two := o.header(0, false), o.header(1, false)
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
	list, raw, ok := o.regions(0, false)
	if !ok || !bytes.HasPrefix(raw, []byte(vhdx.RegionSignature)) {
		return nil, 0, refusal(o.file.place(vhdx.RegionOffset(0), vhdx.RegionTableSize), "the first region table is not valid")
	}
	if !signedTable(raw) {
		o.note("table-unchecked", o.file.place(vhdx.RegionOffset(0), vhdx.RegionTableSize), "the first region table rules, and its checksum is not looked at")
	}
	v, bat, err := o.metadataDissect(list)
	if err != nil {
		return nil, 0, err
	}
	d := &vhdxDisk{file: o.file, block: int64(v.block), sector: int64(v.sector), table: int64(bat.at), end: o.file.size, diff: v.hasParent()}
	d.ratio = vhdx.ChunkSectors * d.sector / d.block
	if d.diff {
		d.parent, err = o.specParent()
	}
	return d, int64(v.size), err
}

func (o *opening) metadataDissect(list []region) (values, region, error) {
	var v values
	bat, ok := first(list, func(r region) bool { return r.id == vhdx.RegionBAT })
	meta, also := first(list, func(r region) bool { return r.id == vhdx.RegionMetadata })
	if !ok || !also || bat.at > math.MaxInt64/2 || meta.at > math.MaxInt64/2 {
		return v, bat, refusal(o.file.place(vhdx.RegionOffset(0), vhdx.RegionHeadSize), "BAT or metadata region missing")
	}
	raw, ok := o.file.all(int64(meta.at), vhdx.MetadataTableSize)
	items, good := o.items(raw, int64(meta.at))
	if !ok || !good {
		return v, bat, refusal(meta.place, "the metadata table is not valid")
	}
	for _, i := range items {
		known, is := vhdx.ItemOf(i.id)
		if !is || wantedLength(known) == 0 && i.id != vhdx.ItemParentLocator {
			return v, bat, refusal(i.place, "a metadata item that is not known raises an error")
		}
		b, _ := o.file.all(int64(meta.at)+int64(i.at), int64(min(i.length, vhdx.MaxItemSize)))
		v.take(i.id, b)
	}
	if !vhdx.GoodBlockSize(uint64(v.block)) || v.sector != 512 && v.sector != 4096 || v.size > vhdx.MaxDiskSize {
		return v, bat, refusal(meta.place, "block size, sector size or disk size is missing or out of bounds")
	}
	return v, bat, nil
}
