package vhd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"platter/decode/vhd"
	"platter/engine/disk"
)

// run is one layer's answer for a range of the virtual disk.
type run struct {
	start, end int64
	state      disk.State
	offset     int64 // in the file; for data
	block      int64 // the BAT entry that decided; -1 for none
	entry      uint32
	bit        int64 // the bitmap bit that decided; -1 for none
	why        string
}

func shortRead(off int64, got, want int, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d of %d bytes at 0x%x: %w", got, want, off, err)
}

// run is the layer's own answer for the start of [off, limit), which lies on
// its virtual disk: as far as one table entry or a row of equal bitmap bits
// decides, or a row of equal entries without a block.
func (v *Image) run(off, limit int64) (run, error) {
	limit = min(limit, v.virtual)
	if v.kind == vhd.Fixed {
		return v.fixedRun(off, limit), nil
	}
	block := off / v.table.blockSize
	r := run{start: off, end: limit, block: block, bit: -1, offset: -1, state: v.absent()}
	var err error
	if r.entry, err = v.table.entry(block); err != nil {
		return r, err
	}
	if r.entry != vhd.Unallocated {
		r.why = v.misplaced(r.entry)
	}
	switch {
	case r.why != "":
		r.state = disk.Missing
	case r.entry != vhd.Unallocated:
		r.end = min(limit, (block+1)*v.table.blockSize)
		return v.bitmapRun(r)
	}
	last := (limit + v.table.blockSize - 1) / v.table.blockSize
	n, err := v.table.equalFrom(block, last, r.entry)
	r.end = min(limit, (block+n)*v.table.blockSize)
	return r, err
}

// absent is the state of what a layer does not store.
func (v *Image) absent() disk.State {
	if v.kind == vhd.Differencing {
		return disk.FromParent
	}
	return disk.Unallocated
}

func (v *Image) fixedRun(off, limit int64) run {
	if off >= v.dataEnd {
		return run{start: off, end: limit, state: disk.Missing, offset: -1, block: -1, bit: -1, why: "the file ends before"}
	}
	return run{start: off, end: min(limit, v.dataEnd), state: disk.Data, offset: off, block: -1, bit: -1}
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
func (v *Image) bitmapRun(r run) (run, error) {
	t := &v.table
	inBlock := r.start - r.block*t.blockSize
	sector := inBlock / vhd.Sector
	last := (r.end - r.block*t.blockSize + vhd.Sector - 1) / vhd.Sector
	bitmap := int64(r.entry) * vhd.Sector
	set, n, err := t.bitRow(bitmap, sector, last)
	if err != nil {
		return r, err
	}
	r.bit = sector
	r.end = min(r.end, r.block*t.blockSize+(sector+n)*vhd.Sector)
	if !set {
		return r, nil
	}
	r.state, r.offset = disk.Data, bitmap+t.bitmapBytes+inBlock
	switch {
	case r.offset >= v.dataEnd:
		r.state, r.offset, r.why = disk.Missing, -1, "the block reaches past the end of the file"
	case r.offset+r.end-r.start > v.dataEnd:
		r.end = r.start + v.dataEnd - r.offset
	}
	return r, nil
}

// bitRow tells the bit of a sector in the bitmap at off and how many bits from
// there on, below last, are the same. The first sector has the highest bit.
func (t *table) bitRow(off, sector, last int64) (set bool, n int64, err error) {
	for at := sector; at < last; {
		p, err := t.bitmaps.get(off + at/8)
		if err != nil {
			return false, 0, fmt.Errorf("sector bitmap at 0x%x: %w", off, err)
		}
		for b := p.data[off+at/8-p.start:]; len(b) > 0 && at < last; {
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
	word := binary.LittleEndian.Uint64(b)
	return set && word == ^uint64(0) || !set && word == 0
}

// ReadAt reads the virtual disk, composed of all layers.
func (v *Image) ReadAt(p []byte, off int64) (int, error) {
	if v.refused != nil {
		return 0, v.refused
	}
	return disk.ReadWithin(v.virtual, v.src.Name, p, off, func(p []byte, off int64) (int, error) { return v.readLayer(0, p, off) })
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

// absentAt reports whether a layer, all but the last of a chain, is known to
// leave the byte at off to its parent, and how far below limit. It is the fast
// way past layers that have nothing; run is the one that knows everything.
func (v *Image) absentAt(off, limit int64) (end int64, absent bool) {
	t := &v.table
	sector, known := t.lookup(min(off, v.virtual-1))
	if !known || off >= v.virtual {
		return limit, false
	}
	block := off &^ (t.blockSize - 1)
	limit = min(limit, block+t.blockSize, v.virtual) // behind its end not even a parent is asked
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

func (v *Image) readRun(i int, p []byte, off int64) (int, error) {
	layer := v.layers[i]
	if off >= layer.virtual { // a child may be larger than its parent
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
		n, err := layer.src.File.ReadAt(p, r.offset)
		if n < len(p) {
			return n, layer.readError(r, shortRead(r.offset, n, len(p), err))
		}
		return n, nil
	case disk.FromParent:
		return v.readBelow(i, p, off)
	case disk.Missing:
		return 0, layer.missing(r)
	}
	clear(p)
	return len(p), nil
}

// readBelow reads what layer i leaves to its parent.
func (v *Image) readBelow(i int, p []byte, off int64) (int, error) {
	switch {
	case i+1 < len(v.layers):
		return v.readLayer(i+1, p, off)
	case v.base == nil:
		return 0, v.layers[i].orphaned(off)
	}
	n, err := v.base.ReadAt(p, off)
	if err == io.EOF {
		clear(p[n:])
		return len(p), nil
	}
	return n, err
}

func (v *Image) readError(r run, err error) error {
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: v.place(max(r.offset, 0), 0), What: fmt.Sprintf("virtual byte 0x%x", r.start), Err: err}
}

func (v *Image) missing(r run) error {
	at := v.place(v.dataEnd, 0)
	what := fmt.Sprintf("virtual byte 0x%x is not there: %s", r.start, r.why)
	if r.block >= 0 {
		at = v.place(v.table.off+4*r.block, 4)
		what = fmt.Sprintf("virtual byte 0x%x, block %d, sector 0x%x of the file: %s", r.start, r.block, r.entry, r.why)
	}
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: at, What: what}
}

// orphaned says which parent a range would have to come from.
func (v *Image) orphaned(off int64) error {
	what := fmt.Sprintf("virtual byte 0x%x is not stored here, and the parent %s is missing", off, v.wanted())
	return &disk.Error{Kind: disk.NotFound, Op: "read", At: v.place(0, 0), What: what, Err: v.parentErr}
}
