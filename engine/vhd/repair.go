package vhd

import (
	"bytes"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// remedies are the repairs of findings by code (vhd.md 18). They get the
// finding's places.
var remedies = map[string]func(v *Image, where []decode.Place) []disk.Repair{
	"V001": (*Image).newFooters,
	"V002": (*Image).restoreTail,
	"V003": (*Image).restoreFront,
	"V004": (*Image).resealFooter,
	"V005": (*Image).chooseFooter,
	"V007": footerRemedy("put the cookie \"conectix\" back", "the image was disabled on purpose, perhaps because its content is not whole",
		func(_ *Image, f decode.Record[vhd.Footer]) { vhd.FooterCookie.Put(f, vhd.Cookie) }),
	"V008": (*Image).alignFile,
	"V009": (*Image).cutTrailing,
	"V011": footerRemedy("set the features to the defined bits", "",
		func(_ *Image, f decode.Record[vhd.Footer]) {
			vhd.FooterFeatures.Put(f, vhd.FooterFeatures.Get(f)&1|2)
		}),
	"V012": (*Image).inferType,
	"V013": (*Image).pointFooter,
	"V014": (*Image).correctSize,
	"V015": (*Image).fitFixed,
	"V017": footerRemedy("compute the geometry from the size", "old guests that start by cylinder, head and sector may have been set up with the other geometry",
		func(_ *Image, f decode.Record[vhd.Footer]) { putGeometry(f, vhd.FooterCurrentSize.Get(f)) }),
	"V021": footerRemedy("say that no virtual machine is in saved state", "a machine that is in saved state after all must not find the disk changed",
		func(_ *Image, f decode.Record[vhd.Footer]) { vhd.FooterSavedState.Put(f, 0) }),
	"V022": footerRemedy("zero the reserved bytes", "what is hidden in them is lost", zeroReserved),
	"V020": (*Image).newIdentity,
	"V024": (*Image).restoreHeader,
	"V025": headerRemedy("set the offset to all ones", "", func(h []byte) { fill(h[8:16], 0xFF) }),
	"V029": (*Image).fitTable,
	"V030": (*Image).dropSpares,
	"V031": (*Image).clearEntry,
	"V032": (*Image).extendFile,
	"V034": (*Image).partBlocks,
	"V037": (*Image).padTable,
	"V038": (*Image).clearEntry,
	"V039": headerRemedy("zero the fields of the parent", "if the image was a differencing one, nothing names its parent any more",
		func(h []byte) { clear(h[40:60]); clear(h[64:768]) }),
	"V040": (*Image).nameParent,
	"V041": (*Image).mendLocator,
	"V042": (*Image).sizeLocator,
	"V043": (*Image).nameParent,
	"V044": (*Image).takeOther,
	"V045": (*Image).acceptParentTime,
	"V049": (*Image).mendBatmap,
	"V051": (*Image).completeFooter,
	"V054": (*Image).unmark,
}

// repairs are those of a finding; a split image has none.
func (v *Image) repairs(code string, where []decode.Place) []disk.Repair {
	if remedy, ok := remedies[code]; ok && v.Sealed() == "" {
		return remedy(v, where)
	}
	return nil
}

// mend is the repair of rewriting bytes of the file.
func (v *Image) mend(title, risk string, off, n int64, change func([]byte)) disk.Repair {
	return disk.Mend(title, risk, v.src.File, v.place(off, n), change)
}

// footerRemedy changes fields in all copies of the footer.
func footerRemedy(title, risk string, change func(*Image, decode.Record[vhd.Footer])) func(*Image, []decode.Place) []disk.Repair {
	return func(v *Image, _ []decode.Place) []disk.Repair {
		return v.mendFooters(title, risk, func(f decode.Record[vhd.Footer]) { change(v, f) })
	}
}

// mendFooters changes fields of the footer that rules and of its copy, and
// seals them. A footer with a wrong checksum has to be judged first: sealing
// it would hide that.
func (v *Image) mendFooters(title, risk string, change func(decode.Record[vhd.Footer])) []disk.Repair {
	if !v.footers.rules().valid {
		return nil
	}
	var parts []disk.Repair
	for _, c := range v.copies() {
		parts = append(parts, v.mend(title, risk, c.off, c.length, func(b []byte) { editFooter(b, change) }))
	}
	return []disk.Repair{disk.Mends(title, risk, parts...)}
}

// editFooter changes a footer, which may lack its last byte, and seals it.
func editFooter(b []byte, change func(decode.Record[vhd.Footer])) {
	raw := make([]byte, vhd.FooterSize)
	copy(raw, b)
	rec, ok := vhd.FooterTable.Of(raw)
	if !ok {
		return
	}
	change(rec)
	vhd.FooterTable.Seal(raw)
	copy(b, raw)
}

// copies are the footer that rules, and the one at the start if it is valid
// and a copy of that: in a fixed disk the start belongs to the guest.
func (v *Image) copies() []footerCopy {
	rules, front := v.footers.rules(), v.footers.front
	list := []footerCopy{rules}
	if front.valid && rules.off > 0 && rules.kind() != vhd.Fixed && front.kind() == rules.kind() && idOf(front.record()) == v.UniqueID() {
		list = append(list, front)
	}
	return list
}

func (v *Image) restoreFront([]decode.Place) []disk.Repair {
	tail := v.footers.tail
	if vhd.FooterDataOffset.Get(v.footer) < vhd.FooterSize {
		return nil
	}
	return []disk.Repair{v.mend("write the footer from the end of the file to its start", "", 0, vhd.FooterSize, func(b []byte) { copy(b, tail.raw) })}
}

func (v *Image) resealFooter([]decode.Place) []disk.Repair {
	const title, risk = "recompute the checksum", "some byte of the footer was changed without it: look at the fields first"
	c := v.footers.rules()
	seal := v.mend(title, risk, c.off, c.length, func(b []byte) { editFooter(b, func(decode.Record[vhd.Footer]) {}) })
	if !v.dynamicKind() || c.off == 0 || vhd.FooterDataOffset.Get(v.footer) < vhd.FooterSize {
		return []disk.Repair{seal}
	}
	sealed := bytes.Clone(c.raw)
	vhd.FooterTable.Seal(sealed)
	front := v.mend(title, risk, 0, vhd.FooterSize, func(b []byte) { copy(b, sealed) })
	return []disk.Repair{disk.Mends("recompute the checksum, and copy the footer to the start", risk, seal, front)}
}

func (v *Image) chooseFooter([]decode.Place) []disk.Repair {
	front, tail := v.footers.front, v.footers.tail
	const risk = "what the other copy says is lost: compare the two first"
	return []disk.Repair{
		v.mend("the footer at the end is right: copy it to the start", risk, front.off, front.length, func(b []byte) { copy(b, tail.raw) }),
		v.mend("the footer at the start is right: copy it to the end", risk, tail.off, tail.length, func(b []byte) { copy(b, front.raw) }),
	}
}

// inferType takes the type from what the file has (V012).
func (v *Image) inferType([]decode.Place) []disk.Repair {
	kind, name := uint32(vhd.Dynamic), "dynamic: there is a dynamic header"
	switch {
	case v.header.ok() && v.wantedID() != [16]byte{}:
		kind, name = vhd.Differencing, "differencing: the dynamic header names a parent"
	case v.header.ok():
	case vhd.FooterDataOffset.Get(v.footer) == vhd.None && v.virtual == v.dataEnd:
		kind, name = vhd.Fixed, "fixed: the disk is as long as the file"
	default:
		return nil
	}
	return v.mendFooters("set the type to "+name, "the type is guessed", func(f decode.Record[vhd.Footer]) { vhd.FooterType.Put(f, kind) })
}

// pointFooter sets the offset of the dynamic header: none for a fixed disk,
// else 512 if there is one (V013).
func (v *Image) pointFooter([]decode.Place) []disk.Repair {
	if v.kind == vhd.Fixed {
		return v.mendFooters("set the offset to all ones", "", func(f decode.Record[vhd.Footer]) { vhd.FooterDataOffset.Put(f, vhd.None) })
	}
	b, err := readUpTo(v.src.File, vhd.FooterSize, vhd.HeaderSize)
	if mark, _ := vhd.HeaderChecksum.Field().Verdict(b); err != nil || mark != decode.Good || !bytes.HasPrefix(b, []byte(vhd.HeaderMagic)) {
		return nil
	}
	return v.mendFooters("point to the dynamic header at 0x200", "", func(f decode.Record[vhd.Footer]) { vhd.FooterDataOffset.Put(f, vhd.FooterSize) })
}

func (v *Image) newIdentity([]decode.Place) []disk.Repair {
	id := uuid.New()
	return v.mendFooters("make a new identity", "differencing images that name this disk by zeros no longer find it", func(f decode.Record[vhd.Footer]) { vhd.FooterID.Put(f, id) })
}

// zeroReserved leaves tapdisk its byte.
func zeroReserved(_ *Image, f decode.Record[vhd.Footer]) {
	b := vhd.FooterReserved.Get(f)
	if vhd.FooterCreator.Get(f) == "tap" && vhd.FooterHidden.Get(f) <= 1 {
		b = b[1:]
	}
	clear(b)
}

// unmark takes back the mark that a V054 is about.
func (v *Image) unmark(where []decode.Place) []disk.Repair {
	if len(where) == 1 && where[0] == v.field(vhd.FooterHidden.Field()) {
		return v.mendFooters("show the disk to users", "", func(f decode.Record[vhd.Footer]) { vhd.FooterHidden.Put(f, 0) })
	}
	return v.mendFooters("take the mark \"temporary\" back", "", func(f decode.Record[vhd.Footer]) {
		vhd.FooterFeatures.Put(f, vhd.FooterFeatures.Get(f)&^1)
	})
}

// fill sets all bytes to c.
func fill(b []byte, c byte) {
	for i := range b {
		b[i] = c
	}
}
