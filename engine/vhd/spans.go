package vhd

import (
	"io"
	"iter"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// Map tells for a range of the virtual disk where each byte comes from, in
// whichever layer. Neighbours that say the same are one span.
func (v *Image) Map(off, n int64) iter.Seq2[disk.Span, error] { return v.stack.Map(off, n) }

// MapOwn maps this layer alone, see [disk.Layered].
func (v *Image) MapOwn(off, n int64) iter.Seq2[disk.Span, error] { return v.stack.MapOwn(off, n) }

// Cursor goes through the layer for a map.
func (v own) Cursor(int) layer.Cursor { return v }

// Next is Run, and for a fixed image also knows the holes of its file.
func (v own) Next(off, limit int64, r *layer.Run) (err error) {
	if *r, err = v.Run(off, limit); err != nil || v.kind != vhd.Fixed || r.State != disk.Data {
		return err
	}
	data, err := store.NextData(v.src.File, off, r.End)
	switch {
	case err == io.EOF:
		r.State = disk.Zero
		return nil
	case err != nil:
		return err
	case data.Offset > off:
		r.State, r.End = disk.Zero, min(r.End, data.Offset)
	default:
		r.End = min(r.End, data.Offset+data.Length)
	}
	return nil
}

// Trail adds the entry and the bit that decided a run at off.
func (v own) Trail(via []disk.Via, off int64, r *layer.Run) ([]disk.Via, error) {
	if r.Vias == 0 {
		return via, nil
	}
	block := off / v.table.blockSize
	via = append(via, disk.Via{Table: "BAT", Index: block, Place: v.entryPlace(block), Raw: r.Via[0].Raw})
	if r.Vias == 1 {
		return via, nil
	}
	bit := off/vhd.Sector - block*(v.table.blockSize/vhd.Sector)
	at := v.place(int64(r.Via[0].Raw)*vhd.Sector+bit/8, 1)
	return append(via, disk.Via{Table: "sector bitmap", Index: bit, Place: at, Raw: r.Via[1].Raw, IsBit: true}), nil
}
