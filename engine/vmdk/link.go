package vmdk

import (
	"platter/engine/disk"
	"platter/engine/layer"
)

var _ disk.Linked = (*Image)(nil)

// Link tells how a child is tied to its parent (vmdk.md 9).
func (m *Image) Link() disk.LinkInfo {
	if !m.link.wanted {
		return disk.LinkInfo{}
	}
	if m.link.alone {
		return disk.LinkInfo{Term: "CID", Fault: m.link.err}
	}
	l := disk.LinkInfo{Term: "CID", Wanted: []string{contentID(m.link.cid)}, Fault: m.link.err, Forced: m.link.forced}
	if m.link.found != nil {
		if cid, ok := m.link.found.cid(); ok {
			l.Found = contentID(cid)
		}
	}
	if m.link.hint != "" {
		l.Names = append(l.Names, disk.LinkName{Label: "parentFileNameHint", Name: m.link.hint})
	}
	return layer.Linked(l, m.src.Opener, m.link.tries)
}
