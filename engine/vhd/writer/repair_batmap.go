package writer

import (
	"bytes"
	"context"
	"fmt"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// repairBatmap recomputes the checksum, or clears the bit of a block that is not
// full (V049). A batmap that is lost is made again.
func (v *image) repairBatmap(f disk.Finding) []disk.Repair {
	if !v.Batmap.Whole || len(f.Where) < 2 {
		return v.newBatmap()
	}
	if f.Where[0].Offset == v.Batmap.Off+int64(vhd.BatmapSum.Offset()) {
		return one("recompute the checksum of the batmap", "", v.sealBatmap(0, 0))
	}
	at, start := f.Where[0].Offset-v.Batmap.MapOff, f.Where[1].Offset
	return one("mark the block as not full, and recompute the checksum", "", func(ctx context.Context, to store.FS) error {
		mask, err := v.fullBits(ctx, at, start)
		if err != nil {
			return err
		}
		return disk.Steps(v.sealBatmap(at, mask), v.change(v.Batmap.MapOff+at, 1, func(b []byte) { b[0] &^= mask }))(ctx, to)
	})
}

// newBatmap writes a batmap in its usual place that calls no block full, which
// is right for every image, where nothing else lies.
func (v *image) newBatmap() []disk.Repair {
	at, n := v.Table.End, vhd.Sector+v.Batmap.Room
	const title, risk = "write a new batmap after the table that calls no block full", "whatever lies there is overwritten"
	return one(title, risk, func(ctx context.Context, to store.FS) error {
		if why := v.ClaimedBeside(at, n); why != "" {
			return v.taken(at, n, why)
		}
		if err := v.freeOfBlocks(ctx, at, n, none); err != nil {
			return err
		}
		if n > v.DataEnd-at {
			return v.taken(at, n, "the footer lies there")
		}
		return v.change(at, n, func(b []byte) { putBatmap(b, at) })(ctx, to)
	})
}

// putBatmap fills the header, which lies at off, and the map after it. A
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

// fullBits are the bits in one byte of the batmap whose blocks lie at start.
func (v *image) fullBits(ctx context.Context, at, start int64) (mask byte, err error) {
	for i := 8 * at; i < min(8*at+8, v.Table.Entries, v.Table.Needed); i++ {
		e, err := v.Table.Entry(i)
		if err != nil {
			return 0, err
		}
		if e == start {
			mask |= 0x80 >> (i % 8)
		}
	}
	return mask, ctx.Err()
}

// sealBatmap stores the map's checksum, as it is without the bits of mask in
// byte at.
func (v *image) sealBatmap(at int64, mask byte) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		sum, covered, err := v.BatmapSum()
		if err != nil {
			return err
		}
		var b [1]byte
		if n, err := v.Source.File.ReadAt(b[:], v.Batmap.MapOff+at); n < len(b) {
			return fmt.Errorf("the batmap at 0x%x: %w", v.Batmap.MapOff+at, err)
		}
		if at < covered {
			sum += uint32(b[0] & mask)
		}
		return v.change(v.Batmap.Off, vhd.Sector, func(b []byte) {
			if rec, ok := vhd.BatmapTable.Of(b); ok {
				vhd.BatmapSum.Put(rec, sum)
			}
		})(ctx, to)
	}
}
