package vhdx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// errNoName is why a parent is not even looked for; errOtherDisk is wrapped
// where a parent has another identity than wanted.
var (
	errNoName    = errors.New("the image does not name its parent")
	errOtherDisk = errors.New("it is not the parent that was there when the child was made")
)

// openParent opens the next layer of a differencing image: the first file
// under one of the names given whose identity is the one wanted. What is not
// found or does not fit leaves the image open, with its own sectors readable.
func (v *Image) openParent(ctx context.Context) {
	if !v.params.hasParent || !v.sized {
		return
	}
	v.parent, v.parentErr = v.findParent(ctx)
	if v.parent == nil {
		return
	}
	if err := v.parent.Info().Refused; err != nil {
		v.parentErr = fmt.Errorf("the parent can't be read: %w", innermost(err))
		return
	}
	below, ok := v.parent.(*Image)
	switch {
	case !ok:
		v.parentErr = errors.New("the parent is no VHDX")
		return
	case below.geo.SectorSize != v.geo.SectorSize:
		v.parentErr = fmt.Errorf("the parent has sectors of %d bytes, the child of %d", below.geo.SectorSize, v.geo.SectorSize)
		return
	}
	v.layers = append(v.layers, below.layers...)
	for _, l := range v.layers {
		l.share(len(v.layers))
	}
}

// innermost is the last of a chain of the engine's errors: 256 layers would
// otherwise make 256 lines.
func innermost(err error) error {
	for {
		var e *disk.Error
		if !errors.As(errors.Unwrap(err), &e) {
			return err
		}
		err = e
	}
}

// findParent tries the names in turn. Files of another identity are passed
// over before they are opened with their own parents, or a folder full of
// images that name each other would be opened over and over. The error that
// tells most is kept.
func (v *Image) findParent(ctx context.Context) (disk.Image, error) {
	if v.src.Opener == nil {
		return nil, errNoName
	}
	names := v.locator.parentNames()
	if len(names) == 0 {
		return v.tryParent("")
	}
	var best error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := v.otherDisk(name)
		if err == nil {
			var img disk.Image
			if img, err = v.tryParent(name); err == nil {
				v.tries.Add(name, nil)
				return img, nil
			}
		}
		v.tries.Add(name, orOther(err))
		if best == nil || rank(err) > rank(best) {
			best = err
		}
	}
	if errors.Is(best, errOtherDisk) { // the user may have said which file it is, whatever the name
		return v.tryParent(names[0])
	}
	return nil, best
}

// orOther shortens the reason why a file is passed over.
func orOther(err error) error {
	if errors.Is(err, errOtherDisk) {
		return disk.ErrOtherDisk
	}
	return err
}

// otherDisk looks into the file of a name, and fails if it is a VHDX with
// another identity than the one wanted.
func (v *Image) otherDisk(name string) error {
	f, _, err := v.src.Opener.OpenFile(name)
	if err != nil {
		return nil // OpenParent will say why
	}
	defer f.Close()
	h, err := readHeaders(f)
	if err != nil {
		return nil
	}
	current, ok := h.ruling()
	if !ok {
		return nil
	}
	return v.compareID(name, vhdx.HeaderDataGUID.Get(current))
}

// compareID compares a parent's DataWriteGuid with those that the child allows.
func (v *Image) compareID(name string, id uuid.UUID) error {
	v.seen = id
	wanted := v.locator.linkages()
	if slices.Contains(wanted, id) {
		return nil
	}
	return fmt.Errorf("%s: %w: its DataWriteGuid is %s, wanted %s", decode.InQuotes(name), errOtherDisk, id, wordGUIDs(wanted))
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

// rank orders failures by what they tell.
func rank(err error) int {
	switch {
	case errors.Is(err, disk.ErrChain):
		return 4
	case errors.Is(err, errOtherDisk):
		return 3
	case errors.Is(err, fs.ErrNotExist):
		return 1
	}
	return 2
}

func (v *Image) tryParent(name string) (disk.Image, error) {
	img, err := v.src.Opener.OpenParent(name, "vhdx")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", decode.InQuotes(name), err)
	}
	var id uuid.UUID
	if p, ok := img.(*Image); ok {
		id = p.DataWriteGUID()
	}
	if err := v.compareID(name, id); err != nil {
		return nil, errors.Join(err, img.Close())
	}
	return img, nil
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
func (v *Image) judgeParent() {
	last := v
	if n := len(v.layers); n > 0 {
		last = v.layers[n-1]
	}
	if last.parentErr == nil {
		return
	}
	at := []decode.Place{v.place(v.meta.region.off, vhdx.MetadataTableSize)}
	for _, it := range v.meta.items {
		if it.id == vhdx.ItemParentLocator && it.placed {
			at = []decode.Place{v.itemPlace(it)}
		}
	}
	if last != v {
		v.add("34", at, "further down the chain the parent %s is not usable: %s", last.wanted(), decode.Printable(last.parentErr.Error()))
		return
	}
	if errors.Is(v.parentErr, disk.ErrChain) {
		f := v.finding("34", "the chain of parents can't be followed: "+decode.Printable(innermost(v.parentErr).Error()), at...)
		f.Fatal = true
		v.keep(f)
		return
	}
	v.add("34", at, "the parent %s is not usable: %s", v.wanted(), decode.Printable(v.parentErr.Error()))
}
