package vhd

import (
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// resized sets the size of the disk, with the geometry that belongs to it.
func (v *Image) resized(title, risk string, size int64) []disk.Repair {
	return v.mendFooters(title, risk, func(f decode.Record[vhd.Footer]) {
		vhd.FooterCurrentSize.Put(f, uint64(size))
		putGeometry(f, uint64(size))
	})
}

func putGeometry(f decode.Record[vhd.Footer], size uint64) {
	g := vhd.GeometryFor(size)
	vhd.FooterCylinders.Put(f, g.Cylinders)
	vhd.FooterHeads.Put(f, g.Heads)
	vhd.FooterSectors.Put(f, g.Sectors)
}

// correctSize replaces a size that no disk can have (V014) by one that the file
// or the table has room for.
func (v *Image) correctSize(where []decode.Place) []disk.Repair {
	if v.kind == vhd.Fixed {
		return v.fitFixed(where)
	}
	t := &v.table
	if t.blockSize == 0 || !t.placed || t.entries == 0 || t.entries > maxDynamic/t.blockSize+1 {
		return nil
	}
	whole := min(t.entries*t.blockSize, maxDynamic)
	const risk = "the size is guessed: the guest sees a disk of another size"
	var list []disk.Repair
	for _, c := range []struct {
		size int64
		from string
	}{
		{roundUp(v.virtual, vhd.Sector), "the whole sectors that it takes"},
		{int64(min(vhd.FooterOriginalSize.Get(v.footer), maxDynamic+1)), "that of its creation"},
		{vhd.FooterGeometry(v.footer).Size(), "that of the geometry"},
		{whole, "what the table has entries for"},
	} {
		if c.size%vhd.Sector == 0 && c.size <= whole && c.size > (t.entries-1)*t.blockSize && len(list) == 0 {
			list = v.resized(fmt.Sprintf("set the size to %s: %d bytes", c.from, c.size), risk, c.size)
		}
	}
	return list
}

// fitFixed makes size and file of a fixed disk agree (V015): by the size that
// the file has room for, or where the file is too short by zeros.
func (v *Image) fitFixed([]decode.Place) []disk.Repair {
	var list []disk.Repair
	if room := v.dataEnd &^ (vhd.Sector - 1); room > 0 {
		risk := "the guest sees a larger disk; what lies behind the old end may be no part of it"
		if v.virtual > room {
			risk = "the guest sees a smaller disk: what was cut off is given up"
		}
		list = v.resized("set the size to what the file has room for", risk, room)
	}
	if missing := v.virtual - v.dataEnd; missing > 0 && v.virtual%vhd.Sector == 0 && v.mayResize(v.virtual) == nil {
		list = append(list, v.footerTo(fmt.Sprintf("pad the file with zeros for the %d bytes that it lacks, and move the footer", missing),
			"what was cut off reads as zeros from then on", v.footers.rules().raw, fixedPlace(v.virtual)))
	}
	return list
}

// fitTable makes a table and a disk agree that needs more entries (V029): by a
// longer table where the file has room for it, or a smaller disk.
func (v *Image) fitTable([]decode.Place) []disk.Repair {
	t := &v.table
	var list []disk.Repair
	if 4*(t.needed-t.entries) <= maxClear && v.virtual <= maxDynamic {
		list = v.extendTable()
	}
	if size := t.entries * t.blockSize; size > 0 {
		list = append(list, v.resized(fmt.Sprintf("set the size to what the table has entries for: %d bytes", size),
			"the guest sees a smaller disk: its end is given up", size)...)
	}
	return list
}

// extendTable counts the entries that lack. What lies behind the table may be
// entries already; words that can't be are made unallocated.
func (v *Image) extendTable() []disk.Repair {
	t := &v.table
	const title, risk = "make the table longer", "what lies behind the table is taken for entries, or overwritten"
	start, end := t.off+4*t.entries, t.off+4*t.needed
	header := v.mendHeader(title, risk, func(h []byte) { binary.BigEndian.PutUint32(h[vhd.HeaderEntries.Offset():], uint32(t.needed)) })
	if len(header) == 0 {
		return nil
	}
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		if err := v.roomAt(ctx, t.end(), roundUp(end, vhd.Sector)-t.end()); err != nil {
			return nil, err
		}
		edits, err := header[0].Edits(ctx)
		if err != nil {
			return nil, err
		}
		entries, err := disk.Rewrite(v.src.File, v.place(start, roundUp(end, vhd.Sector)-start), func(b []byte) { v.dropImplausible(b[:end-start]); fill(b[end-start:], 0xFF) })
		return append(edits, entries...), err
	}}}
}

// dropImplausible makes unallocated what can't be an entry of the table.
func (v *Image) dropImplausible(b []byte) {
	for ; len(b) >= 4; b = b[4:] {
		e := binary.BigEndian.Uint32(b)
		if e == 0 || v.misplaced(e) != "" || int64(e)*vhd.Sector+v.table.stored() > v.dataEnd {
			fill(b[:4], 0xFF)
		}
	}
}

// roomAt fails unless nothing of the image lies in [off, off+n) of the file.
func (v *Image) roomAt(ctx context.Context, off, n int64) error {
	switch {
	case n <= 0:
		return nil
	case off < 0 || n > v.dataEnd-off:
		return v.taken(off, n, "the file's data end before")
	}
	return v.freeOfOthers(ctx, off, n, none)
}

// none is a block that no entry is of.
const none = -1

// freeOfOthers fails if anything but the block given meets [off, off+n), be it
// in the file or not.
func (v *Image) freeOfOthers(ctx context.Context, off, n, block int64) error {
	if v.touchesMetadata(off, n) {
		return v.taken(off, n, "the image's own structures lie there")
	}
	if name := v.areaAt(off, n); name != "" {
		return v.taken(off, n, "the "+name+" lies there")
	}
	return v.freeOfBlocks(ctx, off, n, block)
}

// freeOfBlocks fails if the entry of another block than the one given leads to
// [off, off+n), rightly or not.
func (v *Image) freeOfBlocks(ctx context.Context, off, n, block int64) error {
	for e, err := range v.table.scan(ctx, 0, v.table.entries) {
		if err != nil {
			return err
		}
		start := int64(e.sector) * vhd.Sector
		if e.holes == 0 && e.index != block && start < off+n && off < start+v.table.stored() {
			return v.taken(off, n, fmt.Sprintf("the table says that block %d lies there", e.index))
		}
	}
	return nil
}

func (v *Image) taken(off, n int64, what string) error {
	return &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: v.place(off, n), What: "the room is taken: " + what}
}

// dropSpares counts only the entries that the disk needs (V030), where none of
// the others is in use. A batmap is looked for behind the table, so that one
// that has it stays as it is.
func (v *Image) dropSpares([]decode.Place) []disk.Repair {
	const title, risk = "count only the entries that the disk needs", "a program that makes the disk larger finds no spare entries any more"
	t := &v.table
	end := t.off + 4*t.needed
	parts := v.mendHeader(title, risk, func(h []byte) { binary.BigEndian.PutUint32(h[vhd.HeaderEntries.Offset():], uint32(t.needed)) })
	if spare := t.end() - end; len(parts) == 0 || spare > maxClear || spare >= t.stored() || v.batmap.found && roundUp(end, vhd.Sector) != t.end() {
		return nil
	}
	all := disk.Mends(title, risk, append(parts, v.mend(title, risk, end, t.end()-end, func(b []byte) { fill(b, 0xFF) }))...)
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		if err := v.unused(end, 4*(t.entries-t.needed)); err != nil {
			return nil, err
		}
		return all.Edits(ctx)
	}}}
}

// unused fails if one of the entries in [off, off+n) is in use.
func (v *Image) unused(off, n int64) error {
	b, err := readUpTo(v.src.File, off, int(n))
	if err != nil {
		return err
	}
	for at := 0; at+4 <= len(b); at += 4 {
		if e := binary.BigEndian.Uint32(b[at:]); e != 0 && e != vhd.Unallocated {
			return fmt.Errorf("entry %d of the table is in use: clear it first (V038)", (off-v.table.off)/4+int64(at/4))
		}
	}
	return nil
}
