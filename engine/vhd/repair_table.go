package vhd

import (
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// headerRemedy changes the bytes of the dynamic header.
func headerRemedy(title, risk string, change func(h []byte)) func(*Image, []decode.Place) []disk.Repair {
	return func(v *Image, _ []decode.Place) []disk.Repair { return v.mendHeader(title, risk, change) }
}

// mendHeader changes the dynamic header and seals it. One with a wrong
// checksum has to be judged first.
func (v *Image) mendHeader(title, risk string, change func(h []byte)) []disk.Repair {
	if mark, _ := vhd.HeaderChecksum.Field().Verdict(v.header.rec.Bytes()); !v.header.ok() || mark != decode.Good {
		return nil
	}
	return []disk.Repair{v.sealHeader(title, risk, change)}
}

func (v *Image) sealHeader(title, risk string, change func(h []byte)) disk.Repair {
	return v.mend(title, risk, v.header.off, vhd.HeaderSize, func(h []byte) {
		change(h)
		vhd.HeaderTable.Seal(h)
	})
}

// restoreHeader is for a header whose cookie or checksum is wrong (V024).
func (v *Image) restoreHeader([]decode.Place) []disk.Repair {
	switch {
	case !v.header.ok():
		return v.mendCookie()
	case vhd.HeaderVersion.Get(v.header.rec)>>16 != 1:
		return nil
	}
	return []disk.Repair{v.sealHeader("recompute the checksum", "some byte of the header was changed without it: look at the fields first", func([]byte) {})}
}

// maxClear bounds how many bytes of entries are cleared by one repair.
const maxClear = 1 << 20

// clearEntry makes entries unallocated: those at the first place.
func (v *Image) clearEntry(where []decode.Place) []disk.Repair {
	if len(where) == 0 || where[0].Length > maxClear {
		return nil
	}
	first := (where[0].Offset - v.table.off) / 4
	title := fmt.Sprintf("clear entry %d of the table", first)
	if n := where[0].Length / 4; n > 1 {
		title = fmt.Sprintf("clear entries %d to %d of the table", first, first+n-1)
	}
	return []disk.Repair{v.mend(title, v.clearRisk(first), where[0].Offset, where[0].Length, func(b []byte) { fill(b, 0xFF) })}
}

func (v *Image) clearRisk(entry int64) string {
	switch {
	case entry >= v.table.needed:
		return "nothing refers to what is stored there any more"
	case v.kind == vhd.Differencing:
		return "the block is taken from the parent from then on"
	}
	return "the block reads as zeros from then on"
}

func (v *Image) padTable(where []decode.Place) []disk.Repair {
	if len(where) == 0 {
		return nil
	}
	return []disk.Repair{v.mend("fill the padding with ones", "", where[0].Offset, where[0].Length, func(b []byte) { fill(b, 0xFF) })}
}
