package vmdk

import (
	"context"
	"math/bits"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// sparseConditions are those of findings about a sparse file, the one of the
// first place.
var sparseConditions = map[string]func(s *sparse, f disk.Finding) bool{
	"H1": func(s *sparse, _ disk.Finding) bool {
		return (s.kind == vmdk.KindUnfinished || s.unmarked || s.footerUnmarked || s.file.rebuilt != nil) && s.file.Size >= vmdk.SectorSize
	},
	"H2": func(s *sparse, _ disk.Finding) bool {
		return vmdk.HeaderVersion.Get(s.rules) == 1 && vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagZeroGrains != 0
	},
	"H4":  canRepairNewlines,
	"H5":  always,
	"H6":  func(s *sparse, f disk.Finding) bool { return len(f.Where) > 1 && s.grid != nil },
	"H8":  canUseOther,
	"H10": canReckonOverHead,
	"H12": always,
	"H13": always,
	"H14": func(s *sparse, _ disk.Finding) bool { return s.text != nil },
	"G1":  canMakeTables,
	"G2":  func(s *sparse, f disk.Finding) bool { return canRestoreTable(s, f) || s.usualTable(f) >= 0 },
	"G3": func(s *sparse, f disk.Finding) bool {
		if _, _, ok := s.directoryEntryAt(f.Where[0].Offset); ok {
			return canRestoreTable(s, f)
		}
		return s.grid != nil && !s.isStream() && s.rulesAt() == 0 && s.grid.packed == nil
	},
	"G4":  canChoose,
	"G5":  canChoose,
	"G6":  severeEntry,
	"G7":  always,
	"G8":  func(s *sparse, f disk.Finding) bool { return isEntry(s, f) && len(f.Where) > 1 },
	"G10": isEntry,
	"G11": func(s *sparse, f disk.Finding) bool {
		if !isEntry(s, f) {
			return false
		}
		raw, err := s.file.tables.uint(f.Where[0].Offset, s.grid.width)
		return err == nil && int64(raw)*vmdk.SectorSize+s.grid.grain > s.file.Size
	},
	"G12": func(s *sparse, f disk.Finding) bool {
		_, ok := s.leakAtEnd(f)
		return ok
	},
	"G15": func(s *sparse, f disk.Finding) bool { return s.grid != nil && len(f.Where) > 1 },
	"S1":  canRepairTail,
	"S2":  func(_ *sparse, f disk.Finding) bool { return len(f.Where) > 1 },
	"S4": func(s *sparse, f disk.Finding) bool {
		orderly := s.footer != 0 && !s.lost && s.grid != nil && s.grid.packed != nil && s.agreed() && s.floor() >= s.frontEnd()
		return s.grid != nil && len(f.Where) > 1 && (f.Severity == severe || orderly)
	},
	"S5": func(s *sparse, f disk.Finding) bool {
		_, found, err := s.strayGrain(context.Background(), f.Where[len(f.Where)-1].Offset)
		return err == nil && found
	},
	"S6": canGiveUp,
	"S8": func(s *sparse, f disk.Finding) bool {
		at := f.Where[0]
		pads := at.Length < vmdk.SectorSize && s.footer == 0
		return at.End() == s.file.Size && (pads || at.Length <= store.MaxStaged)
	},
	"S9":  always,
	"S10": leadsTo,
	"C6":  leadsTo,
	"C2":  canCount,
	"C3":  func(s *sparse, _ disk.Finding) bool { return s.grid != nil && s.kind == vmdk.KindCowd },
	"C4":  severeEntry,
}

func always(*sparse, disk.Finding) bool { return true }

// leadsTo is for an entry of 0 and the place in the file that it should lead to.
func leadsTo(s *sparse, f disk.Finding) bool { return len(f.Where) > 1 && isEntry(s, f) }

// canReckonOverHead is H10: where the tables are in the file. Of a file that ends before
// they do overHead is right, and the file was cut.
func canReckonOverHead(s *sparse, f disk.Finding) bool {
	if _, cut := s.tablesCut(); cut {
		return false
	}
	first, second := s.soundDirectories()
	return s.grid != nil && (f.Severity != severe || first && (second || vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant == 0))
}

// isEntry reports whether a finding is about a table entry.
func isEntry(s *sparse, f disk.Finding) bool {
	return s.grid != nil && f.Where[0].Length == s.grid.width
}

func severeEntry(s *sparse, f disk.Finding) bool { return f.Severity == severe && isEntry(s, f) }

// canUseOther is H8: of two directories one can be found.
func canUseOther(s *sparse, _ disk.Finding) bool {
	first, second := s.soundDirectories()
	return vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant != 0 && !s.lost && s.rulesAt() == 0 && first != second && s.grid != nil
}

// soundDirectories reports of each directory whether it can be where the header
// says.
func (s *sparse) soundDirectories() (first, second bool) {
	a, b := s.directoryOffsets()
	size := uint64(s.file.Size) / vmdk.SectorSize
	return a != 0 && a < size, b != 0 && b < size
}

func canMakeTables(s *sparse, f disk.Finding) bool {
	copy, t, ok := s.directoryEntryAt(f.Where[0].Offset)
	return ok && s.grid.packed == nil && s.grid.usual(copy, t+f.Where[0].Length/s.grid.width) <= maxGrown
}

func canRestoreTable(s *sparse, f disk.Finding) bool {
	copy, t, ok := s.directoryEntryAt(f.Where[0].Offset)
	if !ok || !isEntry(s, f) || s.grid.dirCount < 2 || s.grid.kind != vmdk.KindHosted || s.grid.packed != nil {
		return false
	}
	_, ok, err := s.grid.tableOf(1-copy, t)
	return ok && err == nil && !s.grid.anothers(1-copy, t)
}

// anothers reports whether the entry t of a directory leads to where another entry of it leads,
// whose usual place that is: the table is not that of t.
func (g *grid) anothers(copy int, t int64) bool {
	at, ok, err := g.tableOf(copy, t)
	if err != nil || !ok {
		return false
	}
	other := (at - g.usual(copy, 0)) / roundUp(g.tableBytes(), vmdk.SectorSize)
	if other == t || other < 0 || other >= g.tables || g.usual(copy, other) != at {
		return false
	}
	owns, ok, err := g.tableOf(copy, other)
	return err == nil && ok && owns == at
}

// usualTable is where the table lies that a directory entry should lead to: in its
// usual place, if it leads to none now, or to another entry's, and what is there is a table with grains; else -1.
func (s *sparse) usualTable(f disk.Finding) int64 {
	copy, t, ok := s.directoryEntryAt(f.Where[0].Offset)
	if !ok || !isEntry(s, f) || s.kind != vmdk.KindHosted || s.movedBy != 0 {
		return -1
	}
	g := s.grid
	raw, _, err := g.directoryEntry(copy, t)
	_, fault := g.tableAt(raw)
	switch {
	case err != nil, fault == noFault && !g.anothers(copy, t):
		return -1 // it leads to a table already
	case fault == noFault && !s.ownTable(copy, t):
		return -1
	}
	return s.tableInPlace(copy, t)
}

// ownTable reports whether what lies in the usual place of table t is that table for sure: the
// other directory has the same one, or nothing else claims it and its grains.
func (s *sparse) ownTable(copy int, t int64) bool {
	p := s.part()
	same, err := p.sameAsOther(copy, t)
	if err != nil || same {
		return same && !s.grid.anothers(1-copy, t)
	}
	kept, err := p.LostTables(copy, t, 1)
	return err == nil && len(kept) == 1
}

// grainAt reports whether a grain can lie at a byte: after the metadata, and with a
// sound marker where it is compressed.
func (s *sparse) grainAt(at int64) bool {
	if at < s.floor() {
		return false
	}
	if s.grid.packed == nil {
		return true
	}
	_, ok, err := s.grid.packed.size(at)
	return ok && err == nil
}

// canChoose is for an entry whose two copies can be read.
func canChoose(s *sparse, f disk.Finding) bool {
	if len(f.Where) < 2 || s.grid == nil {
		return false
	}
	for _, at := range f.Where[:2] {
		if _, err := s.file.tables.uint(at.Offset, s.grid.width); err != nil {
			return false
		}
	}
	return true
}

// mayCut reports whether a range can be cut off the end of the file.
func (s *sparse) mayCut(at decode.Place) bool {
	return at.Length <= store.MaxStaged && !s.isStream() && s.file.isZero(context.Background(), at.Offset, at.Length)
}

func canRepairTail(s *sparse, f disk.Finding) bool {
	at := f.Where[0].Offset
	switch {
	case s.lost:
		return s.salvageable()
	case at == s.footer-vmdk.SectorSize:
		return at >= 0
	}
	return at == s.footer+vmdk.SectorSize && at+vmdk.SectorSize <= s.file.Size
}

// canGiveUp is S6: a grain that can't be unpacked can be given up, and what
// follows the data of another in its last sector be cut off.
func canGiveUp(s *sparse, f disk.Finding) bool {
	if s.grid == nil || s.grid.packed == nil || len(f.Where) < 2 || f.Where[1].Length != s.grid.width {
		return false
	}
	if f.Severity == severe {
		return true
	}
	_, _, ok := s.grid.packed.spare(f.Where[0].Offset)
	return ok
}

// canCount is C2: a COWD's directory has another length, or place, than it says.
func canCount(s *sparse, f disk.Finding) bool {
	switch f.Where[0].Offset {
	case int64(vmdk.CowdDirectory.Offset()):
		return f.Severity == severe && s.file.Size > vmdk.CowdHeaderSize
	case int64(vmdk.CowdDirectoryEntries.Offset()):
		return s.grid != nil && s.grid.needed() <= s.grid.listed(s.grid.needed())
	}
	return false
}

// spare tells how long the compressed data of the grain at a byte is, and how
// many bytes of it in its last sector are not needed; false where there are none.
func (u *unpacker) spare(at int64) (size, unused int64, ok bool) {
	size, ok, err := u.size(at)
	if err != nil || !ok {
		return 0, 0, false
	}
	_, unused, err = u.inflate(at)
	head := u.headBytes()
	return size, unused, err == nil && roundUp(head+size, vmdk.SectorSize) == roundUp(head+size-unused, vmdk.SectorSize)
}

// usual is where table t of a directory lies in a file as VMware lays it out,
// which some programs take for granted (vmdk.md 4.2).
func (g *grid) usual(copy int, t int64) int64 {
	return g.dirs[copy] + roundUp(g.tables*g.width, vmdk.SectorSize) + t*roundUp(g.tableBytes(), vmdk.SectorSize)
}

// directoryEntryAt tells which entry of which directory lies at a byte.
func (s *sparse) directoryEntryAt(off int64) (copy int, t int64, ok bool) {
	if s.grid == nil {
		return 0, 0, false
	}
	for copy := range s.grid.dirCount {
		if at := off - s.grid.dirs[copy]; at >= 0 && at < s.grid.dirBytes(copy) {
			return copy, at / s.grid.width, true
		}
	}
	return 0, 0, false
}

// salvageable reports whether the header of a stream without a footer says
// enough to read its grains.
func (s *sparse) salvageable() bool {
	h := s.header
	grain, perTable, capacity := vmdk.HeaderGrainSize.Get(h), uint64(vmdk.HeaderTableEntries.Get(h)), vmdk.HeaderCapacity.Get(h)
	const both = vmdk.FlagCompressed | vmdk.FlagMarkers
	return vmdk.HeaderFlags.Get(h)&both == both && s.kind == vmdk.KindHosted &&
		grain > 0 && grain <= maxGrainSectors && bits.OnesCount64(grain) == 1 &&
		perTable > 0 && perTable <= maxPerTable && capacity > 0 && capacity <= maxSectors &&
		(capacity-1)/grain/perTable < maxTables && s.floor() >= s.frontEnd() && s.startsPacked()
}

// frontEnd is where the structures in front of a stream's grains end. Nothing
// is rewritten before that byte.
func (s *sparse) frontEnd() int64 {
	return max(vmdk.SectorSize, roundUp(s.textAt.End(), vmdk.SectorSize))
}

// agreed reports whether header and footer say the same but for where the
// directory is, so that a footer can be made from the header.
func (s *sparse) agreed() bool {
	for _, f := range vmdk.HeaderTable.Fields() {
		if f.Name() != vmdk.HeaderDirectoryOffset.Field().Name() && f.Value(s.header.Bytes()) != f.Value(s.rules.Bytes()) {
			return false
		}
	}
	return vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant == 0
}

// startsPacked reports whether a marker and a zlib stream lie where the grains
// start.
func (s *sparse) startsPacked() bool {
	const zlib = 0x78 // deflate with a window of 32 KiB
	b, err := s.file.head(s.floor(), vmdk.SectorSize)
	r, ok := vmdk.GrainMarkerTable.Of(b[:min(len(b), vmdk.GrainMarkerSize)])
	return err == nil && ok && len(b) == vmdk.SectorSize && vmdk.GrainMarkerSizeField.Get(r) > 0 && b[vmdk.GrainMarkerSize] == zlib
}
