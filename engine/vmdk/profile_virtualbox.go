package vmdk

import (
	"bytes"
	"slices"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

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
	if m.text == nil {
		c.error(codeVirtualBox, m.main.place(0, vmdk.SectorSize), "VirtualBox opens an extent by its descriptor only")
	}
	c.textForVirtualBox()
	for _, e := range m.extents {
		if e.line != nil && e.line.Extent.Access == "NOACCESS" {
			c.error(codeVirtualBox, m.linePlace(e.line), "VirtualBox fails to read an extent that is marked NOACCESS")
		}
	}
	for _, f := range m.files {
		if f.sparse != nil && f.sparse.grid != nil && c.going() {
			c.sparseForVirtualBox(f.sparse)
		}
	}
}

// What VirtualBox reads of a descriptor at most (vmdk.md 2.6).
const (
	virtualBoxText  = 128 << 10
	virtualBoxLeast = 50
	virtualBoxLines = 1100
	virtualBoxRoom  = 20480 // sectors, inside an extent
)

// virtualBoxHeadings are the first lines that it takes (vmdk.md 1.1).
var virtualBoxHeadings = []string{"# Disk DescriptorFile", "# Disk Descriptor File", "#Disk Descriptor File", "#Disk DescriptorFile"}

// virtualBoxSize is where its sparse disks end, in bytes.
const virtualBoxSize = 256 << 40

func (c *checker) textForVirtualBox() {
	m := c.m
	if m.text == nil {
		return
	}
	at := m.textPlace()
	if len(m.text.Lines) == 0 || !slices.Contains(virtualBoxHeadings, m.text.Lines[0].Text) {
		c.error(codeVirtualBox, at, "VirtualBox refuses a descriptor whose first line is not %q", virtualBoxHeadings[0])
	}
	switch {
	case m.separate && (m.text.Size > virtualBoxText || m.text.Size < virtualBoxLeast):
		c.error(codeVirtualBox, at, "VirtualBox reads descriptors of %d to %d bytes, this one has %d", virtualBoxLeast, virtualBoxText, m.text.Size)
	case len(m.text.Lines) > virtualBoxLines:
		c.error(codeVirtualBox, at, "VirtualBox reads %d lines, the descriptor has %d", virtualBoxLines, len(m.text.Lines))
	case !m.separate && sectors(m.textAt.Length) > virtualBoxRoom:
		c.error(codeVirtualBox, at, "VirtualBox reads descriptors in rooms of up to %d sectors, this one has %d", virtualBoxRoom, sectors(m.textAt.Length))
	case !m.separate && sectors(m.textAt.Length) < 3:
		c.warn(codeVirtualBox, at, "VirtualBox makes the room for the descriptor longer when it opens the disk, and has damaged such disks")
	case !m.separate && m.writing().room()-int64(m.text.Size) < 4*64:
		c.warn(codeVirtualBox, at, "VirtualBox adds four lines to the descriptor when it opens the disk: there is no room for them")
	}
	for _, l := range m.text.Lines {
		if strings.Contains(l.Text, "\r") {
			c.error(codeVirtualBox, m.linePlace(&l), "VirtualBox refuses a line end of a single carriage return")
			break
		}
	}
	c.orderForVirtualBox()
}

// orderForVirtualBox is that settings, extents and disk database must follow
// one another.
func (c *checker) orderForVirtualBox() {
	stage := 0
	for i := range c.m.text.Lines {
		l := &c.m.text.Lines[i]
		now := stage
		switch {
		case l.Kind == vmdk.LineExtent:
			now = 1
		case l.Kind == vmdk.LineSetting && l.IsDatabase():
			now = 2
		case l.Kind == vmdk.LineSetting && !strings.EqualFold(l.Key, "changeTrackPath"):
			now = 0
		}
		if now < stage {
			c.error(codeVirtualBox, c.m.linePlace(l), "VirtualBox wants settings, extents and disk database in this order")
			return
		}
		stage = now
	}
}

func (c *checker) sparseForVirtualBox(s *sparse) {
	f := s.file
	if s.kind != vmdk.KindHosted {
		c.error(codeVirtualBox, f.field(0, vmdk.HeaderMagic), "VirtualBox reads no %s", s.kind)
		return
	}
	if v := vmdk.HeaderVersion.Get(s.rules); v != 1 && v != 3 {
		c.error(codeVirtualBox, f.field(0, vmdk.HeaderVersion), "VirtualBox accepts header versions 1 and 3, not %d", v)
	}
	if n := s.grid.perTable; n < 128 || n&(n-1) != 0 {
		c.error(codeVirtualBox, f.field(0, vmdk.HeaderTableEntries), "VirtualBox wants a power of two from 128 on as entries of a grain table, not %d", n)
	}
	if first, second := s.directoryOffsets(); first == second {
		c.error(codeVirtualBox, f.field(0, vmdk.HeaderRedundantOffset, vmdk.HeaderDirectoryOffset), "VirtualBox refuses a redundant directory that is the first one")
	}
	if s.grid.grain < 8*vmdk.SectorSize {
		c.error(codeVirtualBox, f.field(0, vmdk.HeaderGrainSize), "VirtualBox wants grains of 8 sectors at least, not %d", sectors(s.grid.grain))
	}
	if s.grid.capacity >= virtualBoxSize {
		c.error(codeVirtualBox, f.field(0, vmdk.HeaderCapacity), "VirtualBox takes sparse disks below 256 TiB, this one has %d bytes", s.grid.capacity)
	}
	if s.grid.dirCount == 2 {
		c.copiesForVirtualBox(s)
	}
	if s.isStream() {
		c.tailForVirtualBox(s)
	}
}

// copiesForVirtualBox is that VirtualBox opens no extent whose copies of the
// tables differ in anything.
func (c *checker) copiesForVirtualBox(s *sparse) {
	g, seen := s.grid, visited{}
	for t := int64(0); t < g.tables && c.going(); t++ {
		first, err := g.emptyFrom(0, t)
		second, err2 := g.emptyFrom(1, t)
		if err != nil || err2 != nil {
			return // reported by the check
		}
		entry := g.file.place(g.dirs[0]+t*g.width, g.width)
		if n := min(first, second); n > 0 {
			t += n - 1
			continue
		}
		one, ok, err := g.tableOf(0, t)
		two, ok2, err2 := g.tableOf(1, t)
		switch {
		case err != nil || err2 != nil:
			return
		case !ok || !ok2:
			c.error(codeVirtualBox, entry, "VirtualBox refuses an extent of which only one directory knows table %d", t)
			return
		case one == two:
			c.error(codeVirtualBox, entry, "VirtualBox refuses an extent whose directories share table %d", t)
			return
		case seen.first(one) && !g.file.sameBytes(one, two, g.tableBytes()):
			c.error(codeVirtualBox, g.file.place(one, g.tableBytes()), "VirtualBox refuses an extent whose copies of table %d differ", t)
			return
		}
	}
}

// tailForVirtualBox is that it wants the last grain of a stream to unpack to a
// whole one.
func (c *checker) tailForVirtualBox(s *sparse) {
	g := s.grid
	if g.capacity%g.grain == 0 {
		return
	}
	var r run
	last := g.capacity - g.capacity%g.grain
	if err := g.run(last, 1, &r); err != nil || r.state != disk.Data {
		return
	}
	if data, _, err := g.packed.inflate(r.offset); err == nil && int64(len(data)) < g.grain {
		c.error(codeVirtualBox, g.file.place(r.offset, r.packed), "VirtualBox wants the last grain to unpack to %d bytes, it gives %d", g.grain, len(data))
	}
}

// sameBytes reports whether two ranges of the file hold the same.
func (f *file) sameBytes(a, b, n int64) bool {
	one, errOne := f.head(a, n)
	two, errTwo := f.head(b, n)
	return errOne == nil && errTwo == nil && int64(len(one)) == n && bytes.Equal(one, two)
}
