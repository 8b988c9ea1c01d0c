package writer

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// makeTables puts missing tables in place (G1).
func (m *image) makeTables(s *reader.Sparse, f disk.Finding) []disk.Repair {
	g, at := s.Grid, f.Where[0]
	copy, t, _ := s.DirectoryEntryAt(at.Offset)
	r := disk.Repair{Title: "put the missing tables where they belong", Apply: repaired(s, place(copy, t, at.Length/g.Width))}
	if copy == 0 && g.Copies == 2 {
		if _, ok, err := g.TableOf(1, t); ok && err == nil {
			r.Risk = "what only the redundant tables know of becomes part of the disk"
			r = m.altering(r)
		}
	}
	return []disk.Repair{r}
}

// restoreTable puts the table of a directory entry that leads nowhere where it
// belongs, as the other directory has it (G2, and G3 for single tables).
func (m *image) restoreTable(s *reader.Sparse, f disk.Finding) []disk.Repair {
	copy, t, _ := s.DirectoryEntryAt(f.Where[0].Offset)
	list := m.leadToUsual(s, f, t)
	if !s.CanRestoreTable(f) {
		return list
	}
	r := disk.Repair{Title: "put the table where it belongs, as the other directory has it", Apply: repaired(s, place(copy, t, 1))}
	if _, sound, err := s.Grid.DirectoryEntry(copy, t); err == nil && sound && copy == 0 {
		r.Risk = "what the table that is used now says is lost"
		r = m.altering(r)
	}
	return append(list, r)
}

// leadToUsual has a directory entry lead to the table in its usual place, where one with
// grains lies: nothing else changes.
func (m *image) leadToUsual(s *reader.Sparse, f disk.Finding, t int64) []disk.Repair {
	at := s.UsualTable(f)
	if at < 0 {
		return nil
	}
	copy, _, _ := s.DirectoryEntryAt(f.Where[0].Offset)
	r := disk.Repair{
		Title: fmt.Sprintf("lead the entry to the table at byte 0x%x, its usual place", at),
		Apply: putEntry(s, f.Where[0].Offset, uint64(at/vmdk.SectorSize)),
	}
	if copy == 0 && !s.CanRestoreTable(f) {
		r = m.altering(r) // nothing else knew the table
	}
	return []disk.Repair{r}
}

// separateTables ends the sharing of one set of tables by two directories (G3).
func (m *image) separateTables(s *reader.Sparse, f disk.Finding) []disk.Repair {
	if _, _, ok := s.DirectoryEntryAt(f.Where[0].Offset); ok {
		return m.restoreTable(s, f)
	}
	return append(one("build a second set of tables", "", repaired(s, secondSet)),
		one("say that there is only one directory", "", changeHeaders(s, func(h decode.Record[vmdk.Header]) {
			vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^vmdk.FlagRedundant)
			vmdk.HeaderRedundantOffset.Put(h, 0)
		}))...)
}
