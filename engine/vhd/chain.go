package vhd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// errNoName is why a parent is not even looked for.
var errNoName = errors.New("the image does not name its parent")

// openParent opens the next layer of a differencing image: the first file
// under one of the names given whose identity is the one wanted. What is not
// found or does not fit leaves the image open, with its own sectors readable.
func (v *Image) openParent(ctx context.Context) {
	v.layers = []*Image{v}
	if v.kind != vhd.Differencing || !v.table.placed {
		return
	}
	v.parent, v.parentErr = v.findParent(ctx)
	if v.parent == nil {
		return
	}
	if err := v.parent.Info().Refused; err != nil {
		v.parentErr = fmt.Errorf("the parent can't be read: %w", err)
		return
	}
	below, ok := v.parent.(*Image)
	if !ok {
		v.base = v.parent
		return
	}
	v.layers = append(v.layers, below.layers...)
	v.base = below.base
	for _, l := range v.layers {
		l.table.share(l.size, len(v.layers))
	}
}

// findParent tries the names in turn. Files of another identity are passed
// over before they are opened with their own parents, or a folder full of
// images that name each other would be opened over and over. The error that
// matters most is kept.
func (v *Image) findParent(ctx context.Context) (disk.Image, error) {
	if v.src.Opener == nil {
		return nil, errNoName
	}
	names := v.parentNames()
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
	return v.lastChance(names, best)
}

// lastChance asks once more for the parent where no name led to it: the user
// may have said which file it is, and that counts whatever the name.
func (v *Image) lastChance(names []string, best error) (disk.Image, error) {
	switch {
	case len(names) == 0:
		img, err := v.tryParent("")
		if err != nil {
			err = fmt.Errorf("%w: %w", errNoName, err)
		}
		return img, err
	case errors.Is(best, errOtherDisk):
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

// otherDisk looks into the file of a name, and fails if it is a VHD with
// another identity than the one wanted.
func (v *Image) otherDisk(name string) error {
	if v.wantsRaw() {
		return nil
	}
	f, rel, err := v.src.Opener.OpenFile(name)
	if err != nil {
		return nil // OpenParent will say why
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	found, err := findFooters(f, size)
	if err != nil || found.recognised == "" {
		return err
	}
	return v.compareID(name, rel, found.ruling())
}

// compareID fails if the footer of the file that was found under a name has
// another identity than the one wanted, and remembers whose.
func (v *Image) compareID(name, file string, footer decode.Record[vhd.Footer]) error {
	id := idOf(footer)
	v.seen = &id
	if id == v.wantedID() {
		return nil
	}
	v.remember(other{name: name, file: file, footer: footer})
	return fmt.Errorf("%s: %w: unique_id is %x, wanted %x", decode.InQuotes(name), errOtherDisk, id, v.wantedID())
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

// errOtherDisk is wrapped where a parent has another identity than wanted.
var errOtherDisk = errors.New("it is another disk")

func (v *Image) tryParent(name string) (disk.Image, error) {
	format := "vhd"
	if v.wantsRaw() {
		format = "raw"
	}
	img, err := v.src.Opener.OpenParent(name, format)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", decode.InQuotes(name), err)
	}
	if format == "raw" {
		return img, nil
	}
	p, ok := img.(*Image)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s: %w: it is no VHD", decode.InQuotes(name), errOtherDisk), img.Close())
	}
	if err := v.compareID(name, p.src.Name, p.footer); err != nil {
		return nil, errors.Join(err, img.Close())
	}
	return img, nil
}

// other is an image that was found where the parent should be, but has another
// identity.
type other struct {
	name   string // under which it was opened
	file   string // its name among the image's files
	footer decode.Record[vhd.Footer]
}

// maxOthers bounds how many of them are remembered.
const maxOthers = 4

func (v *Image) remember(o other) {
	same := func(x other) bool { return x.file == o.file }
	if len(v.others) < maxOthers && !slices.ContainsFunc(v.others, same) {
		v.others = append(v.others, o)
	}
}

// wantsRaw reports whether the parent is a raw disk: tapdisk says so by
// leaving the identity zero (vhd.md 6).
func (v *Image) wantsRaw() bool {
	return v.wantedID() == [16]byte{} && vhd.FooterCreator.Get(v.footer) == "tap"
}

// wantedID is the identity of the parent, byte for byte.
func (v *Image) wantedID() [16]byte {
	var id [16]byte
	copy(id[:], v.header.rec.Bytes()[vhd.HeaderParentID.Offset():])
	return id
}

// wanted names the parent for messages.
func (v *Image) wanted() string {
	names := v.parentNames()
	if len(names) == 0 {
		return fmt.Sprintf("with the unique_id %x", v.wantedID())
	}
	return fmt.Sprintf("%s with the unique_id %x", decode.InQuotes(names[0]), v.wantedID())
}
