package vmdk

import (
	"context"
	"iter"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// The codes of what profiles demand. The format reference numbers no such
// checks: they are the quirks of its section 14, by program.
const (
	codeQEMU       = "P1"
	codeVMware     = "P2"
	codeVirtualBox = "P3"
	codeMicrosoft  = "P4"
)

// CheckProfile finds why a program would refuse the image or show another disk
// (vmdk.md 14), beyond what Check says about it.
func (m *Image) CheckProfile(_ context.Context, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{ctx: context.Background(), m: m, yield: yield, count: map[string]int{}}
		switch profile {
		case disk.ProfileQEMU:
			c.forQEMU()
		case disk.ProfileVMware:
			c.forVMware()
		case disk.ProfileVirtualBox:
			c.forVirtualBox()
		case disk.ProfileHyperV, disk.ProfileAzure:
			c.error(codeMicrosoft, m.main.place(0, 0), "Hyper-V and Azure open no VMDK: convert the disk to VHDX or fixed VHD")
		}
		c.summarise()
	}
}

// qemuTypes are the kinds of disk that QEMU opens by a descriptor file.
var qemuTypes = []string{"monolithicFlat", "vmfs", "vmfsSparse", "seSparse", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}

func (c *checker) forQEMU() {
	m := c.m
	if m.text != nil && m.separate {
		if t, _ := m.text.Get("createType"); !slices.Contains(qemuTypes, t) {
			c.error(codeQEMU, m.settingPlace("createType"), "QEMU refuses createType %q", t)
		}
		for _, l := range m.text.Extents() {
			c.lineForQEMU(l)
		}
	}
	for _, e := range m.extents {
		if e.sparse == nil || e.sparse.kind != vmdk.KindHosted {
			continue
		}
		r, f := e.sparse.rules, e.sparse.file
		if len(m.extents) > 1 && e.sparse.capacity() != uint64(sectors(e.length)) {
			c.error(codeQEMU, f.place(12, 8), "QEMU takes the %d sectors of the header for the extent's size, not the %d of its line: everything behind is shifted", e.sparse.capacity(), sectors(e.length))
		}
		if n := vmdk.HeaderTableEntries.Get(r); n > 512 {
			c.error(codeQEMU, f.place(44, 4), "QEMU refuses %d entries in a grain table", n)
		}
		if v := vmdk.HeaderVersion.Get(r); v == 3 && vmdk.HeaderFlags.Get(r)&vmdk.FlagCompressed == 0 {
			c.warn(codeQEMU, f.place(4, 4), "QEMU opens an uncompressed extent of version 3 for reading only")
		}
		if over := vmdk.HeaderOverHead.Get(r); over > uint64(sectors(f.Size)) {
			c.error(codeQEMU, f.place(64, 8), "QEMU refuses a file that is shorter than its overHead of %d sectors", over)
		}
	}
}

func (c *checker) lineForQEMU(l *vmdk.Line) {
	x, at := l.Extent, c.m.linePlace(l)
	fields := strings.Fields(l.Text)
	known := x.IsFlat() || x.IsSparse()
	switch {
	case len(fields) == 0:
	case fields[0] != "RW" || !known || !strings.Contains(l.Text, " "+x.Type+" "):
		c.error(codeQEMU, at, "QEMU leaves this extent out: the disk becomes smaller, and everything behind is shifted")
	case x.Type == vmdk.TypeFlat && !x.HasOffset:
		c.error(codeQEMU, at, "QEMU refuses a FLAT extent without an offset")
	case x.Type == vmdk.TypeVmfs && x.HasOffset:
		c.error(codeQEMU, at, "QEMU refuses a VMFS extent with an offset")
	}
}

func (c *checker) forVMware() {
	m := c.m
	for _, e := range m.extents {
		if e.sparse == nil || e.sparse.kind != vmdk.KindHosted {
			continue
		}
		f := e.sparse.file
		if e.sparse.grid != nil && e.sparse.grid.packed != nil {
			if v := vmdk.HeaderVersion.Get(e.sparse.rules); v < 3 {
				c.error(codeVMware, f.place(4, 4), "ESXi imports only streams of version 3, this one is %d", v)
			}
			c.note(codeVMware, f.place(8, 4), "a stream must be imported before a machine can run from it")
			continue
		}
		c.note(codeVMware, f.place(0, 4), "Workstation and Fusion run from hosted sparse extents, ESXi must import them")
	}
	if m.text == nil {
		c.error(codeVMware, m.main.place(0, 0), "VMware opens an extent by its descriptor only")
	} else if p := m.link.parent; p != nil && p.size != m.size {
		c.error(codeVMware, m.textPlace(), "VMware refuses a chain whose disks differ in size: %d and %d bytes", m.size, p.size)
	}
}

func (c *checker) forVirtualBox() {
	m := c.m
	if m.text != nil {
		if v, _ := m.text.Get("version"); v != "1" {
			c.error(codeVirtualBox, m.settingPlace("version"), "VirtualBox accepts only descriptor version 1, not %q", v)
		}
		if m.link.wanted {
			c.warn(codeVirtualBox, m.settingPlace("parentCID"), "VirtualBox finds parents by UUIDs of its own, which other programs do not write")
		}
	}
	for _, e := range m.extents {
		if e.sparse != nil && e.sparse.grid != nil {
			c.sparseForVirtualBox(e.sparse)
		}
	}
}

func (c *checker) sparseForVirtualBox(s *sparse) {
	f, start := s.file, func(off, n int64) decode.Place { return s.file.place(off, n) }
	if s.kind != vmdk.KindHosted {
		c.error(codeVirtualBox, start(0, 4), "VirtualBox reads no %s", s.kind)
		return
	}
	if v := vmdk.HeaderVersion.Get(s.rules); v != 1 && v != 3 {
		c.error(codeVirtualBox, start(4, 4), "VirtualBox accepts header versions 1 and 3, not %d", v)
	}
	if n := s.grid.perTable; n < 128 || n&(n-1) != 0 {
		c.error(codeVirtualBox, start(44, 4), "VirtualBox wants a power of two from 128 on as entries of a grain table, not %d", n)
	}
	if first, second := s.directoryOffsets(); first == second {
		c.error(codeVirtualBox, f.place(48, 16), "VirtualBox refuses a redundant directory that is the first one")
	}
}

var _ disk.Profiler = (*Image)(nil)
