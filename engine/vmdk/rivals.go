package vmdk

import (
	"cmp"
	"context"
	"slices"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Rivals are the two copies of a table that differ, with what tells which is right.
type Rivals struct {
	At      [2]int64 // where the copies lie
	Entries []Rival  // those that differ, in order
	Crossed bool     // one copy has a grain at one place of the disk, the other one at another
	Alone   [2]int64 // grains that only this copy names, of entries without fault
}

// Rival is an entry that differs in the two copies of its table.
type Rival struct {
	Index int64
	Raw   [2]uint64
	Fault [2]EntryFault // of what each copy says
}

// EntryFault is why what an entry says can't be right.
type EntryFault int

// The faults of entries, from that which may still be right on.
const (
	EntrySound      EntryFault = iota
	EntryOdd                   // the grain does not start where grains do
	EntryShared                // another entry names the grain, or a part of it
	EntryElsewhere             // the grain's marker says that it is that of another place of the disk
	EntryImpossible            // no grain of the disk can be there
)

// rivalry bounds of how many tables of an extent the copies are weighed in a check: for
// each all other tables are gone through.
const rivalry = 32

// Rivals weighs the copies of the table in whose first copy a byte lies; nil if there are
// not two that differ.
func (s *Sparse) Rivals(ctx context.Context, off int64) (*Rivals, error) {
	if s.sparse.grid.dirCount < 2 {
		return nil, nil
	}
	number, ok, err := s.sparse.grid.numberOf(ctx, off)
	if err != nil || !ok {
		return nil, err
	}
	return s.sparse.rivals(ctx, number/s.sparse.grid.perTable)
}

// rivals weighs the two copies of table t; nil if they do not differ.
func (s *sparse) rivals(ctx context.Context, t int64) (*Rivals, error) {
	r, tables, err := s.differing(t)
	if err != nil || r == nil {
		return nil, err
	}
	claims := s.claimed(t, r)
	for copy, table := range tables {
		for i, raw := range table {
			s.contest(claims, copy, int64(i), raw)
		}
	}
	err = s.contestOthers(ctx, t, r, claims)
	for _, c := range claims {
		if c.met {
			f := &r.Entries[c.entry].Fault[c.copy]
			*f = max(*f, EntryShared)
		}
	}
	for n := range r.Entries {
		for copy, f := range r.Entries[n].Fault {
			if f == EntryOdd && r.Entries[n].Raw[1-copy] <= vmdk.ZeroGrain {
				r.Entries[n].Fault[copy] = EntrySound // some programs put grains at any sector
			}
		}
	}
	r.count(claims)
	return r, err
}

// contestOthers notes which claims the grains of all other tables meet: those of a copy of
// the table with those of the same copy of the others. Each set of tables is seen by itself.
func (s *sparse) contestOthers(ctx context.Context, t int64, r *Rivals, claims []claim) error {
	g := s.grid
	for copy := range g.dirCount {
		err := g.part().EachTable(ctx, copy, func(other, at int64) error {
			if other == t || slices.Contains(r.At[:], at) {
				return nil
			}
			return g.entries(at, func(_ int64, raw uint64) bool {
				s.contest(claims, copy, -1, raw)
				return true
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// differing are the copies of table t, and the entries in which they differ.
func (s *sparse) differing(t int64) (*Rivals, [2][]uint64, error) {
	g, r := s.grid, &Rivals{}
	var tables [2][]uint64
	for copy := range g.dirCount {
		at, ok, err := g.tableOf(copy, t)
		if err != nil || !ok {
			return nil, tables, err
		}
		b, err := g.file.head(at, g.tableBytes())
		if err != nil || int64(len(b)) < g.tableBytes() {
			return nil, tables, err
		}
		r.At[copy] = at
		for ; len(b) > 0; b = b[g.width:] {
			tables[copy] = append(tables[copy], vmdk.EntryAt(b, g.width))
		}
	}
	for i, raw := range tables[0] {
		if other := tables[1][i]; other != raw {
			r.Entries = append(r.Entries, Rival{Index: int64(i), Raw: [2]uint64{raw, other}})
		}
	}
	if len(r.Entries) == 0 || g.dirCount < 2 {
		return nil, tables, nil
	}
	return r, tables, nil
}

// claim is the grain that a copy names in an entry in which the copies differ.
type claim struct {
	off   int64
	entry int // of [Rivals.Entries]
	copy  int
	index int64
	met   bool // another entry names a part of it
}

// claimed are the grains of the entries that differ, by their places; entries that can't
// be right by themselves get their fault.
func (s *sparse) claimed(t int64, r *Rivals) (list []claim) {
	for n := range r.Entries {
		e := &r.Entries[n]
		for copy, raw := range e.Raw {
			off := int64(-1)
			if off, e.Fault[copy] = s.entryFault(t, e.Index, raw); off >= 0 && e.Fault[copy] < EntryImpossible {
				list = append(list, claim{off: off, entry: n, copy: copy, index: e.Index})
			}
		}
	}
	slices.SortFunc(list, func(a, b claim) int { return cmp.Compare(a.off, b.off) })
	return list
}

// entryFault is what can't be right with entry i of table t, seen by itself, and where its
// grain lies; -1 for none.
func (s *sparse) entryFault(t, i int64, raw uint64) (off int64, fault EntryFault) {
	g, r := s.grid, run{length: s.grid.grain, offset: -1}
	g.judge(raw, 0, &r)
	switch {
	case raw == 0:
		return -1, EntrySound
	case i >= g.entriesFrom(t), r.state == disk.Missing:
		return -1, EntryImpossible
	case r.state != disk.Data:
		return -1, EntrySound
	}
	taken, _, err := g.meets(r.offset, g.grain)
	if g.packed != nil {
		taken, _, err = g.meets(r.offset, vmdk.SectorSize)
	}
	switch {
	case err != nil, taken, r.offset < s.grainsFrom(), !s.grainAt(r.offset):
		return -1, EntryImpossible
	case g.packed == nil && s.isHosted() && r.offset%g.grain != 0:
		return r.offset, EntryOdd
	case g.strays != nil:
		if number, length := s.markedGrain(r.offset); length > 0 && number != t*g.perTable+i {
			return r.offset, EntryElsewhere
		}
	}
	return r.offset, EntrySound
}

// contest notes which claims of a copy the grain of another entry of that copy meets; the
// index is -1 for one of another table.
func (s *sparse) contest(claims []claim, copy int, index int64, raw uint64) {
	g, r := s.grid, run{length: s.grid.grain, offset: -1}
	if g.judge(raw, 0, &r); r.state != disk.Data {
		return
	}
	reach := g.grain
	if g.packed != nil {
		reach = 1
	}
	k, _ := slices.BinarySearchFunc(claims, r.offset-reach+1, func(c claim, off int64) int { return cmp.Compare(c.off, off) })
	for ; k < len(claims) && claims[k].off < r.offset+reach; k++ {
		if c := &claims[k]; c.copy == copy && c.index != index {
			c.met = true
		}
	}
}

// count finds out what the copies say of each other's grains.
func (r *Rivals) count(claims []claim) {
	places := [2]map[int64]bool{{}, {}}
	for _, c := range claims {
		places[c.copy][c.off] = true
	}
	for _, c := range claims {
		if places[1-c.copy][c.off] {
			r.Crossed = true
		} else if r.Entries[c.entry].Fault[c.copy] == EntrySound {
			r.Alone[c.copy]++
		}
	}
}

// Faults is how many of the entries that differ can't be right in each copy.
func (r *Rivals) Faults() (n [2]int64) {
	for _, e := range r.Entries {
		for copy, f := range e.Fault {
			if f > EntrySound {
				n[copy]++
			}
		}
	}
	return n
}

// manyDiffer is from how many entries on, of which one names two grains, the copies are
// taken for two tables, not for two states of one.
const manyDiffer = 4

// Whole reports whether one of the copies is right as a whole: entries of both together
// would be a table that never was.
func (r *Rivals) Whole() bool {
	if r.Crossed {
		return true
	}
	for _, e := range r.Entries {
		if len(r.Entries) >= manyDiffer && e.Raw[0] != 0 && e.Raw[1] != 0 {
			return true
		}
	}
	return false
}

// Right is the copy that is right as a whole, as far as its structure tells; -1 where it
// does not.
func (r *Rivals) Right() int {
	n := r.Faults()
	for copy := range n {
		switch {
		case n[copy] == 0 && n[1-copy] > 0:
			return copy
		case n[copy] > 0 && n[copy] <= n[1-copy]/8:
			return copy
		case n[copy] == 0 && n[1-copy] == 0 && r.Alone[copy] > 0 && r.Alone[1-copy] == 0 && r.Crossed:
			return copy // the other one has lost grains, and has none that this one has not
		}
	}
	return -1
}

// Right is the copy that is right about one entry; -1 where nothing tells.
func (e Rival) Right() int {
	switch {
	case e.Fault[0] == EntrySound && e.Fault[1] > EntrySound:
		return 0
	case e.Fault[1] == EntrySound && e.Fault[0] > EntrySound:
		return 1
	}
	return -1
}

// Moved is by how many entries the first copy lies after the redundant one, as far as the
// entries tell that differ; 0 where it does not.
func (r *Rivals) Moved() int64 {
	first, second := map[int64]uint64{}, map[int64]uint64{}
	for _, e := range r.Entries {
		first[e.Index], second[e.Index] = e.Raw[0], e.Raw[1]
	}
	for by := int64(1); by <= 8; by++ {
		for _, by := range []int64{by, -by} {
			same, all := 0, 0
			for at, raw := range second {
				if raw != 0 {
					all++
				}
				if moved, ok := first[at+by]; ok && raw != 0 && moved == raw {
					same++
				}
			}
			if same >= manyDiffer && same*8 >= all*7 {
				return by
			}
		}
	}
	return 0
}
