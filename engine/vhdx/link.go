package vhdx

import (
	"github.com/google/uuid"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
)

var _ disk.Linked = (*Image)(nil)

// Link tells how a differencing image is tied to its parent (vhdx.md 7).
func (v *Image) Link() disk.LinkInfo {
	if !v.params.hasParent {
		return disk.LinkInfo{}
	}
	l := disk.LinkInfo{Term: "DataWriteGuid", Fault: v.parentErr, Forced: v.forced}
	for _, id := range v.locator.linkages() {
		l.Wanted = append(l.Wanted, id.String())
	}
	if v.seen != (uuid.UUID{}) {
		l.Found = v.seen.String()
	}
	for _, key := range []string{vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path} {
		if p := v.locator.value(key); p != "" {
			l.Names = append(l.Names, disk.LinkName{Label: key, Name: p})
		}
	}
	return layer.Linked(l, v.src.Opener, v.tries)
}
