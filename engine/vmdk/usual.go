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

// Known reports whether the other directory than that of a copy has table t.
func (s *Sparse) Known(copy int, t int64) (bool, error) {
	g := s.sparse.grid
	if g.dirCount < 2 {
		return false, nil
	}
	_, known, err := g.tableOf(1-copy, t)
	return known, err
}

// Overwritten finds bytes that nothing claims and that are not zero, where n tables of a
// directory from t on usually lie, and which are not those of the other directory's tables
// either; -1 where there are none.
func (s *Sparse) Overwritten(ctx context.Context, copy int, t, n int64) (int64, error) {
	g := s.sparse.grid
	first := g.usual(copy, t)
	for i := t; i < t+n; {
		at, err := s.Unclaimed(ctx, g.usual(copy, i), g.usual(copy, t+n))
		if err != nil || at < 0 {
			return -1, err
		}
		i = t + (at-first)/(g.usual(copy, t+1)-first)
		if same, err := s.sameAsOther(copy, i); err != nil || !same {
			return at, err
		}
		i++
	}
	return -1, nil
}

// sameAsOther reports whether the bytes where table t of a directory usually lies are those
// of the other directory's table.
func (s *Sparse) sameAsOther(copy int, t int64) (bool, error) {
	g := s.sparse.grid
	if known, err := s.Known(copy, t); err != nil || !known {
		return false, err
	}
	other, _, err := g.tableOf(1-copy, t)
	if err != nil {
		return false, err
	}
	own, errOwn := s.file.head(g.usual(copy, t), g.tableBytes())
	wanted, errWanted := s.file.head(other, g.tableBytes())
	return errOwn == nil && errWanted == nil && bytes.Equal(own, wanted), nil
}
