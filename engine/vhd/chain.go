package vhd

import (
	"context"
	"fmt"
	"slices"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// openParent opens the next layer of a differencing image: the first file
// under one of the names given whose identity is the one wanted. What is not
// found or does not fit leaves the image open, with its own sectors readable.
func (v *Image) openParent(ctx context.Context) {
	v.stack = layer.New(own{v}, v.src.Name, v.virtual)
	if v.kind != vhd.Differencing || !v.header.ok() {
		return
	}
	s := layer.Search{Opener: v.src.Opener, Format: "vhd", Names: v.parentNames(), Look: v.otherDisk, Fits: v.fits, Forced: func(err error) { v.forced = err }}
	if v.wantsRaw() {
		s.Format, s.Look, s.Fits = "raw", nil, func(disk.Image, string) error { return nil }
	}
	if v.parent, v.tries, v.parentErr = layer.FindParent(ctx, s); v.parent == nil {
		return
	}
	if !v.table.placed {
		return // nothing is read through this layer, but what it lies over is known
	}
	var below *layer.Stack
	if p, ok := v.parent.(*Image); ok {
		below = &p.stack
	}
	v.parentErr = v.stack.Over(v.parent, below)
}

// otherDisk looks into the file of a name, and fails if it is a VHD with
// another identity than the one wanted.
func (v *Image) otherDisk(f store.File, name, file string) error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	found, err := findFooters(f, size, scanBack)
	if err != nil || found.recognised == "" {
		return err
	}
	return v.compareID(name, file, (&Image{src: disk.Source{File: f}, footer: found.ruling()}))
}

// fits fails if an image is not the parent that is wanted.
func (v *Image) fits(img disk.Image, name string) error {
	p, ok := img.(*Image)
	if !ok {
		return layer.OtherDisk("it is another disk: it is no VHD")
	}
	return v.compareID(name, p.src.Name, p)
}

// compareID fails if the image that was found under a name has another identity
// than the one wanted, and remembers whose.
func (v *Image) compareID(name, file string, p *Image) error {
	id := p.UniqueID()
	v.seen = &id
	if id == v.wantedID() {
		return nil
	}
	v.remember(other{name: name, file: file, footer: p.footer, time: p.fileTime()})
	return layer.OtherDisk("it is another disk: unique_id is %x, wanted %x", id, v.wantedID())
}

// other is an image that was found where the parent should be, but has another
// identity.
type other struct {
	name   string // under which it was opened
	file   string // its name among the image's files
	footer decode.Record[vhd.Footer]
	time   uint32 // when the file was last changed, as a child stores it
}

// maxOthers bounds how many of them are remembered.
const maxOthers = 4

func (v *Image) remember(o other) {
	same := func(x other) bool { return x.file == o.file }
	if len(v.others) < maxOthers && !slices.ContainsFunc(v.others, same) {
		v.others = append(v.others, o)
	}
}

// nameless reports whether nothing in the header says what the parent is.
func (v *Image) nameless() bool {
	return v.wantedID() == [16]byte{} && len(v.parentNames()) == 0
}

// expandedParent reports whether the parent had the size of this disk when it was
// made.
func (v *Image) expandedParent() bool {
	p, ok := v.parent.(*Image)
	return ok && vhd.FooterOriginalSize.Get(p.footer) == uint64(v.virtual)
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
