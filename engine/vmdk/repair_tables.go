package vmdk

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// maxPlaced bounds how many tables one repair puts in place.
const maxPlaced = 1 << 15

// usual is where table t of a directory lies in a file as VMware lays it out,
// which some programs take for granted (vmdk.md 4.2).
func (g *grid) usual(copy int, t int64) int64 {
	return g.dirs[copy] + roundUp(g.tables*g.width, vmdk.SectorSize) + t*roundUp(g.tableBytes(), vmdk.SectorSize)
}

// eachTable visits the tables of a directory that lie in the file.
func (g *grid) eachTable(ctx context.Context, copy int, visit func(t, at int64) error) error {
	for t := int64(0); t < g.tables; t++ {
		if t%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		empty, err := g.emptyFrom(copy, t)
		if err != nil {
			return err
		}
		if t += empty; t >= g.tables {
			break
		}
		at, ok, err := g.tableOf(copy, t)
		if err != nil {
			return err
		}
		if ok {
			if err := visit(t, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachGrain visits the grains of the first directory's tables that are stored.
func (g *grid) eachGrain(ctx context.Context, visit func(t, i, at int64) error) error {
	seen := visited{}
	return g.eachTable(ctx, 0, func(t, table int64) error {
		if !seen.first(table) {
			return nil
		}
		var failed error
		err := g.entries(table, func(i int64, raw uint64) bool {
			r := run{length: g.grain}
			if g.judge(raw, 0, &r); r.state == disk.Data && i < g.entriesFrom(t) {
				failed = visit(t, i, r.offset)
			}
			return failed == nil
		})
		return cmp.Or(failed, err)
	})
}

// room is a range of bytes of a file that is to become free.
type room struct{ from, to int64 }

func (a room) meets(from, to int64) bool { return a.from < to && from < a.to }

// placing puts tables of a hosted extent where other programs look for them.
type placing struct {
	s     *sparse
	g     *grid
	d     *draft
	copy  int                        // the directory that the tables belong to
	t, n  int64                      // the first of the tables, and how many there are
	slots room                       // the directory's entries that lead to them
	area  room                       // what is to be free
	end   int64                      // where grains start from then on; 0: where they do now
	moved map[int64]map[int64]uint64 // entries of grains that made way, by table and number
}

func (s *sparse) placing(g *grid, d *draft, copy int, t, n int64) *placing {
	p := &placing{s: s, g: g, d: d, copy: copy, t: t, n: n, moved: map[int64]map[int64]uint64{}}
	p.slots = room{g.dirs[copy] + t*g.width, g.dirs[copy] + (t+n)*g.width}
	return p
}

// replaces reports whether a table of a directory is one of those to be placed.
func (p *placing) replaces(copy int, t int64) bool {
	return copy == p.copy && t >= p.t && t < p.t+p.n
}

// place puts tables t to t+n-1 of a directory where they normally are, with the
// content that the other directory's have, or empty ones. Grains that lie there
// move to the end of the file.
func (s *sparse) place(copy int, t, n int64) func(ctx context.Context, d *draft) error {
	return func(ctx context.Context, d *draft) error {
		g := s.grid
		p := s.placing(g, d, copy, t, n)
		if n > maxPlaced {
			return g.file.impossible(g.dirs[copy], g.dirBytes(copy), "%d tables are to be made, at most %d are at once: a copy of the disk has them all", n, maxPlaced)
		}
		area := room{g.usual(copy, t), g.usual(copy, t+n)}
		if err := p.unclaimed(ctx, area); err != nil {
			return err
		}
		if err := p.evacuate(ctx, area); err != nil {
			return err
		}
		if err := p.tables(ctx); err != nil || p.end == 0 {
			return err
		}
		return d.header(p.raise)
	}
}

// secondSet gives an extent whose directories are one a redundant directory
// with tables of its own, behind the first ones (G3).
func (s *sparse) secondSet(ctx context.Context, d *draft) error {
	g := s.grid
	end := s.floorOfTables()
	if err := g.eachTable(ctx, 0, func(_, at int64) error {
		end = max(end, at+roundUp(g.tableBytes(), vmdk.SectorSize))
		return nil
	}); err != nil {
		return err
	}
	if g.tables > maxPlaced {
		return g.file.impossible(end, 0, "%d tables are to be made, at most %d are at once: a copy of the disk has them all", g.tables, maxPlaced)
	}
	two := *g
	two.dirs[1], two.dirCount = end, 2
	p := s.placing(&two, d, 1, 0, g.tables)
	if err := p.evacuate(ctx, room{end, two.usual(1, g.tables)}); err != nil {
		return err
	}
	sector, err := d.sector(end)
	if err != nil {
		return err
	}
	if err := p.tables(ctx); err != nil {
		return err
	}
	return d.header(func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderRedundantOffset.Put(h, sector)
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)|vmdk.FlagRedundant)
		p.raise(h)
	})
}

// floorOfTables is where the header's structures end.
func (s *sparse) floorOfTables() int64 {
	end := int64(vmdk.SectorSize)
	for _, a := range s.fixedAreas() {
		end = max(end, roundUp(a.off+a.bytes, vmdk.SectorSize))
	}
	return end
}

// unclaimed makes sure that no structure but those to be replaced lies in an
// area, or where the directory's entries for it are: a capacity that is too
// large makes the directory reach over what follows it.
func (p *placing) unclaimed(ctx context.Context, area room) error {
	g := p.g
	taken := func(off, n int64) bool { return area.meets(off, off+n) || p.slots.meets(off, off+n) }
	busy := func(off int64, name string) error {
		return g.file.impossible(off, 0, "the %s at byte 0x%x lies where the table or its directory entry would have to be: a copy of the disk puts both in order", name, off)
	}
	for _, a := range p.s.fixedAreas() {
		own := a.off == g.dirs[p.copy] && a.kind == disk.KindTable
		if own && area.meets(a.off, a.off+a.bytes) || !own && taken(a.off, a.bytes) {
			return busy(a.off, a.name)
		}
	}
	for copy := range g.dirCount {
		if err := g.eachTable(ctx, copy, func(t, at int64) error {
			if !p.replaces(copy, t) && taken(at, g.tableBytes()) {
				return busy(at, "grain table")
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// evacuate moves the grains, which are not compressed, that lie in an area to the end of the file. If the
// area reaches behind where grains start, they start behind it from then on.
func (p *placing) evacuate(ctx context.Context, area room) error {
	g, d := p.g, p.d
	if floor := p.s.floor(); area.to > floor {
		p.end = roundUp(area.to, g.grain)
		area = room{min(area.from, floor), p.end}
	}
	p.area = area
	d.size = max(d.size, area.to)
	list, err := p.inTheWay(ctx)
	if err != nil {
		return err
	}
	end := d.size
	if len(list) > 0 {
		end = roundUp(end, g.grain) + int64(len(list))*g.grain
	}
	if end > g.file.Size {
		if err := p.s.unclaimedEnd(ctx, end, p.replaces); err != nil {
			return err
		}
	}
	for _, e := range list {
		to := roundUp(d.size, g.grain)
		sector, err := d.sector(to)
		if err != nil {
			return err
		}
		if err := d.move(e.at, to, g.grain); err != nil {
			return err
		}
		d.size = to + g.grain
		if p.moved[e.t] == nil {
			p.moved[e.t] = map[int64]uint64{}
		}
		p.moved[e.t][e.i] = sector
	}
	return nil
}

// stored is a grain at a byte of the file, with its table and its entry there.
type stored struct{ t, i, at int64 }

// inTheWay lists the grains of the area. None may lie where the directory's
// entries do.
func (p *placing) inTheWay(ctx context.Context) (list []stored, err error) {
	g := p.g
	err = g.eachGrain(ctx, func(t, i, at int64) error {
		switch {
		case p.area.meets(at, at+g.grain):
			if list = append(list, stored{t, i, at}); int64(len(list)) > maxDraft/g.grain+1 {
				return g.file.impossible(p.area.from, p.area.to-p.area.from, "too many grains would have to move: a copy of the disk puts them in order")
			}
		case p.slots.meets(at, at+g.grain):
			return g.file.impossible(at, g.grain, "the grain at byte 0x%x lies where the directory's entries are: a copy of the disk puts both in order", at)
		}
		return nil
	})
	return list, err
}

// raise makes overHead reach to where the grains start now.
func (p *placing) raise(h decode.Record[vmdk.Header]) {
	if p.end > 0 {
		vmdk.HeaderOverHead.Put(h, uint64(p.end/vmdk.SectorSize))
	}
}

// content is what table t holds by the other directory, with the grains that
// were moved.
func (p *placing) content(t int64) ([]byte, error) {
	g := p.g
	b := make([]byte, g.tableBytes())
	if other := 1 - p.copy; other < g.dirCount {
		at, ok, err := g.tableOf(other, t)
		if err != nil {
			return nil, err
		}
		if ok {
			if _, err := g.file.Data.ReadAt(b, at); err != nil {
				return nil, g.ioError(at, err)
			}
		}
	}
	for i, sector := range p.moved[t] {
		put(b[i*g.width:], g.width, sector)
	}
	return b, p.spares(t, b)
}

// spares makes sure that no grain of a table would be written over.
func (p *placing) spares(t int64, table []byte) error {
	g := p.g
	for i := range min(g.perTable, g.entriesFrom(t)) {
		raw := uint64(binary.LittleEndian.Uint32(table[i*g.width:]))
		r := run{length: g.grain}
		if g.judge(raw, 0, &r); r.state == disk.Data && (p.area.meets(r.offset, r.offset+g.grain) || p.slots.meets(r.offset, r.offset+g.grain)) {
			return g.file.impossible(r.offset, g.grain, "a grain that only one of the tables knows lies where the table or its directory entry would have to be: a copy of the disk puts both in order")
		}
	}
	return nil
}

// tables writes the tables in their place, the directory entries that lead to
// them, and the entries of moved grains in all other tables.
func (p *placing) tables(ctx context.Context) error {
	g, d := p.g, p.d
	directory := make([]byte, p.n*g.width)
	for i := range p.n {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b, err := p.content(p.t + i)
		if err != nil {
			return err
		}
		at := g.usual(p.copy, p.t+i)
		sector, err := d.sector(at)
		if err != nil {
			return err
		}
		put(directory[i*g.width:], g.width, sector)
		if err := d.write(at, b); err != nil {
			return err
		}
	}
	if err := d.write(p.slots.from, directory); err != nil {
		return err
	}
	return p.entries(ctx)
}

// entries sets the entries of the grains that were moved in the tables that
// stay where they are.
func (p *placing) entries(ctx context.Context) error {
	g := p.g
	done := map[int64]bool{}
	for _, moved := range slices.Sorted(maps.Keys(p.moved)) {
		for copy := range p.s.grid.dirCount {
			if p.replaces(copy, moved) {
				continue
			}
			at, ok, err := p.s.grid.tableOf(copy, moved)
			if err != nil {
				return err
			}
			for _, i := range slices.Sorted(maps.Keys(p.moved[moved])) {
				off := at + i*g.width
				if !ok || done[off] {
					continue
				}
				done[off] = true
				if err := p.d.entry(off, g.width, p.moved[moved][i]); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}

// makeTables puts missing tables in place (G1).
func (m *Image) makeTables(s *sparse, f *disk.Finding) []disk.Repair {
	g, at := s.grid, f.Where[0]
	copy, t, ok := s.directoryEntryAt(at.Offset)
	if !ok || g.packed != nil {
		return nil
	}
	n := at.Length / g.width
	if g.usual(copy, t+n) > maxGrown {
		return nil
	}
	r := s.file.drafted("put the missing tables where they belong", "", s.place(copy, t, n))
	if copy == 0 && g.dirCount == 2 {
		if _, ok, err := g.tableOf(1, t); ok && err == nil {
			r.Risk = "what only the redundant tables know of becomes part of the disk"
			r = m.altering(r)
		}
	}
	return []disk.Repair{r}
}

// restoreTable puts the table of a directory entry that leads nowhere where it
// belongs, as the other directory has it (G2, and G3 for single tables).
func (m *Image) restoreTable(s *sparse, f *disk.Finding) []disk.Repair {
	g, at := s.grid, f.Where[0]
	copy, t, ok := s.directoryEntryAt(at.Offset)
	if !ok || at.Length != g.width || g.dirCount < 2 || g.kind != vmdk.KindHosted || g.packed != nil {
		return nil
	}
	if _, ok, err := g.tableOf(1-copy, t); err != nil || !ok {
		return nil
	}
	r := s.file.drafted("put the table where it belongs, as the other directory has it", "", s.place(copy, t, 1))
	if raw, ok, err := g.directoryEntry(copy, t); err == nil && ok && copy == 0 {
		if _, fault := g.tableAt(raw); fault == noFault {
			r.Risk = "what the table that is used now says is lost"
			r = m.altering(r)
		}
	}
	return []disk.Repair{r}
}

// separateTables ends the sharing of one set of tables by two directories (G3).
func (m *Image) separateTables(s *sparse, f *disk.Finding) []disk.Repair {
	if _, _, ok := s.directoryEntryAt(f.Where[0].Offset); ok {
		return m.restoreTable(s, f)
	}
	if s.grid == nil || s.isStream() || s.rulesAt() != 0 || s.grid.packed != nil {
		return nil
	}
	return append([]disk.Repair{s.file.drafted("build a second set of tables", "", s.secondSet)},
		s.mendHeader("say that there is only one directory", "", func(h decode.Record[vmdk.Header]) {
			vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^vmdk.FlagRedundant)
			vmdk.HeaderRedundantOffset.Put(h, 0)
		})...)
}

// directoryEntryAt tells which entry of which directory lies at a byte.
func (s *sparse) directoryEntryAt(off int64) (copy int, t int64, ok bool) {
	if s.grid == nil {
		return 0, 0, false
	}
	for copy := range s.grid.dirCount {
		if at := off - s.grid.dirs[copy]; at >= 0 && at < s.grid.dirBytes(copy) {
			return copy, at / s.grid.width, true
		}
	}
	return 0, 0, false
}
