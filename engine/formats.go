package engine

import (
	"context"

	"platter/engine/disk"
	"platter/engine/raw"
	rawwriter "platter/engine/raw/writer"
	"platter/engine/vhd"
	vhdwriter "platter/engine/vhd/writer"
	"platter/engine/vhdx"
	vhdxwriter "platter/engine/vhdx/writer"
	"platter/engine/vmdk"
	vmdkwriter "platter/engine/vmdk/writer"
)

// format is how the engine reaches one of the formats.
type format struct {
	name  string
	probe func(disk.Source) (recognised string, ok bool) // nil: never found by looking
	open  func(context.Context, disk.Source) (disk.Image, error)
	kin   func(disk.Source) (disk.Kin, bool) // nil: it has no parents

	repairs disk.Repairer // nil: nothing is repaired
	renewal disk.Renewer  // nil: there is no mark of the content
	make    disk.Maker    // nil: no image can be made
	write   opensWriter   // nil: no disk of it is written
	resize  disk.Resizer  // nil: no disk of it gets another size
	relink  disk.Relinker // nil: no image has a parent
	ties    *disk.Ties    // nil: children do not know by a mark that their parent was changed
	set     disk.Setter   // nil: there is nothing to set
}

// formats are all formats in the order in which they are tried. A signature
// at the start of a file goes before one at its end, as with other programs:
// a fixed VHD is a raw disk with a footer, and its first bytes are the guest's.
var formats = []format{
	{name: "vhdx", probe: vhdx.Probe, open: vhdx.Open, kin: vhdx.Kin, repairs: vhdxwriter.Repairs, renewal: vhdxwriter.Renewal,
		make: vhdxwriter.Maker{}, write: vhdxwriter.Write, resize: vhdxwriter.Resize, relink: vhdxwriter.Relink, ties: &vhdxwriter.Ties, set: vhdxwriter.Set},
	{name: "vmdk", probe: vmdk.Probe, open: vmdk.Open, kin: vmdk.Kin, repairs: vmdkwriter.Repairs, renewal: vmdk.Renewal,
		make: vmdkwriter.Maker{}, write: vmdkwriter.Write, resize: vmdkwriter.Resize, relink: vmdkwriter.Relink, ties: &vmdkwriter.Ties, set: vmdkwriter.Set},
	{name: "vhd", probe: vhd.Probe, open: vhd.Open, kin: vhd.Kin, repairs: vhdwriter.Repairs,
		make: vhdwriter.Maker{}, write: vhdwriter.Write, resize: vhdwriter.Resize, relink: vhdwriter.Relink, set: vhdwriter.Set},
	{name: "raw", open: raw.Open, make: rawwriter.Maker{}, write: rawwriter.Write, resize: rawwriter.Resize},
}

// Unknown is the format of what is no image.
const Unknown = "unknown"

// unknown is what a file is that no format recognises.
var unknown = format{name: Unknown, open: raw.OpenUnknown}
