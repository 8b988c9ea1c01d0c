package vmdk

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"platter/decode/vmdk"
	"platter/engine/store"
)

// territory is where headers, descriptor, directories and tables of an extent lie:
// no grain does.
type territory struct {
	once   sync.Once
	ranges []store.Range // sorted, not meeting
	err    error         // why a directory could not be read
}

// meets reports whether [off, off+n) meets a structure, and where the next one
// from off on starts.
func (g *grid) meets(off, n int64) (taken bool, next int64, err error) {
	t := g.taken
	if t == nil {
		return false, math.MaxInt64, nil
	}
	t.once.Do(func() { t.ranges, t.err = g.structures() })
	i, _ := slices.BinarySearchFunc(t.ranges, off, func(r store.Range, off int64) int { return cmp.Compare(r.End(), off+1) })
	if i == len(t.ranges) {
		return false, math.MaxInt64, t.err
	}
	next = t.ranges[i].Offset
	return next < off+n, next, t.err
}

// structures are the places of all structures, the tables of both directories
// too: as many as can be remembered.
func (g *grid) structures() ([]store.Range, error) {
	list := slices.Clone(g.fixed)
	bytes := roundUp(g.tableBytes(), vmdk.SectorSize)
	for copy := range g.dirCount {
		for t := int64(0); t < g.tables && len(list) < visitedLimit; t++ {
			empty, err := g.emptyFrom(copy, t)
			if t += empty; err != nil || t >= g.tables {
				if err != nil {
					return list, err
				}
				break
			}
			at, ok, err := g.tableOf(copy, t)
			if err != nil {
				return list, err
			}
			if last := len(list) - 1; ok && last >= 0 && list[last].End() == at {
				list[last].Length += bytes
			} else if ok {
				list = append(list, store.Range{Offset: at, Length: bytes})
			}
		}
	}
	return merged(list), nil
}

// merged sorts ranges and joins those that meet.
func merged(list []store.Range) []store.Range {
	slices.SortFunc(list, func(a, b store.Range) int { return cmp.Compare(a.Offset, b.Offset) })
	out := list[:0]
	for _, r := range list {
		if n := len(out); n > 0 && out[n-1].End() >= r.Offset {
			out[n-1].Length = max(out[n-1].End(), r.End()) - out[n-1].Offset
			continue
		}
		out = append(out, r)
	}
	return out
}

// guard has reads know of the structures of an extent, of what its second tables
// say, and of what no entry leads to.
func (s *sparse) guard() {
	g := s.grid
	switch {
	case g == nil:
		return
	case s.kind == vmdk.KindHosted && s.isStream():
		g.strays = &strays{find: s.strayGrains}
	case s.kind == vmdk.KindHosted:
		g.lostTables = sync.OnceValue(s.orphaned)
	case s.kind != vmdk.KindUnfinished:
		g.lostTables = sync.OnceValue(func() bool { _, found := s.strayTable(); return found })
	}
	if s.kind == vmdk.KindSeSparse {
		return // its grains have an area of their own (Z2)
	}
	for _, a := range s.fixedAreas() {
		if a.bytes > 0 {
			g.fixed = append(g.fixed, store.Range{Offset: a.off, Length: a.bytes})
		}
	}
	g.taken = &territory{}
	if g.dirCount == 2 && !s.dirty() {
		g.copies = &copies{} // else the last changes may be in one copy only (H12)
	}
}
