package writer

import (
	"bytes"
	"context"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// Relink has a differencing image name another parent, or the same by other names, see
// [disk.Relinker] (vhdx.md 7). A path by a Windows volume goes with the other names:
// nobody here knows the new one.
func Relink(img disk.Image, to disk.Relink) (disk.Repair, error) {
	child, ok := img.(*reader.Image)
	if !ok || !child.Parts().HasParent {
		return disk.Repair{}, disk.NoChild(img.Info().Path)
	}
	v := &image{child.Parts()}
	if err := v.ready(); err != nil {
		return disk.Repair{}, err
	}
	if to.Base == nil {
		return v.alone()
	}
	base, ok := parentOf(disk.Spec{Parent: to.Base})
	if !ok {
		return disk.Repair{}, disk.OtherFormat(img.Info(), to.Base.Image.Info())
	}
	if g := base.Parts().Geometry; g.SectorSize != v.Geometry.SectorSize {
		return disk.Repair{}, disk.Errorf(disk.BadChain, decode.Place{File: base.Info().Path}, "it has sectors of %d bytes, the image of %d: they can't be of one chain", g.SectorSize, v.Geometry.SectorSize)
	}
	fresh, err := parentPairs(to.Base, base)
	if err != nil {
		return disk.Repair{}, err
	}
	var pairs []vhdx.Pair
	if to.Identity {
		pairs, fresh = fresh[:1], fresh[1:]
	} else {
		pairs, fresh = v.pairs(vhdx.KeyLinkage, vhdx.KeyLinkage2), fresh[1:]
	}
	if to.Names {
		pairs = append(pairs, fresh...)
	} else {
		pairs = append(pairs, v.pairs(vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path)...)
	}
	pairs = append(pairs, v.others()...)
	content := vhdx.LocatorItem(pairs)
	r := v.one(fix{title: "name the parent", body: v.tellLocator(content)})[0]
	if old := make([]byte, v.Locator().Place.Length); len(old) == len(content) {
		if n, _ := v.Source.File.ReadAt(old, v.Locator().Place.Offset); n == len(old) && bytes.Equal(old, content) {
			r.Apply = disk.Steps() // all is so already: the headers stay too
		}
	}
	return r, nil
}

// ready fails unless headers and log are in order, so that metadata can be changed.
func (v *image) ready() error {
	switch {
	case v.Dirty:
		return disk.Refuse(disk.RefusedDirty, disk.ReadOnly, []decode.Place{{File: v.Source.Path}}, "finding vhdx/10 must be settled first: the log was not replayed, so what is written could be undone by the next program that replays it")
	case !v.Settled || v.Version != 1:
		return disk.Errorf(disk.Damaged, v.place(0, 0), "headers or log are not in order: repair them first")
	}
	return nil
}

// pairs are those of the parent locator that can be read and have one of the keys.
func (v *image) pairs(keys ...string) (list []vhdx.Pair) {
	for _, p := range v.Pairs {
		for _, k := range keys {
			if p.Key == k && p.KeyBad == "" && p.ValueBad == "" {
				list = append(list, p)
			}
		}
	}
	return list
}

// others are the pairs that the format does not define.
func (v *image) others() (list []vhdx.Pair) {
	for _, p := range v.Pairs {
		switch p.Key {
		case vhdx.KeyLinkage, vhdx.KeyLinkage2, vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path:
		default:
			if p.KeyBad == "" && p.ValueBad == "" {
				list = append(list, p)
			}
		}
	}
	return list
}

// tellLocator is putLocator that tells how much room there is where that is too little.
func (v *image) tellLocator(content []byte) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		have := min(max(v.Locator().Place.Length, v.roomForItem()), vhdx.MaxItemSize)
		if need := int64(len(content)); need > have {
			return disk.NoRoomForNames(v.Locator().Place, "the parent locator", need, have)
		}
		return v.putLocator(content)(ctx, to)
	}
}

// roomForItem is how long an item may be that comes after all others, in bytes.
func (v *image) roomForItem() int64 {
	off, _ := v.ItemRoom(0)
	return max(v.Meta.Length-off, 0)
}
