// Package damage plants faults in good images, each one that the check has a code for, and
// tells afterwards whether they were repaired and nothing else was touched: images with
// something to find, and an answer key.
//
// A fault says what it does to the image's structures by the names and tables that the
// program reads them by. Whether it is really there is not believed: the image is checked,
// and a fault counts only if the check finds its code where it was not found before.
package damage

import (
	"cmp"
	"slices"
	"strings"
)

// Fault is a kind of damage that can be planted.
type Fault struct {
	Code  string // of the finding that tells of it: "vhd/V002"
	About string // what is done, in a line
	plant func(p *planter) error
}

// Format is the format whose images can have the fault.
func (f Fault) Format() string {
	name, _, _ := strings.Cut(f.Code, "/")
	return name
}

// Faults lists all faults, format by format. Several may have a code.
func Faults() []Fault { return slices.Concat(vhdFaults(), vhdxFaults(), vmdkFaults()) }

// Called lists the faults of a format that a code names, in either case, with the format in
// front or without: "vhdx/44", "44", "v002". An empty code names all.
func Called(format, code string) []Fault {
	var list []Fault
	for _, f := range Faults() {
		_, short, _ := strings.Cut(f.Code, "/")
		if f.Format() == format && (code == "" || strings.EqualFold(code, f.Code) || strings.EqualFold(code, short)) {
			list = append(list, f)
		}
	}
	return list
}

// Codes lists the codes of some faults, each once, in the order of their numbers.
func Codes(list []Fault) []string {
	var codes []string
	for _, f := range list {
		codes = append(codes, f.Code)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return slices.Compact(codes)
}

// sets is a fault that gives fields other values, by their paths in the tree: checksums
// follow, as do second copies, so that nothing but the values is wrong.
func sets(code, about string, pairs ...string) Fault {
	return Fault{code, about, func(p *planter) error { return p.set(pairs...) }}
}

// flips is a fault that flips a bit of one of several fields, and leaves the checksum as it
// is.
func flips(code, about string, paths ...string) Fault {
	return Fault{code, about, func(p *planter) error { return p.flip(pick(p, paths)) }}
}
