package raw

import (
	"context"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// codeProfile is the code of what profiles demand.
const codeProfile = "raw/P1"

// googleUnit is what the size of a raw disk that Google imports is a multiple of, in
// bytes.
const googleUnit = 1 << 30

// demands are why programs and services take no raw disk.
var demands = map[string]string{
	disk.ProfileHyperV:     "Hyper-V opens VHD and VHDX only: convert the disk",
	disk.ProfileAzure:      "Azure takes fixed VHD only, and a raw disk has no footer: convert it",
	disk.ProfileVMware:     "VMware opens a disk by its descriptor, and a raw disk has none: convert it to VMDK",
	disk.ProfileVirtualBox: "VirtualBox attaches no raw file: convert it (VBoxManage convertfromraw does it too)",
	disk.ProfileOVF:        "an OVF names disks as streamOptimized VMDK: convert the disk to that",
}

// CheckProfile finds why a program would refuse the disk.
func (img *image) CheckProfile(_ context.Context, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		text := demands[profile]
		if img.info.Refused != nil {
			return
		}
		if profile == disk.ProfileGCP && img.info.VirtualSize%googleUnit != 0 {
			text = "Google takes raw disks of whole GiB only (as disk.raw in a tar.gz)"
		}
		if text != "" {
			yield(disk.Finding{Code: codeProfile, Severity: disk.SeverityError, Text: text, Where: []decode.Place{{File: img.src.Name}}}, nil)
		}
	}
}

var _ disk.Profiler = (*image)(nil)
