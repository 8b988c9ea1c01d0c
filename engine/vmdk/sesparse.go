package vmdk

import (
	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// openSeSparse reads the two headers of a seSparse extent (vmdk.md 7).
func (s *sparse) openSeSparse() error {
	b, err := s.file.head(0, vmdk.SectorSize)
	if err != nil {
		return err
	}
	head := make([]byte, vmdk.SectorSize)
	copy(head, b)
	s.fixed, _ = vmdk.ConstHeaderTable.Of(head)
	if len(b) < vmdk.SectorSize {
		s.damaged(disk.Damaged, 0, int64(len(b)), "the header is cut off: %d bytes of 512", len(b))
		return nil
	}
	for _, want := range []struct {
		field decode.Uint[vmdk.ConstHeader, uint64]
		value uint64
	}{
		{vmdk.ConstVersion, vmdk.SeVersion},
		{vmdk.ConstGrain, vmdk.SeGrainSectors},
		{vmdk.ConstTable, vmdk.SeTableSectors},
		{vmdk.ConstFlags, 0},
	} {
		if got := want.field.Get(s.fixed); got != want.value {
			s.damaged(disk.Unsupported, int64(want.field.Offset()), 8, "seSparse %s is 0x%x, known is 0x%x", want.field.Field().Name(), got, want.value)
		}
	}
	if err := s.readVolatile(); err != nil {
		return err
	}
	if s.sized(16) {
		s.seGrid()
	}
	return nil
}

// readVolatile reads the header that changes. A journal that was not replayed
// makes the tables useless, since nobody knows how to replay it.
func (s *sparse) readVolatile() error {
	at, length := s.area(vmdk.ConstVolatile, vmdk.ConstVolatileSize)
	if length < vmdk.SectorSize {
		s.damaged(disk.Damaged, 80, 8, "the volatile header at byte 0x%x lies outside the file", at)
		return nil
	}
	b, err := s.file.head(at, vmdk.SectorSize)
	if err != nil {
		return err
	}
	s.volatile, s.current = vmdk.VolatileHeaderTable.Of(b)
	switch {
	case !s.current || vmdk.VolatileMagic.Get(s.volatile) != vmdk.SeVolatileMagic:
		s.damaged(disk.Damaged, at, 8, "the volatile header has no magic")
	case vmdk.VolatileJournal.Get(s.volatile) != 0:
		s.damaged(disk.Unsupported, at+24, 8, "the journal was not replayed: the tables are stale, and the journal's format was never published")
	}
	return nil
}

// area is the byte range of one of the areas that the header lists, cut to the
// file; length 0 if it lies outside.
func (s *sparse) area(off, size decode.Uint[vmdk.ConstHeader, uint64]) (at, length int64) {
	return s.cut(off.Get(s.fixed), size.Get(s.fixed))
}

// cut turns sectors into bytes of the file.
func (s *sparse) cut(o, n uint64) (at, length int64) {
	if o == 0 || o > uint64(s.file.Size)/vmdk.SectorSize {
		return 0, 0
	}
	at = int64(o) * vmdk.SectorSize
	left := s.file.Size - at
	if n > uint64(left)/vmdk.SectorSize {
		return at, left
	}
	return at, int64(n) * vmdk.SectorSize
}

// areas are the areas that lie in the file as the header says.
func (s *sparse) areas() []area {
	var list []area
	for _, a := range seAreas {
		at, length := s.area(a.off, a.size)
		if size := a.size.Get(s.fixed); length > 0 && uint64(length/vmdk.SectorSize) == size {
			list = append(list, area{a.name, at, length, a.kind})
		}
	}
	return list
}

func (s *sparse) seGrid() {
	g := s.newGrid(vmdk.SeGrainSectors, vmdk.SeTableEntries, 8)
	dir, dirBytes := s.area(vmdk.ConstDirectory, vmdk.ConstDirectorySize)
	if dirBytes == 0 {
		s.damaged(disk.Damaged, 128, 16, "the grain directory lies outside the file")
		return
	}
	var tableBytes int64
	g.tableBase, tableBytes = s.area(vmdk.ConstTables, vmdk.ConstTablesSize)
	g.grainBase, _ = s.area(vmdk.ConstGrains, vmdk.ConstGrainsSize)
	if tableBytes == 0 {
		s.damaged(disk.Damaged, 144, 16, "the grain tables lie outside the file")
		return
	}
	g.dirs[0], g.dirCount = dir, 1
	g.tables = min(g.needed(), dirBytes/8)
	g.tableLimit = tableBytes / g.tableBytes()
	// The area may be longer than the file, which grows as grains are written.
	if g.grainBase != 0 {
		g.grainLimit = int64(min(vmdk.ConstGrainsSize.Get(s.fixed), maxSectors) / vmdk.SeGrainSectors)
	}
	if s.bounded(g, 16) {
		s.grid = g
	}
}
