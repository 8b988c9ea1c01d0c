package eyes

import (
	"sort"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// zeroRule is what a program makes of a grain table entry of 1 (vmdk.md 4.2).
type zeroRule uint8

const (
	zeroByFlag zeroRule = iota // zeros where the header has the flag, else sector 1
	zeroAlways                 // zeros
	zeroNever                  // sector 1, which holds the descriptor
)

// packRule is how strictly a program takes compressed grains.
type packRule uint8

const (
	packLoose  packRule = iota // what inflates is taken
	packStrict                 // address, length and end have to be right
)

// vmdkExtent is an extent as one program reads it.
type vmdkExtent struct {
	start, length int64 // bytes of the disk
	shown         int64 // of them that the file has; past it reading fails
	file          file
	flat, zero    bool
	lost          string // why nothing of it can be read; empty if it can
	offset        int64  // flat: where it starts in the file
	by            string // the deviation that placed it

	dir, dirs  int64 // grain directory: offset, entries
	entries    int64 // of a grain table
	grain      int64 // bytes
	width      int64 // of an entry
	zeros      zeroRule
	flagged    bool // the header has the flag for zero grains
	packed     bool
	marked     bool // compressed grains have markers
	pack       packRule
	whole      bool // a grain has to be in the file as a whole
	se         *seExtent
	lostTables func(table int64) bool // libvmdk: the table can't be used; may be nil
}

// seExtent places what a seSparse extent addresses by index, in bytes.
type seExtent struct{ tables, grains int64 }

// vmdkDisk is the virtual disk of a VMDK as one program reads it.
type vmdkDisk struct {
	extents  []vmdkExtent
	pad      bool // past the end of a file there are zeros
	parent   *Reader
	mismatch string // why the parent can't be read; empty if it can
}

func (d *vmdkDisk) at(off int64) (Piece, error) {
	i := sort.Search(len(d.extents), func(i int) bool { return off < d.extents[i].start+d.extents[i].length })
	if i == len(d.extents) || off < d.extents[i].start {
		return Piece{Start: off, End: 1 << 62, Kind: Lost, Why: "no extent has it"}, nil
	}
	x := &d.extents[i]
	in := off - x.start
	var p Piece
	switch {
	case x.lost != "":
		p = Piece{End: x.length, Kind: Lost, Why: x.lost}
	case x.zero:
		p = Piece{End: x.length, Kind: Zeros, Offset: -1}
	case in >= x.shown:
		p = Piece{End: x.length, Kind: Lost, Why: "the extent's file has no more"}
	case x.flat:
		p = x.plain(in, x.shown, x.offset+in, d.pad, nil)
	default:
		p = d.sparse(x, in, off)
		p.End = min(p.End, max(x.shown, in+1))
	}
	p.Start, p.End = off, min(p.End, x.length)+x.start
	if p.By == "" {
		p.By = x.by
	}
	return p, nil
}

// plain is a piece of a file's bytes; ends count in the extent.
func (x *vmdkExtent) plain(in, end, at int64, pad bool, via []disk.Via) Piece {
	p := Piece{End: end, Kind: Stored, File: x.file.name, Offset: at, Via: via, src: x.file, from: at}
	switch have := x.file.size - at; {
	case have > 0 && at >= 0:
		p.End = min(end, in+have)
	case pad && at >= 0:
		p.Kind, p.File, p.Offset, p.By = Zeros, "", -1, "file-end-zeros"
	default:
		p.Kind, p.Why = Lost, "it lies past the end of the file"
	}
	return p
}

// sparse is a piece of a sparse extent. Its end counts in the extent.
func (d *vmdkDisk) sparse(x *vmdkExtent, in, off int64) Piece {
	grain := in / x.grain
	table, index := grain/x.entries, grain%x.entries
	end := (grain + 1) * x.grain
	lost := func(end int64, via []disk.Via, why string) Piece {
		return Piece{End: end, Kind: Lost, Via: via, Why: why}
	}
	if table >= x.dirs {
		return lost(1<<62, nil, "the grain directory has no entry for it")
	}
	at, via, err := x.tableAt(table, d.pad)
	tableEnd := (table + 1) * x.entries * x.grain
	switch {
	case err != nil:
		return lost(tableEnd, via, "the entry of the grain directory can't be read")
	case at == 0:
		return d.below(x, off, tableEnd, via)
	case x.lostTables != nil && x.lostTables(at):
		return lost(tableEnd, via, "the grain table can't be read")
	}
	entry, v, err := x.entry("GT", at+index*x.width, index, d.pad)
	via = append(via, v)
	if err != nil {
		return lost(end, via, "the grain table can't be read")
	}
	if entry == 0 && d.parent == nil {
		return d.below(x, off, (grain+x.empties(at, index, d.pad))*x.grain, via)
	}
	return d.grainAt(x, in, off, grain, entry, via)
}

func (x *vmdkExtent) entry(table string, at, index int64, pad bool) (uint64, disk.Via, error) {
	via := disk.Via{Table: table, Index: index, Place: x.file.place(at, x.width)}
	b, err := x.file.entry(at, x.width, pad)
	if err != nil {
		return 0, via, err
	}
	via.Raw = vmdk.EntryAt(b, x.width)
	return via.Raw, via, nil
}

// empties is how many entries of a table from index on are zero; at least one.
func (x *vmdkExtent) empties(at, index int64, pad bool) int64 {
	first := index
	for index < x.entries {
		b, err := x.file.entry(at+index*x.width, x.width, pad)
		if err != nil {
			break
		}
		for ; int64(len(b)) >= x.width && index < x.entries; b, index = b[x.width:], index+1 {
			if vmdk.EntryAt(b, x.width) != 0 {
				return max(index-first, 1)
			}
		}
	}
	return max(index-first, 1)
}

// tableAt is where a grain table lies; 0 if there is none.
func (x *vmdkExtent) tableAt(table int64, pad bool) (int64, []disk.Via, error) {
	e, via, err := x.entry("GD", x.dir+table*x.width, table, pad)
	if err != nil || e == 0 || x.se == nil && x.pack == packStrict && e == 1 && x.flagged {
		return 0, []disk.Via{via}, err
	}
	if x.se == nil {
		return int64(e) * 512, []disk.Via{via}, nil
	}
	if e>>32 != 0x10000000 {
		return 0, []disk.Via{via}, refusal(via.Place, "no valid entry")
	}
	return x.se.tables + int64(e&0xFFFFFFFF)*vmdk.SeTableSectors*512, []disk.Via{via}, nil
}

// grainAt is a piece of a grain by its entry.
func (d *vmdkDisk) grainAt(x *vmdkExtent, in, off, grain int64, entry uint64, via []disk.Via) Piece {
	end := (grain + 1) * x.grain
	zeros := Piece{End: end, Kind: Zeros, Offset: -1, Via: via}
	at := int64(entry) * 512
	switch {
	case entry == 0:
		return d.below(x, off, end, via)
	case x.se != nil:
		switch entry >> 60 {
		case vmdk.SeUnmapped, vmdk.SeZero:
			return zeros
		case vmdk.SeAllocated:
			at = x.se.grains + int64(vmdk.SeGrainIndex(entry))*x.grain
		default:
			return Piece{End: end, Kind: Lost, Via: via, Why: "the entry is of no type that is known"}
		}
	case entry == vmdk.ZeroGrain && (x.zeros == zeroAlways || x.zeros == zeroByFlag && x.flagged):
		if !x.flagged {
			zeros.By = "zero-always"
		}
		return zeros
	}
	var p Piece
	switch {
	case x.packed:
		g := &packedGrain{x: x, at: at, pad: d.pad, number: grain}
		p = Piece{End: end, Kind: Packed, File: x.file.name, Offset: at, Via: via, src: g, from: in - grain*x.grain, packed: 1}
	case x.whole && at+x.grain > x.file.size:
		p = Piece{End: end, Kind: Lost, Via: via, Why: "the grain reaches past the end of the file"}
	default:
		p = x.plain(in, end, at+in-grain*x.grain, d.pad, via)
	}
	if entry == vmdk.ZeroGrain && x.se == nil && p.By == "" {
		p.By = "zero-as-data"
	}
	return p
}

// below is what is not stored in an extent: the parent's, or zeros.
func (d *vmdkDisk) below(x *vmdkExtent, off, end int64, via []disk.Via) Piece {
	p := Piece{End: end, Kind: Zeros, Offset: -1, Via: via}
	if d.parent == nil || off >= d.parent.Size {
		if d.mismatch != "" {
			p.Kind, p.Why = Lost, d.mismatch
		}
		return p
	}
	q, err := d.parent.disk.at(off)
	if err != nil {
		return Piece{End: end, Kind: Lost, Via: via, Why: err.Error()}
	}
	q.End = min(q.End, d.parent.Size, x.start+min(end, x.length))
	q.Via = append(via, deeper(q.Via)...)
	if d.mismatch != "" && q.Kind != Zeros {
		q = Piece{Start: q.Start, End: q.End, Kind: Lost, Via: via, Why: d.mismatch}
	}
	q.End -= x.start
	return q
}
