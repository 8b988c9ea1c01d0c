package vmdk

import (
	"strings"

	"platter/decode/vmdk"
)

// onlyStreams demands that the disk is a stream in a file of its own. It reports
// whether it is.
func (c *checker) onlyStreams(code, who string) bool {
	m := c.m
	if s := m.main.sparse; s == nil || !s.isStream() {
		c.error(code, m.main.place(0, min(m.main.Size, vmdk.SectorSize)), "%s: this one is %s, convert it", who, m.info.Type)
		return false
	}
	if m.link.wanted {
		c.error(code, m.settingPlace("parentCID"), "%s, without a parent: merge the chain first", who)
		return false
	}
	return true
}

// forGCP is what Google's import does: it gives a single file to qemu-img.
func (c *checker) forGCP() {
	m := c.m
	if m.separate || len(m.files) > 1 {
		c.error(codeGCP, m.main.place(0, min(m.main.Size, vmdk.SectorSize)), "Google imports a VMDK that is one file with its descriptor inside: convert it to monolithicSparse or streamOptimized")
		return
	}
	c.forQEMU()
}

// forLibvmdk is what libvmdk refuses, on which many forensic tools are built
// (vmdk.md 2.1, 14).
func (c *checker) forLibvmdk() {
	m := c.m
	if m.text == nil {
		return
	}
	const who = "libvmdk, and the forensic tools that are built on it,"
	if missing := missingHeadings(m.text); len(missing) > 0 {
		c.error(codeLibvmdk, m.textPlace(), "%s refuse a descriptor without the line %s", who, missing[0])
	} else if first := m.text.Lines[0].Text; !strings.EqualFold(first, "# disk descriptorfile") {
		c.error(codeLibvmdk, m.linePlace(&m.text.Lines[0]), "%s refuse a descriptor whose first line is not its heading", who)
	}
	for _, l := range m.text.Extents() {
		if strings.Contains(l.Text, "\t") {
			c.error(codeLibvmdk, m.linePlace(l), "%s refuse tabs in an extent line", who)
			return
		}
	}
}
