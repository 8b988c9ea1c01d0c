package vhdx

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// relink makes the child name a parent that is there (33, 34): the file found
// under one of its names, as it is now.
func (v *Image) relink(where []decode.Place) ([]disk.Repair, string) {
	found, why := v.candidate()
	if why != "" {
		return nil, why
	}
	at, ok := v.locatorPlace()
	if !ok {
		return nil, "The parent locator can't be rewritten in its place: make a new differencing image of the parent."
	}
	f := fix{title: "take " + decode.Printable(found.file) + " for the parent, as it is now", reads: !slices.Contains(v.locator.linkages(), found.id),
		risk: "if it was changed since this image was made, what this image leaves to it is garbage"}
	f.body = func(context.Context) (edits, error) {
		if err := v.readableParent(found); err != nil {
			return nil, err
		}
		return v.relinkEdits(at, found.file, found.id)
	}
	return v.one(f), ""
}

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
	return errors.Join(below.refused, below.layers[len(below.layers)-1].parentErr)
}

// candidate is a file that could be the parent: one under the names given that
// is no VHDX with an identity that fits.
func (v *Image) candidate() (found likeness, why string) {
	const missing = "No parent was found: put it beside this image, or name it with --parent, and the image can be linked to it."
	switch {
	case v.src.Opener == nil:
		return found, missing
	case errors.Is(v.parentErr, disk.ErrChain):
		return found, "Find out which image of the chain names the wrong parent, and link that one anew."
	}
	names := v.locator.parentNames()
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
	if v.locator.raw == nil || !v.params.hasParent {
		return found, missing
	}
	for _, n := range names {
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
	img, err := open(context.Background(), src, -1)
	if err != nil {
		return "", uuid.UUID{}, false
	}
	other := img.(*Image)
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

// relinkEdits write the parent locator anew with another identity and a path
// that leads to the file; absolute paths and unknown pairs stay. It lies where it lay if it fits there, else behind all other items.
func (v *Image) relinkEdits(it item, found string, id uuid.UUID) (edits, error) {
	relative, err := filepath.Rel(path.Dir(v.src.Name), found)
	if err != nil {
		return nil, disk.Errorf(disk.Unsupported, v.itemPlace(it), "no relative path leads from this image to %s: put the parent beside it", decode.InQuotes(found))
	}
	pairs := []vhdx.Pair{
		{Key: vhdx.KeyLinkage, Value: "{" + id.String() + "}"},
		{Key: vhdx.KeyRelativePath, Value: `.\` + strings.ReplaceAll(relative, "/", `\`)},
	}
	for _, p := range v.locator.pairs {
		if p.Key != vhdx.KeyLinkage && p.Key != vhdx.KeyLinkage2 && p.Key != vhdx.KeyRelativePath && p.KeyBad == "" && p.ValueBad == "" {
			pairs = append(pairs, p)
		}
	}
	content := vhdx.LocatorItem(pairs)
	off := it.offset
	if int64(len(content)) > it.length {
		var ok bool
		if off, ok = v.itemRoom(int64(len(content))); !ok || len(content) > vhdx.MaxItemSize {
			return nil, disk.Errorf(disk.Unsupported, v.itemPlace(it), "the metadata region has no room for a longer parent locator")
		}
	}
	p := patches{image: v}
	rec := vhdx.MetadataEntryTable.Blank()
	copy(rec.Bytes(), v.meta.raw[it.entry-v.meta.region.off:])
	vhdx.EntryOffset.Put(rec, uint32(off))
	vhdx.EntryLength.Put(rec, uint32(len(content)))
	err = p.put(it.entry, rec.Bytes())
	if err == nil {
		err = p.put(v.itemPlace(it).Offset, make([]byte, it.length))
	}
	if err == nil {
		// what the zeros replaced is replaced again, whatever it was
		p.list = append(p.list, disk.Edit{File: v.src.Name, Offset: v.meta.region.off + off, Data: content})
	}
	return p.list, err
}
