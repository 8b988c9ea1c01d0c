package writer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// changeLocator changes a slot of the dynamic header.
func (v *image) changeLocator(slot int, change func(decode.Record[vhd.Locator])) disk.Step {
	return v.changeHeader(func(h decode.Record[vhd.Header]) {
		if l, ok := vhd.HeaderLocators.At(h, slot); ok {
			change(l)
		}
	})
}

// repairLocator zeroes the reserved field, or the whole slot if that is not all
// and another name of the parent remains (V041).
func (v *image) repairLocator(f disk.Finding) []disk.Repair {
	slot := v.Slot(f)
	l, _ := vhd.HeaderLocators.At(v.Header, slot)
	switch reserved := vhd.LocatorReserved.Get(l); {
	case len(strings.TrimLeft(string(reserved), "\x00")) > 0:
		return one("zero the reserved field", "", v.changeLocator(slot, func(l decode.Record[vhd.Locator]) { clear(vhd.LocatorReserved.Get(l)) }))
	case !v.NamedBeside(slot):
		return v.nameParent(f)
	}
	return one(fmt.Sprintf("drop locator %d", slot+1), "the parent is looked for under its other names only",
		v.changeLocator(slot, func(l decode.Record[vhd.Locator]) { clear(l.Bytes()) }))
}

// sizeLocator gives the room of a locator in whole sectors, as bytes (V042).
func (v *image) sizeLocator(f disk.Finding) []disk.Repair {
	return one("set the room to the whole sectors that the path takes", "", v.changeLocator(v.Slot(f), func(l decode.Record[vhd.Locator]) {
		length := int64(vhd.LocatorLength.Get(l))
		vhd.LocatorSpace.Put(l, uint32(min(max(roundUp(length), vhd.Sector), vhd.MaxLocator)))
	}))
}

// acceptParentTime takes the time at which the parent's file was last changed for
// the one wanted, which is what programs compare (V045).
func (v *image) acceptParentTime(disk.Finding) []disk.Repair {
	seconds := v.Parent.Parts().FileTime
	when := vhd.Epoch().Add(time.Duration(seconds) * time.Second)
	return one("store the time of the parent's file, "+when.Format(time.RFC3339), "if the parent has really been written to, this image is worthless, and nothing will say so",
		v.changeHeader(func(h decode.Record[vhd.Header]) { vhd.HeaderParentTime.Put(h, seconds) }))
}

// takeOther makes a file the parent that was found in its place and has another
// identity (V044).
func (v *image) takeOther(disk.Finding) []disk.Repair {
	var list []disk.Repair
	for _, c := range v.Candidates {
		title := fmt.Sprintf("take %s for the parent: store its identity", decode.InQuotes(c.File))
		const risk = "if it is not the disk that this image was made from, what is read is a mixture of two disks, and nothing will say so"
		readable := func(context.Context, store.FS) error { return v.readableParent(c.Name) }
		list = append(list, disk.Repair{Title: title, Risk: risk, Apply: disk.Steps(readable, v.changeHeader(func(h decode.Record[vhd.Header]) {
			vhd.HeaderParentID.Put(h, vhd.FooterID.Get(c.Footer))
			vhd.HeaderParentTime.Put(h, c.FileTime)
		}))})
	}
	return list
}

// readableParent fails unless the image under a name can be the next layer: it
// opens, with all layers below it, and none of them is this one.
func (v *image) readableParent(name string) error {
	img, err := v.Source.Opener.OpenParent(name, "vhd")
	if err != nil {
		return err
	}
	return errors.Join(img.Info().Refused, img.Close())
}

// nameParent stores the name of the parent that is in use where none of the
// image's own leads to it (V040, V041, V043).
func (v *image) nameParent(disk.Finding) []disk.Repair {
	if v.Parent == nil {
		return v.changeFooters("set the type to dynamic (3)", "if the image had a parent after all, what it left to that reads as zeros from then on",
			func(f decode.Record[vhd.Footer]) { vhd.FooterType.Put(f, vhd.Dynamic) })
	}
	name := v.Parent.Parts().Source.Name
	path := vhd.RelativePath(name)
	title := fmt.Sprintf("store %s as the parent's name, in place of all others", decode.InQuotes(name))
	return one(title, "the names that the image had are lost", func(ctx context.Context, to store.FS) error {
		off, room, err := v.pathRoom(ctx, int64(len(path)))
		if err != nil {
			return err
		}
		if !v.HeaderSums {
			return &disk.Error{Kind: disk.Damaged, Op: "repair", At: v.place(v.HeaderAt, vhd.HeaderSize), What: "the dynamic header has a wrong checksum: repair that first"}
		}
		names := v.changeHeader(func(h decode.Record[vhd.Header]) { putParentName(h, name, off, int64(len(path))) })
		return disk.Steps(room, v.put(off, path), names)(ctx, to)
	})
}

// putParentName replaces all names of the parent in a header by one.
func putParentName(h decode.Record[vhd.Header], name string, off, length int64) {
	clearNames(h)
	vhd.HeaderParentName.Put(h, name[strings.LastIndexByte(name, '/')+1:])
	if l, ok := vhd.HeaderLocators.At(h, 0); ok {
		vhd.LocatorCode.Put(l, vhd.RelativeWindows)
		vhd.LocatorSpace.Put(l, uint32(roundUp(length)))
		vhd.LocatorLength.Put(l, uint32(length))
		vhd.LocatorOffset.Put(l, uint64(off))
	}
}

func clearNames(h decode.Record[vhd.Header]) {
	vhd.HeaderParentName.Put(h, "")
	for slot := range vhd.Locators {
		if l, ok := vhd.HeaderLocators.At(h, slot); ok {
			clear(l.Bytes())
		}
	}
}

// clearParent takes all that a header says about a parent out of it.
func clearParent(h decode.Record[vhd.Header]) {
	vhd.HeaderParentID.Put(h, uuid.UUID{})
	vhd.HeaderParentTime.Put(h, 0)
	clearNames(h)
}

// pathRoom is a place for a path of n bytes: the room of a locator that nothing
// else lies in, else new sectors after the data, with the step that makes them.
func (v *image) pathRoom(ctx context.Context, n int64) (int64, disk.Step, error) {
	for _, l := range v.Locators {
		if l.Room >= n && l.Off%vhd.Sector == 0 && l.Sound && v.freeOfBlocks(ctx, l.Off, roundUp(n), none) == nil {
			return l.Off, disk.Steps(), nil
		}
	}
	return v.roomBehind(ctx, n)
}
