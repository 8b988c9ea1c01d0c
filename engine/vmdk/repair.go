package vmdk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// remedies are the repairs of findings by the number of their check, as far as
// they replace bytes in place (vmdk.md 12).
var remedies = map[string]func(m *Image, f *disk.Finding) []disk.Repair{
	"D2":  (*Image).setVersion,
	"D3":  (*Image).setCID,
	"D4":  (*Image).dropParent,
	"D5":  (*Image).deriveType,
	"D7":  (*Image).nameItself,
	"D8":  (*Image).clearBehindText,
	"D10": (*Image).computeGeometry,
	"D12": (*Image).fitLongID,
	"D13": (*Image).dropTracking,
	"L2":  (*Image).acceptParent,
	"H2":  onSparse((*sparse).raiseVersion),
	"H4":  onSparse((*sparse).putNewlines),
	"H8":  onSparse((*sparse).useOtherDirectory),
	"H12": onSparse((*sparse).setClean),
	"H13": onSparse((*sparse).clearPad),
	"G2":  onSparse((*sparse).restoreTable),
	"G4":  onSparse((*sparse).chooseEntry),
	"G5":  onSparse((*sparse).chooseEntry),
	"G6":  onSparse((*sparse).clearEntry),
	"G7":  onSparse((*sparse).allowZeroGrains),
	"G8":  onSparse((*sparse).clearEither),
	"G10": onSparse((*sparse).clearPast),
	"S1":  onSparse((*sparse).putMarker),
	"S2":  onSparse((*sparse).followFooter),
	"S9":  onSparse((*sparse).raiseStream),
	"C4":  onSparse((*sparse).clearEntry),
}

// repairs are those of a finding.
func (m *Image) repairs(code string, f *disk.Finding) []disk.Repair {
	if remedy, ok := remedies[code]; ok && len(f.Where) > 0 {
		return remedy(m, f)
	}
	return nil
}

// onSparse is for findings about a sparse file: the one of the first place.
func onSparse(remedy func(*sparse, *disk.Finding) []disk.Repair) func(*Image, *disk.Finding) []disk.Repair {
	return func(m *Image, f *disk.Finding) []disk.Repair {
		if file := m.byName[f.Where[0].File]; file != nil && file.sparse != nil {
			return remedy(file.sparse, f)
		}
		return nil
	}
}

// mend is the repair of rewriting bytes of the file.
func (f *file) mend(title, risk string, off, n int64, change func([]byte)) disk.Repair {
	return disk.Mend(title, risk, f.handle, f.place(off, n), change)
}

// mendHeader changes the header, and the footer where there is one.
func (s *sparse) mendHeader(title, risk string, change func(h []byte)) []disk.Repair {
	parts := []disk.Repair{s.file.mend(title, risk, 0, vmdk.SectorSize, change)}
	if at := s.rulesAt(); at != 0 {
		parts = append(parts, s.file.mend(title, risk, at, vmdk.SectorSize, change))
	}
	return []disk.Repair{disk.Mends(title, risk, parts...)}
}

// put stores a little-endian number of 4 or 8 bytes at the start of b.
func put(b []byte, width int64, v uint64) {
	if width == 8 {
		binary.LittleEndian.PutUint64(b, v)
	} else {
		binary.LittleEndian.PutUint32(b, uint32(v))
	}
}

func (s *sparse) raiseVersion(*disk.Finding) []disk.Repair {
	if vmdk.HeaderVersion.Get(s.rules) != 1 || vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagZeroGrains == 0 {
		return nil
	}
	return s.mendHeader("set the version to 2", "", func(h []byte) { put(h[vmdk.HeaderVersion.Offset():], 4, 2) })
}

func (s *sparse) raiseStream(*disk.Finding) []disk.Repair {
	return s.mendHeader("set the version to 3", "", func(h []byte) { put(h[vmdk.HeaderVersion.Offset():], 4, 3) })
}

func (s *sparse) putNewlines(*disk.Finding) []disk.Repair {
	return s.mendHeader("write the newline bytes anew", "if a transfer in text mode changed them, it changed the data too",
		func(h []byte) { copy(h[73:77], "\n \r\n") })
}

// useOtherDirectory makes the directory that is in the file the only one (H8).
func (s *sparse) useOtherDirectory(f *disk.Finding) []disk.Repair {
	first, second := s.directoryOffsets()
	size := uint64(s.file.Size) / vmdk.SectorSize
	sound := func(sector uint64) bool { return sector != 0 && sector < size }
	if vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant == 0 || s.lost || s.rulesAt() != 0 || sound(first) == sound(second) {
		return nil
	}
	title := "use the first directory alone"
	if sound(second) {
		title, first = "use the redundant directory alone", second
	}
	return s.mendHeader(title, "there is no second copy of the tables any more", func(h []byte) {
		put(h[vmdk.HeaderFlags.Offset():], 4, uint64(vmdk.HeaderFlags.Get(s.rules)&^vmdk.FlagRedundant))
		put(h[vmdk.HeaderDirectoryOffset.Offset():], 8, first)
		put(h[vmdk.HeaderRedundantOffset.Offset():], 8, 0)
	})
}

func (s *sparse) setClean(f *disk.Finding) []disk.Repair {
	const title, risk = "mark the disk as closed cleanly", "only if nothing else was found: what the last program did not finish stays as it is"
	if s.kind == vmdk.KindCowd {
		return []disk.Repair{s.file.mend(title, risk, f.Where[0].Offset, f.Where[0].Length, func(b []byte) { clear(b) })}
	}
	return s.mendHeader(title, risk, func(h []byte) { h[vmdk.HeaderUnclean.Offset()] = 0 })
}

func (s *sparse) clearPad(f *disk.Finding) []disk.Repair {
	at := f.Where[0]
	return []disk.Repair{s.file.mend("zero the padding", "what is hidden in it is lost", at.Offset, at.Length, func(b []byte) { clear(b) })}
}

// allowZeroGrains sets the flag that entries of 1 need (G7).
func (s *sparse) allowZeroGrains(*disk.Finding) []disk.Repair {
	version := max(vmdk.HeaderVersion.Get(s.rules), 2)
	return s.mendHeader("set the flag for zeroed grains, and version 2", "", func(h []byte) {
		put(h[vmdk.HeaderVersion.Offset():], 4, uint64(version))
		put(h[vmdk.HeaderFlags.Offset():], 4, uint64(vmdk.HeaderFlags.Get(s.rules)|vmdk.FlagZeroGrains))
	})
}

// putMarker writes the marker in front of the footer, or the one behind it,
// where the footer itself is sound (S1).
func (s *sparse) putMarker(f *disk.Finding) []disk.Repair {
	const risk = "if the sector is no marker, its bytes are lost"
	switch at := f.Where[0]; {
	case s.lost:
	case at.Offset == s.footer-vmdk.SectorSize:
		return []disk.Repair{s.file.mend("write the footer's marker", risk, at.Offset, vmdk.SectorSize, func(b []byte) {
			clear(b)
			put(b, 8, 1)
			put(b[12:], 4, vmdk.MarkerFooter)
		})}
	case at.Offset == s.footer+vmdk.SectorSize && at.Offset+vmdk.SectorSize <= s.file.Size:
		return []disk.Repair{s.file.mend("write the marker of the stream's end", risk, at.Offset, vmdk.SectorSize, func(b []byte) { clear(b) })}
	}
	return nil
}

// followFooter copies a field of the footer to the header (S2).
func (s *sparse) followFooter(f *disk.Finding) []disk.Repair {
	if len(f.Where) < 2 {
		return nil
	}
	from, to := f.Where[1], f.Where[0]
	return []disk.Repair{{Title: "copy the footer's value to the header", Edits: func(context.Context) ([]disk.Edit, error) {
		value, err := s.file.head(from.Offset, to.Length)
		if err != nil {
			return nil, err
		}
		return disk.Rewrite(s.file.handle, to, func(b []byte) { copy(b, value) })
	}}}
}

// restoreTable finds the table of a directory entry that leads nowhere by what
// the other directory knows (G2): where its copy would normally be, if the
// bytes there are the same, else the other directory's own.
func (s *sparse) restoreTable(f *disk.Finding) []disk.Repair {
	g := s.grid
	copy, t, ok := s.directoryEntryAt(f.Where[0].Offset)
	if !ok || f.Where[0].Length != g.width || g.dirCount < 2 || g.kind != vmdk.KindHosted {
		return nil
	}
	other, ok, err := g.tableOf(1-copy, t)
	if err != nil || !ok {
		return nil
	}
	at, title, risk := other, "use the table of the other directory", "both directories then share this table: it has no second copy"
	usual := g.dirs[copy] + roundUp(g.tables*g.width, vmdk.SectorSize) + t*roundUp(g.tableBytes(), vmdk.SectorSize)
	one, errOne := s.file.head(other, g.tableBytes())
	two, errTwo := s.file.head(usual, g.tableBytes())
	if errOne == nil && errTwo == nil && bytes.Equal(one, two) {
		at, title, risk = usual, "point to the table where it normally is", ""
	}
	return []disk.Repair{s.file.mend(title, risk, f.Where[0].Offset, g.width, func(b []byte) { put(b, g.width, uint64(at/vmdk.SectorSize)) })}
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

// chooseEntry takes one of the two copies of an entry for both: first the one
// that names a grain (G4), or the one that counts (G5).
func (s *sparse) chooseEntry(f *disk.Finding) []disk.Repair {
	if len(f.Where) < 2 || s.grid == nil {
		return nil
	}
	values := [2]uint64{}
	for i := range values {
		v, err := s.file.tables.uint(f.Where[i].Offset, s.grid.width)
		if err != nil {
			return nil
		}
		values[i] = v
	}
	set := func(i int, title, risk string) disk.Repair {
		return s.file.mend(fmt.Sprintf(title, values[1-i]), risk, f.Where[i].Offset, s.grid.width, func(b []byte) { put(b, s.grid.width, values[1-i]) })
	}
	const guess = "what the other copy says is lost: look at both grains first"
	first := set(1, "take %d, which the first copy says, for both", guess)
	second := set(0, "take %d, which the redundant copy says, for both", guess)
	if values[0] == 0 {
		return []disk.Repair{second, first}
	}
	return []disk.Repair{first, second}
}

// clearEntry makes the grain of an entry unallocated, in both copies of the
// table (G6, C4). An entry that only lies at an odd place has data and stays.
func (s *sparse) clearEntry(f *disk.Finding) []disk.Repair {
	if f.Severity < disk.SeverityError {
		return nil
	}
	return s.clear(f.Where[0].Offset, f.Where[0].Length, "the range reads as unallocated from then on")
}

func (s *sparse) clearPast(f *disk.Finding) []disk.Repair {
	return s.clear(f.Where[0].Offset, f.Where[0].Length, "")
}

// clearEither clears one of two entries that share a grain (G8).
func (s *sparse) clearEither(f *disk.Finding) []disk.Repair {
	const risk = "the grain of this entry reads as unallocated from then on"
	list := s.clear(f.Where[0].Offset, f.Where[0].Length, risk)
	if len(f.Where) > 2 {
		list = append(list, s.clear(f.Where[2].Offset, f.Where[2].Length, risk)...)
	}
	return list
}

func (s *sparse) clear(off, width int64, risk string) []disk.Repair {
	if s.grid == nil || width != s.grid.width {
		return nil
	}
	return []disk.Repair{{Title: fmt.Sprintf("clear the entry at 0x%x", off), Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		edits, err := disk.Rewrite(s.file.handle, s.file.place(off, width), func(b []byte) { clear(b) })
		if err != nil {
			return nil, err
		}
		twin, ok, err := s.otherEntry(ctx, off)
		if err != nil || !ok {
			return edits, err
		}
		more, err := disk.Rewrite(s.file.handle, s.file.place(twin, width), func(b []byte) { clear(b) })
		return append(edits, more...), err
	}}}
}

// otherEntry is where the redundant copy of the table entry at a byte lies.
func (s *sparse) otherEntry(ctx context.Context, off int64) (int64, bool, error) {
	g := s.grid
	if _, _, ok := s.directoryEntryAt(off); ok || g.dirCount < 2 {
		return 0, false, nil
	}
	for t := range g.tables {
		if t%4096 == 0 && ctx.Err() != nil {
			return 0, false, ctx.Err()
		}
		at, ok, err := g.tableOf(0, t)
		if err != nil {
			return 0, false, err
		}
		if !ok || off < at || off >= at+g.tableBytes() {
			continue
		}
		second, ok, err := g.tableOf(1, t)
		return second + off - at, ok && second != at, err
	}
	return 0, false, nil
}
