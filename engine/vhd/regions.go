package vhd

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
)

// Regions tells what each byte of the file is for.
func (v *Image) Regions(ctx context.Context) iter.Seq2[disk.Region, error] {
	return disk.CoverAscending(ctx, v.src.Name, v.size, v.claims(ctx), v.gaps(ctx))
}

// claims yields what the structures say is theirs, ascending.
func (v *Image) claims(ctx context.Context) iter.Seq2[disk.Claim, error] {
	return func(yield func(disk.Claim, error) bool) {
		q := blockQueue{image: v, yield: yield}
		for cl, err := range v.ascending(ctx, v.order()) {
			switch {
			case err != nil:
				yield(disk.Claim{}, err)
				return
			case !q.upTo(cl.off):
				return
			case cl.fixed.Length > 0:
				if !yield(cl.fixed, nil) {
					return
				}
			case !q.block(cl.block):
				return
			}
		}
		q.upTo(math.MaxInt64)
	}
}

// blockQueue makes two claims of each block, ascending also where the next
// block starts before the data of the one before. As all blocks have one size,
// their data come in the order of the blocks.
type blockQueue struct {
	image  *Image
	yield  func(disk.Claim, error) bool
	data   []disk.Claim // from first on not yet claimed
	first  int
	sector uint32 // of the last blocks,
	same   int    // so many of them
}

// block claims the bitmap. Of the blocks of one place two are enough to show
// that they overlap.
func (q *blockQueue) block(b space.Owner) bool {
	if b.Unit != q.sector {
		q.sector, q.same = b.Unit, 0
	}
	if q.same++; q.same > 2 {
		return true
	}
	t := &q.image.table
	name := "block " + strconv.FormatUint(uint64(b.Index), 10)
	if int64(b.Index) >= t.needed {
		name = "stale " + name
	}
	data := start(b) + t.bitmapBytes
	q.data = append(q.data, disk.Claim{Offset: data, Length: min(t.blockSize, q.image.dataEnd-data), Kind: disk.KindPayload, Name: name})
	return q.yield(disk.Claim{Offset: start(b), Length: t.bitmapBytes, Kind: disk.KindBitmap, Name: "sector bitmap of " + name}, nil)
}

// upTo claims the data that starts before a place.
func (q *blockQueue) upTo(off int64) bool {
	for q.first < len(q.data) && q.data[q.first].Offset <= off {
		if !q.yield(q.data[q.first], nil) {
			return false
		}
		q.first++
	}
	if q.first > len(q.data)/2 {
		q.data = slices.Delete(q.data, 0, q.first)
		q.first = 0
	}
	return true
}

// claim is what a structure, or a block with its bitmap, has of the file.
type claim struct {
	off, n int64
	fixed  disk.Claim // empty for a block
	block  space.Owner
}

// ascending yields the structures and the blocks as they lie in the file.
// Entries that can't be right claim nothing; entries after the last one needed
// count, since something may be stored there.
func (v *Image) ascending(ctx context.Context, o *space.Order) iter.Seq2[claim, error] {
	return func(yield func(claim, error) bool) {
		fixed := v.fixedClaims()
		slices.SortStableFunc(fixed, func(a, b disk.Claim) int { return cmp.Compare(a.Offset, b.Offset) })
		upTo := func(off int64) bool {
			for ; len(fixed) > 0 && fixed[0].Offset <= off; fixed = fixed[1:] {
				if c := fixed[0]; c.Length > 0 && !yield(claim{off: c.Offset, n: c.Length, fixed: c}, nil) {
					return false
				}
			}
			return true
		}
		if v.table.placed && v.dynamicKind() {
			for b, err := range o.Ascending(ctx) {
				if err != nil {
					yield(claim{}, err)
					return
				}
				at := start(b)
				if !upTo(at) || !yield(claim{off: at, n: min(v.table.stored(), v.dataEnd-at), block: b}, nil) {
					return
				}
			}
		}
		upTo(math.MaxInt64)
	}
}

func (v *Image) dynamicKind() bool { return v.kind == vhd.Dynamic || v.kind == vhd.Differencing }

// fixedClaims are those of the structures outside the blocks.
func (v *Image) fixedClaims() []disk.Claim {
	var list []disk.Claim
	add := func(off, n int64, kind disk.Kind, name string) {
		list = append(list, disk.Claim{Offset: off, Length: n, Kind: kind, Name: name})
	}
	if t := v.footers.tail; t.present {
		add(t.off, t.length, disk.KindHeader, "footer")
		add(t.off+t.length, v.size-t.off-t.length, disk.KindTrailing, "bytes after the footer")
	}
	if v.footers.torn {
		add(v.dataEnd, vhd.FooterSize, disk.KindHeader, "footer, overwritten by tapdisk")
	}
	if v.kind == vhd.Fixed {
		used := min(v.virtual, v.dataEnd)
		add(0, used, disk.KindPayload, "disk")
		add(used, v.dataEnd-used, disk.KindSlack, "past the end of the disk")
		return list
	}
	if v.footers.front.present || v.header.placed {
		add(0, vhd.FooterSize, disk.KindHeader, "footer copy")
	}
	if v.header.placed {
		add(v.header.off, vhd.HeaderSize, disk.KindHeader, "dynamic header")
	}
	if v.table.placed {
		end := v.table.at(v.table.entries)
		add(v.table.off, end-v.table.off, disk.KindTable, "BAT")
		add(end, v.table.end()-end, disk.KindPadding, "BAT padding")
	}
	for _, l := range v.locators {
		if l.fits {
			name := fmt.Sprintf("parent locator %d", l.slot+1)
			add(l.off, l.length, disk.KindDescriptor, name)
			add(l.off+l.length, min(l.area()-l.length, v.size-l.off-l.length), disk.KindSlack, name+" (room)")
		}
	}
	if v.batmap.found {
		add(v.batmap.off, vhd.Sector, disk.KindHeader, "batmap header")
		add(v.batmap.mapOff, v.batmap.length, disk.KindTable, "batmap")
	}
	return list
}

// gaps names what nothing claims, from the start of the file to its end. Of a
// long one only the start is read, and the name says so.
func (v *Image) gaps(ctx context.Context) disk.Gap {
	l := space.NewLooker(v.src.File, v.size)
	return func(off, n int64) (disk.Kind, string) {
		f, err := l.Look(ctx, off, n, space.Quick)
		switch {
		case err != nil:
			return disk.KindUnknown, "claimed by nothing, not readable"
		case f.Other >= 0:
			return disk.KindUnknown, "claimed by nothing, not zero"
		case !f.Whole():
			return disk.KindUnknown, "claimed by nothing, " + f.String()
		case v.holdsBlock(n):
			return disk.KindFree, "free space, filled with " + f.String()
		}
		return disk.KindPadding, "gap of " + f.String()
	}
}

// holdsBlock reports whether a range has room for a block.
func (v *Image) holdsBlock(n int64) bool { return v.table.blockSize > 0 && n >= v.table.stored() }

// LocateFile finds the bytes of the virtual disk that are stored at off of the
// image's file.
func (v *Image) LocateFile(ctx context.Context, file string, off int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		switch {
		case file != v.src.Name || v.refused != nil || off < 0 || off >= v.dataEnd:
		case v.kind != vhd.Fixed:
			v.locateBlocks(ctx, off, yield)
		case off < v.virtual:
			yield(off, nil)
		}
	}
}

// locateBlocks goes through the whole table: in a damaged one several blocks
// may lie at the place.
func (v *Image) locateBlocks(ctx context.Context, off int64, yield func(int64, error) bool) {
	t := &v.table
	for b, err := range v.owners(ctx, t.usable()) {
		if err != nil {
			yield(0, err)
			return
		}
		data := start(b) + t.bitmapBytes
		at := int64(b.Index)*t.blockSize + off - data
		if off < data || off >= data+t.blockSize || at >= v.virtual {
			continue
		}
		if r, err := (own{v}).Run(at, at+1); (err != nil || r.State == disk.Data) && (!yield(at, err) || err != nil) {
			return
		}
	}
}
