package vmdk

import (
	"bytes"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// cowdHeader is C1 to C3 as far as no table is needed, and what H12 and H13
// are for hosted extents.
func (c *checker) cowdHeader(s *sparse) {
	h, f := s.cowd, s.file
	if f.Size < vmdk.CowdHeaderSize {
		c.error("H1:cut", f.place(0, f.Size), "the header is cut off: %d bytes of 2048", f.Size)
		return
	}
	version, flags := vmdk.CowdVersion.Get(h), vmdk.CowdFlags.Get(h)
	if !(version == 1 && flags == 3 || version == 3 && flags == 0x1B) {
		severity := disk.SeverityWarning
		if version != 1 && version != 3 {
			severity = disk.SeverityError
		}
		c.found(severity, "C1", joined(f.field(0, vmdk.CowdVersion, vmdk.CowdFlags)), "version %d with flags 0x%x, expected 1 with 3 or 3 with 0x1b", version, flags)
	}
	if grain := vmdk.CowdGrain.Get(h); grain == 0 || grain > maxGrainSectors {
		c.error("H6:impossible", f.field(0, vmdk.CowdGrain), "grains of %d sectors, expected 1 to %d", grain, maxGrainSectors)
	}
	if vmdk.CowdSectors.Get(h) == 0 {
		c.error("H11", f.field(0, vmdk.CowdSectors), "the capacity is 0")
	}
	c.cowdDirectory(s)
	if vmdk.CowdUnclean.Get(h) != 0 {
		c.warn("H12:single", f.field(0, vmdk.CowdUnclean), "the disk was not closed cleanly")
	}
	if pad := vmdk.CowdPadding.Get(h); len(bytes.Trim(pad, "\x00")) > 0 {
		c.warn("H13", f.field(0, vmdk.CowdPadding), "the padding of the header is not zero")
	}
}

func (c *checker) cowdDirectory(s *sparse) {
	f, at := s.file, vmdk.CowdDirectory.Get(s.cowd)
	switch {
	case at < 4 || int64(at) >= f.Size/vmdk.SectorSize:
		c.error("C2:outside", f.field(0, vmdk.CowdDirectory), "the grain directory at sector %d lies inside the header or outside the file", at)
	case at != 4:
		c.warn("C2:place", f.field(0, vmdk.CowdDirectory), "the grain directory is at sector %d, expected 4", at)
	}
	if s.grid == nil {
		return
	}
	switch have, need := int64(vmdk.CowdDirectoryEntries.Get(s.cowd)), s.grid.needed(); {
	case have < need:
		c.error("C2", f.field(0, vmdk.CowdDirectoryEntries), "the directory has %d entries, the capacity needs %d", have, need)
	case have > need:
		c.warn("C2:longer", f.field(0, vmdk.CowdDirectoryEntries), "the directory has %d entries, the capacity needs %d", have, need)
	}
	if free := int64(vmdk.CowdFree.Get(s.cowd)); free > sectors(f.Size+vmdk.SectorSize-1) {
		c.error("C3:outside", f.field(0, vmdk.CowdFree), "the next free sector is %d, the file has %d", free, sectors(f.Size))
	}
}

// seHeader is Z1 to Z3.
func (c *checker) seHeader(s *sparse) {
	f := s.file
	if f.Size < vmdk.SectorSize {
		c.error("Z1", f.place(0, f.Size), "the header is cut off: %d bytes of 512", f.Size)
		return
	}
	for _, field := range vmdk.ConstHeaderTable.Fields() {
		mark, words := field.Verdict(s.fixed.Bytes())
		if words != "" && mark > 0 && field.Offset() != int(vmdk.ConstCapacity.Offset()) && !(s.unmarked && field.Offset() == vmdk.ConstMagic.Offset()) {
			c.error("Z1", f.field(0, field), "const header, %s: %s, %s", field.Name(), clip(field.Text(s.fixed.Bytes())), words)
		}
	}
	if n := s.capacity(); n == 0 || n > maxSectors {
		c.error("Z1", f.field(0, vmdk.ConstCapacity), "a capacity of %d sectors", n)
	} else if s.grid == nil && n/vmdk.SeGrainSectors/vmdk.SeTableEntries >= maxTables {
		c.error("Z1", f.field(0, vmdk.ConstCapacity), "a capacity of %d sectors needs more than %d grain tables", n, maxTables)
	}
	c.seVolatile(s)
	c.seAreas(s)
}

func clip(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

func (c *checker) seVolatile(s *sparse) {
	f := s.file
	at, _ := s.area(vmdk.ConstVolatile, vmdk.ConstVolatileSize)
	switch {
	case !s.current || vmdk.VolatileMagic.Get(s.volatile) != vmdk.SeVolatileMagic:
		c.error("Z1", f.field(at, vmdk.VolatileMagic), "there is no volatile header at byte 0x%x", at)
		return
	case vmdk.VolatileJournal.Get(s.volatile) != 0:
		c.error("Z3", f.field(at, vmdk.VolatileJournal), "the journal must be replayed (%d): the tables are stale", vmdk.VolatileJournal.Get(s.volatile))
	}
	if pad := vmdk.VolatilePad.Get(s.volatile); len(bytes.Trim(pad, "\x00")) > 0 {
		c.error("Z1", f.field(at, vmdk.VolatilePad), "the padding of the volatile header is not zero")
	}
}

// seAreas is Z2.
func (c *checker) seAreas(s *sparse) {
	f := s.file
	list := append(s.areas(), area{"const header", 0, vmdk.SectorSize, disk.KindHeader})
	for _, a := range seAreas {
		off, size := a.off.Get(s.fixed), a.size.Get(s.fixed)
		if _, length := s.area(a.off, a.size); length == 0 || uint64(length/vmdk.SectorSize) != size {
			c.error("Z2", f.field(0, a.off, a.size), "the area %s of %d sectors at sector %d does not fit the file", a.name, size, off)
		}
	}
	// The area may be longer than the file, but not than a file can be.
	if off, size := vmdk.ConstGrains.Get(s.fixed), vmdk.ConstGrainsSize.Get(s.fixed); off <= maxSectors && size > maxSectors-off {
		c.error("Z2", f.field(0, vmdk.ConstGrains, vmdk.ConstGrainsSize), "the area of grains at sector %d has %d sectors: more than 2^63 bytes", off, size)
	}
	if at, _ := s.area(vmdk.ConstGrains, vmdk.ConstGrainsSize); at > 0 {
		list = append(list, area{"grains", at, max(0, f.Size-at), disk.KindPayload})
	} else {
		c.error("Z2", f.field(0, vmdk.ConstGrains, vmdk.ConstGrainsSize), "the area of grains at sector %d does not fit the file", vmdk.ConstGrains.Get(s.fixed))
	}
	for i, a := range list {
		for _, b := range list[:i] {
			if a.off < b.off+b.bytes && b.off < a.off+a.bytes {
				c.found(disk.SeverityError, "Z2", joined(f.place(b.off, b.bytes), f.place(a.off, a.bytes)), "%s and %s overlap", b.name, a.name)
			}
		}
	}
}
