package vmdk

import (
	"context"
	"iter"

	"platter/engine/disk"
)

// The codes of what profiles demand. The format reference numbers no such
// checks: they are the quirks of its section 14, by program.
const (
	codeQEMU       = "P1"
	codeVMware     = "P2"
	codeVirtualBox = "P3"
	codeMicrosoft  = "P4"
	codeOVF        = "P6"
	codeAWS        = "P7"
	codeGCP        = "P8"
	codeLibvmdk    = "P9"
)

// CheckProfile finds why a program would refuse the image or show another disk
// (vmdk.md 14), beyond what Check says about it.
func (m *Image) CheckProfile(ctx context.Context, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := newChecker(ctx, m, yield)
		switch profile {
		case disk.ProfileQEMU:
			c.forQEMU()
		case disk.ProfileVMware:
			c.forVMware()
		case disk.ProfileVirtualBox:
			c.forVirtualBox()
		case disk.ProfileForensic:
			c.forQEMU()
			c.forVirtualBox()
			c.forLibvmdk()
		case disk.ProfileOVF:
			if c.onlyStreams(codeOVF, "an OVF names disks as streamOptimized VMDK") {
				c.streamForVMware()
			}
		case disk.ProfileAWS:
			c.onlyStreams(codeAWS, "Amazon imports VMDK of the kind streamOptimized only")
		case disk.ProfileGCP:
			c.forGCP()
		case disk.ProfileHyperV, disk.ProfileAzure:
			c.error(codeMicrosoft, m.main.place(0, 0), "Hyper-V and Azure open no VMDK: convert the disk to VHDX or fixed VHD")
		}
		c.finish()
	}
}

var _ disk.Profiler = (*Image)(nil)
