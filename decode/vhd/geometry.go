package vhd

import "platter/decode"

// Geometry is a disk's cylinders, heads and sectors per track.
type Geometry struct {
	Cylinders uint16
	Heads     uint8
	Sectors   uint8
}

// Largest is the geometry of every disk of 127.5 GiB and more.
var Largest = Geometry{65535, 16, 255}

// Size is the bytes that the geometry can address.
func (g Geometry) Size() int64 {
	return int64(g.Cylinders) * int64(g.Heads) * int64(g.Sectors) * Sector
}

// FooterGeometry reads the geometry of a footer.
func FooterGeometry(f decode.Record[Footer]) Geometry {
	return Geometry{FooterCylinders.Get(f), FooterHeads.Get(f), FooterSectors.Get(f)}
}

// GeometryFor is the geometry that the specification gives a disk of size
// bytes (vhd.md 5). It rounds down, so it may address a little less.
func GeometryFor(size uint64) Geometry {
	n := min(size/Sector, 65535*16*255)
	if n >= 65535*16*63 {
		return Geometry{uint16(n / 255 / 16), 16, 255}
	}
	spt := uint64(17)
	tracks := n / spt
	heads := max(4, (tracks+1023)/1024)
	if tracks >= heads*1024 || heads > 16 {
		spt, heads = 31, 16
		tracks = n / spt
	}
	if tracks >= heads*1024 {
		spt, heads = 63, 16
		tracks = n / spt
	}
	return Geometry{uint16(tracks / heads), uint8(heads), uint8(spt)}
}
