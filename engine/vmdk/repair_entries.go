package vmdk

import (
	"cmp"
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// chooseEntry takes one of the two copies of an entry for both: first the one
// that names a grain (G4), or the one that counts (G5).
func (m *Image) chooseEntry(s *sparse, f *disk.Finding) []disk.Repair {
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
	set := func(i int, title string) disk.Repair {
		return s.file.mend(fmt.Sprintf(title, values[1-i]), "what the other copy says is lost: look at both grains first",
			f.Where[i].Offset, s.grid.width, func(b []byte) { put(b, s.grid.width, values[1-i]) })
	}
	first := set(1, "take %d, which the first copy says, for both")
	second := m.altering(set(0, "take %d, which the redundant copy says, for both"))
	if values[0] == 0 {
		return []disk.Repair{second, first}
	}
	return []disk.Repair{first, second}
}

// settle mends an entry that leads nowhere: by what the redundant copy says,
// else the grain becomes unallocated, or zeros that hide the parent's (G6, C4).
// An entry that only lies at an odd place has data and stays.
func (m *Image) settle(s *sparse, f *disk.Finding) []disk.Repair {
	g, at := s.grid, f.Where[0]
	if f.Severity < disk.SeverityError || g == nil || at.Length != g.width {
		return nil
	}
	list := m.fromOther(s, at)
	list = append(list, m.altering(s.setEntry(at, 0, fmt.Sprintf("clear the entry at 0x%x", at.Offset), "the range reads as unallocated from then on")))
	if m.link.wanted && g.zeroGrains {
		list = append(list, m.altering(s.setEntry(at, vmdk.ZeroGrain, fmt.Sprintf("say that the grain of the entry at 0x%x is zero", at.Offset), "the range reads as zeros from then on")))
	}
	return list
}

// fromOther takes an entry from the redundant copy, if that one is another and
// leads to a grain.
func (m *Image) fromOther(s *sparse, at decode.Place) []disk.Repair {
	g := s.grid
	twin, ok := s.twinOf(at.Offset)
	if !ok {
		return nil
	}
	own, errOwn := s.file.tables.uint(at.Offset, g.width)
	raw, err := s.file.tables.uint(twin, g.width)
	r := run{length: g.grain}
	if err == nil && errOwn == nil && raw != own {
		g.judge(raw, 0, &r)
	}
	if r.state != disk.Data || r.offset < s.floor() || s.inStructures(r.offset) {
		return nil
	}
	return []disk.Repair{m.altering(s.file.mend(fmt.Sprintf("take %d, which the redundant copy says", raw), "", at.Offset, g.width, func(b []byte) { put(b, g.width, raw) }))}
}

// inStructures reports whether a grain at a byte would lie in a structure that
// the header places, or where tables usually are.
func (s *sparse) inStructures(at int64) bool {
	g := s.grid
	grain := room{at, at + g.grain}
	for _, a := range s.fixedAreas() {
		if grain.meets(a.off, a.off+a.bytes) {
			return true
		}
	}
	for copy := range g.dirCount {
		if grain.meets(g.dirs[copy], g.usual(copy, g.tables)) {
			return true
		}
	}
	return false
}

func (m *Image) clearPast(s *sparse, f *disk.Finding) []disk.Repair {
	if at := f.Where[0]; s.grid != nil && at.Length == s.grid.width {
		return []disk.Repair{s.setEntry(at, 0, fmt.Sprintf("clear the entry at 0x%x", at.Offset), "")}
	}
	return nil
}

// allowZeroGrains sets the flag that entries of 1 need, or makes the grain an
// unallocated one where there is no parent that could show through (G7).
func (m *Image) allowZeroGrains(s *sparse, f *disk.Finding) []disk.Repair {
	list := s.mendHeader("set the flag for zeroed grains, and version 2", "", func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderVersion.Put(h, max(vmdk.HeaderVersion.Get(h), 2))
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)|vmdk.FlagZeroGrains)
	})
	if at := f.Where[0]; !m.link.wanted && s.grid != nil && at.Length == s.grid.width {
		list = append(list, s.setEntry(at, 0, fmt.Sprintf("clear the entry at 0x%x: without a parent that is zeros too", at.Offset), ""))
	}
	return list
}

// part ends the sharing of a grain by two entries: one gets a copy of its own,
// or is cleared (G8).
func (m *Image) part(s *sparse, f *disk.Finding) []disk.Repair {
	g := s.grid
	if g == nil || f.Where[0].Length != g.width || len(f.Where) < 2 {
		return nil
	}
	entry, grain := f.Where[0], f.Where[1]
	var list []disk.Repair
	if g.packed == nil {
		list = append(list, s.file.drafted(fmt.Sprintf("copy the grain for the entry at 0x%x", entry.Offset), "", func(ctx context.Context, d *draft) error {
			return s.copyGrain(ctx, d, entry.Offset, grain.Offset)
		}))
	}
	const risk = "the grain of this entry reads as unallocated from then on"
	for _, at := range []int{0, 2} {
		if at < len(f.Where) {
			list = append(list, m.altering(s.setEntry(f.Where[at], 0, fmt.Sprintf("clear the entry at 0x%x", f.Where[at].Offset), risk)))
		}
	}
	return list
}

// copyGrain gives an entry a copy of its grain at the end of the file.
func (s *sparse) copyGrain(ctx context.Context, d *draft, entry, grain int64) error {
	g := s.grid
	to := roundUp(max(d.size, s.floor()), g.grain)
	if err := s.unclaimedEnd(ctx, to+g.grain, nil); err != nil {
		return err
	}
	sector, err := d.sector(to)
	if err != nil {
		return err
	}
	if err := d.move(grain, to, g.grain); err != nil {
		return err
	}
	d.size = to + g.grain
	return s.draftEntry(ctx, d, entry, sector)
}

// unclaimedEnd makes sure that no entry of any table leads behind the end of the
// file: what is put there would become that entry's grain. Tables that are not
// replaced may not lie in what the file gains up to end either.
func (s *sparse) unclaimedEnd(ctx context.Context, end int64, replaced func(copy int, t int64) bool) error {
	g, seen := s.grid, visited{}
	for copy := range g.dirCount {
		if err := s.unclaimedTables(ctx, copy, end, replaced); err != nil {
			return err
		}
		if err := g.eachTable(ctx, copy, func(t, table int64) error {
			if !seen.first(table) {
				return nil
			}
			var failed error
			err := g.entries(table, func(i int64, raw uint64) bool {
				r := run{length: g.grain}
				if g.judge(raw, 0, &r); i < g.entriesFrom(t) && (r.state == disk.Missing || r.state == disk.Data && g.packed == nil && r.length < g.grain) {
					failed = s.file.impossible(table+i*g.width, g.width, "the entry claims bytes behind the end of the file, where a grain would have to go: settle G6 and G11 first, or make a copy of the disk")
				}
				return failed == nil
			})
			return cmp.Or(failed, err)
		}); err != nil {
			return err
		}
	}
	return nil
}

// unclaimedTables makes sure that no entry of a directory, but those replaced,
// leads to a table in what the file gains by growing up to end, and that no
// entry itself would lie there: zeros or a grain would be taken for them.
func (s *sparse) unclaimedTables(ctx context.Context, copy int, end int64, replaced func(copy int, t int64) bool) error {
	g := s.grid
	if g.dirs[copy]+g.needed()*g.width > s.file.Size {
		return s.file.impossible(g.dirs[copy], g.dirBytes(copy), "the directory is cut off, and would go on in what the file gains: settle G2 first, or make a copy of the disk")
	}
	for t := int64(0); t < g.tables; t++ {
		empty, err := g.emptyFrom(copy, t)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if t += empty; t >= g.tables {
			break
		}
		raw, _, err := g.directoryEntry(copy, t)
		if err != nil {
			return err
		}
		if _, f := g.tableAt(raw); f == tableOutside && int64(raw)*vmdk.SectorSize < end && (replaced == nil || !replaced(copy, t)) {
			return s.file.impossible(g.dirs[copy]+t*g.width, g.width, "the directory entry claims bytes behind the end of the file, which has to grow over them: settle G2 first, or make a copy of the disk")
		}
	}
	return nil
}

// draftEntry sets a table entry in both copies of its table.
func (s *sparse) draftEntry(ctx context.Context, d *draft, off int64, v uint64) error {
	if err := d.entry(off, s.grid.width, v); err != nil {
		return err
	}
	twin, ok, err := s.otherEntry(ctx, off)
	if err != nil || !ok {
		return err
	}
	return d.entry(twin, s.grid.width, v)
}

// setEntry is the repair of setting an entry in both copies of its table.
func (s *sparse) setEntry(at decode.Place, v uint64, title, risk string) disk.Repair {
	return s.file.drafted(title, risk, func(ctx context.Context, d *draft) error { return s.draftEntry(ctx, d, at.Offset, v) })
}

// extend gives a grain that the file cuts off its full length (G11).
func (m *Image) extend(s *sparse, f *disk.Finding) []disk.Repair {
	g := s.grid
	if g == nil || f.Where[0].Length != g.width {
		return nil
	}
	raw, err := s.file.tables.uint(f.Where[0].Offset, g.width)
	end := int64(raw)*vmdk.SectorSize + g.grain
	if err != nil || end <= s.file.Size {
		return nil
	}
	r := s.file.drafted("make the file reach to the grain's end", "", func(_ context.Context, d *draft) error {
		d.size = end
		return nil
	})
	if f.Severity == disk.SeverityError {
		r.Risk = "the bytes that are missing become zeros: they are lost for good"
		r = m.altering(r)
	}
	return []disk.Repair{r}
}

// cutLeak takes what nothing refers to off the end of the file (G12).
func (m *Image) cutLeak(s *sparse, f *disk.Finding) []disk.Repair {
	for _, at := range f.Where {
		if at.End() == s.file.Size && at.Length <= maxDraft && !s.isStream() {
			return []disk.Repair{s.file.drafted(fmt.Sprintf("cut off the last %d bytes, which belong to nothing", at.Length), "what is hidden there is lost", func(_ context.Context, d *draft) error {
				d.size = at.Offset
				return nil
			})}
		}
	}
	return nil
}

// otherEntry is where the redundant copy of the table entry at a byte lies.
func (s *sparse) otherEntry(ctx context.Context, off int64) (int64, bool, error) {
	g := s.grid
	if _, _, ok := s.directoryEntryAt(off); ok || g.dirCount < 2 {
		return 0, false, nil
	}
	if twin, ok := s.twinOf(off); ok {
		return twin, true, nil
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

// twinOf is what otherEntry finds where the tables lie as they usually do,
// without going through the directory.
func (s *sparse) twinOf(off int64) (int64, bool) {
	g := s.grid
	first := g.usual(0, 0)
	t := (off - first) / roundUp(g.tableBytes(), vmdk.SectorSize)
	if g.dirCount < 2 || off < first || t >= g.tables {
		return 0, false
	}
	at, ok, err := g.tableOf(0, t)
	second, ok2, err2 := g.tableOf(1, t)
	found := err == nil && err2 == nil && ok && ok2 && off >= at && off < at+g.tableBytes() && second != at
	return second + off - at, found
}

// recount computes the next free sector of a COWD (C3).
func (s *sparse) recount(*disk.Finding) []disk.Repair {
	if s.grid == nil || s.kind != vmdk.KindCowd {
		return nil
	}
	return []disk.Repair{s.file.drafted("set the next free sector to where tables and grains end", "", func(ctx context.Context, d *draft) error {
		_, _, end, err := s.reach(ctx)
		if err != nil {
			return err
		}
		sector, err := d.sector(end)
		if err != nil {
			return err
		}
		return d.entry(int64(vmdk.CowdFree.Offset()), 4, sector)
	})}
}

// reach is where the tables end, where the first grain starts (0: there is
// none), and where the last table or grain ends, in bytes.
func (s *sparse) reach(ctx context.Context) (tables, first, end int64, err error) {
	g := s.grid
	tables = s.floorOfTables()
	for copy := range g.dirCount {
		if err = g.eachTable(ctx, copy, func(_, at int64) error {
			tables = max(tables, at+roundUp(g.tableBytes(), vmdk.SectorSize))
			return nil
		}); err != nil {
			return
		}
	}
	end = tables
	err = g.eachGrain(ctx, func(_, _, at int64) error {
		if first == 0 || at < first {
			first = at
		}
		end = max(end, at+g.grain)
		return nil
	})
	return
}
