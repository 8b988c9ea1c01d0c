package vhd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// locatorAt is the slot, from 0, of the locator that a finding is about.
func (v *Image) locatorAt(where []decode.Place) (slot int, ok bool) {
	if len(where) == 0 {
		return 0, false
	}
	slot = int((where[0].Offset - v.header.off - int64(vhd.HeaderLocators.Offset())) / 24)
	return slot, slot >= 0 && slot < vhd.Locators
}

// mendLocator zeroes the reserved field, or the whole slot if that is not all
// and another name of the parent remains (V041).
func (v *Image) mendLocator(where []decode.Place) []disk.Repair {
	slot, ok := v.locatorAt(where)
	if !ok {
		return nil
	}
	at := vhd.HeaderLocators.Offset() + 24*slot
	if !isZero(v.header.rec.Bytes()[at+12 : at+16]) {
		return v.mendHeader("zero the reserved field", "", func(h []byte) { clear(h[at+12 : at+16]) })
	}
	others := v.parentName() != ""
	for _, l := range v.locators {
		others = others || l.slot != slot && l.usable()
	}
	if !others {
		return v.nameParent(where)
	}
	return v.mendHeader(fmt.Sprintf("drop locator %d", slot+1), "the parent is looked for under its other names only", func(h []byte) { clear(h[at : at+24]) })
}

// sizeLocator gives the room of a locator in whole sectors, as bytes (V042).
func (v *Image) sizeLocator(where []decode.Place) []disk.Repair {
	slot, ok := v.locatorAt(where)
	if !ok {
		return nil
	}
	return v.mendHeader("set the room to the whole sectors that the path takes", "", func(h []byte) {
		rec, ok := vhd.LocatorTable.Of(h[vhd.HeaderLocators.Offset()+24*slot:][:24])
		if ok {
			length := int64(vhd.LocatorLength.Get(rec))
			vhd.LocatorSpace.Put(rec, uint32(min(max(roundUp(length, vhd.Sector), vhd.Sector), vhd.MaxLocator)))
		}
	})
}

// acceptParentTime takes the time in the parent's footer for the one wanted
// (V045).
func (v *Image) acceptParentTime([]decode.Place) []disk.Repair {
	p, ok := v.parent.(*Image)
	if !ok || vhd.FooterTimestamp.Get(p.footer) == vhd.HeaderParentTime.Get(v.header.rec) {
		return nil
	}
	return v.mendHeader("store the time from the parent's footer", "if the parent has really been written to, this image is worthless, and nothing will say so",
		func(h []byte) { putParentTime(h, p.footer) })
}

func putParentTime(h []byte, parent decode.Record[vhd.Footer]) {
	binary.BigEndian.PutUint32(h[vhd.HeaderParentTime.Offset():], vhd.FooterTimestamp.Get(parent))
}

// takeOther makes a file the parent that was found in its place and has another
// identity (V044). Its size must be the disk's, or it can't be the right one.
func (v *Image) takeOther([]decode.Place) []disk.Repair {
	var list []disk.Repair
	for _, o := range v.others {
		if vhd.FooterCurrentSize.Get(o.footer) != uint64(v.virtual) || idOf(o.footer) == v.UniqueID() {
			continue
		}
		title := fmt.Sprintf("take %s for the parent: store its identity", decode.InQuotes(o.file))
		const risk = "if it is not the disk that this image was made from, what is read is a mixture of two disks, and nothing will say so"
		for _, r := range v.mendHeader(title, risk, func(h []byte) {
			copy(h[vhd.HeaderParentID.Offset():], o.footer.Bytes()[vhd.FooterID.Offset():][:vhd.FooterID.Size()])
			putParentTime(h, o.footer)
		}) {
			list = append(list, disk.Repair{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
				if err := v.readableParent(o.name); err != nil {
					return nil, err
				}
				return r.Edits(ctx)
			}})
		}
	}
	return list
}

// readableParent fails unless the image under a name can be the next layer: it
// opens, with all layers below it, and none of them is this one.
func (v *Image) readableParent(name string) error {
	img, err := v.src.Opener.OpenParent(name, "vhd")
	if err != nil {
		return err
	}
	return errors.Join(img.Info().Refused, img.Close())
}

// nameParent stores the name of the parent that is in use where none of the
// image's own leads to it (V040, V041, V043).
func (v *Image) nameParent([]decode.Place) []disk.Repair {
	p, ok := v.parent.(*Image)
	if !ok || !vhd.IsRelative(p.src.Name) {
		return nil
	}
	path := vhd.RelativePath(p.src.Name)
	base := p.src.Name[strings.LastIndexByte(p.src.Name, '/')+1:]
	if len(path) > vhd.MaxLocator || len(decode.EncodeUTF16(base, decode.Big)) > vhd.HeaderParentName.Size() {
		return nil
	}
	title := fmt.Sprintf("store %s as the parent's name, in place of all others", decode.InQuotes(p.src.Name))
	const risk = "the names that the image had are lost"
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		off, edits, err := v.pathRoom(ctx, int64(len(path)))
		if err != nil {
			return nil, err
		}
		header := v.mendHeader(title, risk, func(h []byte) { putParentName(h, base, off, int64(len(path))) })
		if len(header) == 0 {
			return nil, &disk.Error{Kind: disk.Damaged, Op: "repair", At: v.headerField(vhd.HeaderChecksum.Field()), What: "the dynamic header has a wrong checksum: mend that first"}
		}
		fields, err := header[0].Edits(ctx)
		if err != nil {
			return nil, err
		}
		return slices.Concat(edits, []disk.Edit{{File: v.src.Name, Offset: off, Data: path}}, fields), nil
	}}}
}

// putParentName replaces all names of the parent in a header by one.
func putParentName(h []byte, base string, off, length int64) {
	rec, ok := vhd.HeaderTable.Of(h)
	if !ok {
		return
	}
	vhd.HeaderParentName.Put(rec, base)
	for slot := range vhd.Locators {
		l, ok := vhd.HeaderLocators.At(rec, slot)
		if !ok {
			return
		}
		clear(l.Bytes())
		if slot == 0 {
			vhd.LocatorCode.Put(l, vhd.RelativeWindows)
			vhd.LocatorSpace.Put(l, uint32(roundUp(length, vhd.Sector)))
			vhd.LocatorLength.Put(l, uint32(length))
			vhd.LocatorOffset.Put(l, uint64(off))
		}
	}
}

// pathRoom is a place for a path of n bytes: the room of a locator that nothing
// else lies in, else new sectors behind the data, with the edits that make them.
func (v *Image) pathRoom(ctx context.Context, n int64) (int64, []disk.Edit, error) {
	for _, l := range v.locators {
		entry, _ := vhd.HeaderLocators.At(v.header.rec, l.slot)
		if l.room >= n && l.off%vhd.Sector == 0 && v.locatorFault(l, entry) == "" && v.freeOfBlocks(ctx, l.off, roundUp(n, vhd.Sector), none) == nil {
			return l.off, nil, nil
		}
	}
	return v.roomBehind(ctx, n)
}
