package foreign

import (
	"fmt"

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
	return Content{}, false
}
