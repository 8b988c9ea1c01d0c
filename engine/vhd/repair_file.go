package vhd

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// The bounds of what a repair does to a file's length, in bytes. An image can
// claim any size: a repair at most doubles the file, or adds little to it; and
// what is cut off has to be kept for undoing it.
const (
	smallGrowth = 64 << 20
	maxCut      = 16 << 20
)

// mayResize fails if the new length is out of all proportion to the old one.
func (v *Image) mayResize(size int64) error {
	at := v.place(v.size, 0)
	switch {
	case size-v.size > max(v.size, smallGrowth):
		return &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: at, What: fmt.Sprintf("the file of %d bytes would get %d, a repair at most doubles it", v.size, size)}
	case v.size-size > maxCut:
		return &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: at, What: fmt.Sprintf("%d bytes would be cut off, a repair cuts at most %d", v.size-size, maxCut)}
	}
	return nil
}

// endOfData is the first sector behind metadata and blocks (vhd.md 19). Of a
// block whose bitmap is in the file all counts, also what the file lacks of it.
func (v *Image) endOfData(ctx context.Context) (int64, error) {
	end := v.metaEnd
	for _, l := range v.locators {
		if l.fits {
			end = max(end, min(l.off+l.area(), v.dataEnd))
		}
	}
	end = max(end, v.batmap.mapOff+v.batmap.length)
	if !v.table.placed {
		return roundUp(end, vhd.Sector), nil
	}
	for b, err := range v.owners(ctx, v.table.entries) {
		if err != nil {
			return 0, err
		}
		end = max(end, start(b)+v.table.stored())
	}
	return roundUp(end, vhd.Sector), nil
}

// behindBlocks is the end of the data, unless an entry of the table leads into
// what the file lacks so far: the block would be zeros from then on, not lost.
func (v *Image) behindBlocks(ctx context.Context) (int64, error) {
	end, err := v.endOfData(ctx)
	if err != nil {
		return 0, err
	}
	for e, err := range v.table.scan(ctx, 0, v.table.entries) {
		if err != nil {
			return 0, err
		}
		if start := int64(e.sector) * vhd.Sector; e.holes == 0 && start+v.table.bitmapBytes > v.dataEnd && start < end {
			return 0, v.taken(start, end-start, fmt.Sprintf("the table says that block %d lies there: settle that first (V032)", e.index))
		}
	}
	return end, nil
}

// moveFooter makes the file end with a footer at the place given, and zeros
// the one that lay behind the data so far.
func (v *Image) moveFooter(raw []byte, at int64) ([]disk.Edit, error) {
	end := at + vhd.FooterSize
	if err := errors.Join(v.nothingTrails(), v.mayResize(end)); err != nil {
		return nil, err
	}
	var edits []disk.Edit
	if end > v.size {
		edits = append(edits, disk.Resized(v.src.Name, end))
	}
	if n := min(v.size, at) - v.dataEnd; n > 0 {
		zeroed, err := disk.Rewrite(v.src.File, v.place(v.dataEnd, n), func(b []byte) { clear(b) })
		if err != nil {
			return nil, err
		}
		edits = append(edits, zeroed...)
	}
	before, err := readUpTo(v.src.File, at, vhd.FooterSize)
	if err != nil {
		return nil, err
	}
	before = append(before, make([]byte, vhd.FooterSize-len(before))...)
	edits = append(edits, disk.Patch(v.src.Name, at, before, raw)...)
	if end < v.size {
		edits = append(edits, disk.Resized(v.src.Name, end))
	}
	return edits, nil
}

// nothingTrails fails if bytes follow the footer (V009): whether they are lost
// is a question of its own.
func (v *Image) nothingTrails() error {
	if !v.footers.tail.present {
		return nil
	}
	end := v.footers.tail.off + v.footers.tail.length
	if end < v.size {
		return v.taken(end, v.size-end, "bytes follow the footer, which have to be cut off first (V009)")
	}
	return nil
}

// roomBehind is a place for n bytes behind the data, with the edits that move
// the footer behind it. An entry of the table that leads there would take the
// bytes for its block's.
func (v *Image) roomBehind(ctx context.Context, n int64) (int64, []disk.Edit, error) {
	at := roundUp(v.dataEnd, vhd.Sector)
	if err := v.freeOfOthers(ctx, v.dataEnd, at+n-v.dataEnd, none); err != nil {
		return 0, nil, fmt.Errorf("%w: settle that first (V032)", err)
	}
	edits, err := v.moveFooter(v.footers.rules().raw, at+roundUp(n, vhd.Sector))
	return at, edits, err
}

// footerTo is the repair of putting a footer where the function says.
func (v *Image) footerTo(title, risk string, raw []byte, at func(context.Context) (int64, error)) disk.Repair {
	return disk.Repair{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		off, err := at(ctx)
		if err != nil {
			return nil, err
		}
		return v.moveFooter(raw, off)
	}}
}

// fixedPlace is a place that needs no scan to be known.
func fixedPlace(at int64) func(context.Context) (int64, error) {
	return func(context.Context) (int64, error) { return at, nil }
}

// restoreTail writes the copy at the start to the end (V002): over the damaged
// footer where that can be recognised, else behind the data.
func (v *Image) restoreTail([]decode.Place) []disk.Repair {
	front, tail := v.footers.front, v.footers.tail
	if !front.valid || !v.dynamicKind() {
		return nil
	}
	at, n := tail.off, tail.length
	if !tail.present {
		at, n = v.size-vhd.FooterSize, vhd.FooterSize
		if !v.footers.torn && !v.remnant(at) {
			return v.appendTail()
		}
	}
	const title = "write the footer from the start of the file to its end"
	if n == vhd.FooterSize && at%vhd.Sector != 0 {
		return []disk.Repair{v.footerTo(title, "", front.raw, fixedPlace(roundUp(v.dataEnd, vhd.Sector)))}
	}
	if at < vhd.FooterSize {
		return nil
	}
	return []disk.Repair{v.mend(title, "", at, n, func(b []byte) { copy(b, front.raw) })}
}

// appendTail is for a footer that was cut off: the last sector of such a file
// belongs to a block. Behind the file's end the footer leaves a block that is
// not whole to be found as such (V032), and asked about.
func (v *Image) appendTail() []disk.Repair {
	raw := v.footers.front.raw
	risk := ""
	if v.size%vhd.Sector != 0 {
		risk = "what the file lacks of its last sector reads as zeros from then on"
	}
	list := []disk.Repair{v.footerTo("append the footer from the start of the file", risk, raw, fixedPlace(roundUp(v.size, vhd.Sector)))}
	if v.table.placed {
		list = append(list, v.footerTo("write the footer from the start of the file behind the last block", "what lies behind the last block is overwritten and cut off; what the file lacks of that block reads as zeros from then on", raw, v.behindBlocks))
	}
	return list
}

// remnant reports whether the bytes at off are a footer of this image with a
// damaged cookie: they still have its identity.
func (v *Image) remnant(off int64) bool {
	b, err := readUpTo(v.src.File, max(0, off), vhd.FooterSize)
	if err != nil || len(b) < vhd.FooterSize {
		return false
	}
	rec, ok := vhd.FooterTable.Of(b)
	return ok && idOf(rec) == v.UniqueID() && !isZero(b[vhd.FooterID.Offset():][:vhd.FooterID.Size()])
}

// alignFile makes the file whole sectors (V008).
func (v *Image) alignFile([]decode.Place) []disk.Repair {
	tail := v.footers.tail
	switch {
	case !tail.present:
		return v.restoreTail(nil)
	case tail.off+tail.length < v.size:
		return v.cutTrailing(nil)
	case tail.off%vhd.Sector == 0:
		return v.completeFooter(nil)
	}
	return []disk.Repair{v.footerTo("move the footer to the next whole sector, with zeros in front of it",
		"if bytes are missing or too many in the middle of the file, they still are afterwards", tail.raw, fixedPlace(roundUp(tail.off, vhd.Sector)))}
}

// cutTrailing ends the file behind its footer (V009).
func (v *Image) cutTrailing([]decode.Place) []disk.Repair {
	end := v.footers.tail.off + v.footers.tail.length
	return []disk.Repair{{Title: fmt.Sprintf("cut off the %d bytes behind the footer", v.size-end), Risk: "they are lost: look at them first",
		Edits: func(context.Context) ([]disk.Edit, error) {
			return []disk.Edit{disk.Resized(v.src.Name, end)}, v.mayResize(end)
		}}}
}

// completeFooter gives a footer of 511 bytes the last one, which is zero and
// does not change the checksum (V051).
func (v *Image) completeFooter([]decode.Place) []disk.Repair {
	tail := v.footers.tail
	return []disk.Repair{v.footerTo("write a footer of 512 bytes", "Virtual PC from before 2004 may not open the image any more", tail.raw, fixedPlace(roundUp(tail.off, vhd.Sector)))}
}

// extendFile makes the file so long that the last block is whole (V032). That
// is for blocks of which something is there: one that lies all behind the end
// has nothing to keep.
func (v *Image) extendFile(where []decode.Place) []disk.Repair {
	var list []disk.Repair
	if len(where) > 1 && v.misplaced(uint32(where[1].Offset/vhd.Sector)) == "" {
		list = append(list, v.footerTo("make the file longer with zeros, and move the footer behind the last block",
			"what is missing of the block reads as zeros from then on", v.footers.rules().raw, v.behindBlocks))
	}
	return append(list, v.clearEntry(where)...)
}
