package vhdx

import (
	"context"
	"math"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// reach is the end of the last BAT entry below an offset that reaches past the
// end of the file without a need to (43). It fails if the disk needs what lies
// there (42): in a longer file that would read as zeros, or as what is put
// there, and nothing would tell that it was lost.
func (v *Image) reach(ctx context.Context, before uint64) (last int64, err error) {
	if !v.tableKnown() {
		return 0, v.tableUnknown()
	}
	size := v.data.grown
	for p, err := range v.storedPieces(ctx) {
		if err != nil {
			return 0, err
		}
		for i := p.first; i < p.first+p.count; i++ {
			off := vhdx.FileOffset(p.at(i))
			if off == 0 || off >= before || off < uint64(size) && size-int64(off) >= v.geo.BlockSize {
				continue
			}
			number, bitmap := v.geo.IsBitmap(i)
			what, length := v.useOf(bitmap, p.at(i))
			needed := length
			switch what {
			case useNone:
				continue
			case usePayload:
				needed = min(length, v.geo.DiskSize-number*v.geo.BlockSize)
			case useAnchor:
				needed = 0
			}
			if off >= uint64(size) || size-int64(off) < needed {
				return 0, disk.Errorf(disk.Damaged, v.entryPlaceAt(i), "BAT entry %d places something past the end of the file, at 0x%x: repair that first (vhdx/42), since a longer file would hide what is lost", i, off)
			}
			last = max(last, int64(off)+length)
		}
	}
	return last, nil
}

// freshRoom is the first MiB from which on nothing lies that belongs to the
// file or is claimed by a BAT entry.
func (v *Image) freshRoom(ctx context.Context) (int64, error) {
	last, err := v.reach(ctx, math.MaxUint64)
	return max(roundUp(v.data.grown), last), err
}

// tableKnown reports whether the BAT tells what belongs to blocks, even if it
// is too small for the disk.
func (v *Image) tableKnown() bool { return v.bat.placed && v.geo.Blocks > 0 }

func (v *Image) tableUnknown() error {
	return disk.Errorf(disk.Damaged, v.place(0, 0), "it is not known what belongs to the blocks of the disk: repair region tables and metadata first")
}

// nobodys reports whether no structure and no BAT entry claims a range of the
// file. The log does not count: it is about to be moved.
func (v *Image) nobodys(ctx context.Context, off, n int64) (bool, error) {
	for _, e := range v.structures() {
		if e.name != "log" && off < e.end && off+n > e.off {
			return false, nil
		}
	}
	switch {
	case !v.tableKnown():
		return false, v.tableUnknown()
	case off+n > v.size:
		return false, nil
	}
	claimed, err := v.claimed(ctx, off, n, -1)
	return !claimed, err
}

// claimed reports whether a BAT entry claims a part of a range of the file,
// other than the one with an index.
func (v *Image) claimed(ctx context.Context, off, n, except int64) (bool, error) {
	for o, err := range v.owners(ctx) {
		if err != nil || o.index != except && o.off < off+n && o.off+o.length > off {
			return err == nil, err
		}
	}
	return false, nil
}

// limit is how long a repair may make the file. No image of this disk needs more
// than what there is now and room for all blocks: whatever asks for more is a lie.
func (v *Image) limit() int64 {
	end := roundUp(v.size)
	if v.geo.Blocks > 0 {
		return end + v.geo.Blocks*v.geo.BlockSize + (v.geo.Chunks+1)*vhdx.MiB + v.geo.Entries(true)*vhdx.EntrySize
	}
	return end + vhdx.MaxBlockSize
}

// roundUp rounds up to whole MiB.
func roundUp(n int64) int64 { return (n + vhdx.MiB - 1) / vhdx.MiB * vhdx.MiB }

// tableBytes is how much of the metadata table is used.
func (v *Image) tableBytes() int64 {
	return vhdx.MetadataHeadSize + int64(len(v.meta.items))*vhdx.MetadataEntrySize
}

// itemRoom is room for an item after all others, from the start of the region.
func (v *Image) itemRoom(n int64) (off int64, ok bool) {
	off = vhdx.MetadataTableSize
	for _, it := range v.meta.items {
		if it.placed {
			off = max(off, it.offset+it.length)
		}
	}
	return off, n <= v.meta.region.length-off
}
