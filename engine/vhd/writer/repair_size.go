package writer

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// resized sets the size of the disk, with the geometry that belongs to it.
func (v *image) resized(title, risk string, size int64) []disk.Repair {
	return v.changeFooters(title, risk, func(f decode.Record[vhd.Footer]) {
		vhd.FooterCurrentSize.Put(f, uint64(size))
		putGeometry(f, uint64(size))
	})
}

// setBackSize undoes an expansion that children don't know of (V046): nothing may be
// stored past the old end.
func (v *image) setBackSize(disk.Finding) []disk.Repair {
	size := int64(vhd.FooterOriginalSize.Get(v.Footer))
	list := v.resized(fmt.Sprintf("set the size back to the %d bytes that its children expect", size),
		"the disk ends there again; nothing is stored past that", size)
	for i := range list {
		list[i].Apply = disk.Steps(func(ctx context.Context, to store.FS) error { return v.emptyFrom(ctx, to, size) }, list[i].Apply)
	}
	return list
}

// emptyFrom fails if the disk has something stored from a byte on.
func (v *image) emptyFrom(ctx context.Context, to store.FS, size int64) error {
	t := v.Table
	for e, err := range t.Scan(ctx) {
		if err != nil {
			return err
		}
		first := max(size-e.Index*t.BlockSize, 0) / vhd.Sector
		if first >= t.BlockSize/vhd.Sector {
			continue
		}
		taken := func() error {
			return v.taken(e.Start, t.Stored, fmt.Sprintf("block %d is stored, past the old end of the disk: its content would be lost", e.Index))
		}
		if e.Holes > 0 || first == 0 {
			return taken()
		}
		set, n, err := t.BitRow(e.Start, first, t.BlockSize/vhd.Sector)
		if err != nil {
			return err
		}
		if set || first+n < t.BlockSize/vhd.Sector {
			if err := disk.MustBeZero(v.place(e.Start+t.BitmapBytes+first*vhd.Sector, t.BlockSize-first*vhd.Sector))(ctx, to); err != nil {
				return taken()
			}
		}
	}
	return nil
}

func putGeometry(f decode.Record[vhd.Footer], size uint64) {
	setGeometry(f, vhd.GeometryFor(size))
}

// correctSize replaces a size that no disk can have (V014) by one that the file
// or the table has room for.
func (v *image) correctSize(f disk.Finding) []disk.Repair {
	if v.Kind == vhd.Fixed {
		return v.fitFixed(f)
	}
	size, from := v.GuessSize()
	return v.resized(fmt.Sprintf("set the size to %s: %d bytes", from, size), "the size is guessed: the guest sees a disk of another size", size)
}

// fitFixed makes size and file of a fixed disk agree (V015): by the size that
// the file has room for, or where the file is too short by zeros.
func (v *image) fitFixed(disk.Finding) []disk.Repair {
	var list []disk.Repair
	if rest := v.DataEnd - v.Virtual; rest > 0 && v.Virtual > 0 && v.Virtual%vhd.Sector == 0 && v.held(v.Virtual, rest) == "zeros" {
		cut := v.footerTo(fmt.Sprintf("write the footer right after the disk, and cut off the %d bytes after that, which are zero", rest), "", v.Rules.Raw, fixedPlace(v.Virtual))
		cut.Apply = disk.Steps(disk.MustBeZero(v.place(v.Virtual, rest)), cut.Apply)
		list = append(list, cut)
	}
	if room := v.DataEnd &^ (vhd.Sector - 1); room > 0 {
		risk := "the guest sees a larger disk; what lies past the old end may be no part of it"
		if v.Virtual > room {
			risk = "the guest sees a smaller disk: what was cut off is given up"
		}
		list = append(list, v.resized("set the size to what the file has room for", risk, room)...)
	}
	if missing := v.Virtual - v.DataEnd; missing > 0 && v.Virtual%vhd.Sector == 0 && v.Virtual <= v.Growth {
		list = append(list, v.footerTo(fmt.Sprintf("pad the file with zeros for the %d bytes that it lacks, and move the footer", missing),
			"what was cut off reads as zeros from then on", v.Rules.Raw, fixedPlace(v.Virtual)))
	}
	return list
}
