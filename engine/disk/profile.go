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

// Profiles lists the names of all profiles, the one that adds nothing first.
func Profiles() []string {
	return []string{ProfileStrict, ProfileHyperV, ProfileQEMU, ProfileVMware, ProfileVirtualBox, ProfileAzure, ProfileForensic}
}

// FullCheck is an image's check followed by what a profile adds to it.
func FullCheck(ctx context.Context, img Image, profile string) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		for f, err := range img.Check(ctx) {
			if !yield(f, err) || err != nil {
				return
			}
		}
		p, ok := img.(Profiler)
		if !ok {
			return
		}
		for f, err := range p.CheckProfile(ctx, profile) {
			if !yield(f, err) {
				return
			}
		}
	}
}
