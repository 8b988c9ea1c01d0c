package eyes

import (
	"errors"
	"fmt"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// stateRule is what a program makes of the state of a block (vhdx.md 9.1).
type stateRule uint8

const (
	statesSpec   stateRule = iota // as the format has it
	statesQEMU                    // nothing of a parent; the draft's unmapped is zeros
	statesLibyal                  // below 6 nothing is stored; in a child the bitmap decides below 6 too
)

// vhdxDisk is the virtual disk of a VHDX as one program reads it.
type vhdxDisk struct {
	file   file
	block  int64 // bytes
	sector int64 // bytes of a logical sector
	ratio  int64 // payload blocks of a chunk
	table  int64 // where the BAT lies
	plain  bool  // the table has no bitmap entries between the others
	end    int64 // first byte of the file that is not read

	rule   stateRule
	pad    bool // past the end of the file there are zeros
	diff   bool
	parent *Reader
	strict bool // reading past the end of the parent fails
}

// index is the number of a block's entry, slot that of its chunk's bitmap.
func (d *vhdxDisk) index(block int64) int64 {
	if d.plain {
		return block
	}
	return block + block/d.ratio
}

func (d *vhdxDisk) slot(block int64) int64 { return (block/d.ratio+1)*(d.ratio+1) - 1 }

func (d *vhdxDisk) entry(index int64) (uint64, disk.Via, error) {
	at := d.table + index*vhdx.EntrySize
	via := disk.Via{Table: "BAT", Index: index, Place: d.file.place(at, vhdx.EntrySize)}
	b, err := d.file.entry(at, vhdx.EntrySize, d.pad)
	if err != nil {
		return 0, via, err
	}
	via.Raw = vhdx.EntryAt(b)
	return via.Raw, via, nil
}

func (d *vhdxDisk) at(off int64) (Piece, error) {
	block := off / d.block
	start, end := block*d.block, (block+1)*d.block
	e, v, err := d.entry(d.index(block))
	via := []disk.Via{v}
	if err != nil {
		return Piece{Start: off, End: end, Kind: Lost, Via: via, Why: "the BAT entry lies past the end of the file"}, nil
	}
	state, data := vhdx.State(e), int64(vhdx.FileOffset(e))
	by := ""
	if d.plain && d.index(block) != block+block/d.ratio {
		by = "fixed-table"
	}
	switch {
	case state == vhdx.FullyPresent:
		return d.stored(off, start, end, data, via, by), nil
	case d.diff && (state == vhdx.PartiallyPresent || d.rule == statesLibyal):
		if state != vhdx.PartiallyPresent {
			by = "bitmap-always"
		}
		return d.partial(off, start, end, data, via, by), nil
	case state == vhdx.PartiallyPresent && d.rule == statesLibyal:
		return d.stored(off, start, end, data, via, "partial-data"), nil
	case state == vhdx.NotPresent && d.diff:
		return d.below(off, end, via), nil
	case state < vhdx.ReservedState, state == vhdx.UnmappedDraft && d.rule == statesQEMU, state < vhdx.FullyPresent && d.rule == statesLibyal:
		if state > vhdx.Unmapped {
			by = "draft-states"
		}
		return Piece{Start: off, End: d.run(block+1, e) * d.block, Kind: Zeros, Offset: -1, Via: via, By: by}, nil
	}
	return Piece{Start: off, End: end, Kind: Lost, Via: via, Why: fmt.Sprintf("the state %d of the BAT entry can't be read", state)}, nil
}

// run is the first block from there on whose entry is another one, of the next million.
func (d *vhdxDisk) run(block int64, entry uint64) int64 {
	for last := block + 1<<20; block < last; {
		b, err := d.file.entry(d.table+d.index(block)*vhdx.EntrySize, vhdx.EntrySize, d.pad)
		if err != nil {
			return block
		}
		left := d.ratio - block%d.ratio // up to the bitmap entry
		if d.plain {
			left = last - block
		}
		for ; len(b) >= vhdx.EntrySize && left > 0 && block < last; b, block, left = b[vhdx.EntrySize:], block+1, left-1 {
			if vhdx.EntryAt(b) != entry {
				return block
			}
		}
	}
	return block
}

// stored is a piece of a block whose data starts at a place of the file.
func (d *vhdxDisk) stored(off, start, end, data int64, via []disk.Via, by string) Piece {
	at := data + off - start
	p := Piece{Start: off, End: end, Kind: Stored, File: d.file.name, Offset: at, Via: via, By: by, src: d.file, from: at}
	switch have := min(d.end, d.file.size) - at; {
	case have > 0 && at >= 0:
		p.End = min(end, off+have)
	case d.pad && at >= 0:
		p.Kind, p.File, p.Offset, p.By = Zeros, "", -1, "file-end-zeros"
	default:
		p.Kind, p.Why = Lost, "it lies past the end of the file"
	}
	return p
}

// below is what the parent has there.
func (d *vhdxDisk) below(off, end int64, via []disk.Via) Piece {
	v := vhdDisk{diff: true, parent: d.parent, strict: d.strict}
	return v.absent(off, end, via)
}

// partial is a piece of a block that the sector bitmap decides.
func (d *vhdxDisk) partial(off, start, end, data int64, via []disk.Via, by string) Piece {
	block := start / d.block
	lost := func(why string) Piece {
		return Piece{Start: off, End: end, Kind: Lost, Via: via, Why: why}
	}
	e, slot, err := d.entry(d.slot(block))
	via = append(via, slot)
	if err != nil {
		return lost("the bitmap's BAT entry lies past the end of the file")
	}
	if vhdx.State(e) != vhdx.FullyPresent && d.rule != statesLibyal {
		return lost("the block is partially present, and its chunk has no sector bitmap")
	}
	sector, sectors := (off-start)/d.sector, d.block/d.sector
	at := int64(vhdx.FileOffset(e)) + block%d.ratio*(vhdx.MiB/d.ratio)
	set, n, err := d.bits(at, sector, sectors)
	if err != nil {
		return lost("the sector bitmap lies past the end of the file")
	}
	bit := disk.Via{Table: "sector bitmap", Index: sector, Place: d.file.place(at+sector/8, 1), IsBit: true}
	if set {
		bit.Raw = 1
	}
	via = append(via, bit)
	end = start + (sector+n)*d.sector
	if set {
		return d.stored(off, start, end, data, via, by)
	}
	p := d.below(off, end, via)
	if by != "" {
		p.By = by
	}
	return p
}

// bits tells the bit of a sector and how many from there on are the same. The first
// sector has the lowest bit.
func (d *vhdxDisk) bits(at, sector, sectors int64) (set bool, n int64, err error) {
	for i := sector; i < sectors; {
		b, err := d.file.entry(at+i/8, 1, d.pad)
		if err != nil {
			return set, n, err
		}
		for ; len(b) > 0 && i < sectors; b = b[1:] {
			for {
				s := b[0]>>(i%8)&1 != 0
				if n == 0 {
					set = s
				}
				if s != set {
					return set, n, nil
				}
				n++
				if i++; i%8 == 0 || i >= sectors {
					break
				}
			}
		}
	}
	return set, n, nil
}

// vhdx is what the program makes of a VHDX.
func (o *opening) vhdx() (virtual, int64, error) {
	switch o.policy.Name {
	case QEMU:
		return o.vhdxQEMU()
	case SevenZip:
		d, size, err := o.vhdxSevenZip(nil)
		return d, size, err
	case Libyal:
		d, size, _, err := o.vhdxLibyal()
		return d, size, err
	case Dissect:
		return o.vhdxDissect()
	}
	if o.spec == nil {
		return nil, 0, unknown("what the program makes of the parent is not known")
	}
	if o.policy.Name == DiscUtils && o.spec.Info().Dirty {
		return nil, 0, unknown("what DiscUtils replays of a log is not modelled: it begins at the start of the run, not at the tail")
	}
	r := specReader(o.spec)
	return r.disk, r.Size, r.Refused
}

// vhdxParent opens the parent of a differencing VHDX under the first name that a file of
// the image's folder has.
func (o *opening) vhdxParent(names []string, open func(below *opening) (*vhdxDisk, int64, error)) (*Reader, error) {
	for _, name := range names {
		f, err := o.exactly(name)
		var u unknown
		if errors.As(err, &u) {
			return nil, err
		}
		if err != nil {
			continue
		}
		below := &opening{policy: o.policy, src: o.src, file: f, level: o.level + 1}
		if below.level >= maxLayers {
			return nil, refusal(f.place(0, 0), "the chain of parents has more than %d layers", maxLayers)
		}
		d, size, err := open(below)
		o.close = append(o.close, below.close...)
		if err != nil {
			return nil, fmt.Errorf("the parent %s: %w", f.name, err)
		}
		return &Reader{Policy: o.policy, Size: size, disk: d}, nil
	}
	return nil, refusal(o.file.place(0, 0), "the parent's file is missing")
}
