package writer

import (
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// resized sets the size of the disk, with the geometry that belongs to it.
func (v *image) resized(title, risk string, size int64) []disk.Repair {
	return v.changeFooters(title, risk, func(f decode.Record[vhd.Footer]) {
		vhd.FooterCurrentSize.Put(f, uint64(size))
		putGeometry(f, uint64(size))
	})
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
	if room := v.DataEnd &^ (vhd.Sector - 1); room > 0 {
		risk := "the guest sees a larger disk; what lies past the old end may be no part of it"
		if v.Virtual > room {
			risk = "the guest sees a smaller disk: what was cut off is given up"
		}
		list = v.resized("set the size to what the file has room for", risk, room)
	}
	if missing := v.Virtual - v.DataEnd; missing > 0 && v.Virtual%vhd.Sector == 0 && v.Virtual <= v.Growth {
		list = append(list, v.footerTo(fmt.Sprintf("pad the file with zeros for the %d bytes that it lacks, and move the footer", missing),
			"what was cut off reads as zeros from then on", v.Rules.Raw, fixedPlace(v.Virtual)))
	}
	return list
}
