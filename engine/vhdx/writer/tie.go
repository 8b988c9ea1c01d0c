package writer

import (
	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	reader "platter/engine/vhdx"
)

// Ties are those of VHDX: the DataWriteGuid, and the two of them that a parent locator may
// hold while a merge is under way (vhdx.md 7).
var Ties = disk.Ties{
	Fresh:  func(disk.Image) string { return uuid.NewString() },
	Expect: expect,
	Assume: assume,
}

func expect(child disk.Image, now, next string) (disk.Repair, error) {
	of, ok := child.(*reader.Image)
	if !ok || !of.Parts().HasParent {
		return disk.Repair{}, disk.NoChild(child.Info().Path)
	}
	v := &image{of.Parts()}
	if err := v.ready(); err != nil {
		return disk.Repair{}, err
	}
	pairs := []vhdx.Pair{{Key: vhdx.KeyLinkage, Value: "{" + now + "}"}}
	if next != now {
		pairs = append(pairs, vhdx.Pair{Key: vhdx.KeyLinkage2, Value: "{" + next + "}"})
	}
	pairs = append(append(pairs, v.pairs(vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path)...), v.others()...)
	return v.one(fix{title: "say which parent is expected", body: v.tellLocator(vhdx.LocatorItem(pairs))})[0], nil
}

func assume(parent disk.Image, mark string) (disk.Repair, error) {
	of, ok := parent.(*reader.Image)
	id, err := uuid.Parse(mark)
	if err != nil || !ok {
		return disk.Repair{}, disk.Errorf(disk.Unsupported, decode.Place{File: parent.Info().Path}, "%s can't be its DataWriteGuid", decode.InQuotes(mark))
	}
	v := &image{of.Parts()}
	if err := v.ready(); err != nil {
		return disk.Repair{}, err
	}
	return v.one(fix{title: "give the disk the DataWriteGuid " + mark,
		header: func(h decode.Record[vhdx.Header]) { vhdx.HeaderDataGUID.Put(h, id) }})[0], nil
}
