package eyes

import (
	"platter/decode/vhd"
	"platter/engine/disk"
)

// bitmapRule is what a program makes of the sector bitmap of a stored block (vhd.md 10, 17).
type bitmapRule uint8

const (
	bitmapHonoured bitmapRule = iota // a clear bit: zeros, or the parent
	bitmapIgnored                    // all that is stored is shown
	bitmapStrict                     // a clear bit over other bytes than zeros is a data error
	bitmapUnmasked                   // after the first set bit of a byte all others count as set
)

// vhdDisk is the virtual disk of a VHD as one program reads it.
type vhdDisk struct {
	file  file
	fixed bool
	start int64 // fixed: where the disk starts in the file
	end   int64 // the first byte of the file that is not read any more

	block, bitmap  int64 // bytes of a block and of the bitmap before it
	table, entries int64 // the BAT: offset, and entries that are looked at

	rule   bitmapRule
	pad    bool // past the end of the file there are zeros
	hole   bool // entry 0 is no block
	diff   bool
	parent *Reader // nil: what is not stored is zeros
	strict bool    // reading past the end of the parent fails
}

func (d *vhdDisk) at(off int64) (Piece, error) {
	if d.fixed {
		return d.plain(off, off, 1<<62, d.start+off, nil, ""), nil
	}
	block := off / d.block
	entry, via, err := d.entry(block)
	if err != nil {
		return Piece{Start: off, End: (block + 1) * d.block, Kind: Lost, Via: via, Why: "the BAT entry lies past the end of the file"}, nil
	}
	if entry == vhd.Unallocated || entry == 0 && d.hole {
		end := (block + 1) * d.block
		if d.parent == nil {
			end = d.run(block+1, entry) * d.block
		}
		p := d.absent(off, end, via)
		if entry == 0 {
			p.By = "entry-zero"
		}
		return p, nil
	}
	return d.stored(off, block, int64(entry)*vhd.Sector, via)
}

// entry is the BAT entry of a block. Blocks without one are not stored.
func (d *vhdDisk) entry(block int64) (uint32, []disk.Via, error) {
	if block >= d.entries {
		return vhd.Unallocated, nil, nil
	}
	at := d.table + block*vhd.EntrySize
	via := []disk.Via{{Table: "BAT", Index: block, Place: d.file.place(at, vhd.EntrySize)}}
	b, err := d.file.entry(at, vhd.EntrySize, d.pad)
	if err != nil {
		return 0, via, err
	}
	via[0].Raw = uint64(vhd.EntryAt(b))
	return vhd.EntryAt(b), via, nil
}

// run is the first block from there on whose entry is another one. It looks at what is in
// one page at a time, and at no more than a million.
func (d *vhdDisk) run(block int64, entry uint32) int64 {
	for last := min(d.entries, block+1<<20); block < last; {
		b, err := d.file.entry(d.table+block*vhd.EntrySize, vhd.EntrySize, d.pad)
		if err != nil {
			return block
		}
		for ; len(b) >= vhd.EntrySize && block < last; b, block = b[vhd.EntrySize:], block+1 {
			if vhd.EntryAt(b) != entry {
				return block
			}
		}
	}
	return block
}

// absent is what is not stored here.
func (d *vhdDisk) absent(off, end int64, via []disk.Via) Piece {
	p := Piece{Start: off, End: end, Kind: Zeros, Offset: -1, Via: via}
	switch {
	case d.parent == nil:
		if d.diff {
			p.By = "no-parent"
		}
		return p
	case off >= d.parent.Size && d.strict:
		p.Kind, p.Why, p.By = Lost, "the parent ends before", "parent-end"
		return p
	case off >= d.parent.Size:
		return p
	}
	q, err := d.parent.disk.at(off)
	if err != nil {
		p.Kind, p.Why = Lost, err.Error()
		return p
	}
	q.End = min(q.End, end, d.parent.Size)
	q.Via = append(append([]disk.Via(nil), via...), deeper(q.Via)...)
	return q
}

// deeper counts the layers of entries one down.
func deeper(list []disk.Via) []disk.Via {
	list = append([]disk.Via(nil), list...)
	for i := range list {
		list[i].Layer++
	}
	return list
}

// stored is a piece of a block whose bitmap starts at a place of the file.
func (d *vhdDisk) stored(off, block, at int64, via []disk.Via) (Piece, error) {
	start := block * d.block
	sector, sectors := (off-start)/vhd.Sector, d.block/vhd.Sector
	data := at + d.bitmap
	if d.bitmap == 0 {
		by := ""
		if real := vhd.BitmapBytes(d.block); real != 0 {
			by = "small-blocks"
		}
		return d.plain(off, start, start+d.block, data, via, by), nil
	}
	marked, shown, n, err := d.bits(at, sector, sectors)
	if err != nil {
		return Piece{Start: off, End: start + d.block, Kind: Lost, Via: via, Why: "the sector bitmap lies past the end of the file"}, nil
	}
	end := start + (sector+n)*vhd.Sector
	bit := disk.Via{Table: "sector bitmap", Index: sector, Place: d.file.place(at+sector/8, 1), IsBit: true}
	if marked {
		bit.Raw = 1
	}
	via = append(via, bit)
	switch {
	case shown:
		by := ""
		if !marked {
			by = map[bitmapRule]string{bitmapIgnored: "no-bitmap", bitmapUnmasked: "bitmap-unmasked"}[d.rule]
		}
		return d.plain(off, start, end, data, via, by), nil
	case d.rule == bitmapStrict:
		if p := d.plain(off, start, end, data, via, ""); p.Kind == Lost || d.parent != nil {
			if p.Kind == Lost {
				return p, nil
			}
			return d.absent(off, p.End, via), nil
		}
		return d.proved(off, end, data+off-start, via), nil
	}
	return d.absent(off, end, via), nil
}

// bits tells of a sector whether it is marked, whether it is shown all the same, and how
// many sectors from there on say the same.
func (d *vhdDisk) bits(at, sector, sectors int64) (marked, shown bool, n int64, err error) {
	for i := sector; i < sectors; {
		b, err := d.file.entry(at+i/8, 1, d.pad)
		if err != nil {
			return marked, shown, n, err
		}
		for ; len(b) > 0 && i < sectors; b = b[1:] {
			for {
				m := b[0]&(0x80>>(i%8)) != 0
				s := m || d.rule == bitmapIgnored || d.rule == bitmapUnmasked && b[0]>>(7-i%8) != 0
				if n == 0 {
					marked, shown = m, s
				}
				if m != marked || s != shown {
					return marked, shown, n, nil
				}
				n++
				if i++; i%8 == 0 || i >= sectors {
					break
				}
			}
		}
	}
	return marked, shown, n, nil
}

// plain is a piece of the file's bytes: data is where the disk's byte start lies.
func (d *vhdDisk) plain(off, start, end, data int64, via []disk.Via, by string) Piece {
	at := data
	if !d.fixed {
		at += off - start
	}
	p := Piece{Start: off, End: end, Kind: Stored, File: d.file.name, Offset: at, Via: via, By: by, src: d.file, from: at}
	switch have := min(d.end, d.file.size) - at; {
	case have > 0:
		p.End = min(end, off+have)
	case d.pad:
		p.Kind, p.File, p.Offset, p.By = Zeros, "", -1, "file-end-zeros"
	default:
		p.Kind, p.Why = Lost, "it lies past the end of the file"
	}
	return p
}

// proved is a piece whose bits say that it was never written: zeros where it is zeros, and
// a data error where it is not, as 7-Zip has it.
func (d *vhdDisk) proved(off, end, at int64, via []disk.Via) Piece {
	const most = 256 << 10
	b, ok := d.file.all(at, min(end-off, most))
	p := Piece{Start: off, End: off + int64(len(b)), Kind: Zeros, Offset: -1, Via: via}
	if !ok || len(b) == 0 {
		p.End, p.Kind, p.Why = end, Lost, "it lies past the end of the file"
		return p
	}
	for i := 0; i < len(b); i += vhd.Sector {
		zero := isZero(b[i:min(i+vhd.Sector, len(b))])
		if i == 0 && !zero {
			p.Kind, p.By, p.Why = Lost, "bitmap-strict", "the sector is not marked as written, but is not zero: a data error"
		}
		if zero == (p.Kind == Lost) {
			p.End = off + int64(i)
			break
		}
	}
	return p
}
