package vhd

import (
	"bytes"
	"context"
	"encoding/binary"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// mendBatmap recomputes the checksum, or clears the bit of a block that is not
// full (V049). A batmap that is lost is made anew.
func (v *Image) mendBatmap(where []decode.Place) []disk.Repair {
	if !v.batmap.found || v.batmapHeaderFault() != "" || len(where) < 2 {
		return v.newBatmap()
	}
	if where[0] == v.place(v.batmap.off+int64(vhd.BatmapSum.Offset()), 4) {
		return []disk.Repair{{Title: "recompute the checksum of the batmap", Edits: func(context.Context) ([]disk.Edit, error) { return v.sealBatmap(0, 0) }}}
	}
	start := where[1].Offset / vhd.Sector
	return []disk.Repair{{Title: "mark the block as not full, and recompute the checksum", Edits: func(ctx context.Context) ([]disk.Edit, error) {
		return v.clearFull(ctx, where[0].Offset-v.batmap.mapOff, uint32(start))
	}}}
}

// newBatmap writes a batmap in its usual place that calls no block full, which
// is right for every image, where nothing else lies.
func (v *Image) newBatmap() []disk.Repair {
	length := max(roundUp((v.table.needed+7)/8, vhd.Sector), vhd.Sector)
	if !v.table.placed || length > maxClear {
		return nil
	}
	at := v.table.end()
	const title, risk = "write a new batmap behind the table that calls no block full", "whatever lies there is overwritten"
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		area := v.place(at, vhd.Sector+length)
		if v.touchesMetadata(area.Offset, area.Length) {
			return nil, v.taken(area.Offset, area.Length, "the image's own structures lie there")
		}
		if name := v.pathAt(area.Offset, area.Length); name != "" {
			return nil, v.taken(area.Offset, area.Length, "the "+name+" lies there")
		}
		if err := v.freeOfBlocks(ctx, area.Offset, area.Length, none); err != nil {
			return nil, err
		}
		if area.Length > v.dataEnd-at {
			return nil, v.taken(area.Offset, area.Length, "the footer lies there")
		}
		return disk.Rewrite(v.src.File, area, func(b []byte) { putBatmap(b, at) })
	}}}
}

// putBatmap fills the header, which lies at off, and the map behind it. A
// header that is one keeps the hash of the key that the blocks are encrypted with.
func putBatmap(b []byte, off int64) {
	if !bytes.HasPrefix(b, []byte(vhd.BatmapCookie)) {
		clear(b)
	}
	clear(b[vhd.Sector:])
	rec, ok := vhd.BatmapTable.Of(b[:vhd.Sector])
	if !ok {
		return
	}
	vhd.BatmapCookieField.Put(rec, vhd.BatmapCookie)
	vhd.BatmapVer.Put(rec, vhd.BatmapVersion)
	vhd.BatmapOffset.Put(rec, uint64(off+vhd.Sector))
	vhd.BatmapSectors.Put(rec, uint32(len(b)/vhd.Sector-1))
	vhd.BatmapSum.Put(rec, uint32(vhd.Checksum(b[vhd.Sector:])))
}

// clearFull takes back the bits in one byte of the batmap whose blocks lie at
// a sector.
func (v *Image) clearFull(ctx context.Context, at int64, sector uint32) ([]disk.Edit, error) {
	var mask byte
	for i := 8 * at; i < min(8*at+8, v.table.usable()); i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := v.table.entry(i)
		if err != nil {
			return nil, err
		}
		if e == sector {
			mask |= 0x80 >> (i % 8)
		}
	}
	edits, err := disk.Rewrite(v.src.File, v.place(v.batmap.mapOff+at, 1), func(b []byte) { b[0] &^= mask })
	if err != nil {
		return nil, err
	}
	sum, err := v.sealBatmap(at, mask)
	return append(edits, sum...), err
}

// sealBatmap stores the map's checksum, as it is without the bits of mask in
// byte at.
func (v *Image) sealBatmap(at int64, mask byte) ([]disk.Edit, error) {
	sums, err := v.batmapSum()
	if err != nil {
		return nil, err
	}
	b, err := readUpTo(v.src.File, v.batmap.mapOff+at, 1)
	if err != nil {
		return nil, err
	}
	sum := sums[0]
	if len(b) == 1 && at < v.sumBytes() {
		sum += uint32(b[0] & mask)
	}
	return disk.Rewrite(v.src.File, v.place(v.batmap.off+int64(vhd.BatmapSum.Offset()), 4), func(b []byte) { binary.BigEndian.PutUint32(b, sum) })
}
