package vhd

import (
	"errors"
	"fmt"
	"io"
	"math/bits"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
)

// own is what this layer stores, without those below.
type own struct{ *Image }

var _ layer.Layer = own{}

// Refused is why the disk can't be read at all.
func (v own) Refused() error { return v.refused }

// Share gives the tables their part of the memory.
func (v own) Share(depth int) { v.table.share(v.size, depth) }

func shortRead(off int64, got, want int, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d of %d bytes at 0x%x: %w", got, want, off, err)
}

// Run is the layer's own answer for the start of [off, limit): as far as one
// table entry or a row of equal bitmap bits decides, or a row of equal entries
// without a block.
func (v own) Run(off, limit int64) (layer.Run, error) {
	r := layer.Run{Start: off, End: limit, State: v.absent(), Offset: -1}
	if v.kind == vhd.Fixed {
		v.fixedRun(&r)
		return r, nil
	}
	t := &v.table
	block := off / t.blockSize
	sector, err := t.entry(block)
	if err != nil {
		return r, err
	}
	r.Decide(block, t.at(block), uint64(sector))
	if sector != vhd.Unallocated {
		if r.Why = v.misplaced(sector); r.Why == "" {
			r.End = min(limit, (block+1)*t.blockSize)
			err = v.bitmapRun(&r)
			return r, err
		}
		r.State = disk.Missing
	}
	last := (limit + t.blockSize - 1) / t.blockSize
	n, err := t.equalFrom(block, last, sector)
	r.End = min(limit, (block+n)*t.blockSize)
	return r, err
}

// absent is the state of what a layer does not store.
func (v *Image) absent() disk.State {
	if v.kind == vhd.Differencing {
		return disk.FromParent
	}
	return disk.Unallocated
}

func (v own) fixedRun(r *layer.Run) {
	if r.Start >= v.dataEnd {
		r.State, r.Why = disk.Missing, "the file ends before"
		return
	}
	r.State, r.Offset, r.File, r.End = disk.Data, r.Start, v.src.Name, min(r.End, v.dataEnd)
}

// misplaced says why a block can't be where its entry says; empty if it can.
func (v *Image) misplaced(entry uint32) string {
	start := int64(entry) * vhd.Sector
	switch {
	case v.touchesMetadata(start, v.table.stored()):
		return "the BAT entry points into the image's own structures"
	case start+v.table.bitmapBytes > v.dataEnd:
		return "the BAT entry points past the end of the file"
	}
	return ""
}

// bitmapRun follows the sector bitmap of a stored block.
func (v own) bitmapRun(r *layer.Run) error {
	t := &v.table
	block, bitmap := r.Via[0].Index, int64(r.Via[0].Raw)*vhd.Sector
	inBlock := r.Start - block*t.blockSize
	sector := inBlock / vhd.Sector
	last := (r.End - block*t.blockSize + vhd.Sector - 1) / vhd.Sector
	set, n, err := t.bitRow(bitmap, sector, last)
	if err != nil {
		return err
	}
	r.End = min(r.End, block*t.blockSize+(sector+n)*vhd.Sector)
	if !set {
		r.Decide(sector, bitmap+sector/8, 0)
		return nil
	}
	r.Decide(sector, bitmap+sector/8, 1)
	switch at := bitmap + t.bitmapBytes + inBlock; {
	case at >= v.dataEnd:
		r.State, r.Why = disk.Missing, "the block reaches past the end of the file"
	default:
		r.State, r.Offset, r.File, r.End = disk.Data, at, v.src.Name, min(r.End, r.Start+v.dataEnd-at)
	}
	return nil
}

// bitRow tells the bit of a sector in the bitmap at off and how many bits from
// there on, below last, are the same. The first sector has the highest bit.
func (t *table) bitRow(off, sector, last int64) (set bool, n int64, err error) {
	for at := sector; at < last; {
		b, err := t.bitmaps.Get(off + at/8)
		if err != nil {
			return false, 0, fmt.Errorf("sector bitmap at 0x%x: %w", off, err)
		}
		for len(b) > 0 && at < last {
			if at%64 == 0 && at > sector && len(b) >= 8 && at+64 <= last && uniform(b, set) {
				at, b = at+64, b[8:]
				continue
			}
			rest := b[0] << (at % 8)
			width := 8 - at%8
			if at == sector {
				set = rest&0x80 != 0
			}
			if set {
				rest = ^rest
			}
			same := min(int64(bits.LeadingZeros8(rest)), width)
			at += same
			if same < width {
				return set, min(at, last) - sector, nil
			}
			b = b[1:]
		}
	}
	return set, last - sector, nil
}

// uniform reports whether the next 64 bits are all as the ones before.
func uniform(b []byte, set bool) bool {
	want := allZero
	if set {
		want = allUnallocated
	}
	return string(b[:8]) == string(want[:8])
}

// ReadAt reads the virtual disk, composed of all layers.
func (v *Image) ReadAt(p []byte, off int64) (int, error) { return v.stack.ReadAt(p, off) }

// Absent reports whether the layer leaves the byte at off to its parent, by the
// page of the table that is at hand.
func (v own) Absent(off, limit int64) (end int64, known bool) {
	t := &v.table
	sector, known := t.lookup(off)
	if !known {
		return limit, false
	}
	block := off &^ (t.blockSize - 1)
	limit = min(limit, block+t.blockSize)
	if sector == vhd.Unallocated {
		return limit, true
	}
	if v.misplaced(sector) != "" {
		return limit, false
	}
	first := (off - block) / vhd.Sector
	set, n, err := t.bitRow(int64(sector)*vhd.Sector, first, (limit-block+vhd.Sector-1)/vhd.Sector)
	return min(limit, block+(first+n)*vhd.Sector), err == nil && !set
}

// Fill reads the data of a run.
func (v own) Fill(p []byte, r layer.Run) (int, error) {
	n, err := v.src.File.ReadAt(p, r.Offset)
	if n < len(p) {
		return n, shortRead(r.Offset, n, len(p), err)
	}
	return n, nil
}

// Lost says why a run has no bytes: it is damaged, or its parent is missing.
func (v own) Lost(r layer.Run) error {
	if r.State == disk.FromParent {
		what := fmt.Sprintf("virtual byte 0x%x is not stored here, and the parent %s %s", r.Start, v.wanted(), layer.Without(v.parentErr))
		return &disk.Error{Kind: disk.NotFound, Op: "read", At: v.place(0, 0), What: what, Err: v.parentErr}
	}
	at := v.place(v.dataEnd, 0)
	what := fmt.Sprintf("virtual byte 0x%x is not there: %s", r.Start, r.Why)
	if r.Vias > 0 {
		e := r.Via[0]
		at = v.place(e.At, vhd.EntrySize)
		what = fmt.Sprintf("virtual byte 0x%x, block %d, sector 0x%x of the file: %s", r.Start, e.Index, e.Raw, r.Why)
	}
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: at, What: what}
}
