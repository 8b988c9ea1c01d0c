package vhdx

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/store"
)

// DiskSize is where the size of the disk lies.
func (p Parts) DiskSize() (decode.Place, bool) { return p.item(vhdx.ItemDiskSize) }

// Parameters is where the file parameters lie.
func (p Parts) Parameters() (decode.Place, bool) { return p.item(vhdx.ItemFileParameters) }

func (p Parts) item(id uuid.UUID) (decode.Place, bool) {
	list := p.image.itemPlaces(id)
	if len(list) == 0 {
		return decode.Place{}, false
	}
	return list[0], true
}

// Stored yields what the entries of the BAT from an index on claim of the file.
func (p Parts) Stored(ctx context.Context, from int64, visit func(index int64, at decode.Place) error) error {
	for o, err := range p.image.owners(ctx) {
		if err == nil && o.index >= from {
			err = visit(o.index, p.image.place(o.off, o.length))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ClaimedEnd is the first MiB from which on nothing lies that a structure or an entry of the
// BAT claims, and whether the file ends there, or goes on with nothing that anybody could
// miss: zeros, and what a copy of the BAT begins with that was cut short.
func (p Parts) ClaimedEnd(ctx context.Context) (end int64, spare bool, err error) {
	v := p.image
	for _, s := range v.structures() {
		end = max(end, s.end)
	}
	for o, err := range v.owners(ctx) {
		if err != nil {
			return 0, false, err
		}
		length := v.geo.BlockSize // also of what the file lacks
		if o.what == useBitmap {
			length = vhdx.MiB
		}
		end = max(end, o.off+length)
	}
	end = roundUp(end)
	spare, err = v.isSpare(ctx, end)
	return end, spare, err
}

// isSpare compares what the file has from a byte on with the BAT.
func (v *Image) isSpare(ctx context.Context, start int64) (bool, error) {
	b, table := make([]byte, vhdx.MiB), make([]byte, vhdx.MiB)
	for off := start; off < v.size; {
		data, err := store.NextData(v.src.File, off, v.size)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return false, err
		}
		off = max(off, data.Offset)
		n := min(data.End()-off, vhdx.MiB)
		if got, err := v.src.File.ReadAt(b[:n], off); int64(got) < n {
			return false, shortRead(off, got, int(n), err)
		}
		like := max(min(n, start+v.bat.length-off), 0)
		if got, err := v.src.File.ReadAt(table[:like], v.bat.off+off-start); int64(got) < like {
			return false, shortRead(v.bat.off+off-start, got, int(like), err)
		}
		clear(table[like:n])
		for i, c := range b[:n] {
			if c != 0 && c != table[i] {
				return false, nil
			}
		}
		off += n
	}
	return true, nil
}

// Resized is the layout of the BAT for a disk of another size; false if there is no such disk.
func (p Parts) Resized(size int64) (vhdx.Geometry, bool) {
	return vhdx.NewGeometry(uint64(p.Geometry.BlockSize), uint64(p.Geometry.SectorSize), uint64(size))
}

// Below is the size of the parent's disk; 0 if there is none.
func (p Parts) Below() int64 {
	if p.image.parent == nil {
		return 0
	}
	return p.image.parent.Info().VirtualSize
}
