package vhdx

import (
	"fmt"
	"math/bits"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
)

// own is what this layer stores, without those below.
type own struct{ *Image }

var _ layer.Layer = own{}

// Refused is why the disk can't be read at all.
func (v own) Refused() error { return v.refused }

// Share gives the tables their part of the memory.
func (v own) Share(depth int) { v.share(depth) }

// entry reads a BAT entry.
func (v *Image) entry(index int64) (uint64, error) {
	b, err := v.entries.Get(v.bat.off + index*vhdx.EntrySize)
	if err != nil {
		return 0, fmt.Errorf("BAT entry %d: %w", index, err)
	}
	return vhdx.EntryAt(b), nil
}

// Run is the layer's own answer for the start of [off, limit): as far as one BAT
// entry or a row of equal bitmap bits decides.
func (v own) Run(off, limit int64) (r layer.Run, err error) {
	index := v.geo.PayloadIndex(v.geo.Block(off))
	entry, err := v.entry(index)
	if err != nil {
		return r, err
	}
	err = v.decide(off, limit, index, entry, &r)
	return r, err
}

// decide is Run for a BAT entry that has been read.
func (v *Image) decide(off, limit, index int64, entry uint64, r *layer.Run) error {
	block := off &^ (v.geo.BlockSize - 1)
	*r = layer.Run{Start: off, End: min(limit, block+v.geo.BlockSize), Offset: -1}
	r.Decide(index, v.bat.off+index*vhdx.EntrySize, entry)
	r.State, r.Why = v.stateOf(entry)
	if r.State != disk.Data {
		return nil
	}
	if r.Why = v.misplaced(entry); r.Why != "" {
		r.State = disk.Missing
		return nil
	}
	if vhdx.State(entry) == vhdx.PartiallyPresent {
		if err := v.bitmapRun(r); err != nil || r.State != disk.Data {
			return err
		}
	}
	v.stored(r, int64(vhdx.FileOffset(entry))+off-block)
	return nil
}

// stateOf tells what a payload state means for this kind of image (vhdx.md 9.1).
func (v *Image) stateOf(entry uint64) (state disk.State, why string) {
	switch vhdx.State(entry) {
	case vhdx.NotPresent:
		if v.params.hasParent {
			return disk.FromParent, ""
		}
		return disk.Unallocated, ""
	case vhdx.ZeroBlock:
		return disk.Zero, ""
	case vhdx.Undefined, vhdx.Unmapped:
		return disk.Unmapped, ""
	case vhdx.UnmappedDraft:
		if v.params.hasParent {
			return disk.Missing, "the state 5 is not defined in a differencing image"
		}
		return disk.Unmapped, ""
	case vhdx.PartiallyPresent:
		if !v.params.hasParent {
			return disk.Missing, "the block is partially present, but the image has no parent"
		}
		return disk.Data, ""
	case vhdx.FullyPresent:
		return disk.Data, ""
	}
	return disk.Missing, "the state 4 is not defined"
}

// misplaced says why a block can't be where its entry says; empty if it can.
func (v *Image) misplaced(entry uint64) string {
	off := vhdx.FileOffset(entry)
	if off >= uint64(v.data.grown) {
		return "it lies past the end of the file"
	}
	if meets, _ := v.clearOf(int64(off), int64(off)+v.geo.BlockSize); meets != "" {
		return "it lies on top of the " + meets
	}
	return ""
}

// stored places a run of data, as far as the file has it in one way.
func (v *Image) stored(r *layer.Run, off int64) {
	switch {
	case off < v.size:
		r.Offset, r.File, r.End = off, v.src.Name, min(r.End, r.Start+v.size-off)
	case off >= v.data.grown:
		r.State, r.Why = disk.Missing, "it reaches past the end of the file"
	default:
		// the file ends before, replay makes it longer
		if n := v.data.zeros(off, off+r.End-r.Start); n > 0 {
			r.State, r.End = disk.Zero, r.Start+n
			return
		}
		r.Offset, r.File, r.End = off, v.src.Name, r.Start+min(r.End-r.Start, v.data.partAfter(off)-off)
	}
}

// bitmapAt finds the sector bitmap block of a chunk.
func (v *Image) bitmapAt(chunk int64) (off int64, why string, err error) {
	entry, err := v.entry(v.geo.BitmapIndex(chunk))
	if err != nil {
		return 0, "", err
	}
	at := vhdx.FileOffset(entry)
	switch state := vhdx.State(entry); {
	case state != vhdx.FullyPresent && state != vhdx.PartiallyPresent:
		return 0, "its chunk has no sector bitmap", nil
	case at >= uint64(v.data.grown) || int64(at)+vhdx.MiB > v.data.grown:
		return 0, "its chunk's sector bitmap lies past the end of the file", nil
	}
	if meets, _ := v.clearOf(int64(at), int64(at)+vhdx.MiB); meets != "" {
		return 0, "its chunk's sector bitmap lies on top of the " + meets, nil
	}
	return int64(at), "", nil
}

// bitmapRun follows the sector bitmap of a partially present block.
func (v *Image) bitmapRun(r *layer.Run) error {
	g := &v.geo
	block := g.Block(r.Start)
	off, why, err := v.bitmapAt(g.Chunk(block))
	if err != nil {
		return err
	}
	if why != "" {
		r.State, r.Why = disk.Missing, why
		return nil
	}
	begin := block * g.BlockSize
	first := (r.Start - begin) / g.SectorSize
	last := (r.End - begin + g.SectorSize - 1) / g.SectorSize
	set, n, err := v.bitRow(off+g.BitmapByte(block), first, last)
	if err != nil {
		return err
	}
	r.End = min(r.End, begin+(first+n)*g.SectorSize)
	raw := uint64(1)
	if !set {
		r.State, raw = disk.FromParent, 0
	}
	chunk, bit := g.BitmapIndex(g.Chunk(block)), g.BitmapByte(block)*8+first
	r.Decide(chunk, v.bat.off+chunk*vhdx.EntrySize, uint64(off)|vhdx.FullyPresent)
	r.Decide(bit, off+bit/8, raw)
	return nil
}

// bitRow tells the bit of a sector in the bits at off and how many bits from
// there on, below last, are the same. The first sector has the lowest bit.
func (v *Image) bitRow(off, sector, last int64) (set bool, n int64, err error) {
	for at := sector; at < last; {
		b, err := v.bitmaps.Get(off + at/8)
		if err != nil {
			return false, 0, fmt.Errorf("sector bitmap: %w", err)
		}
		for ; len(b) > 0 && at < last; b = b[1:] {
			rest := b[0] >> (at % 8)
			width := 8 - at%8
			if at == sector {
				set = rest&1 != 0
			}
			if set {
				rest = ^rest
			}
			same := min(int64(bits.TrailingZeros8(rest)), width)
			at += same
			if same < width {
				return set, min(at, last) - sector, nil
			}
		}
	}
	return set, last - sector, nil
}

// ReadAt reads the virtual disk, composed of all layers.
func (v *Image) ReadAt(p []byte, off int64) (int, error) { return v.stack.ReadAt(p, off) }

// Absent reports whether the layer leaves the byte at off to its parent, by the
// page of the BAT that is at hand.
func (v own) Absent(off, limit int64) (end int64, known bool) {
	b := v.entries.Peek(v.bat.off + v.geo.PayloadIndex(v.geo.Block(off))*vhdx.EntrySize)
	if len(b) < vhdx.EntrySize {
		return limit, false
	}
	entry := vhdx.EntryAt(b)
	limit = min(limit, off&^(v.geo.BlockSize-1)+v.geo.BlockSize)
	switch vhdx.State(entry) {
	case vhdx.NotPresent:
		return limit, v.params.hasParent
	case vhdx.PartiallyPresent:
		return v.absentBits(off, limit)
	}
	return limit, false
}

// absentBits is Absent for a byte of a partially present block.
func (v *Image) absentBits(off, limit int64) (end int64, absent bool) {
	g := &v.geo
	block := g.Block(off)
	at, why, err := v.bitmapAt(g.Chunk(block))
	if err != nil || why != "" || !v.params.hasParent {
		return limit, false
	}
	begin := block * g.BlockSize
	first := (off - begin) / g.SectorSize
	last := (limit - begin + g.SectorSize - 1) / g.SectorSize
	set, n, err := v.bitRow(at+g.BitmapByte(block), first, last)
	return min(limit, begin+(first+n)*g.SectorSize), err == nil && !set
}

// Fill reads the data of a run.
func (v own) Fill(p []byte, r layer.Run) (int, error) {
	n, err := v.data.ReadAt(p, r.Offset)
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
	e := r.Via[0]
	what := fmt.Sprintf("virtual byte 0x%x, block %d, BAT entry 0x%x: %s", r.Start, v.geo.Block(r.Start), e.Raw, r.Why)
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: v.place(e.At, vhdx.EntrySize), What: what}
}
