package vmdk

import (
	"fmt"
	"slices"
	"strings"

	"platter/decode/vmdk"
)

// The sizes that VMware's programs end at, in bytes (vmdk.md 11).
const (
	workstationSize = 8 << 40
	busLogicSize    = 2 << 40
	esxSize         = 62 << 40
)

// forVMware says where the disk runs: on Workstation and Fusion, on ESX, or
// nowhere before it is imported (vmdk.md 11).
func (c *checker) forVMware() {
	m := c.m
	if m.text == nil {
		c.error(codeVMware, m.main.place(0, 0), "VMware opens an extent by its descriptor only")
	} else {
		c.textForVMware()
	}
	if p := m.link.parent; p != nil && p.size != m.size {
		c.error(codeVMware, m.textPlace(), "VMware refuses a chain whose disks differ in size: %d and %d bytes", m.size, p.size)
	}
	if m.link.wanted && m.link.parent == nil {
		c.error(codeVMware, m.settingPlace("parentCID"), "VMware refuses a disk whose parent is missing, or was changed since")
	}
	c.sizeForVMware()
	if c.streamForVMware() {
		c.warn(codeVMware, m.main.sparse.headerPlace(vmdk.HeaderFlags.Field()), "no machine runs from a stream: import it first, as the disk of an OVF")
		return
	}
	if why := m.notForESX(); why != "" {
		c.note(codeVMware, m.main.field(0, vmdk.HeaderMagic), "Workstation and Fusion run from this disk, ESXi must import it: %s", why)
	}
	for _, f := range m.files {
		if f.sparse != nil && f.sparse.kind == vmdk.KindHosted && f.sparse.grid != nil {
			c.tablesForVMware(f.sparse)
		}
	}
}

// textForVMware is what VMware's programs demand of the descriptor.
func (c *checker) textForVMware() {
	m := c.m
	for _, key := range []string{"version", "CID", "parentCID", "createType", "parentFileNameHint"} {
		if l := m.text.Setting(key); l != nil && (strings.Contains(l.Text, " =") || strings.Contains(l.Text, "= ")) {
			c.warn(codeVMware, m.linePlace(l), "Workstation is said to refuse %s with blanks around the equals sign", key)
		}
	}
	if t, ok := m.text.Database("adapterType"); !ok {
		c.warn(codeVMware, m.textPlace(), "no adapter type: VMware wants to know the controller")
	} else if !slices.Contains([]string{"ide", "buslogic", "lsilogic", "legacyesx"}, strings.ToLower(t)) {
		c.error(codeVMware, m.settingPlace("ddb.adapterType"), "VMware knows no adapter %q", t)
	}
	for _, l := range m.text.Extents() {
		if t := l.Extent.Type; t == vmdk.TypeVmfsSparse || t == vmdk.TypeSeSparse {
			c.note(codeVMware, m.linePlace(l), "an extent of type %s is a snapshot of ESXi, which has no base of that kind", t)
			if !m.link.wanted {
				c.error(codeVMware, m.linePlace(l), "ESXi runs only snapshots from an extent of type %s, and this disk has no parent", t)
			}
		}
	}
}

// sizeForVMware compares the disk's size with the limits of the programs.
func (c *checker) sizeForVMware() {
	m := c.m
	if m.text == nil {
		return
	}
	adapter, _ := m.text.Database("adapterType")
	switch {
	case m.size > esxSize:
		c.error(codeVMware, m.textPlace(), "no VMware program takes a disk of %d bytes, ESXi ends at 62 TiB", m.size)
	case m.size > workstationSize:
		c.warn(codeVMware, m.textPlace(), "Workstation ends at 8 TiB, only ESXi takes this disk")
	case m.size > busLogicSize && strings.EqualFold(adapter, "buslogic"):
		c.error(codeVMware, m.settingPlace("ddb.adapterType"), "BusLogic adapters end at 2 TiB")
	}
}

// streamForVMware is what the import of an OVF demands. It reports whether the
// disk is a stream.
func (c *checker) streamForVMware() bool {
	s := c.m.main.sparse
	if s == nil || s.grid == nil || s.grid.packed == nil {
		return false
	}
	if v := vmdk.HeaderVersion.Get(s.rules); v < 3 {
		c.error(codeVMware, s.headerPlace(vmdk.HeaderVersion.Field()), "ESXi imports only streams of version 3, this one is %d", v)
	}
	if c.m.text != nil {
		if t, _ := c.m.text.Get("createType"); t != "streamOptimized" {
			c.error(codeVMware, c.m.settingPlace("createType"), "createType %q: the import demands streamOptimized", t)
		}
		for _, key := range []string{"toolsVersion", "longContentID"} {
			if _, ok := c.m.text.Database(key); !ok {
				c.note(codeVMware, c.m.textPlace(), "vSphere wants ddb.%s in the disk of an OVF", key)
			}
		}
	}
	if s.footer == 0 {
		c.note(codeVMware, s.headerPlace(vmdk.HeaderDirectoryOffset.Field()), "the directory is in front, as QEMU writes it: ESX was reported to refuse such a stream. The form with a footer is taken everywhere")
	}
	return true
}

// notForESX says why ESXi does not run from the disk; empty if it does.
func (m *Image) notForESX() string {
	if len(m.extents) > 1 {
		return fmt.Sprintf("it has %d extents, ESXi takes one", len(m.extents))
	}
	for _, e := range m.extents {
		switch {
		case e.sparse != nil && (e.sparse.kind == vmdk.KindHosted || e.sparse.kind == vmdk.KindUnfinished):
			return "its extent is hosted sparse (unsupported or invalid disk type 7)"
		case e.line != nil && e.line.Extent.Type == vmdk.TypeFlat:
			return "its extent is FLAT, which ESXi writes as VMFS"
		}
	}
	return ""
}

// tablesForVMware is that VMware makes no tables in a hosted extent.
func (c *checker) tablesForVMware(s *sparse) {
	g := s.grid
	for copy := range g.dirCount {
		for t := int64(0); t < g.tables && c.going(); t++ {
			n, err := g.emptyFrom(copy, t)
			if err != nil {
				c.failed = err
				return
			}
			if n > 0 {
				c.error(codeVMware, g.file.place(g.dirs[copy]+t*g.width, n*g.width), "VMware refuses a hosted extent that lacks grain tables: all must be there from the start")
				return
			}
		}
	}
}
