package vmdk

import (
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// openCowd reads the header of an ESX redo log (vmdk.md 6).
func (s *sparse) openCowd() error {
	b, err := s.file.head(0, vmdk.CowdHeaderSize)
	if err != nil {
		return err
	}
	head := make([]byte, vmdk.CowdHeaderSize)
	copy(head, b)
	s.cowd, _ = vmdk.CowdTable.Of(head)
	if len(b) < vmdk.CowdHeaderSize {
		s.damaged(disk.Damaged, 0, int64(len(b)), "the header is cut off: %d bytes of 2048", len(b))
		return nil
	}
	grain := uint64(vmdk.CowdGrain.Get(s.cowd))
	if grain == 0 || grain > maxGrainSectors {
		s.damaged(disk.Damaged, 16, 4, "grains of %d sectors, expected 1 to %d", grain, maxGrainSectors)
		return nil
	}
	if v := vmdk.CowdVersion.Get(s.cowd); v != 1 && v != 3 {
		s.damaged(disk.Unsupported, 4, 4, "COWD version %d, known are 1 and 3", v)
	}
	if !s.sized(12) {
		return nil
	}
	g := s.newGrid(grain, s.cowdPerTable(), 4)
	dir := int64(vmdk.CowdDirectory.Get(s.cowd)) * vmdk.SectorSize
	if dir < vmdk.CowdHeaderSize || dir >= s.file.Size {
		s.damaged(disk.Damaged, 20, 4, "the grain directory at byte 0x%x lies inside the header or outside the file", dir)
	}
	g.dirs[0], g.dirCount = dir, 1
	g.tables = g.listed(min(g.needed(), int64(vmdk.CowdDirectoryEntries.Get(s.cowd))))
	if s.bounded(g, 12) {
		s.grid = g
	}
	return nil
}

// cowdPerTable is the number of entries in a table: Workstation 3 had shorter ones.
func (s *sparse) cowdPerTable() uint64 {
	if vmdk.CowdVersion.Get(s.cowd) == 3 {
		return vmdk.CowdLegacyTableEntries
	}
	return vmdk.CowdTableEntries
}
