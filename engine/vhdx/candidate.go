package vhdx

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// likeness is a file that could be the parent.
type likeness struct {
	name   string // the one given, that it is found under
	file   string
	id     uuid.UUID
	opened bool // as the parent, with all layers below it
}

// readableParent fails unless the file can be the next layer: it opens, with
// all layers below it, and none of them is this one.
func (v *Image) readableParent(p likeness) error {
	img := v.parent
	if !p.opened {
		var err error
		if img, err = v.src.Opener.OpenParent(p.name, "vhdx"); err != nil {
			return err
		}
		defer img.Close()
	}
	below, ok := img.(*Image)
	if !ok {
		return disk.Errorf(disk.Unsupported, v.place(0, 0), "%s is no VHDX", decode.InQuotes(p.file))
	}
	return errors.Join(below.refused, below.stack.Last().(own).parentErr)
}

// candidate is a file that could be the parent: one under the names given that
// is no VHDX with an identity that fits.
func (v *Image) candidate() (found likeness, why string) {
	const missing = "No parent was found: put it beside this image, name it with --parent, or allow its folder with --allow, and the image can be linked to it."
	switch {
	case v.src.Opener == nil:
		return found, missing
	case errors.Is(v.parentErr, disk.ErrChain):
		return found, "Find out which image of the chain names the wrong parent, and link that one again."
	}
	if p := v.parent; p != nil {
		below, ok := p.(*Image)
		if !ok || below.geo.SectorSize != v.geo.SectorSize || p.Info().Refused != nil {
			return found, "The file that was found can't be the parent; repair it first, or find another one."
		}
		if slices.Contains(v.locator.linkages(), below.DataWriteGUID()) && len(v.locator.paths()) > 0 {
			return found, "What is wrong lies further down the chain: open that layer and repair it there."
		}
		return likeness{file: p.Files()[0].Name, id: below.DataWriteGUID(), opened: true}, ""
	}
	if !v.params.hasParent {
		return found, missing
	}
	for _, n := range v.locator.parentNames() {
		if file, id, ok := v.identityOf(n); ok {
			return likeness{name: n, file: file, id: id}, ""
		}
	}
	return found, missing
}

// identityOf reads the DataWriteGuid of the file under a name, if it is a VHDX
// that is no child of this one.
func (v *Image) identityOf(name string) (string, uuid.UUID, bool) {
	f, found, err := v.src.Opener.OpenFile(name)
	if err != nil {
		return "", uuid.UUID{}, false
	}
	defer f.Close()
	src := v.src
	src.File, src.Opener = f, nil
	other, err := read(context.Background(), src, -1)
	if err != nil {
		return "", uuid.UUID{}, false
	}
	id := other.DataWriteGUID()
	mine, err := v.src.File.ID()
	theirs, err2 := f.ID()
	fits := err == nil && err2 == nil && mine != theirs && other.sized && other.geo.SectorSize == v.geo.SectorSize && id != (uuid.UUID{}) && id != v.DataWriteGUID()
	return found, id, fits
}

// locatorPlace is where the parent locator lies.
func (v *Image) locatorPlace() (item, bool) {
	for _, it := range v.meta.items {
		if it.id == vhdx.ItemParentLocator && it.placed {
			return it, v.locator.ok
		}
	}
	return item{}, false
}
