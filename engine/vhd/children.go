package vhd

import (
	"path"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// maxSiblings bounds how many files beside the image are looked into.
const maxSiblings = 200

// judgeExpanded looks for differencing images of this disk that were made before it
// got another size (V046): Windows refuses them since. Most disks still have the
// size that they were made with, and nothing is looked for then.
func (v judge) judgeExpanded() {
	original := vhd.FooterOriginalSize.Get(v.footer)
	list, ok := v.src.Opener.(disk.Lister)
	if !ok || !v.dynamicKind() || v.UniqueID() == [16]byte{} || original == 0 || original >= uint64(v.virtual) || original%vhd.Sector != 0 {
		return
	}
	names, err := list.List()
	if err != nil {
		return // what lies beside the image is no part of it
	}
	for _, name := range names[:min(len(names), maxSiblings)] {
		if ext := strings.ToLower(path.Ext(name)); ext != ".vhd" && ext != ".avhd" || !v.isChild(name, original) {
			continue
		}
		v.add("V046", "the disk was expanded from %d bytes to %d, and %s beside it was made from it before", v.field(vhd.FooterCurrentSize.Field()),
			original, v.virtual, decode.InQuotes(name))
		return
	}
}

// isChild reports whether the file beside this one is a differencing image of a size
// whose parent is this disk.
func (v judge) isChild(name string, size uint64) bool {
	f, _, err := v.src.Opener.OpenFile(name)
	if err != nil {
		return false
	}
	defer f.Close()
	c := &Image{src: disk.Source{Name: name, File: f}}
	if c.size, err = f.Size(); err != nil {
		return false
	}
	if c.footers, err = findFooters(f, c.size, scanBack); err != nil || !c.footers.rules().present {
		return false
	}
	c.footer = c.footers.ruling()
	if c.kind = vhd.FooterType.Get(c.footer); c.kind != vhd.Differencing || vhd.FooterCurrentSize.Get(c.footer) != size {
		return false
	}
	return c.readHeader() == nil && c.header.ok() && c.wantedID() == v.UniqueID()
}
