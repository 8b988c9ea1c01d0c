package foreign

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
)

// damaged recognises a file of a VMDK whose first bytes alone are damaged. It is not
// opened as one unasked: a raw disk holds what its guest has put there.
func (f *file) damaged() (Content, bool) {
	const advice = "--format vmdk opens it, and its check offers to write what should stand there"
	if kind := vmdk.SniffDamaged(f.head[:min(len(f.head), vmdk.CowdHeaderSize)]); kind != vmdk.KindNone {
		return Content{What: fmt.Sprintf("by its header a %s of a VMDK whose magic is damaged", kind), Advice: advice}, true
	}
	if vmdk.IsDamagedDescriptor(f.head) {
		return Content{What: "by its text a VMDK descriptor whose first line is damaged", Advice: advice}, true
	}
	return f.headless()
}

// headless recognises a sparse VMDK whose first sector is lost: the descriptor follows in
// the next one.
func (f *file) headless() (Content, bool) {
	if len(f.head) <= vmdk.SectorSize || !vmdk.IsDescriptor(f.head[vmdk.SectorSize:]) {
		return Content{}, false
	}
	text := vmdk.ParseDescriptor(f.head[vmdk.SectorSize:])
	kind, _ := text.Get("createType")
	size := uint64(0)
	for _, line := range text.Extents() {
		if line.Extent.Sectors <= 1<<54 {
			size += line.Extent.Sectors * vmdk.SectorSize
		}
	}
	return Content{
		What:   fmt.Sprintf("by the descriptor in its second sector a VMDK, %s, of a disk of %s, whose first sector is lost: that has the place of its tables and the size of its grains", decode.InQuotes(kind), decode.FormatSize(min(size, 1<<62))),
		Advice: "the program that made it writes the same first sector for a new disk of this type and size: try that in a copy of this file",
		At:     vmdk.SectorSize,
	}, true
}
