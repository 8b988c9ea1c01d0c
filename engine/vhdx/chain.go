package vhdx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// openParent opens the next layer of a differencing image: the first file
// under one of the names given whose identity is the one wanted. What is not
// found or does not fit leaves the image open, with its own sectors readable.
func (v *Image) openParent(ctx context.Context) {
	v.stack = layer.New(own{v}, v.src.Name, v.geo.DiskSize)
	if !v.params.hasParent {
		return
	}
	s := layer.Search{Opener: v.src.Opener, Format: "vhdx", Names: v.locator.parentNames(), Look: v.otherDisk, Fits: v.fits, Forced: func(err error) { v.forced = err }}
	if v.parent, v.tries, v.parentErr = layer.FindParent(ctx, s); v.parent == nil {
		return
	}
	if !v.sized {
		return // nothing is read through this layer, but what it lies over is known
	}
	below := v.parent.(*Image) // the opener was asked for one
	if below.refused == nil && below.geo.SectorSize != v.geo.SectorSize {
		v.parentErr = fmt.Errorf("the parent has sectors of %d bytes, the child of %d", below.geo.SectorSize, v.geo.SectorSize)
		return
	}
	v.parentErr = v.stack.Over(below, &below.stack)
}

// otherDisk looks into the file of a name, and fails if it is a VHDX with
// another identity than the one wanted.
func (v *Image) otherDisk(f store.File, _, _ string) error {
	h, err := readHeaders(f)
	if err != nil {
		return nil // opening it will say why
	}
	current, ok := h.ruling()
	if !ok {
		return nil
	}
	return v.compareID(vhdx.HeaderDataGUID.Get(current))
}

// fits fails if an image is not the parent that is wanted.
func (v *Image) fits(img disk.Image, _ string) error {
	p, ok := img.(*Image)
	if !ok {
		return layer.OtherDisk("%s: it is no VHDX", otherDisk)
	}
	return v.compareID(p.DataWriteGUID())
}

// otherDisk is why a parent with another identity is not taken.
const otherDisk = "it is not the parent that was there when the child was made"

// compareID compares a parent's DataWriteGuid with those that the child allows.
func (v *Image) compareID(id uuid.UUID) error {
	v.seen = id
	wanted := v.locator.linkages()
	if slices.Contains(wanted, id) {
		return nil
	}
	return layer.OtherDisk("%s: its DataWriteGuid is %s, wanted %s", otherDisk, id, wordGUIDs(wanted))
}

func wordGUIDs(list []uuid.UUID) string {
	var words []string
	for _, id := range list {
		words = append(words, id.String())
	}
	if len(words) == 0 {
		return "one that the image does not give"
	}
	return strings.Join(words, " or ")
}

// wanted names the parent for messages.
func (v *Image) wanted() string {
	id := wordGUIDs(v.locator.linkages())
	if names := v.locator.parentNames(); len(names) > 0 {
		return fmt.Sprintf("%s with the DataWriteGuid %s", decode.InQuotes(names[0]), id)
	}
	return "with the DataWriteGuid " + id
}

// judgeParent reports what is wrong with the parent. A chain without an end
// makes the disk unreadable; anything else only what this image does not store.
func (v judge) judgeParent() {
	last := v.stack.Last().(own)
	if last.parentErr == nil && v.forced == nil {
		return
	}
	at := []decode.Place{v.place(v.meta.region.off, vhdx.MetadataTableSize)}
	for _, it := range v.meta.items {
		if it.id == vhdx.ItemParentLocator && it.placed {
			at = []decode.Place{v.itemPlace(it)}
		}
	}
	if v.forced != nil {
		v.add("34", at, "the parent %s is another one, and is read all the same, as was asked for: %s", v.wanted(), decode.Printable(v.forced.Error()))
		if last.parentErr == nil {
			return
		}
	}
	if last.Image != v.Image {
		v.add("34", at, "further down the chain the parent %s is not usable: %s", last.wanted(), decode.Printable(last.parentErr.Error()))
		return
	}
	if errors.Is(v.parentErr, disk.ErrChain) {
		f := v.finding("34", "the chain of parents can't be followed: "+decode.Printable(layer.Innermost(v.parentErr).Error()), at...)
		f.Fatal = true
		v.keep(f)
		return
	}
	code := "34"
	if errors.Is(v.parentErr, disk.ErrOtherDisk) {
		code = "34:other"
	}
	v.add(code, at, "the parent %s is not usable: %s", v.wanted(), decode.Printable(v.parentErr.Error()))
}
