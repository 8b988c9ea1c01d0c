// Package writer makes disk images of the VHD format and changes them: new ones
// of every kind, and the repairs of what engine/vhd has found. Section numbers such as "vhd.md 9" and finding
// codes such as "vhd/V017" are those of the format reference.
package writer

import (
	"bytes"
	"context"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	reader "platter/engine/vhd"
)

// image is what was read of an image under repair.
type image struct{ reader.Parts }

// offer makes the repairs of a finding that can be repaired.
type offer func(v *image, f disk.Finding) []disk.Repair

// offers are the repairs of findings by code (vhd.md 18).
var offers = map[string]offer{
	"V001": (*image).newFooters,
	"V002": (*image).restoreTail,
	"V003": (*image).restoreFront,
	"V004": (*image).resealFooter,
	"V005": (*image).chooseFooter,
	"V007": footerOffer("put the cookie \"conectix\" back", "the image was disabled on purpose, perhaps because its content is not whole",
		func(f decode.Record[vhd.Footer]) { vhd.FooterCookie.Put(f, vhd.Cookie) }),
	"V008": (*image).alignFile,
	"V009": (*image).cutTrailing,
	"V011": apart(footerOffer("set the features to the defined bits", "",
		func(f decode.Record[vhd.Footer]) { vhd.FooterFeatures.Put(f, vhd.FooterFeatures.Get(f)&1|2) })),
	"V012": (*image).inferType,
	"V013": (*image).pointFooter,
	"V014": (*image).correctSize,
	"V015": (*image).fitFixed,
	"V017": footerOffer("compute the geometry from the size", "old guests that start by cylinder, head and sector may have been set up with the other geometry",
		func(f decode.Record[vhd.Footer]) { putGeometry(f, vhd.FooterCurrentSize.Get(f)) }),
	"V021": footerOffer("say that no virtual machine is in saved state", "a machine that is in saved state after all must not find the disk changed",
		func(f decode.Record[vhd.Footer]) { vhd.FooterSavedState.Put(f, 0) }),
	"V022": footerOffer("zero the reserved bytes", "what is hidden in them is lost", zeroReserved),
	"V020": (*image).newIdentity,
	"V024": (*image).restoreHeader,
	"V025": apart(headerOffer("set the offset to all ones", "", func(h decode.Record[vhd.Header]) { vhd.HeaderNext.Put(h, vhd.None) })),
	"V029": (*image).fitTable,
	"V030": (*image).dropSpares,
	"V031": (*image).settleEntry,
	"V032": (*image).extendFile,
	"V033": (*image).settleLeftover,
	"V034": (*image).partBlocks,
	"V035": (*image).nameOrphan,
	"V037": (*image).padTable,
	"V038": (*image).clearEntry,
	"V039": headerOffer("zero the fields of the parent", "if the image was a differencing one, nothing names its parent any more", clearParent),
	"V040": (*image).nameParent,
	"V041": (*image).repairLocator,
	"V042": (*image).sizeLocator,
	"V043": (*image).nameParent,
	"V044": (*image).takeOther,
	"V045": (*image).acceptParentTime,
	"V046": (*image).setBackSize,
	"V049": (*image).repairBatmap,
	"V051": (*image).completeFooter,
	"V054": (*image).unmark,
	"V055": (*image).turnFooter,
	"V056": (*image).markFooters,
}

// Repairs lists the repairs of a finding of a VHD, see [disk.Repairer].
func Repairs(ctx context.Context, img disk.Image, f disk.Finding) ([]disk.Repair, error) {
	r, ok := img.(*reader.Image)
	list := offers[strings.TrimPrefix(f.Code, "vhd/")]
	if !ok || list == nil || !f.Repairable {
		return nil, nil
	}
	v := &image{r.Parts()}
	if err := v.seek(ctx, &f); err != nil {
		return nil, err
	}
	return list(v, f), nil
}

// seekOwner looks for the block of one of two entries that lead to the same place (V034), or
// else finds out which of them the block there is of.
func (v *image) seekOwner(ctx context.Context, f *disk.Finding) error {
	entries := [2]int64{v.Table.Index(f.Where[0].Offset), v.Table.Index(f.Where[1].Offset)}
	o, ok, err := v.Parted(ctx, entries)
	if err != nil || ok {
		f.About = o
		return err
	}
	owner, ok, err := v.Owner(ctx, entries)
	if ok {
		f.About = owner
	}
	return err
}

// seek looks for the block of an entry that leads nowhere (V031, V032). One of
// which something is in the file leads there.
func (v *image) seek(ctx context.Context, f *disk.Finding) error {
	if f.Code == "vhd/V034" && f.About == nil {
		return v.seekOwner(ctx, f)
	}
	if code := strings.TrimPrefix(f.Code, "vhd/"); f.About != nil || code != "V031" && code != "V032" || f.Where[0].Length != vhd.EntrySize {
		return nil
	}
	if f.Code == "vhd/V032" && len(f.Where) > 1 && !v.Misplaced(f.Where[1].Offset) {
		return nil
	}
	o, ok, err := v.Stray(ctx, v.Table.Index(f.Where[0].Offset))
	if ok {
		f.About = o
	}
	return err
}

// place is a range of the image's file.
func (v *image) place(off, n int64) decode.Place {
	return decode.Place{File: v.Source.Name, Offset: off, Length: n}
}

// change has bytes of the file changed.
func (v *image) change(off, n int64, change func([]byte)) disk.Step {
	return disk.Change(v.place(off, n), change)
}

// put writes bytes to the file.
func (v *image) put(off int64, b []byte) disk.Step { return disk.Put(v.Source.Name, off, b) }

// apart marks repairs that change only fields of records whose checksum is right: nothing else
// that is wrong bears on them.
func apart(of offer) offer {
	return func(v *image, f disk.Finding) []disk.Repair {
		list := of(v, f)
		for i := range list {
			list[i].Apart = true
		}
		return list
	}
}

// one is a single repair.
func one(title, risk string, apply disk.Step) []disk.Repair {
	return []disk.Repair{{Title: title, Risk: risk, Apply: apply}}
}

// footerOffer changes fields in all copies of the footer.
func footerOffer(title, risk string, change func(decode.Record[vhd.Footer])) offer {
	return func(v *image, _ disk.Finding) []disk.Repair { return v.changeFooters(title, risk, change) }
}

// changeFooters changes fields of the footer that rules and of its copy, and
// seals them. There is no such repair of a footer with a wrong checksum: sealing
// it would hide that.
func (v *image) changeFooters(title, risk string, change func(decode.Record[vhd.Footer])) []disk.Repair {
	if !v.Rules.Valid {
		return nil
	}
	var parts []disk.Step
	for _, c := range v.copies() {
		parts = append(parts, v.change(c.Off, c.Length, func(b []byte) { editFooter(b, change) }))
	}
	return one(title, risk, disk.Steps(parts...))
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
func (v *image) copies() []reader.FooterCopy {
	rules, front := v.Rules, v.Front
	list := []reader.FooterCopy{rules}
	kind := vhd.FooterType.Get(rules.Record())
	if front.Valid && rules.Off > 0 && kind != vhd.Fixed && vhd.FooterType.Get(front.Record()) == kind && vhd.FooterID.Get(front.Record()) == vhd.FooterID.Get(v.Footer) {
		list = append(list, front)
	}
	return list
}

func (v *image) restoreFront(disk.Finding) []disk.Repair {
	return one("write the footer from the end of the file to its start", "", v.put(0, v.Tail.Raw))
}

func (v *image) resealFooter(disk.Finding) []disk.Repair {
	const title, risk = "recompute the checksum", "some byte of the footer was changed without it: look at the fields first"
	c := v.Rules
	seal := v.change(c.Off, c.Length, func(b []byte) { editFooter(b, func(decode.Record[vhd.Footer]) {}) })
	if !v.Dynamic() || c.Off == 0 || vhd.FooterDataOffset.Get(v.Footer) < vhd.FooterSize {
		return one(title, risk, seal)
	}
	sealed := bytes.Clone(c.Raw)
	vhd.FooterTable.Seal(sealed)
	return one("recompute the checksum, and copy the footer to the start", risk, disk.Steps(seal, v.put(0, sealed)))
}

func (v *image) chooseFooter(disk.Finding) []disk.Repair {
	const risk = "what the other copy says is lost: compare the two first"
	return []disk.Repair{
		{Title: "the footer at the end is right: copy it to the start", Risk: risk, Apply: v.put(0, v.Tail.Raw)},
		{Title: "the footer at the start is right: copy it to the end", Risk: risk, Apply: v.put(v.Tail.Off, v.Front.Raw[:v.Tail.Length])},
	}
}

// inferType takes the type from what the file has (V012).
func (v *image) inferType(disk.Finding) []disk.Repair {
	kind, name := uint32(vhd.Fixed), "fixed: the disk is as long as the file"
	switch {
	case v.HeaderOK && v.WantedID() != [16]byte{}:
		kind, name = vhd.Differencing, "differencing: the dynamic header names a parent"
	case v.HeaderOK:
		kind, name = vhd.Dynamic, "dynamic: there is a dynamic header"
	}
	return v.changeFooters("set the type to "+name, "the type is guessed", func(f decode.Record[vhd.Footer]) { vhd.FooterType.Put(f, kind) })
}

// pointFooter sets the offset of the dynamic header: none for a fixed disk,
// else 512, where there is one (V013).
func (v *image) pointFooter(disk.Finding) []disk.Repair {
	if v.Kind == vhd.Fixed {
		return v.changeFooters("set the offset to all ones", "", func(f decode.Record[vhd.Footer]) { vhd.FooterDataOffset.Put(f, vhd.None) })
	}
	return v.changeFooters("point to the dynamic header at 0x200", "", func(f decode.Record[vhd.Footer]) { vhd.FooterDataOffset.Put(f, vhd.FooterSize) })
}

func (v *image) newIdentity(disk.Finding) []disk.Repair {
	id := uuid.New()
	return v.changeFooters("make a new identity", "differencing images that name this disk by zeros no longer find it", func(f decode.Record[vhd.Footer]) { vhd.FooterID.Put(f, id) })
}

// markFooters puts the cookie back in all copies that lack it (V056).
func (v *image) markFooters(disk.Finding) []disk.Repair {
	var parts []disk.Step
	for _, c := range []reader.FooterCopy{v.Front, v.Tail} {
		if c.Unmarked {
			parts = append(parts, v.change(c.Off, int64(vhd.FooterCookie.Size()), func(b []byte) { copy(b, vhd.Cookie) }))
		}
	}
	return one("put the cookie \"conectix\" back", "", disk.Steps(parts...))
}

// turnFooter writes the footer with its numbers the right way round (V055).
func (v *image) turnFooter(disk.Finding) []disk.Repair {
	return one("write the footer with its numbers in the right byte order", "what the other fields say is taken as it is: look at them first", v.change(v.Rules.Off, v.Rules.Length, func(b []byte) {
		editFooter(b, func(f decode.Record[vhd.Footer]) { copy(f.Bytes(), v.Footer.Bytes()) })
	}))
}

// zeroReserved leaves tapdisk its byte.
func zeroReserved(f decode.Record[vhd.Footer]) {
	b := vhd.FooterReserved.Get(f)
	if vhd.FooterCreator.Get(f) == "tap" && vhd.FooterHidden.Get(f) <= 1 {
		b = b[1:]
	}
	clear(b)
}

// unmark takes back the mark that a V054 is about.
func (v *image) unmark(f disk.Finding) []disk.Repair {
	if at := f.Where[0]; at.Offset == v.Rules.Off+int64(vhd.FooterHidden.Offset()) {
		return v.changeFooters("show the disk to users", "a parent of other disks is hidden on purpose: shown, it is taken for a disk to be used, written to or deleted", func(f decode.Record[vhd.Footer]) { vhd.FooterHidden.Put(f, 0) })
	}
	return v.changeFooters("take the mark \"temporary\" back", "", func(f decode.Record[vhd.Footer]) {
		vhd.FooterFeatures.Put(f, vhd.FooterFeatures.Get(f)&^1)
	})
}

// fill sets all bytes to c.
func fill(b []byte, c byte) {
	for i := range b {
		b[i] = c
	}
}

// roundUp rounds n up to whole sectors.
func roundUp(n int64) int64 { return (n + vhd.Sector - 1) / vhd.Sector * vhd.Sector }
