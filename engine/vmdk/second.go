package vmdk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/space"
)

// copies remembers of which tables both copies are the same: two bits each.
type copies struct {
	once sync.Once
	bits []atomic.Uint64
}

// The bits of a table.
const (
	copiesKnown  = 1 // they were compared
	copiesDiffer = 2
	copiesBits   = 2
)

// agreed reports whether "not stored" is what both copies of table t say, or
// whether there is only one. An entry of 0 in the first copy is believed only
// then: in the other one the grain may be known. In a file that was not closed
// cleanly that is a write which was never said to be durable.
func (g *grid) agreed(t int64) bool {
	if g.dirCount < 2 || g.copies == nil || t >= g.tables {
		return true
	}
	c := g.copies
	c.once.Do(func() { c.bits = make([]atomic.Uint64, g.tables*copiesBits/64+1) })
	word, shift := &c.bits[t*copiesBits/64], t*copiesBits%64
	if state := word.Load() >> shift & 3; state&copiesKnown != 0 {
		return state&copiesDiffer == 0
	}
	same := g.compareCopies(t)
	state := uint64(copiesKnown)
	if !same {
		state |= copiesDiffer
	}
	word.Or(state << shift)
	return same
}

// compareCopies reports whether the redundant copy of table t says no more than
// the first.
func (g *grid) compareCopies(t int64) bool {
	second, ok, err := g.tableOf(1, t)
	switch {
	case err != nil:
		return false
	case !ok:
		return true // G1 or G2 of the redundant directory: the first one counts
	}
	return g.sameTable(t, second)
}

// secondHas completes a run that the first copy of table t has nothing for: the
// redundant one must not know it either.
func (g *grid) secondHas(t, number, x int64, r *run) error {
	second, ok, err := g.tableOf(1, t)
	if err != nil || !ok {
		return err
	}
	e := layer.Entry{Index: number - t*g.perTable}
	e.At = second + e.Index*g.width
	if e.Raw, err = g.file.tables.uint(e.At, g.width); err != nil {
		return g.ioError(e.At, err)
	}
	r.length, r.tail = (number+1)*g.grain-x, layer.Entry{} // each grain is looked at by itself
	if e.Raw != 0 {
		r.state, r.fault = disk.Missing, secondOnly
		if g.turned {
			r.fault = firstOnly
		}
	}
	return nil
}

// absentTable completes a run for which the first directory has no table.
func (g *grid) absentTable(t, number, x int64, r *run) error {
	if g.dirCount == 2 && !g.compareCopies(t) {
		return g.secondHas(t, number, x, r)
	}
	if g.lostTables != nil && g.lostTables() {
		r.state, r.fault = disk.Missing, tableMissing
	}
	return nil
}

// orphanBudget bounds how many stored bytes are read to find out whether a file has
// data that no entry leads to. Where they are all zeros nothing is known.
const orphanBudget = 64 << 20

// orphaned reports whether the file has, or may have, data that no entry leads to,
// so that a table that is not there may be a lost one. It goes through all tables,
// and reads until the first byte that is not zero.
func (s *sparse) orphaned() bool {
	g, claimed := s.grid, s.unclaimed()
	look, left := space.NewLooker(s.file.handle, s.file.Size), int64(orphanBudget)
	for free, err := range claimed.Free(0) {
		if err != nil {
			return true
		}
		from := max(free.Offset, s.floor())
		if free.End()-from < g.grain {
			continue
		}
		f, err := look.Look(context.Background(), from, free.End()-from, left)
		if err != nil || !f.Zero() {
			return true
		}
		left -= f.Length
	}
	return false
}

// knownByRedundant counts the grains of table t that only the redundant copy
// knows, and how many bytes of tables were read for it.
func (g *grid) knownByRedundant(t int64) (grains int64, err error) {
	second, ok, err := g.tableOf(1, t)
	if err != nil || !ok || g.sameTable(t, second) {
		return 0, err
	}
	first, _, err := g.tableOf(0, t)
	if err != nil {
		return 0, err
	}
	listed := g.entriesFrom(t)
	err = g.entries(second, func(i int64, raw uint64) bool {
		if i < listed && raw != vmdk.ZeroGrain && (first < 0 || g.names(first, i, 0)) {
			grains++
		}
		return true
	})
	return grains, err
}

// comparedAtOpen bounds the tables that are compared when an image is opened.
const comparedAtOpen = 1024

// secondSets is what G1 and G4 come to, as far as it is cheap to know: it belongs
// to what anybody is told first.
func (c *checker) secondSets() {
	for _, f := range c.m.files {
		s := f.sparse
		if s == nil || s.grid == nil || s.kind != vmdk.KindHosted || !c.going() {
			continue
		}
		c.secondSet(s)
		if !s.isStream() {
			c.lostTables(s)
		}
	}
}

func (c *checker) secondSet(s *sparse) {
	g, known, tables, last := s.grid, int64(0), int64(0), int64(0)
	for t := int64(0); g.dirCount == 2 && t < min(g.tables, comparedAtOpen); t++ {
		first, _, err := g.directoryEntry(0, t)
		if err == nil && first != 0 && g.agreed(t) {
			continue
		}
		grains, err := g.knownByRedundant(t)
		if err != nil {
			c.failed = err
			return
		}
		if grains > 0 {
			known, tables, last = known+grains, tables+1, t
		}
	}
	if known > 0 {
		code, at := "G4", g.file.place(g.dirs[0]+last*g.width, g.width)
		if first, _, err := g.directoryEntry(0, last); err == nil && first == 0 {
			code = "G1"
		}
		of := ""
		if g.tables > comparedAtOpen {
			of = fmt.Sprintf(" of the first %d tables", comparedAtOpen)
		}
		c.error(code, at, "%d grains%s are known by the redundant tables only, in %d of them: they can't be read before that is settled, but by the redundant tables (--tables redundant)", known, of, tables)
	}
}

// lostTables is G1 for the first entry of 0 that may stand for a lost table.
func (c *checker) lostTables(s *sparse) {
	g := s.grid
	for t := int64(0); t < min(g.tables, comparedAtOpen); t++ {
		raw, ok, err := g.directoryEntry(0, t)
		if err != nil || !ok || raw != 0 {
			continue
		}
		if _, ok, err := g.tableOf(1, t); g.dirCount > 1 && (err != nil || ok) {
			continue
		}
		if g.lostTables() {
			c.error("G1", g.file.place(g.dirs[0]+t*g.width, g.width), "GD entry %d is 0, and the file has data that no table names: what the tables described is lost, or moved", t)
		}
		return
	}
}

// turnTables has the disk read by the redundant tables of every file that has them. What
// only the first ones know can't be read then, as it is the other way round.
func (m *Image) turnTables() {
	for _, f := range m.files {
		if f.sparse == nil || f.sparse.grid == nil || f.sparse.grid.dirCount < 2 {
			continue
		}
		g := *f.sparse.grid
		g.dirs[0], g.dirs[1] = g.dirs[1], g.dirs[0]
		if g.turned = true; g.copies != nil {
			g.copies = &copies{}
		}
		f.sparse.reads, m.turned = &g, true
	}
}

// ReadsRedundant is [disk.TwoSets].
func (m *Image) ReadsRedundant() bool { return m.turned }
