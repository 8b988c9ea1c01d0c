package writer

import (
	"math"
	"time"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// creatorSystem is the only system that Azure takes (vhd.md 12).
const creatorSystem = "Wi2k"

// The versions of the creator: ours, and what Windows 10 says with its own name.
const (
	creatorVersion  = 0x00010000
	windowsVersion  = 0x000A0000
	windowsCreator  = "win "
	reservedFeature = 2
)

// newFooter is the footer of a new image; dataOffset is where the dynamic header lies.
func newFooter(spec disk.Spec, kind uint32, dataOffset uint64) []byte {
	size, rec := uint64(spec.Bytes(disk.OptionSize)), vhd.FooterTable.Blank()
	vhd.FooterFeatures.Put(rec, reservedFeature)
	vhd.FooterVersion.Put(rec, vhd.Version)
	vhd.FooterDataOffset.Put(rec, dataOffset)
	vhd.FooterTimestamp.Put(rec, stamp(spec.Time()))
	putCreator(rec, spec.Text(optionCreator))
	vhd.FooterCreatorOS.Put(rec, creatorSystem)
	vhd.FooterOriginalSize.Put(rec, size)
	vhd.FooterCurrentSize.Put(rec, size)
	setGeometry(rec, newGeometry(spec))
	vhd.FooterType.Put(rec, kind)
	vhd.FooterID.Put(rec, spec.ID())
	vhd.FooterTable.Seal(rec.Bytes())
	return rec.Bytes()
}

// putCreator names the program; a name that is shorter than its field ends in blanks.
func putCreator(rec decode.Record[vhd.Footer], creator string) {
	version := uint32(creatorVersion)
	creator = (creator + "    ")[:vhd.FooterCreator.Size()]
	if creator == windowsCreator {
		version = windowsVersion
	}
	vhd.FooterCreator.Put(rec, creator)
	vhd.FooterCreatorVersion.Put(rec, version)
}

func setGeometry(rec decode.Record[vhd.Footer], g vhd.Geometry) {
	vhd.FooterCylinders.Put(rec, g.Cylinders)
	vhd.FooterHeads.Put(rec, g.Heads)
	vhd.FooterSectors.Put(rec, g.Sectors)
}

// newGeometry is the geometry that was asked for, else the parent's, else that of the
// specification. It never rules the size: where it would be less than the disk the
// largest one stands instead, by which no program takes the size from it (vhd.md 3.3).
func newGeometry(spec disk.Spec) vhd.Geometry {
	if g, ok := spec.Geometry(); ok {
		return geometryOf(g)
	}
	size := spec.Bytes(disk.OptionSize)
	if parent, ok := parentOf(spec); ok && parent.Virtual == size {
		return vhd.FooterGeometry(parent.Footer)
	}
	if g := vhd.GeometryFor(uint64(size)); g.Size() == size {
		return g
	}
	return vhd.Largest
}

// newHeader is the dynamic header of an image whose table lies at tableAt.
func newHeader(spec disk.Spec, tableAt int64) decode.Record[vhd.Header] {
	rec := vhd.HeaderTable.Blank()
	vhd.HeaderTableOffset.Put(rec, uint64(tableAt))
	vhd.HeaderVersion.Put(rec, vhd.Version)
	vhd.HeaderEntries.Put(rec, uint32(entries(spec)))
	vhd.HeaderBlockSize.Put(rec, uint32(spec.Bytes(disk.OptionBlockSize)))
	return rec
}

// entries is the number of blocks, and not one more: 7-Zip and Azure refuse a table
// with spare entries (vhd.md 8).
func entries(spec disk.Spec) int64 {
	block := spec.Bytes(disk.OptionBlockSize)
	return (spec.Bytes(disk.OptionSize) + block - 1) / block
}

// stamp is a time as the format stores it; what it can't hold is the nearest that it can.
func stamp(t time.Time) uint32 {
	return uint32(min(max(t.Unix()-vhd.Epoch().Unix(), 0), math.MaxUint32))
}
