package vmdk

import (
	"bytes"
	"context"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
)

// tableInPlace is where table t of a directory usually lies, if what is there is a table
// with grains, each in a place of its own; else -1.
func (s *sparse) tableInPlace(copy int, t int64) int64 {
	g, grains := s.grid, 0
	at := g.usual(copy, t)
	if at+g.tableBytes() > s.file.Size {
		return -1
	}
	listed, sound := g.entriesFrom(t), true
	if err := g.entries(at, func(i int64, raw uint64) bool {
		r := run{length: g.grain, offset: -1}
		g.judge(raw, 0, &r)
		stored := r.state == disk.Data
		sound = i < listed && r.state != disk.Missing && (!stored || s.grainAt(r.offset))
		if stored {
			grains++
		}
		return sound
	}); err != nil || !sound || grains == 0 {
		return -1
	}
	return at
}

// LostTables are those of n tables from t on whose directory entries are 0, but which lie
// in their usual places: tables with grains that nothing else claims.
func (s *Sparse) LostTables(copy int, t, n int64) (list []int64, err error) {
	g := s.sparse.grid
	for i := t; i < min(t+n, g.tables); i++ {
		if s.tableInPlace(copy, i) >= 0 {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	taken := map[int64]bool{}
	m := space.Survey(s.file.Size, vmdk.SectorSize, 2, func(m *space.Map) error { return s.meetings(m, copy, list, taken) })
	for _, err := range m.Windows(0) {
		if err != nil {
			return nil, err
		}
	}
	sound := list[:0]
	for _, i := range list {
		if !taken[i] {
			sound = append(sound, i)
		}
	}
	return sound, nil
}

// meetings marks in a window which tables lie, or have grains, where something else does.
func (s *sparse) meetings(m *space.Map, copy int, list []int64, taken map[int64]bool) error {
	g := s.grid
	if err := s.claims(m); err != nil {
		return err
	}
	for _, t := range list {
		mark := func(off, n int64) {
			if m.Has(0, off, n) || m.Mark(1, off, n) {
				taken[t] = true
			}
		}
		at := g.usual(copy, t)
		mark(at, g.tableBytes())
		if err := g.entries(at, func(_ int64, raw uint64) bool {
			r := run{length: g.grain, offset: -1}
			if g.judge(raw, 0, &r); r.state == disk.Data {
				mark(r.offset, g.grain)
			}
			return true
		}); err != nil {
			return err
		}
	}
	return nil
}

// HasLostData reports whether the file has data that no table names.
func (s *Sparse) HasLostData() bool {
	return s.sparse.grid.lostTables != nil && s.sparse.grid.lostTables()
}

// Unclaimed finds the first byte of [from, to) that is not zero and that nothing claims;
// -1 where there is none.
func (s *Sparse) Unclaimed(ctx context.Context, from, to int64) (int64, error) {
	look := space.NewLooker(s.file.handle, s.file.Size)
	for free, err := range s.unclaimed().Free(from) {
		if err != nil || free.Offset >= to {
			return -1, err
		}
		start := max(from, free.Offset)
		if at, err := look.NotZero(ctx, start, min(to, free.End())-start); err != nil || at >= 0 {
			return at, err
		}
	}
	return -1, nil
}

// Overwritten finds bytes that nothing claims and that are not zero, where table t of a
// directory usually lies, and which are not those of the other directory's table either;
// -1 where there are none. Known says whether the other directory has the table.
func (s *Sparse) Overwritten(ctx context.Context, copy int, t int64) (at int64, known bool, err error) {
	g := s.sparse.grid
	from := g.usual(copy, t)
	if g.dirCount == 2 {
		var other int64
		if other, known, err = g.tableOf(1-copy, t); err != nil {
			return -1, false, err
		}
		if known {
			own, errOwn := s.file.head(from, g.tableBytes())
			wanted, errWanted := s.file.head(other, g.tableBytes())
			if errOwn == nil && errWanted == nil && bytes.Equal(own, wanted) {
				return -1, true, nil
			}
		}
	}
	at, err = s.Unclaimed(ctx, from, from+g.tableBytes())
	return at, known, err
}
