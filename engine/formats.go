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

	repairs disk.Repairer // nil: nothing is repaired
	renewal disk.Renewer  // nil: there is no mark of the content
	make    disk.Maker    // nil: no image can be made
	write   opensWriter   // nil: no disk of it is written
	resize  disk.Resizer  // nil: no disk of it gets another size
}

// formats are all formats in the order in which they are tried. A signature
// at the start of a file goes before one at its end, as with other programs:
// a fixed VHD is a raw disk with a footer, and its first bytes are the guest's.
var formats = []format{
	{"vhdx", vhdx.Probe, vhdx.Open, vhdxwriter.Repairs, vhdxwriter.Renewal, vhdxwriter.Maker{}, vhdxwriter.Write, vhdxwriter.Resize},
	{"vmdk", vmdk.Probe, vmdk.Open, vmdkwriter.Repairs, vmdk.Renewal, vmdkwriter.Maker{}, vmdkwriter.Write, vmdkwriter.Resize},
	{"vhd", vhd.Probe, vhd.Open, vhdwriter.Repairs, nil, vhdwriter.Maker{}, vhdwriter.Write, vhdwriter.Resize},
	{"raw", nil, raw.Open, nil, nil, rawwriter.Maker{}, rawwriter.Write, rawwriter.Resize},
}

// Unknown is the format of what is no image.
const Unknown = "unknown"

// unknown is what a file is that no format recognises.
var unknown = format{Unknown, nil, raw.OpenUnknown, nil, nil, nil, nil, nil}
