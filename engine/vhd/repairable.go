package vhd

import (
	"bytes"
	"math"
	"slices"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/store"
)

// condition tells whether a finding about some places can be repaired.
type condition func(v *Image, where []decode.Place) bool

// conditions are those of the findings that can be repaired at all (vhd.md 18).
// The repairs themselves are made by engine/vhd/writer.
var conditions = map[string]condition{
	"V001": func(v *Image, _ []decode.Place) bool {
		return v.table.placed && v.table.entries > 0 && v.table.entries <= MaxDynamic/v.table.blockSize+1
	},
	"V002": canRestoreTail,
	"V003": func(v *Image, _ []decode.Place) bool { return vhd.FooterDataOffset.Get(v.footer) >= vhd.FooterSize },
	"V004": always,
	"V005": always,
	"V007": footerSealed,
	"V008": func(v *Image, _ []decode.Place) bool { return v.footers.tail.present || canRestoreTail(v, nil) },
	"V009": always,
	"V011": footerSealed,
	"V012": func(v *Image, _ []decode.Place) bool {
		fixed := vhd.FooterDataOffset.Get(v.footer) == vhd.None && v.virtual == v.dataEnd
		return footerSealed(v, nil) && (v.header.ok() || fixed)
	},
	"V013": func(v *Image, _ []decode.Place) bool {
		return footerSealed(v, nil) && (v.kind == vhd.Fixed || headerInPlace(v.src.File))
	},
	"V014": func(v *Image, _ []decode.Place) bool {
		if v.kind == vhd.Fixed {
			return canFitFixed(v, nil)
		}
		size, _ := v.table.guessSize(v.virtual, v.footer)
		return footerSealed(v, nil) && size > 0
	},
	"V015": canFitFixed,
	"V017": ownFields,
	"V020": footerSealed,
	"V021": footerSealed,
	"V022": ownFields,
	"V024": canRestoreHeader,
	"V025": headerSealed,
	"V029": func(v *Image, _ []decode.Place) bool {
		return v.canExtendTable() || footerSealed(v, nil) && v.table.entries > 0
	},
	"V030": canDropSpares,
	"V031": canClear,
	"V032": always,
	"V033": always,
	"V034": always,
	"V035": func(_ *Image, where []decode.Place) bool { return len(where) > 1 },
	"V037": always,
	"V038": canClear,
	"V039": headerSealed,
	"V040": func(v *Image, _ []decode.Place) bool {
		return v.nameless() && v.parent == nil && footerSealed(v, nil) || canNameParent(v, nil)
	},
	"V041": canMendLocator,
	"V042": headerSealed,
	"V043": canNameParent,
	"V044": func(v *Image, _ []decode.Place) bool { return headerSealed(v, nil) && len(v.candidates()) > 0 },
	"V045": func(v *Image, _ []decode.Place) bool {
		p, ok := v.parent.(*Image)
		return ok && headerSealed(v, nil) && p.fileTime() != vhd.HeaderParentTime.Get(v.header.rec)
	},
	"V046": func(v *Image, where []decode.Place) bool {
		return footerSealed(v, nil) && where[0] == v.field(vhd.FooterCurrentSize.Field())
	},
	"V049": func(v *Image, where []decode.Place) bool {
		whole := v.batmap.found && v.batmapHeaderFault() == ""
		return whole && len(where) > 1 || v.table.placed && v.table.batmapRoom() <= store.MaxStaged
	},
	"V051": always,
	"V054": footerSealed,
	"V056": always,
	"V055": func(v *Image, _ []decode.Place) bool { return v.kind == vhd.Fixed && v.dataEnd%vhd.Sector == 0 },
}

// repairable reports whether there is a repair of a finding; a split image has
// none.
func (v *Image) repairable(code string, where []decode.Place) bool {
	can := conditions[code]
	return can != nil && v.Sealed() == "" && can(v, where)
}

// fileTime is when the image's file was last changed, as a child stores it; where
// that is not known, when its footer was made.
func (v *Image) fileTime() uint32 {
	t, err := v.src.File.ModTime()
	if seconds := t.Unix() - vhd.Epoch().Unix(); err == nil && !t.IsZero() && seconds > 0 && seconds <= math.MaxUint32 {
		return uint32(seconds)
	}
	return vhd.FooterTimestamp.Get(v.footer)
}

func always(*Image, []decode.Place) bool { return true }

// footerSealed holds where fields of the footer may be changed: to seal one with
// a wrong checksum would hide that.
func footerSealed(v *Image, _ []decode.Place) bool { return v.footers.rules().valid }

// ownFields is footerSealed where what is found is not how a known program writes it.
func ownFields(v *Image, _ []decode.Place) bool { return footerSealed(v, nil) && !v.emulated() }

// headerSealed is the same for the dynamic header.
func headerSealed(v *Image, _ []decode.Place) bool {
	mark, _ := vhd.HeaderChecksum.Field().Verdict(v.header.rec.Bytes())
	return v.header.ok() && mark == decode.Good
}

func canClear(_ *Image, where []decode.Place) bool { return where[0].Length <= store.MaxStaged }

// canRestoreTail leaves a file alone in which the two footers would overlap.
func canRestoreTail(v *Image, _ []decode.Place) bool {
	tail := v.footers.tail
	return v.footers.front.valid && v.dynamicKind() && !(tail.length == vhd.OldFooterSize && tail.off < vhd.FooterSize)
}

func canFitFixed(v *Image, _ []decode.Place) bool {
	pads := v.virtual > v.dataEnd && v.virtual%vhd.Sector == 0 && v.virtual <= growth(v.size)
	return pads || footerSealed(v, nil) && v.dataEnd >= vhd.Sector
}

// smallGrowth is what any file may grow by, in bytes.
const smallGrowth = 64 << 20

// growth is how long a repair may make the file. An image can claim any size: a
// repair at most doubles the file, or adds little to it.
func growth(size int64) int64 { return size + max(size, smallGrowth) }

// headerInPlace reports whether a dynamic header lies right after the footer
// copy, wherever the footer says it is.
func headerInPlace(f store.File) bool {
	b, err := readUpTo(f, vhd.FooterSize, vhd.HeaderSize)
	mark, _ := vhd.HeaderChecksum.Field().Verdict(b)
	return err == nil && mark == decode.Good && bytes.HasPrefix(b, []byte(vhd.HeaderMagic))
}

func canRestoreHeader(v *Image, _ []decode.Place) bool {
	switch {
	case !v.header.ok():
		return wholeHeader(v.header.rec) || v.kind == vhd.Dynamic && v.header.off == vhd.FooterSize && v.virtual > 0 && v.virtual <= MaxDynamic
	default:
		return vhd.HeaderVersion.Get(v.header.rec)>>16 == 1
	}
}

// wholeHeader reports whether the checksum of a header with another cookie is
// right either as it is or once it has its own.
func wholeHeader(rec decode.Record[vhd.Header]) bool {
	h := bytes.Clone(rec.Bytes())
	before, _ := vhd.HeaderChecksum.Field().Verdict(h)
	copy(h, vhd.HeaderMagic)
	after, _ := vhd.HeaderChecksum.Field().Verdict(h)
	return (before == decode.Good || after == decode.Good) && vhd.HeaderVersion.Get(rec) == vhd.Version
}

// canExtendTable reports whether the table may get the entries that it lacks.
func (v *Image) canExtendTable() bool {
	return headerSealed(v, nil) && vhd.EntrySize*(v.table.needed-v.table.entries) <= store.MaxStaged && v.virtual <= MaxDynamic
}

// canDropSpares holds where the spare entries take less room than a block. A
// batmap is looked for after the table, so that one that has it stays as it is.
func canDropSpares(v *Image, _ []decode.Place) bool {
	t := &v.table
	end := t.at(t.needed)
	spare := t.end() - end
	return headerSealed(v, nil) && spare <= store.MaxStaged && spare < t.stored() && (!v.batmap.found || roundUp(end, vhd.Sector) == t.end())
}

// canNameParent holds where the parent in use has a name that can be stored.
func canNameParent(v *Image, _ []decode.Place) bool {
	p, ok := v.parent.(*Image)
	return ok && vhd.IsRelative(p.src.Name) && len(vhd.RelativePath(p.src.Name)) <= vhd.MaxLocator &&
		len(decode.EncodeUTF16(baseName(p.src.Name), decode.Big)) <= vhd.HeaderParentName.Size()
}

// canMendLocator holds where it is enough to zero reserved bytes, or where
// another name of the parent remains, or can be stored.
func canMendLocator(v *Image, where []decode.Place) bool {
	slot := v.slotAt(where[0])
	entry, ok := vhd.HeaderLocators.At(v.header.rec, slot)
	if !ok {
		return false
	}
	if !isZero(vhd.LocatorReserved.Get(entry)) || v.namedBeside(slot) {
		return headerSealed(v, nil)
	}
	return canNameParent(v, nil)
}

// slotAt is the slot, from 0, of the locator at a place in the dynamic header.
func (v *Image) slotAt(at decode.Place) int {
	return int((at.Offset - v.header.off - int64(vhd.HeaderLocators.Offset())) / int64(vhd.LocatorTable.Size()))
}

// namedBeside reports whether something else than the locator in a slot names
// the parent.
func (v *Image) namedBeside(slot int) bool {
	return v.parentName() != "" || slices.ContainsFunc(v.locators, func(l locator) bool { return l.slot != slot && l.usable() })
}
