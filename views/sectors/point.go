package sectors

import (
	"platter/decode"
	"platter/engine/disk"
	"platter/views"
)

// Pointed is what the user points at on the virtual disk.
func (v *View) Pointed() (views.Pointed, bool) {
	if v.ground.size == 0 {
		return views.Pointed{}, false
	}
	p := views.Pointed{Cursor: decode.Place{File: disk.VirtualDisk, Offset: v.hex.Cursor(), Length: 1}}
	if r := v.hex.Selection(); !r.Empty() {
		p.Selection = decode.Place{File: disk.VirtualDisk, Offset: r.Start, Length: r.End - r.Start}
	}
	if v.known() {
		p.Nodes, p.File = v.fact.nodes, v.fact.span.File
	}
	if part, ok := v.volumeHere(); ok {
		p.Partition = part.Number
	}
	return p, true
}

// marked takes in what is marked on the virtual disk.
func (v *View) marked(m views.Marks) {
	v.hex.Marks.Hits, v.hex.Marks.Signs = m.HitsIn(disk.VirtualDisk), m.SignsIn(disk.VirtualDisk)
}
