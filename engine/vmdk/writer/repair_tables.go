package writer

import (
	"context"
	"fmt"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// makeTables puts missing tables in place (G1). Tables that lie in their usual places stay:
// only their entries are lost.
func (m *image) makeTables(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	g, at := s.Grid, f.Where[0]
	copy, t, _ := s.DirectoryEntryAt(at.Offset)
	n := at.Length / g.Width
	r := disk.Repair{Title: "put the missing tables where they belong", Apply: repaired(s, place(copy, t, n))}
	if n > maxPlaced {
		r.Risk = "so many tables are not looked at: what lies in their places is lost"
		return []disk.Repair{r}, nil
	}
	c, err := costs(ctx, s, copy, t, n)
	if err != nil {
		return nil, err
	}
	if c.unknown > 0 {
		kept, err := s.LostTables(copy, t, n)
		if err != nil || len(kept) > 0 {
			return m.leadToKept(s, copy, kept), err
		}
	}
	r.Risk = c.words()
	if copy == 0 && g.Copies == 2 && c.unknown < n {
		const risk = "what only the redundant tables know of becomes part of the disk"
		if r.Risk != "" {
			r.Risk = risk + "; " + r.Risk
		} else {
			r.Risk = risk
		}
	}
	if copy == 0 && r.Risk != "" {
		r = m.altering(r)
	}
	return []disk.Repair{r}, nil
}

// cost is what is lost where tables are put in place.
type cost struct {
	unknown int64 // tables that the other directory does not have: they come to be empty
	bytes   int64 // where the first bytes lie that are written over; -1 for none
	data    bool  // the file has data that no table names
}

func costs(ctx context.Context, s *reader.Sparse, copy int, t, n int64) (cost, error) {
	c := cost{}
	for i := t; i < t+n; i++ {
		known, err := s.Known(copy, i)
		if err != nil {
			return c, err
		}
		if !known {
			c.unknown++
		}
	}
	var err error
	if c.bytes, err = s.Overwritten(ctx, copy, t, n); err != nil {
		return c, err
	}
	c.data = c.unknown > 0 && s.HasLostData()
	return c, nil
}

func (c cost) words() string {
	var list []string
	if c.data {
		list = append(list, "the file has data that no table names, and the tables come to be empty: what the lost ones described reads as unallocated from then on")
	}
	if c.bytes >= 0 {
		list = append(list, fmt.Sprintf("the bytes at 0x%x, where a table belongs, are not zero, and are written over", c.bytes))
	}
	return strings.Join(list, "; ")
}

// leadToKept has entries of a directory lead to the tables in their usual places.
func (m *image) leadToKept(s *reader.Sparse, copy int, kept []int64) []disk.Repair {
	if len(kept) == 0 {
		return nil
	}
	g := s.Grid
	var steps []disk.Step
	for _, t := range kept {
		steps = append(steps, putEntry(s, g.Dirs[copy]+t*g.Width, uint64(g.Usual(copy, t)/vmdk.SectorSize)))
	}
	r := disk.Repair{Title: fmt.Sprintf("lead %d entries to the tables in their usual places", len(kept)), Apply: disk.Steps(steps...)}
	if len(kept) == 1 {
		r.Title = fmt.Sprintf("lead the entry to the table at byte 0x%x, its usual place", g.Usual(copy, kept[0]))
	}
	if copy == 0 {
		r = m.altering(r)
	}
	return []disk.Repair{r}
}

// restoreTable puts the table of a directory entry that leads nowhere where it
// belongs, as the other directory has it (G2, and G3 for single tables).
func (m *image) restoreTable(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	copy, t, _ := s.DirectoryEntryAt(f.Where[0].Offset)
	list := m.leadToUsual(s, f, t)
	if !s.CanRestoreTable(f) {
		return list, nil
	}
	c, err := costs(ctx, s, copy, t, 1)
	if err != nil {
		return nil, err
	}
	r := disk.Repair{Title: "put the table where it belongs, as the other directory has it", Risk: c.words(), Apply: repaired(s, place(copy, t, 1))}
	if _, sound, err := s.Grid.DirectoryEntry(copy, t); err == nil && sound && copy == 0 {
		r.Risk = "what the table that is used now says is lost"
		r = m.altering(r)
	}
	return append(list, r), nil
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
func (m *image) separateTables(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	if _, _, ok := s.DirectoryEntryAt(f.Where[0].Offset); ok {
		return m.restoreTable(ctx, s, f)
	}
	w := &work{Sparse: s}
	end, err := w.endOfFirst(ctx)
	if err != nil {
		return nil, err
	}
	c := cost{}
	if c.bytes, err = s.Unclaimed(ctx, end, s.Grid.With(1, end).Usual(1, s.Grid.Tables)); err != nil {
		return nil, err
	}
	return append(one("build a second set of tables", c.words(), repaired(s, secondSet)),
		one("say that there is only one directory", "", changeHeaders(s, func(h decode.Record[vmdk.Header]) {
			vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^vmdk.FlagRedundant)
			vmdk.HeaderRedundantOffset.Put(h, 0)
		}))...), nil
}
