package vmdk

import (
	"context"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// placed is a grain that an entry names.
type placed struct{ at, number int64 }

// flank is what is named before a range of the file, and after it; of number -1 for nothing.
type flank struct{ before, after placed }

// flanks finds what the first tables name before and after ranges of the file, but for some
// grains, and whether nearly all grains lie in the order of the disk.
func (s *sparse) flanks(ctx context.Context, ranges []store.Range, but map[int64]bool) (list []flank, ascending bool, err error) {
	g := s.grid
	for range ranges {
		list = append(list, flank{placed{-1, -1}, placed{-1, -1}})
	}
	last, pairs, up := int64(-1), 0, 0
	err = g.part().EachEntry(ctx, 0, func(t, _, i int64, e Entry) error {
		number := t*g.perTable + i
		if e.State != disk.Data || but[number] {
			return nil
		}
		if pairs++; e.Off > last {
			up++
		}
		last = e.Off
		for k, r := range ranges {
			f := &list[k]
			if e.Off < r.Offset && e.Off > f.before.at {
				f.before = placed{e.Off, number}
			}
			if e.Off >= r.Offset && (f.after.number < 0 || e.Off < f.after.at) {
				f.after = placed{e.Off, number}
			}
		}
		return nil
	})
	return list, pairs >= fewGrains && up*8 >= pairs*7, err
}

// holds reports whether the entry of a number may have named what lies in a range, where
// grains lie in the order of the disk.
func (f flank) holds(number int64) bool {
	return f.before.number < number && (f.after.number < 0 || number < f.after.number)
}

// maxBetween bounds how many grains are said to belong between two others.
const maxBetween = 512

// between is G15: grains that nothing leads to, but that lie between those of two entries as
// the entries between these lie, which are 0.
func (w *scan) between() {
	g := w.g
	if w.s.kind != vmdk.KindHosted || g.packed != nil || w.c.errors || w.c.doubt != "" || w.orphans.count > int64(len(w.orphans.where)) || w.orphans.count == 0 {
		return
	}
	var ranges []store.Range
	for _, p := range w.orphans.where {
		ranges = append(ranges, store.Range{Offset: p.Offset, Length: p.Length})
	}
	list, ascending, err := w.s.flanks(w.c.ctx, ranges, nil)
	if err != nil || !ascending {
		w.c.failed = err
		return
	}
	for k, f := range list {
		w.lostBetween(ranges[k], f)
	}
}

// lostBetween is G15 for a range.
func (w *scan) lostBetween(r store.Range, f flank) {
	g, n := w.g, r.Length/w.g.grain
	if f.before.number < 0 || f.after.number-f.before.number-1 != n || f.before.at+g.grain != r.Offset || f.after.at != r.End() || n > maxBetween {
		return
	}
	first := f.before.number + 1
	at, ok, err := g.tableOf(0, first/g.perTable)
	if err != nil || !ok || (first+n-1)/g.perTable != first/g.perTable {
		return
	}
	entry := at + first%g.perTable*g.width
	for i := range n {
		if raw, err := g.file.tables.uint(entry+i*g.width, g.width); err != nil || raw != 0 {
			return
		}
	}
	where := joined(g.file.place(entry, n*g.width), g.file.place(r.Offset, r.Length))
	w.c.found(disk.SeverityWarning, "G15", where, "nothing leads to %s at byte 0x%x, between those of grains %d and %d of the disk: the entries of the grains between these are 0, and may be lost",
		decode.Plural(n, "grain", "grains"), r.Offset, f.before.number, f.after.number)
}

// LostSharer finds which of two entries that lead to the same grain has lost its own, and where
// that lies: there is one grain that nothing leads to, and only one of the entries can have
// named it in a file whose grains lie in the order of the disk.
func (s *Sparse) LostSharer(ctx context.Context, entries [2]int64) (entry, at int64, ok bool, err error) {
	g, but := s.sparse.grid, map[int64]bool{}
	var numbers [2]int64
	var shared [2]Entry
	for i, off := range entries {
		raw, errRaw := s.Grid.EntryAt(off)
		number, found, err := g.numberOf(ctx, off)
		if errRaw != nil || err != nil || !found {
			return 0, 0, false, err
		}
		numbers[i], shared[i], but[number] = number, s.Grid.Entry(raw), true
	}
	lone, found, err := s.onlyLost(ctx)
	if err != nil || !found || g.packed != nil || shared[0].Off != shared[1].Off {
		return 0, 0, false, err
	}
	list, ascending, err := s.flanks(ctx, []store.Range{{Offset: lone, Length: g.grain}, {Offset: shared[0].Off, Length: g.grain}}, but)
	if err != nil || !ascending {
		return 0, 0, false, err
	}
	fits := 0
	for i, loser := range numbers {
		keeper := numbers[1-i]
		if list[0].holds(loser) && list[1].holds(keeper) && (loser < keeper) == (lone < shared[0].Off) {
			fits++
			entry = entries[i]
		}
	}
	return entry, lone, fits == 1, nil
}

// onlyLost is where the one range lies that nothing names and that is not zero, if it is as long
// as a grain.
func (s *sparse) onlyLost(ctx context.Context) (at int64, found bool, err error) {
	look := space.NewLooker(s.file.handle, s.file.Size)
	for free, err := range s.unclaimed().Free(s.grainsFrom()) {
		if err != nil {
			return 0, false, err
		}
		first, err := look.NotZero(ctx, free.Offset, free.Length)
		if err != nil {
			return 0, false, err
		}
		if first < 0 {
			continue
		}
		if found || free.Length != s.grid.grain {
			return 0, false, nil
		}
		at, found = free.Offset, true
	}
	return at, found, nil
}
