package vhdx

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// renewTable makes both region tables equal (13).
func (v *Image) renewTable([]decode.Place) ([]disk.Repair, string) {
	t := &v.tables
	if !t.sound {
		return nil, "Neither table is valid."
	}
	other := 1 - t.used
	list := v.copyTable(t.used, fix{title: fmt.Sprintf("write region table %d anew from the other one", other+1)})
	if t.copies[other].valid {
		list = append(list, v.copyTable(other, fix{title: fmt.Sprintf("region table %d is right: write the other one anew from it", other+1),
			risk: "the image is read by the other table then: look at both first", reads: true})...)
	}
	return list, ""
}

// copyTable writes the other region table as a copy of table i.
func (v *Image) copyTable(i int, f fix) []disk.Repair {
	good := v.tables.copies[i].raw
	return v.rewrite(f, vhdx.RegionOffset(1-i), vhdx.RegionTableSize, func(b []byte) { copy(b, good) })
}

// mendTables changes both region tables alike and seals them. If they are not
// equal that has to be settled first.
func (v *Image) mendTables(f fix, change func(b []byte)) ([]disk.Repair, string) {
	t := &v.tables
	if !t.copies[0].valid || !bytes.Equal(t.copies[0].raw, t.copies[1].raw) {
		return nil, "It can be repaired once both region tables are equal (vhdx/13)."
	}
	f.body = func(context.Context) (edits, error) {
		table := bytes.Clone(t.copies[0].raw)
		change(table)
		return v.writeTables(table), nil
	}
	return v.one(f), ""
}

// writeTables are the edits that make both region tables hold these bytes,
// sealed.
func (v *Image) writeTables(table []byte) edits {
	vhdx.RegionTable.Seal(table)
	return append(disk.Patch(v.src.Name, vhdx.RegionOffset(0), v.tables.copies[0].raw, table),
		disk.Patch(v.src.Name, vhdx.RegionOffset(1), v.tables.copies[1].raw, table)...)
}

// inTable is where a place lies in the region table that is used.
func (v *Image) inTable(at decode.Place) (off int64, ok bool) {
	off = at.Offset - vhdx.RegionOffset(v.tables.used)
	return off, off >= 0 && off+at.Length <= vhdx.RegionTableSize
}

// mendTableBits mends the head of the region tables, or the bits of an entry
// that have no meaning (15).
func (v *Image) mendTableBits(where []decode.Place) ([]disk.Repair, string) {
	off, ok := v.inTable(where[0])
	switch {
	case !ok || where[0].Length != 4:
		return nil, ""
	case off == int64(vhdx.RegionCount.Offset()):
		n := v.tables.copies[v.tables.used].entries()
		f := fix{title: fmt.Sprintf("set EntryCount to %d", n), risk: "regions behind an entry without a GUID are given up", reads: true}
		return v.mendTables(f, func(b []byte) {
			head, _ := vhdx.RegionTable.Of(b)
			vhdx.RegionCount.Put(head, uint32(n))
		})
	case off < vhdx.RegionHeadSize:
		return v.mendTables(fix{title: "zero the reserved bytes"}, func(b []byte) { clear(b[off : off+4]) })
	}
	return v.mendTables(fix{title: "clear the undefined bits"}, func(b []byte) {
		rec, _ := vhdx.RegionEntryTable.Of(b[off-int64(vhdx.RegionFlags.Offset()):])
		vhdx.RegionFlags.Put(rec, 0)
	})
}

// requireRegion sets Required of a region (19).
func (v *Image) requireRegion(where []decode.Place) ([]disk.Repair, string) {
	off, ok := v.inTable(where[0])
	if !ok || where[0].Length != vhdx.RegionEntrySize {
		return nil, ""
	}
	return v.mendTables(fix{title: "mark the region as required"}, func(b []byte) {
		rec, _ := vhdx.RegionEntryTable.Of(b[off:])
		vhdx.RegionRequired.Put(rec, 1)
	})
}

// rebuildTables looks for metadata and BAT where neither region table is valid
// (14), and writes both tables anew.
func (v *Image) rebuildTables([]decode.Place) ([]disk.Repair, string) {
	return v.one(fix{title: "look for metadata and BAT, and write both region tables anew", risk: "where the BAT lies is a guess by what its entries say; other regions are given up", reads: true,
		body: func(ctx context.Context) (edits, error) {
			meta, err := v.findMetadata(ctx)
			if err != nil {
				return nil, err
			}
			bat, err := v.findBAT(ctx, meta)
			if err != nil {
				return nil, err
			}
			return v.writeTables(tableOfRegions(bat, meta)), nil
		}}), "Metadata and BAT are looked for in the first 4 GiB of the file; where both are damaged only a backup helps."
}

// tableOfRegions makes a region table, not yet sealed.
func tableOfRegions(list ...region) []byte {
	table := make([]byte, vhdx.RegionTableSize)
	copy(table, vhdx.RegionTable.Layout.Blank())
	head, _ := vhdx.RegionTable.Of(table)
	vhdx.RegionCount.Put(head, uint32(len(list)))
	for i, r := range list {
		rec, _ := vhdx.RegionEntryTable.Of(table[vhdx.RegionHeadSize+i*vhdx.RegionEntrySize:])
		vhdx.RegionGUID.Put(rec, r.guid)
		vhdx.RegionFileOffset.Put(rec, uint64(r.off))
		vhdx.RegionLength.Put(rec, uint32(r.length))
		vhdx.RegionRequired.Put(rec, 1)
	}
	return table
}

// maxLook bounds where regions are looked for, in bytes of the file: all
// programs put them in front of the blocks.
const maxLook = 4 << 30

// findMetadata is a metadata region that says all that a disk needs: where a
// damaged table puts it, else the first one in the file.
func (v *Image) findMetadata(ctx context.Context) (region, error) {
	for off, err := range v.placesFor(ctx, vhdx.RegionMetadata) {
		if err != nil {
			return region{}, err
		}
		if _, ok := v.metadataAt(off); ok {
			return region{guid: vhdx.RegionMetadata, off: off, length: vhdx.MiB}, nil
		}
	}
	return region{}, disk.Errorf(disk.NotFound, v.place(0, 0), "no metadata region was found, so nobody knows the size of the disk")
}

// metadataAt reads the geometry that a metadata region at a place gives.
func (v *Image) metadataAt(off int64) (*Image, bool) {
	try := &Image{src: v.src, size: v.size, data: v.data}
	try.meta.region = region{guid: vhdx.RegionMetadata, off: off, length: vhdx.MiB, placed: off+vhdx.MiB <= v.size}
	if err := try.readMetadata(); err != nil || !try.meta.signed {
		return nil, false
	}
	p := try.params
	geo, ok := vhdx.NewGeometry(p.blockSize, p.logicalSector, p.diskSize)
	try.geo = geo
	return try, ok
}

// findBAT is the region whose entries fit the disk best.
func (v *Image) findBAT(ctx context.Context, meta region) (region, error) {
	try, ok := v.metadataAt(meta.off)
	if !ok {
		return region{}, disk.Errorf(disk.Damaged, v.place(meta.off, vhdx.MetadataTableSize), "the metadata do not say what the disk is like")
	}
	entries, named := try.geo.Entries(try.params.hasParent), v.namedPlaces(vhdx.RegionBAT)
	best, found := region{guid: vhdx.RegionBAT, length: roundUp(entries * vhdx.EntrySize)}, int64(-1)
	for off, err := range v.placesFor(ctx, vhdx.RegionBAT) {
		if err != nil {
			return region{}, err
		}
		if off == meta.off || off+best.length > v.size || v.log.length > 0 && off < v.log.off+v.log.length && off+best.length > v.log.off {
			continue
		}
		n, err := v.plausible(try, off, best.length)
		if err != nil {
			return region{}, err
		}
		if n == 0 && !slices.Contains(named, off) { // any zeros would do
			continue
		}
		if n > found {
			best.off, found = off, n
		}
	}
	if found < 0 {
		return region{}, disk.Errorf(disk.NotFound, v.place(0, 0), "no BAT was found")
	}
	return best, nil
}

// maxPlausible bounds the entries that are looked at of a table that may be
// the BAT, in bytes.
const maxPlausible = 1 << 20

// plausible counts the entries with a block of a table that may be the BAT; -1
// if it can't be it.
func (v *Image) plausible(try *Image, off, length int64) (int64, error) {
	used := try.geo.Entries(try.params.hasParent) * vhdx.EntrySize
	b, err := readUpTo(v.data, off, int(min(length, maxPlausible)))
	if err != nil {
		return -1, err
	}
	stored, places := int64(0), map[uint64]bool{}
	for i := int64(0); (i+1)*vhdx.EntrySize <= int64(len(b)); i++ {
		e := binary.LittleEndian.Uint64(b[i*vhdx.EntrySize:])
		at := vhdx.FileOffset(e)
		switch {
		case e == 0:
			continue
		case i*vhdx.EntrySize >= used, vhdx.ReservedBits(e) != 0, at >= uint64(v.size), at > 0 && places[at], at > 0 && int64(at) >= off && int64(at) < off+length:
			return -1, nil
		case at > 0:
			stored++
			places[at] = true
		}
	}
	return stored, nil
}

// namedPlaces are where the region tables, valid or not, put a region.
func (v *Image) namedPlaces(id uuid.UUID) []int64 {
	var list []int64
	for _, c := range v.tables.copies {
		if len(c.raw) < vhdx.RegionTableSize {
			continue
		}
		for i := range c.entries() {
			rec := c.entry(i)
			off, n := vhdx.RegionFileOffset.Get(rec), int64(vhdx.RegionLength.Get(rec))
			if vhdx.RegionGUID.Get(rec) == id && regionFault(off, n, v.size) == "" {
				list = append(list, int64(off))
			}
		}
	}
	return list
}

// placesFor yields where a region may be: where damaged region tables put it,
// and then the start of each MiB of the file that holds data.
func (v *Image) placesFor(ctx context.Context, id uuid.UUID) func(func(int64, error) bool) {
	return func(yield func(int64, error) bool) {
		for _, off := range v.namedPlaces(id) {
			if !yield(off, nil) {
				return
			}
		}
		for off := int64(vhdx.MiB); off < min(v.size, maxLook); off += vhdx.MiB {
			err := ctx.Err()
			if err == nil {
				var data store.Range
				data, err = store.NextData(v.src.File, off, v.size)
				off = max(off, data.Offset/vhdx.MiB*vhdx.MiB)
			}
			if err != nil {
				if endOrError(err) != nil {
					yield(0, err)
				}
				return
			}
			if !yield(off, nil) {
				return
			}
		}
	}
}

// enlargeBAT moves a BAT that is too small to the end of the file, where it
// gets the room that it needs (35).
func (v *Image) enlargeBAT(where []decode.Place) ([]disk.Repair, string) {
	f := fix{title: "move the BAT to the end of the file and enlarge it", risk: "if the size of the disk is what is wrong, the disk gets a tail of zeros", reads: true}
	old, length := v.bat, roundUp(v.geo.Entries(v.params.hasParent)*vhdx.EntrySize)
	f.risk = v.longer(f.risk, v.end()+length)
	moved := func(to int64) ([]disk.Repair, string) {
		return v.mendTables(f, func(b []byte) {
			rec, _ := vhdx.RegionEntryTable.Of(b[old.entry-vhdx.RegionOffset(v.tables.used):])
			vhdx.RegionFileOffset.Put(rec, uint64(to))
			vhdx.RegionLength.Put(rec, uint32(length))
		})
	}
	list, why := moved(v.end())
	if why != "" {
		return nil, why
	}
	list[0].Edits = func(ctx context.Context) ([]disk.Edit, error) {
		p := patches{image: v}
		room, err := v.freshRoom(ctx)
		if err != nil {
			return nil, err
		}
		grown, err := v.resize(room + length)
		if err != nil {
			return nil, err
		}
		if err := p.copyFrom(ctx, old.off, old.length, room); err != nil {
			return nil, err
		}
		tables, _ := moved(room)
		more, err := tables[0].Edits(ctx)
		return append(append(edits{grown}, p.list...), more...), err
	}
	return list, ""
}
