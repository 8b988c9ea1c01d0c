package disk

import (
	"context"
	"iter"
)

// The profiles of a check: programs and services that an image shall be fit
// for, beyond being right.
const (
	ProfileStrict     = "strict"
	ProfileHyperV     = "hyper-v"
	ProfileQEMU       = "qemu"
	ProfileVMware     = "vmware"
	ProfileVirtualBox = "virtualbox"
	ProfileAzure      = "azure"
	ProfileForensic   = "forensic"
)

// Profiler is an ability of images that know what a profile demands. What it
// finds comes on top of Check; a profile that adds nothing finds nothing.
type Profiler interface {
	CheckProfile(ctx context.Context, profile string) iter.Seq2[Finding, error]
}
