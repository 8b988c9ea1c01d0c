package vhdx

import (
	"context"
	"iter"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// CheckProfile finds why a program would refuse the image (vhdx.md 18), beyond
// what Check says about it. The format reference numbers no such checks: the
// codes go by program.
func (v *Image) CheckProfile(ctx context.Context, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, ctx: ctx, yield: yield, count: map[string]int{}}
		whole := []decode.Place{v.place(0, int64(len(vhdx.Signature)))}
		switch profile {
		case disk.ProfileQEMU:
			c.forQEMU()
		case disk.ProfileHyperV:
			c.forHyperV()
		case disk.ProfileVMware:
			c.add("P3", whole, "VMware opens no VHDX: convert the disk to VMDK")
		case disk.ProfileAzure:
			c.add("P4", whole, "Azure takes no VHDX: convert the disk to a fixed VHD of whole MiB")
		}
	}
}

// smallestWindows is the smallest disk that Windows makes, in bytes.
const smallestWindows = 3 << 20

func (c *checker) forHyperV() {
	v := c.image
	if v.sized && v.geo.DiskSize < smallestWindows {
		c.addAs(info, "P1", v.itemPlaces(vhdx.ItemDiskSize), "the disk has %d bytes; the smallest one that Windows makes has 3 MiB", v.geo.DiskSize)
	}
}

func (c *checker) forQEMU() {
	v := c.image
	demands := []struct {
		broken   bool
		severity disk.Severity
		where    []decode.Place
		text     string
	}{
		{v.params.logicalSector == 4096, severe, v.itemPlaces(vhdx.ItemLogicalSector), "QEMU refuses logical sectors of 4096 bytes"},
		{v.itemPlaces(vhdx.ItemParentLocator) != nil, severe, v.itemPlaces(vhdx.ItemParentLocator), "QEMU refuses images with a parent locator"},
		{!v.tables.copies[0].valid, severe, []decode.Place{v.place(vhdx.RegionOffset(0), vhdx.RegionTableSize)}, "QEMU reads only the first region table, which is not valid"},
		{v.log.dirty(), warning, []decode.Place{v.place(v.log.off, v.log.length)}, "QEMU does not open the image for reading before its log has been replayed; when QEMU replays it, it also changes DataWriteGuid, which orphans differencing children"},
	}
	for _, d := range demands {
		if d.broken && !c.addAs(d.severity, "P2", d.where, "%s", d.text) {
			return
		}
	}
}

// itemPlaces is where the content of an item of the format lies; nil if there
// is no such item.
func (v *Image) itemPlaces(id [16]byte) []decode.Place {
	for _, it := range v.meta.items {
		if it.id == id && !it.user && it.placed {
			return []decode.Place{v.itemPlace(it)}
		}
	}
	return nil
}

var _ disk.Profiler = (*Image)(nil)
