package eyes

import (
	"fmt"
	"slices"
)

// The names of the policies.
const (
	Spec       = "spec"
	QEMU       = "qemu"
	HyperV     = "hyper-v"
	VMware     = "vmware"
	VirtualBox = "virtualbox"
	SevenZip   = "7zip"
	Libyal     = "libyal"
	Dissect    = "dissect"
	DiscUtils  = "discutils"
)

// Sure says how well a deviation is known.
type Sure string

// The grades, from the best.
const (
	Tested     Sure = "tested"     // held against the program itself, image by image
	Read       Sure = "read"       // read in the program's code
	Documented Sure = "documented" // by its makers or users
)

// Deviation is what a program does otherwise than the format says, or what it demands
// beyond it.
type Deviation struct {
	Policy   string
	Format   string // vhd, vhdx, vmdk
	Code     string // stable among the deviations of a format
	Text     string
	Source   string // section of the format reference
	Sure     Sure
	Modelled bool // false: it is known, and not shown
}

// Policy is a way to read images: that of one program, in one version where it matters.
type Policy struct {
	Name    string
	Program string // with its version
	Sure    Sure   // of the policy as a whole

	none map[string]string // formats of which nothing can be said, and why
}

// unread says why nothing can be said of a format; empty if something can.
func (p Policy) unread(format string) string { return p.none[format] }

// Deviations lists what the program does otherwise with images of a format; all of them
// for an empty one.
func (p Policy) Deviations(format string) []Deviation {
	var list []Deviation
	for _, d := range deviations {
		if d.Policy == p.Name && (format == "" || d.Format == format) {
			list = append(list, d)
		}
	}
	return list
}

// Deviation is the one with a code; false if the policy has none.
func (p Policy) Deviation(format, code string) (Deviation, bool) {
	i := slices.IndexFunc(deviations, func(d Deviation) bool {
		return d.Policy == p.Name && d.Format == format && d.Code == code
	})
	if i < 0 {
		return Deviation{}, false
	}
	return deviations[i], true
}

// Policies lists all policies, the format itself first.
func Policies() []Policy { return slices.Clone(policies) }

// Names lists the names of all policies.
func Names() []string {
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	return names
}

// Named is the policy of a name.
func Named(name string) (Policy, error) {
	for _, p := range policies {
		if p.Name == name {
			return p, nil
		}
	}
	return Policy{}, fmt.Errorf("no reader is called %q: there are %v", name, Names())
}

const noReader = "the program does not read this format"

// policies are all of them. Those of the four programs that are tested hold for the
// versions named.
var policies = []Policy{
	{Name: Spec, Program: "the format, as platter reads it", Sure: Tested},
	{Name: QEMU, Program: "QEMU 7.2 (qemu-img convert, format given)", Sure: Tested},
	{Name: HyperV, Program: "Windows and Hyper-V", Sure: Documented, none: map[string]string{"vmdk": noReader}},
	{Name: VMware, Program: "VMware Workstation and ESXi", Sure: Documented, none: map[string]string{"vhd": noReader, "vhdx": noReader}},
	{Name: VirtualBox, Program: "VirtualBox 7", Sure: Read, none: map[string]string{"vhdx": "what VirtualBox does with a VHDX otherwise than the format says is not known"}},
	{Name: SevenZip, Program: "7-Zip 26.02", Sure: Tested},
	{Name: Libyal, Program: "libvhdi 20210425 and libvmdk 20200926, as vhdimount and vmdkmount use them", Sure: Tested},
	{Name: Dissect, Program: "dissect.hypervisor", Sure: Read},
	{Name: DiscUtils, Program: "DiscUtils", Sure: Read},
}
