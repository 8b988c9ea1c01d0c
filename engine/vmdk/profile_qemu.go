package vmdk

import (
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
)

// qemuGrain is the largest grain that QEMU accepts, in sectors.
const qemuGrain = 0x200000

// qemuText is how much of a descriptor QEMU reads for the content IDs and the
// parent's name, in bytes.
const qemuText = 20 * vmdk.SectorSize

// qemuName is the longest file name that QEMU reads from an extent line.
const qemuName = 511

// textForQEMU is what QEMU's way of reading the text makes of it.
func (c *checker) textForQEMU() {
	m := c.m
	if m.separate && len(m.text.Lines) > 0 && strings.HasPrefix(m.text.Lines[0].Text, "\ufeff") {
		c.error(codeQEMU, m.textPlace(), "QEMU takes a descriptor with a byte order mark for a raw disk, unless it is told the format: -f vmdk")
	}
	if l := m.text.Setting("parentCID"); l != nil {
		if cid := m.text.Setting("CID"); cid != nil && cid.At.Offset > l.At.Offset {
			c.error(codeQEMU, m.linePlace(l), "QEMU takes the first \"CID=\" in the text for the CID, which is that of parentCID here, and damages the text when it writes")
		}
	}
	for _, key := range []string{"createType", "parentFileNameHint", "CID", "parentCID"} {
		l := m.text.Setting(key)
		if l == nil {
			continue
		}
		if strings.Contains(l.Text, " =") || strings.Contains(l.Text, "= ") {
			c.error(codeQEMU, m.linePlace(l), "QEMU does not read %s with blanks around the equals sign", key)
		}
		if l.At.Offset+l.At.Length > qemuText && key != "createType" {
			c.error(codeQEMU, m.linePlace(l), "QEMU looks for %s in the first %d bytes of the text only", key, qemuText)
		}
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
		for _, e := range m.extents {
			if e.file != nil && e.sparse == nil && e.fault == nil && e.base > e.file.Size-e.length {
				c.warn(codeQEMU, m.linePlace(e.line), "QEMU reads the part that %s lacks as zeros, without a word", decode.InQuotes(e.file.Name))
			}
		}
	}
	if m.text != nil {
		c.textForQEMU()
	} else {
		c.error(codeQEMU, m.main.place(0, vmdk.SectorSize), "QEMU opens an extent by its descriptor only")
	}
	for _, e := range m.extents {
		if e.sparse != nil && e.sparse.kind == vmdk.KindCowd || e.sparse != nil && e.sparse.footer != 0 {
			c.warn(codeQEMU, e.sparse.file.field(0, vmdk.HeaderMagic), "QEMU must not write to the disk: where a range has no table yet, it would write the data over the header")
		}
		if e.sparse != nil && e.sparse.kind == vmdk.KindSeSparse {
			c.note(codeQEMU, e.sparse.file.field(0, vmdk.ConstMagic), "QEMU opens a seSparse extent read-only")
		}
		if e.sparse == nil || e.sparse.kind != vmdk.KindHosted {
			continue
		}
		r, f := e.sparse.rules, e.sparse.file
		if len(m.extents) > 1 && e.sparse.capacity() != uint64(sectors(e.length)) {
			c.error(codeQEMU, f.field(0, vmdk.HeaderCapacity), "QEMU takes the %d sectors of the header for the extent's size, not the %d of its line: everything after it is shifted", e.sparse.capacity(), sectors(e.length))
		}
		if n := vmdk.HeaderTableEntries.Get(r); n > 512 {
			c.error(codeQEMU, f.field(0, vmdk.HeaderTableEntries), "QEMU refuses %d entries in a grain table", n)
		}
		if n := vmdk.HeaderGrainSize.Get(r); n > qemuGrain {
			c.error(codeQEMU, f.field(0, vmdk.HeaderGrainSize), "QEMU refuses grains of %d sectors", n)
		}
		if off := vmdk.HeaderDescriptorOffset.Get(r); off > 1 && f == m.main {
			c.error(codeQEMU, f.field(0, vmdk.HeaderDescriptorOffset), "QEMU looks for the descriptor at sector 1, wherever the header says that it is: here %d", off)
		}
		if v := vmdk.HeaderVersion.Get(r); v == 3 && vmdk.HeaderFlags.Get(r)&vmdk.FlagCompressed == 0 {
			c.warn(codeQEMU, f.field(0, vmdk.HeaderVersion), "QEMU opens an uncompressed extent of version 3 read-only")
		}
		if over := vmdk.HeaderOverHead.Get(r); over > uint64(sectors(f.Size)) {
			c.error(codeQEMU, f.field(0, vmdk.HeaderOverHead), "QEMU refuses a file that is shorter than its overHead of %d sectors", over)
		}
	}
}

func (c *checker) lineForQEMU(l *vmdk.Line) {
	x, at := l.Extent, c.m.linePlace(l)
	fields := strings.Fields(l.Text)
	known := x.IsFlat() || x.IsSparse()
	switch {
	case len(fields) == 0:
	case fields[0] != "RW" || !known || !slices.Contains(fields, x.Type):
		c.error(codeQEMU, at, "QEMU leaves this extent out: the disk becomes smaller, and everything after it is shifted")
	case len(x.Name) > qemuName:
		c.error(codeQEMU, at, "QEMU cuts file names off after %d bytes", qemuName)
	case x.Type == vmdk.TypeFlat && !x.HasOffset:
		c.error(codeQEMU, at, "QEMU refuses a FLAT extent without an offset")
	case x.Type == vmdk.TypeVmfs && x.HasOffset:
		c.error(codeQEMU, at, "QEMU refuses a VMFS extent with an offset")
	}
}
