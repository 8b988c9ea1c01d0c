package writer

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// settle repairs an entry that leads nowhere: by what the redundant copy says,
// else the grain becomes unallocated, or zeros that hide the parent's (G6, C4).
// An entry that only lies at an odd place has data and stays.
func (m *image) settle(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	at := f.Where[0]
	if table, certain, found := s.StrayTable(at.Offset); found {
		risk := ""
		if !certain {
			risk = "another entry leads to no table either: if the table is that one's, its part of the disk appears here"
		}
		title := fmt.Sprintf("lead the entry at 0x%x to the table at byte 0x%x", at.Offset, table)
		return []disk.Repair{m.altering(setEntry(s, at, uint64(table/vmdk.SectorSize), title, risk))}, nil
	}
	list, err := m.fromOther(ctx, s, at)
	if err != nil {
		return nil, err
	}
	list = append(list, m.altering(setEntry(s, at, 0, fmt.Sprintf("clear the entry at 0x%x", at.Offset), "the range reads as unallocated from then on")))
	if m.Wanted && s.Grid.ZeroGrains {
		list = append(list, m.altering(setEntry(s, at, vmdk.ZeroGrain, fmt.Sprintf("say that the grain of the entry at 0x%x is zero", at.Offset), "the range reads as zeros from then on")))
	}
	return list, nil
}

// fromOther takes an entry from the redundant copy, if that one is another and
// leads to a grain.
func (m *image) fromOther(ctx context.Context, s *reader.Sparse, at decode.Place) ([]disk.Repair, error) {
	g := s.Grid
	other, ok := usualCopy(s, at.Offset)
	if !ok {
		return nil, nil
	}
	own, errOwn := g.EntryAt(at.Offset)
	raw, err := g.EntryAt(other)
	if err != nil || errOwn != nil || raw == own {
		return nil, nil
	}
	if e := g.Entry(raw); e.State != disk.Data || e.Off < s.Floor || inStructures(s, e.Off) {
		return nil, nil
	}
	rivals, err := s.Rivals(ctx, at.Offset)
	if err != nil {
		return nil, err
	}
	if e, ok := rivalAt(s, rivals, at.Offset); ok && e.Fault[1] > reader.EntrySound {
		return nil, nil // G5 has it
	}
	return []disk.Repair{m.altering(disk.Repair{Title: fmt.Sprintf("take %d, which the redundant copy says", raw), Apply: putEntry(s, at.Offset, raw)})}, nil
}

// astray is which place of a finding is the table entry, for those about an entry
// that leads to no grain, or to one of another place of the disk.
var astray = map[string]int{"vmdk/G6": 0, "vmdk/C4": 0, "vmdk/S4": 1, "vmdk/S5": 1, "vmdk/S6": 1}

// nameStray lets an entry that leads astray name the grain that seems to have lost it.
// It comes before what gives something up.
func (m *image) nameStray(ctx context.Context, f disk.Finding) ([]disk.Repair, error) {
	i, ok := astray[f.Code]
	if !ok || i >= len(f.Where) || f.Severity != disk.SeverityError {
		return nil, nil
	}
	s, at := m.SparseAt(f.Where[0]), f.Where[i]
	o, found, err := s.StrayGrain(ctx, at.Offset)
	if err != nil || !found {
		return nil, err
	}
	risk := ""
	if !o.Certain {
		risk = "that the grain belongs there is told only by this: no other entry leads nowhere, and no other range that is as long as a grain holds data; look at what the disk holds there first: a grain that was given up shows old bytes again"
	}
	title := fmt.Sprintf("lead the entry at 0x%x to the grain at byte 0x%x", at.Offset, o.At)
	return []disk.Repair{m.altering(setEntry(s, at, uint64(o.At/vmdk.SectorSize), title, risk))}, nil
}

// inStructures reports whether a grain at a byte would lie in a structure that
// the header places, or where tables usually are.
func inStructures(s *reader.Sparse, at int64) bool {
	g := s.Grid
	grain := room{at, at + g.Grain}
	for _, a := range s.Areas {
		if grain.meets(a.Off, a.Off+a.Bytes) {
			return true
		}
	}
	for copy := range g.Copies {
		if grain.meets(g.Dirs[copy], g.Usual(copy, g.Tables)) {
			return true
		}
	}
	return false
}

// lead has an entry that is 0 lead to the grain or table that was found for it (S10, C6).
func (m *image) lead(s *reader.Sparse, f disk.Finding) []disk.Repair {
	entry, to := f.Where[0], f.Where[1]
	title := fmt.Sprintf("lead the entry at 0x%x to byte 0x%x", entry.Offset, to.Offset)
	return []disk.Repair{m.altering(setEntry(s, entry, uint64(to.Offset/vmdk.SectorSize), title, ""))}
}

// clearPast clears an entry that is none of the disk's (G10).
func (m *image) clearPast(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	at, risk := f.Where[0], ""
	raw, err := s.Grid.EntryAt(at.Offset)
	if err != nil {
		return nil, err
	}
	if e := s.Grid.Entry(raw); e.State == disk.Data && !s.IsZero(ctx, e.Off, s.Grid.Grain) {
		named := false
		if err := s.Grid.EachGrain(ctx, func(_, _, at int64) error { named = named || at == e.Off; return nil }); err != nil {
			return nil, err
		}
		if !named {
			risk = fmt.Sprintf("the grain at byte 0x%x is not zero, and nothing leads to it from then on: if the disk was larger once, or its table has moved, it is data of the disk", e.Off)
		}
	}
	return []disk.Repair{setEntry(s, at, 0, fmt.Sprintf("clear the entry at 0x%x", at.Offset), risk)}, nil
}

// allowZeroGrains sets the flag that entries of 1 need, or makes the grain an
// unallocated one where there is no parent that could show through (G7).
func (m *image) allowZeroGrains(s *reader.Sparse, f disk.Finding) []disk.Repair {
	list := one("set the flag for zeroed grains, and version 2", "", changeHeaders(s, func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderVersion.Put(h, max(vmdk.HeaderVersion.Get(h), 2))
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)|vmdk.FlagZeroGrains)
	}))
	if at := f.Where[0]; !m.Wanted && s.Grid != nil && at.Length == s.Grid.Width {
		list = append(list, setEntry(s, at, 0, fmt.Sprintf("clear the entry at 0x%x: without a parent that is zeros too", at.Offset), ""))
	}
	return list
}

// part ends the sharing of a grain by two entries: one gets a copy of its own,
// or is cleared (G8).
func (m *image) part(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	entry, grain := f.Where[0], f.Where[1]
	var list []disk.Repair
	if len(f.Where) > 2 {
		loser, at, ok, err := s.LostSharer(ctx, [2]int64{entry.Offset, f.Where[2].Offset})
		if err != nil {
			return nil, err
		}
		if ok {
			const risk = "that the entry has lost this grain is told only by the order of the grains in the file, and by there being no other that nothing leads to: look at both places of the disk first"
			list = append(list, m.altering(setEntry(s, decode.Place{File: s.Name, Offset: loser, Length: s.Grid.Width}, uint64(at/vmdk.SectorSize), fmt.Sprintf("lead the entry at 0x%x to the grain at byte 0x%x", loser, at), risk)))
		}
	}
	if !s.Grid.Packed {
		const risk = "both places of the disk go on to read the same, and one of them had data of its own: which one, and where those are, nothing tells"
		list = append(list, one(fmt.Sprintf("copy the grain for the entry at 0x%x", entry.Offset), risk, repaired(s, func(ctx context.Context, w *work) error {
			return w.copyGrain(ctx, entry.Offset, grain.Offset)
		}))...)
	}
	const risk = "the grain of this entry reads as unallocated from then on"
	for _, at := range []int{0, 2} {
		if at < len(f.Where) {
			list = append(list, m.altering(setEntry(s, f.Where[at], 0, fmt.Sprintf("clear the entry at 0x%x", f.Where[at].Offset), risk)))
		}
	}
	if raw, err := s.Grid.EntryAt(entry.Offset); err == nil && !s.Grid.Packed && s.Grid.Entry(raw).Off != grain.Offset {
		return disk.Done(list), nil // it was led elsewhere since
	}
	return list, nil
}

// copyGrain gives an entry a copy of its grain at the end of the file.
func (w *work) copyGrain(ctx context.Context, entry, grain int64) error {
	n := w.Grid.Grain
	to := roundUp(max(w.size, w.Floor), n)
	if err := w.unclaimedEnd(ctx, to+n, nil); err != nil {
		return err
	}
	sector, err := w.sector(to)
	if err != nil {
		return err
	}
	if err := w.move(grain, to, n); err != nil {
		return err
	}
	return w.bothEntries(ctx, entry, sector)
}

// bothEntries sets a table entry in both copies of its table.
func (w *work) bothEntries(ctx context.Context, off int64, v uint64) error {
	if err := w.entry(off, w.Grid.Width, v); err != nil {
		return err
	}
	other, ok, err := w.otherEntry(ctx, off)
	if err != nil || !ok {
		return err
	}
	return w.entry(other, w.Grid.Width, v)
}

// setEntry is the repair of setting an entry in both copies of its table.
func setEntry(s *reader.Sparse, at decode.Place, v uint64, title, risk string) disk.Repair {
	return disk.Repair{Title: title, Risk: risk, Apply: repaired(s, func(ctx context.Context, w *work) error { return w.bothEntries(ctx, at.Offset, v) })}
}

// extend gives a grain that the file cuts off its full length (G11).
func (m *image) extend(s *reader.Sparse, f disk.Finding) []disk.Repair {
	raw, err := s.Grid.EntryAt(f.Where[0].Offset)
	if err != nil {
		return nil
	}
	r := disk.Repair{Title: "make the file reach to the grain's end", Apply: disk.Resize(s.Name, int64(raw)*vmdk.SectorSize+s.Grid.Grain)}
	if f.Severity == disk.SeverityError {
		r.Risk = "the bytes that are missing become zeros: they are lost for good"
		r = m.altering(r)
	}
	return []disk.Repair{r}
}

// leadBetween has entries lead to grains that lie between those of their neighbours (G15).
func (m *image) leadBetween(s *reader.Sparse, f disk.Finding) []disk.Repair {
	entries, grains := f.Where[0], f.Where[1]
	n := entries.Length / s.Grid.Width
	title := fmt.Sprintf("lead the entry at 0x%x to the grain at byte 0x%x", entries.Offset, grains.Offset)
	if n > 1 {
		title = fmt.Sprintf("lead the %d entries from 0x%x on to the grains from byte 0x%x on", n, entries.Offset, grains.Offset)
	}
	const risk = "if the guest has given them up, old bytes show again where zeros are right: look at what lies there first"
	return one(title, risk, m.altering(disk.Repair{Apply: repaired(s, func(ctx context.Context, w *work) error {
		for i := range n {
			sector, err := w.sector(grains.Offset + i*s.Grid.Grain)
			if err != nil {
				return err
			}
			if err := w.bothEntries(ctx, entries.Offset+i*s.Grid.Width, sector); err != nil {
				return err
			}
		}
		return nil
	})}).Apply)
}

// cutLeak takes what nothing refers to off the end of the file (G12).
func cutLeak(s *reader.Sparse, f disk.Finding) []disk.Repair {
	at := s.LeakAtEnd(f)
	return one(fmt.Sprintf("cut off the last %d bytes, which belong to nothing", at.Length), "room that the program which wrote the file may have taken ahead is given back", disk.Resize(s.Name, at.Offset))
}

// otherEntry is where the redundant copy of the table entry at a byte lies.
func (w *work) otherEntry(ctx context.Context, off int64) (int64, bool, error) {
	g := w.Grid
	if _, _, ok := w.DirectoryEntryAt(off); ok || g.Copies < 2 {
		return 0, false, nil
	}
	if other, ok := usualCopy(w.Sparse, off); ok {
		return other, true, nil
	}
	for t := range g.Tables {
		if t%4096 == 0 && ctx.Err() != nil {
			return 0, false, ctx.Err()
		}
		at, ok, err := g.TableOf(0, t)
		if err != nil {
			return 0, false, err
		}
		if !ok || off < at || off >= at+g.TableBytes {
			continue
		}
		second, ok, err := g.TableOf(1, t)
		return second + off - at, ok && second != at, err
	}
	return 0, false, nil
}

// usualCopy is what otherEntry finds where the tables lie as they usually do,
// without going through the directory.
func usualCopy(s *reader.Sparse, off int64) (int64, bool) {
	g := s.Grid
	first := g.Usual(0, 0)
	t := (off - first) / roundUp(g.TableBytes, vmdk.SectorSize)
	if g.Copies < 2 || off < first || t >= g.Tables {
		return 0, false
	}
	at, ok, err := g.TableOf(0, t)
	second, ok2, err2 := g.TableOf(1, t)
	found := err == nil && err2 == nil && ok && ok2 && off >= at && off < at+g.TableBytes && second != at
	return second + off - at, found
}

// recount computes the next free sector of a COWD (C3).
func recount(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	return one("set the next free sector to where tables and grains end", "", repaired(s, func(ctx context.Context, w *work) error {
		_, _, end, err := w.reach(ctx)
		if err != nil {
			return err
		}
		sector, err := w.sector(end)
		if err != nil {
			return err
		}
		return w.entry(int64(vmdk.CowdFree.Offset()), 4, sector)
	}))
}
