package vhdx

import (
	"context"
	"iter"
	"path"
	"strings"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

var _ disk.Profiler = (*Image)(nil)

// CheckProfile finds why a program would refuse the image (vhdx.md 18), beyond
// what Check says about it. The format reference numbers no such checks: the
// codes go by program.
func (v *Image) CheckProfile(ctx context.Context, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, ctx: ctx, Reporter: disk.NewReporter(yield)}
		switch profile {
		case disk.ProfileQEMU:
			c.demands("P2", profiler{v}.forQEMU())
		case disk.ProfileHyperV:
			c.demands("P1", profiler{v}.forHyperV())
		case disk.ProfileVirtualBox:
			c.demands("P5", profiler{v}.forVirtualBox())
		case disk.ProfileForensic:
			c.demands("P2", profiler{v}.forQEMU())
			c.demands("P5", profiler{v}.forVirtualBox())
		case disk.ProfileOVF:
			c.demands("P6", []demand{{true, severe, profiler{v}.wholeFile(), "an OVF names disks as streamOptimized VMDK: convert the disk to that"}})
		case disk.ProfileAWS:
			c.demands("P7", profiler{v}.forAWS())
		case disk.ProfileGCP:
			c.demands("P8", profiler{v}.forQEMU())
		case disk.ProfileVMware:
			c.demands("P3", []demand{{true, severe, profiler{v}.wholeFile(), "VMware opens no VHDX: convert the disk to VMDK"}})
		case disk.ProfileAzure:
			c.demands("P4", profiler{v}.forAzure())
		}
	}
}

// demand is something that a program wants of an image.
type demand struct {
	broken   bool
	severity disk.Severity
	where    []decode.Place
	text     string
}

func (c *checker) demands(code string, list []demand) {
	for _, d := range list {
		if d.broken && !c.addAs(d.severity, code, d.where, "%s", d.text) {
			return
		}
	}
}

// profiler is an image seen by what programs want of it.
type profiler struct{ *Image }

// wholeFile stands for the file: its signature.
func (v profiler) wholeFile() []decode.Place {
	return []decode.Place{v.place(0, int64(len(vhdx.Signature)))}
}

// has reports whether opening found a fault.
func (v profiler) has(code string) bool {
	for _, f := range v.findings {
		if f.Code == "vhdx/"+code {
			return true
		}
	}
	return false
}

// where is the evidence of the first finding of a code.
func (v profiler) where(code string) []decode.Place {
	for _, f := range v.findings {
		if f.Code == "vhdx/"+code {
			return f.Where
		}
	}
	return v.wholeFile()
}

func (v profiler) logPlaces() []decode.Place {
	return []decode.Place{v.place(v.log.off, v.log.length)}
}

func (v profiler) firstTable() []decode.Place {
	return []decode.Place{v.place(vhdx.RegionOffset(0), vhdx.RegionTableSize)}
}

// smallestWindows is the smallest disk that Windows makes, in bytes.
const smallestWindows = 3 << 20

func (v profiler) forHyperV() []demand {
	name := strings.ToLower(path.Ext(v.src.Name))
	return []demand{
		{v.refused != nil, severe, v.wholeFile(), "Hyper-V won't mount the image while the errors of the check are there"},
		{v.sized && v.geo.DiskSize < smallestWindows, info, v.itemPlaces(vhdx.ItemDiskSize), "the disk is smaller than 3 MiB, the smallest one that Windows makes"},
		{name != ".vhdx" && name != ".avhdx" && name != ".vhds", warning, v.wholeFile(), "Hyper-V goes by the file's name: it mounts .vhdx, and .avhdx for checkpoints"},
		{v.log.dirty() && v.log.fault == "", info, v.logPlaces(), "Hyper-V replays the log when it opens the image for writing; mounting it read-only may fail with a bare 'access denied'"},
		{v.has("34"), severe, v.where("34"), "Hyper-V won't mount the image without the parent that it was made from; Set-VHD -ParentPath links it again, with -IgnoreIdMismatch whatever the parent's identity"},
		{v.has("53"), warning, v.where("53"), "Hyper-V makes no differencing image of a disk without identity that could tell when it changes"},
	}
}

func (v profiler) forQEMU() []demand {
	locator := v.itemPlaces(vhdx.ItemParentLocator)
	return []demand{
		{v.params.logicalSector == 4096, severe, v.itemPlaces(vhdx.ItemLogicalSector), "QEMU refuses logical sectors of 4096 bytes"},
		{locator != nil, severe, locator, "QEMU refuses images with a parent locator"},
		{!v.tables.copies[0].valid, severe, v.firstTable(), "QEMU reads only the first region table, which is not valid"},
		{v.log.dirty(), warning, v.logPlaces(), "QEMU does not open the image for reading before its log has been replayed; when QEMU replays it, it also changes DataWriteGuid, which orphans differencing children"},
	}
}

// forAWS is what Amazon documents for its VM Import: fixed and dynamic images.
func (v profiler) forAWS() []demand {
	return []demand{
		{v.params.hasParent, severe, v.locatorPlaces(), "Amazon imports fixed and dynamic images: merge the chain into one image first"},
		{v.log.dirty(), warning, v.logPlaces(), "the log has to be replayed first: nothing says that Amazon's import replays it"},
	}
}

// forVirtualBox is what VirtualBox's reader of the format refuses. It uses the
// first region table only, and takes no flags but the usual ones.
func (v profiler) forVirtualBox() []demand {
	locator := v.itemPlaces(vhdx.ItemParentLocator)
	list := []demand{
		{true, warning, v.wholeFile(), "VirtualBox opens VHDX images read-only: nothing can be written to the disk there"},
		{v.refused != nil, severe, v.wholeFile(), "VirtualBox won't open the image while the errors of the check are there"},
		{v.log.dirty(), severe, v.logPlaces(), "VirtualBox refuses an image with a log to be replayed: let the log be replayed first (vhdx/10)"},
		{v.params.hasParent || locator != nil, severe, v.locatorPlaces(), "VirtualBox refuses differencing images: merge the chain into one image"},
		{!v.tables.copies[0].valid, severe, v.firstTable(), "VirtualBox reads only the first region table, which is not valid"},
		{v.has("19"), severe, v.where("19"), "VirtualBox refuses an image whose BAT or metadata region is not marked as required, as QEMU writes it: the repair of vhdx/19 marks it"},
	}
	for _, it := range v.meta.items {
		known, ok := vhdx.ItemOf(it.id)
		if !ok || known.Flags == 0 {
			continue
		}
		wrong := it.user || it.disk != (known.Flags&2 != 0) || it.required != (known.Flags&4 != 0) && it.id != vhdx.ItemPhysicalSector
		list = append(list, demand{wrong, severe, []decode.Place{v.entryPlace(it)}, "VirtualBox refuses other flags of " + known.Name + " than the usual ones: the repair of vhdx/24 sets them"})
	}
	return list
}

// forAzure tells what is to be done before an upload.
func (v profiler) forAzure() []demand {
	const most = 4095 << 30 // of a page blob with the VHD footer
	return []demand{
		{true, severe, v.wholeFile(), "Azure takes no VHDX: convert the disk to a fixed VHD of whole MiB"},
		{v.sized && v.geo.DiskSize%vhdx.MiB != 0, warning, v.itemPlaces(vhdx.ItemDiskSize), "Azure takes disks of whole MiB only: the size has to be rounded up"},
		{v.sized && v.geo.DiskSize > most, warning, v.itemPlaces(vhdx.ItemDiskSize), "Azure takes uploads of up to 4095 GiB as a disk"},
		{v.sized && v.geo.SectorSize != 512, warning, v.itemPlaces(vhdx.ItemLogicalSector), "a VHD has sectors of 512 bytes: what is on a disk with sectors of 4096 bytes can't be read after the conversion"},
		{v.params.hasParent, warning, v.locatorPlaces(), "a VHD for Azure has no parent: merge the chain when converting"},
		{v.log.dirty(), warning, v.logPlaces(), "the log has to be replayed before converting with a program that does not replay it (7-Zip, libvhdi)"},
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
