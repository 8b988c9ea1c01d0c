package vhd

import (
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
)

var _ disk.Linked = (*Image)(nil)

// Link tells how a differencing image is tied to its parent (vhd.md 13).
func (v *Image) Link() disk.LinkInfo {
	if v.kind != vhd.Differencing || !v.header.ok() {
		return disk.LinkInfo{}
	}
	l := disk.LinkInfo{Term: "unique_id", Wanted: []string{v.idText(v.wantedID())}, Fault: v.parentErr, Forced: v.forced}
	if v.seen != nil {
		l.Found = v.idText(*v.seen)
	}
	for _, loc := range v.locators {
		if loc.usable() {
			l.Names = append(l.Names, disk.LinkName{Label: "locator " + vhd.CodeName(loc.code), Name: loc.path})
		}
	}
	if name := v.parentName(); name != "" {
		l.Names = append(l.Names, disk.LinkName{Label: "name in the header", Name: name})
	}
	return layer.Linked(l, v.src.Opener, v.tries)
}
