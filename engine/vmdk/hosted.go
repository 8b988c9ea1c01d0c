package vmdk

import (
	"bytes"
	"fmt"
	"math/bits"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// openHosted reads header, footer and descriptor of a hosted sparse extent
// (vmdk.md 4.1, 5.1).
func (s *sparse) openHosted() error {
	b, err := s.file.head(0, vmdk.SectorSize)
	if err != nil {
		return err
	}
	head := make([]byte, vmdk.SectorSize)
	copy(head, b)
	s.header, _ = vmdk.HeaderTable.Of(head)
	s.rules = s.header
	if len(b) < vmdk.SectorSize {
		s.damaged(disk.Damaged, 0, int64(len(b)), "the header is cut off: %d bytes of 512", len(b))
		return nil
	}
	if s.inText() {
		return nil
	}
	if s.kind == vmdk.KindUnfinished {
		s.damaged(disk.Damaged, 0, 4, "the file was never finished: its magic is still in lower case")
	}
	if vmdk.HeaderDirectoryOffset.Get(s.header) == vmdk.DirectoryAtEnd {
		if err := s.readFooter(); err != nil {
			return err
		}
	}
	if err := s.readText(); err != nil {
		return err
	}
	s.hostedGrid()
	return nil
}

// usualText is where an embedded descriptor lies in all that is known, in sectors.
const usualText, usualTextSize = 1, 20

// readText reads the embedded descriptor. An area of NULs is none. A place that
// can't be right does not mean that there is none (H14): then it is looked for
// where it usually is.
func (s *sparse) readText() error {
	off, size := vmdk.HeaderDescriptorOffset.Get(s.header), vmdk.HeaderDescriptorSize.Get(s.header)
	end := uint64(s.file.Size)/vmdk.SectorSize + 1
	switch {
	case off >= end:
		s.textFault = fmt.Sprintf("the header places the descriptor at sector 0x%x, the file has %d", off, end-1)
	case off == 0 && size > 0:
		s.textFault = fmt.Sprintf("the header gives the descriptor %d sectors, but no place", size)
	case off > 0 && size == 0:
		s.textFault = fmt.Sprintf("the header places the descriptor at sector 0x%x, but gives it no sectors", off)
	}
	if off == 0 || size == 0 || off >= end {
		return s.findText()
	}
	start := int64(off) * vmdk.SectorSize
	room := s.file.Size - start
	if size < uint64(room)/vmdk.SectorSize+1 {
		room = min(room, int64(size)*vmdk.SectorSize)
	}
	return s.takeText(start, room)
}

func (s *sparse) takeText(start, room int64) error {
	b, err := s.file.head(start, min(room, vmdk.MaxDescriptor+1))
	if err != nil {
		return err
	}
	s.textAt = s.file.place(start, room)
	if len(bytes.Trim(b, "\x00")) > 0 {
		s.text = vmdk.ParseDescriptor(b)
	}
	return nil
}

// findText takes the text in its usual place, up to the next structure, if it is one.
func (s *sparse) findText() error {
	const start = usualText * vmdk.SectorSize
	room := min(int64(usualTextSize*vmdk.SectorSize), s.file.Size-start)
	first, second := s.directoryOffsets()
	for _, sector := range []uint64{first, second} {
		if sector > usualText && sector < usualText+usualTextSize {
			room = min(room, (int64(sector)-usualText)*vmdk.SectorSize)
		}
	}
	b, err := s.file.head(start, max(room, 0))
	if err != nil {
		return err
	}
	if !vmdk.IsDescriptor(b) {
		s.textLost = vmdk.HeaderDescriptorOffset.Get(s.header) > uint64(sectors(s.file.Size))
		return nil
	}
	if s.textFault == "" {
		s.textFault = "the header names no descriptor, but there is one"
	}
	return s.takeText(start, room)
}

// hostedGrid checks everything that the tables are computed from, and makes
// their reader.
func (s *sparse) hostedGrid() {
	r, base := s.rules, s.rulesAt()
	grain, perTable := vmdk.HeaderGrainSize.Get(r), uint64(vmdk.HeaderTableEntries.Get(r))
	flags, compression := vmdk.HeaderFlags.Get(r), vmdk.HeaderCompression.Get(r)
	packed := flags&vmdk.FlagCompressed != 0
	switch version := vmdk.HeaderVersion.Get(r); {
	case version > 3:
		s.damaged(disk.Unsupported, base+4, 4, "header version %d, known are 1 to 3", version)
	case flags&vmdk.Incompatible&^vmdk.KnownFlags != 0:
		s.damaged(disk.Unsupported, base+8, 4, "unknown incompatible flags 0x%x", flags&vmdk.Incompatible&^vmdk.KnownFlags)
	case compression > 1:
		s.damaged(disk.Unsupported, base+77, 2, "unknown compression %d", compression)
	case (compression == 1) != packed:
		s.damaged(disk.Damaged, base+8, 4, "flags 0x%x and compression %d contradict each other", flags, compression)
	case flags&vmdk.FlagMarkers != 0 && !packed:
		s.damaged(disk.Damaged, base+8, 4, "flags 0x%x: markers without compressed grains", flags)
	case grain == 0 || grain > maxGrainSectors || bits.OnesCount64(grain) != 1:
		s.damaged(disk.Damaged, base+20, 8, "grains of %d sectors, expected a power of two up to %d", grain, maxGrainSectors)
	case perTable == 0 || perTable > maxPerTable:
		s.damaged(disk.Damaged, base+44, 4, "%d entries in a grain table, expected 512", perTable)
	}
	if s.fault != nil || !s.sized(base+12) {
		return
	}
	g := s.newGrid(grain, perTable, 4)
	g.zeroGrains = flags&vmdk.FlagZeroGrains != 0
	if s.bounded(g, base+12) && s.directories(g, base) {
		g.tables = g.listed(g.needed())
		if s.movedTables(g) {
			return
		}
		if packed {
			g.packed = newUnpacker(s.file, g.grain, flags&vmdk.FlagMarkers != 0)
		}
		s.grid = g
	}
}

// directories finds the grain directories: the first one rules, the redundant
// one stands in for it (vmdk.md 4.3).
func (s *sparse) directories(g *grid, base int64) bool {
	first, second := s.directoryOffsets()
	for i, sector := range []uint64{first, second} {
		if sector == 0 || sector >= uint64(s.file.Size)/vmdk.SectorSize {
			continue
		}
		g.turned = i == 1 && g.dirCount == 0
		g.dirs[g.dirCount] = int64(sector) * vmdk.SectorSize
		g.dirCount++
	}
	if g.dirCount == 2 && g.dirs[0] == g.dirs[1] {
		g.dirCount = 1
	}
	if g.dirCount == 0 {
		s.damaged(disk.Damaged, base+56, 8, "the grain directory at sector 0x%x lies outside the file", first)
	}
	return s.fault == nil
}

// directoryOffsets are the sectors of the two directories; 0 for no redundant one.
func (s *sparse) directoryOffsets() (first, second uint64) {
	first = vmdk.HeaderDirectoryOffset.Get(s.rules)
	if vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant != 0 {
		second = vmdk.HeaderRedundantOffset.Get(s.rules)
	}
	return first, second
}

// rulesAt is the byte offset of the header that counts.
func (s *sparse) rulesAt() int64 {
	if s.footer != 0 && !s.lost {
		return s.footer
	}
	return 0
}

// isStream reports whether the extent is made of markers and compressed grains.
func (s *sparse) isStream() bool {
	return vmdk.HeaderFlags.Get(s.rules)&(vmdk.FlagCompressed|vmdk.FlagMarkers) == vmdk.FlagCompressed|vmdk.FlagMarkers
}

// redundant is the offset in bytes of the second directory of the grid, if it
// has one of its own.
func (s *sparse) redundant() (int64, bool) {
	if s.grid == nil || s.grid.dirCount < 2 {
		return 0, false
	}
	return s.grid.dirs[1], true
}

// headerPlace is the place of a field in the header that counts.
func (s *sparse) headerPlace(first decode.Spot, more ...decode.Spot) decode.Place {
	return s.file.field(s.rulesAt(), first, more...)
}

// field is where fields of the record at base lie in the file.
func (f *file) field(base int64, first decode.Spot, more ...decode.Spot) decode.Place {
	return decode.At(f.place(base, 0), first, more...)
}

// tablesCut reports whether the file of a hosted extent ends before its tables do, and how many
// bytes it would need for them: where overHead is what they take up in the usual layout,
// each directory before its tables, and not a number that was damaged.
func (s *sparse) tablesCut() (needed int64, ok bool) {
	r := s.rules
	grain, per, capacity := vmdk.HeaderGrainSize.Get(r), uint64(vmdk.HeaderTableEntries.Get(r)), vmdk.HeaderCapacity.Get(r)
	over := vmdk.HeaderOverHead.Get(r)
	if s.kind != vmdk.KindHosted || s.lost || s.footer != 0 || grain == 0 || grain > maxGrainSectors || per == 0 || per > maxPerTable ||
		capacity == 0 || capacity > maxSectors || over > maxSectors || int64(over)*vmdk.SectorSize <= s.file.Size {
		return 0, false
	}
	tables := (capacity-1)/(grain*per) + 1
	if tables > maxTables {
		return 0, false
	}
	set := uint64(sectors(roundUp(int64(tables)*vmdk.EntrySize, vmdk.SectorSize))) + tables*uint64(sectors(roundUp(int64(per)*vmdk.EntrySize, vmdk.SectorSize)))
	first, second := s.directoryOffsets()
	if first == 0 || max(first, second) > maxSectors {
		return 0, false
	}
	end := max(first, second) + set
	return int64(over) * vmdk.SectorSize, over >= end && over-end <= 2*grain
}
