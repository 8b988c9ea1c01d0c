package vmdk

import (
	"context"
	"slices"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// Orphan is a grain that may have lost its table entry. It is certain by a marker
// that says where it belongs; else nothing tells but that there is no other.
type Orphan struct {
	At      int64 // in the file
	Certain bool
}

// StrayGrain finds the grain of a table entry, see strayGrain.
func (s *Sparse) StrayGrain(ctx context.Context, entry int64) (Orphan, bool, error) {
	return s.strayGrain(ctx, entry)
}

// strayGrain finds the grain of a table entry that leads nowhere (G6, C4), in the
// bytes that nothing names: in a stream by its marker, else where there is one such
// entry and one range which could be its grain.
func (s *sparse) strayGrain(ctx context.Context, entry int64) (Orphan, bool, error) {
	g := s.grid
	if _, _, ok := s.directoryEntryAt(entry); ok || g == nil || s.kind == vmdk.KindSeSparse || g.packed != nil && g.strays == nil {
		return Orphan{}, false, nil
	}
	if g.strays != nil {
		number, ok, err := g.numberOf(ctx, entry)
		i := slices.IndexFunc(g.strays.known(), func(s stray) bool { return s.number == number })
		if err != nil || !ok || i < 0 {
			return Orphan{}, false, err
		}
		return Orphan{g.strays.known()[i].at, true}, true, nil
	}
	alone, err := s.aloneAstray(ctx, entry)
	if err != nil || !alone {
		return Orphan{}, false, err
	}
	at, found, err := s.loneGrain(ctx)
	return Orphan{At: at}, found, err
}

// numberOf is the number of the grain whose entry in the first tables lies at a byte.
func (g *grid) numberOf(ctx context.Context, entry int64) (number int64, found bool, err error) {
	err = g.part().EachTable(ctx, 0, func(t, at int64) error {
		if !found && entry >= at && entry < at+g.tableBytes() {
			number, found = t*g.perTable+(entry-at)/g.width, true
		}
		return nil
	})
	return number, found, err
}

// aloneAstray reports whether an entry of the first tables is the only one that
// leads nowhere: of all that could name a grain, directories and second copies too.
func (s *sparse) aloneAstray(ctx context.Context, entry int64) (bool, error) {
	g, astray := s.grid, 0
	for copy := range g.dirCount {
		for t, err := range g.part().Listed(ctx, copy) {
			if err != nil {
				return false, err
			}
			at, ok, err := g.tableOf(copy, t)
			if err != nil || !ok {
				return false, err // what the table names is not known
			}
			if copy == 1 {
				if same, err := s.sameBut(t, entry); err != nil || !same {
					return false, err
				}
				continue
			}
			if err := g.entries(at, func(i int64, raw uint64) bool {
				if i < g.entriesFrom(t) && s.leadsNowhere(raw) && at+i*g.width != entry {
					astray++
				}
				return astray == 0
			}); err != nil {
				return false, err
			}
		}
	}
	return astray == 0, nil
}

// sameBut reports whether the two copies of a table differ at most in the entry at a byte.
func (s *sparse) sameBut(t, entry int64) (bool, error) {
	r, _, err := s.differing(t)
	if err != nil || r == nil {
		return err == nil, err
	}
	return len(r.Entries) == 1 && r.At[0]+r.Entries[0].Index*s.grid.width == entry, nil
}

// leadsNowhere reports whether an entry names a grain that can't be where it says.
func (s *sparse) leadsNowhere(raw uint64) bool {
	r := run{length: s.grid.grain, offset: -1}
	s.grid.judge(raw, 0, &r)
	return r.state == disk.Missing || r.state == disk.Data && r.offset < s.grainsFrom()
}

// grainsFrom is the byte before which no grain lies.
func (s *sparse) grainsFrom() int64 {
	if s.isHosted() {
		return s.floor()
	}
	return s.grid.dirs[0] + roundUp(s.grid.dirBytes(0), vmdk.SectorSize)
}

// loneGrain is the one range as long as a grain that nothing names and that is not
// zero. There is none where two entries share sectors: one of them may be the one
// that lost its grain.
func (s *sparse) loneGrain(ctx context.Context) (at int64, found bool, err error) {
	g, m := s.grid, s.unclaimed()
	from := s.grainsFrom()
	for w, err := range m.Windows(from) {
		start := max(from, w.Offset)
		if err != nil || m.Has(space.Twice, start, w.End()-start) {
			return 0, false, err
		}
	}
	look := space.NewLooker(s.file.handle, s.file.Size)
	var lone store.Range
	for free, err := range m.Free(from) {
		if err != nil {
			return 0, false, err
		}
		if free.Length < g.grain {
			continue
		}
		first, err := look.NotZero(ctx, free.Offset, free.Length)
		if err != nil || first >= 0 && lone.Length > 0 {
			return 0, false, err
		}
		if first >= 0 {
			lone = free
		}
	}
	if at = lone.Offset; s.isHosted() {
		at = roundUp(at, g.grain)
	}
	return at, lone.Length > 0 && lone.Length < 2*g.grain && at+g.grain <= lone.End(), nil
}
