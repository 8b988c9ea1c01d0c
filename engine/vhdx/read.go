package vhdx

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// run is one layer's answer for a range of the virtual disk.
type run struct {
	start, end int64
	state      disk.State
	offset     int64 // in the file; for data
	index      int64 // of the BAT entry that decided
	entry      uint64
	bitmap     int64 // where the chunk's sector bitmap lies; for a bit
	bit        int64 // number of the bitmap bit that decided; -1 for none
	why        string
}

// entry reads a BAT entry.
func (v *Image) entry(index int64) (uint64, error) {
	b, err := v.entries.Get(v.bat.off + index*vhdx.EntrySize)
	if err != nil {
		return 0, fmt.Errorf("BAT entry %d: %w", index, err)
	}
	return binary.LittleEndian.Uint64(b), nil
}

// run is the layer's own answer for the start of [off, limit), which lies on
// its virtual disk: as far as one BAT entry or a row of equal bitmap bits decides.
func (v *Image) run(off, limit int64) (run, error) {
	index := v.geo.PayloadIndex(v.geo.Block(off))
	entry, err := v.entry(index)
	if err != nil {
		return run{start: off, end: limit, offset: -1, bit: -1}, err
	}
	return v.decide(off, limit, index, entry)
}

// decide is run for a BAT entry that has been read.
func (v *Image) decide(off, limit, index int64, entry uint64) (run, error) {
	block := off &^ (v.geo.BlockSize - 1)
	r := run{start: off, end: min(limit, block+v.geo.BlockSize, v.geo.DiskSize), offset: -1, index: index, entry: entry, bit: -1}
	r.state, r.why = v.stateOf(entry)
	if r.state != disk.Data {
		return r, nil
	}
	if r.why = v.misplaced(entry); r.why != "" {
		r.state = disk.Missing
		return r, nil
	}
	if vhdx.State(entry) == vhdx.PartiallyPresent {
		if err := v.bitmapRun(&r); err != nil || r.state != disk.Data {
			return r, err
		}
	}
	v.stored(&r, int64(vhdx.FileOffset(entry))+off-block)
	return r, nil
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
		return "it lies behind the end of the file"
	}
	if meets, _ := v.clearOf(int64(off), int64(off)+v.geo.BlockSize); meets != "" {
		return "it lies on top of the " + meets
	}
	return ""
}

// stored places a run of data, as far as the file has it in one way.
func (v *Image) stored(r *run, off int64) {
	switch {
	case off < v.size:
		r.offset, r.end = off, min(r.end, r.start+v.size-off)
	case off >= v.data.grown:
		r.state, r.why = disk.Missing, "it reaches behind the end of the file"
	default:
		// the file ends before, replay makes it longer
		if n := v.data.zeros(off, off+r.end-r.start); n > 0 {
			r.state, r.end = disk.Zero, r.start+n
			return
		}
		r.offset, r.end = off, r.start+min(r.end-r.start, v.data.partAfter(off)-off)
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
		return 0, "its chunk's sector bitmap lies behind the end of the file", nil
	}
	if meets, _ := v.clearOf(int64(at), int64(at)+vhdx.MiB); meets != "" {
		return 0, "its chunk's sector bitmap lies on top of the " + meets, nil
	}
	return int64(at), "", nil
}

// bitmapRun follows the sector bitmap of a partially present block.
func (v *Image) bitmapRun(r *run) error {
	g := &v.geo
	block := g.Block(r.start)
	off, why, err := v.bitmapAt(g.Chunk(block))
	if err != nil {
		return err
	}
	if why != "" {
		r.state, r.why = disk.Missing, why
		return nil
	}
	begin := block * g.BlockSize
	first := (r.start - begin) / g.SectorSize
	last := (r.end - begin + g.SectorSize - 1) / g.SectorSize
	set, n, err := v.bitRow(off+g.BitmapByte(block), first, last)
	if err != nil {
		return err
	}
	r.bitmap, r.bit = off, g.BitmapByte(block)*8+first
	r.end = min(r.end, begin+(first+n)*g.SectorSize)
	if !set {
		r.state = disk.FromParent
	}
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
func (v *Image) ReadAt(p []byte, off int64) (int, error) {
	if v.refused != nil {
		return 0, v.refused
	}
	return disk.ReadWithin(v.geo.DiskSize, v.src.Name, p, off, func(p []byte, off int64) (int, error) { return v.readLayer(0, p, off) })
}

// readLayer reads what layer i stores, and the rest from the layers below.
func (v *Image) readLayer(i int, p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		layer, limit := v.skipAbsent(i, off+int64(done), off+int64(len(p)))
		n, err := v.readRun(layer, p[done:limit-off], off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// skipAbsent is the first layer from i on that may store the byte at off, and
// how far, below limit, the layers above it have nothing.
func (v *Image) skipAbsent(i int, off, limit int64) (layer int, end int64) {
	for i+1 < len(v.layers) {
		end, absent := v.layers[i].absentAt(off, limit)
		if !absent {
			break
		}
		limit = end
		i++
	}
	return i, limit
}

// absentAt reports whether a layer is known to leave the byte at off to its
// parent, and how far below limit. It is the fast way past layers that have
// nothing; run is the one that knows everything.
func (v *Image) absentAt(off, limit int64) (end int64, absent bool) {
	if off >= v.geo.DiskSize {
		return limit, false
	}
	b := v.entries.Peek(v.bat.off + v.geo.PayloadIndex(v.geo.Block(off))*vhdx.EntrySize)
	if len(b) < vhdx.EntrySize {
		return limit, false
	}
	entry := binary.LittleEndian.Uint64(b)
	limit = min(limit, off&^(v.geo.BlockSize-1)+v.geo.BlockSize, v.geo.DiskSize)
	switch vhdx.State(entry) {
	case vhdx.NotPresent:
		return limit, v.params.hasParent
	case vhdx.PartiallyPresent:
		return v.absentBits(off, limit)
	}
	return limit, false
}

// absentBits is absentAt for a byte of a partially present block.
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

func (v *Image) readRun(i int, p []byte, off int64) (int, error) {
	layer := v.layers[i]
	if off >= layer.geo.DiskSize { // a child may be larger than its parent
		clear(p)
		return len(p), nil
	}
	r, err := layer.run(off, off+int64(len(p)))
	if err != nil {
		return 0, layer.readError(r, err)
	}
	p = p[:r.end-off]
	switch r.state {
	case disk.Data:
		n, err := layer.data.ReadAt(p, r.offset)
		if n < len(p) {
			return n, layer.readError(r, shortRead(r.offset, n, len(p), err))
		}
		return n, nil
	case disk.FromParent:
		if i+1 < len(v.layers) {
			return v.readLayer(i+1, p, off)
		}
		return 0, layer.orphaned(off)
	case disk.Missing:
		return 0, layer.missing(r)
	}
	clear(p)
	return len(p), nil
}

func (v *Image) readError(r run, err error) error {
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: v.place(max(r.offset, 0), 0), What: fmt.Sprintf("virtual byte 0x%x", r.start), Err: err}
}

func (v *Image) missing(r run) error {
	what := fmt.Sprintf("virtual byte 0x%x, block %d, BAT entry 0x%x: %s", r.start, v.geo.Block(r.start), r.entry, r.why)
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: v.place(v.bat.off+r.index*vhdx.EntrySize, vhdx.EntrySize), What: what}
}

// orphaned says which parent a range would have to come from.
func (v *Image) orphaned(off int64) error {
	what := fmt.Sprintf("virtual byte 0x%x is not stored here, and the parent %s is missing", off, v.wanted())
	return &disk.Error{Kind: disk.NotFound, Op: "read", At: v.place(0, 0), What: what, Err: v.parentErr}
}
