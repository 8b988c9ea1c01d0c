package writer

import (
	"context"
	"maps"
	"slices"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// maxPlaced bounds how many tables one repair puts in place.
const maxPlaced = 1 << 15

// placing puts tables of a hosted extent where other programs look for them.
type placing struct {
	w     *work
	g     *reader.Grid
	copy  int                        // the directory that the tables belong to
	t, n  int64                      // the first of the tables, and how many there are
	slots room                       // the directory's entries that lead to them
	area  room                       // what is to be free
	end   int64                      // where grains start from then on; 0: where they do now
	moved map[int64]map[int64]uint64 // entries of grains that made way, by table and number
}

func (w *work) placing(g *reader.Grid, copy int, t, n int64) *placing {
	p := &placing{w: w, g: g, copy: copy, t: t, n: n, moved: map[int64]map[int64]uint64{}}
	p.slots = room{g.Dirs[copy] + t*g.Width, g.Dirs[copy] + (t+n)*g.Width}
	return p
}

// replaces reports whether a table of a directory is one of those to be placed.
func (p *placing) replaces(copy int, t int64) bool {
	return copy == p.copy && t >= p.t && t < p.t+p.n
}

// place puts tables t to t+n-1 of a directory where they normally are, with the
// content that the other directory's have, or empty ones. Grains that lie there
// move to the end of the file.
func place(copy int, t, n int64) func(ctx context.Context, w *work) error {
	return func(ctx context.Context, w *work) error {
		g := w.Grid
		p := w.placing(g, copy, t, n)
		if n > maxPlaced {
			return w.Impossible(g.Dirs[copy], g.DirBytes(copy), "%d tables are to be made, at most %d are at once: a copy of the disk has them all", n, maxPlaced)
		}
		area := room{g.Usual(copy, t), g.Usual(copy, t+n)}
		if err := p.unclaimed(ctx, area); err != nil {
			return err
		}
		if err := p.evacuate(ctx, area); err != nil {
			return err
		}
		if err := p.tables(ctx); err != nil || p.end == 0 {
			return err
		}
		return w.header(p.raise)
	}
}

// secondSet gives an extent whose directories are one a redundant directory
// with tables of its own, after the first ones (G3).
func secondSet(ctx context.Context, w *work) error {
	g := w.Grid
	end, err := w.endOfFirst(ctx)
	if err != nil {
		return err
	}
	if g.Tables > maxPlaced {
		return w.Impossible(end, 0, "%d tables are to be made, at most %d are at once: a copy of the disk has them all", g.Tables, maxPlaced)
	}
	two := g.With(1, end)
	p := w.placing(two, 1, 0, g.Tables)
	if err := p.evacuate(ctx, room{end, two.Usual(1, g.Tables)}); err != nil {
		return err
	}
	sector, err := w.sector(end)
	if err != nil {
		return err
	}
	if err := p.tables(ctx); err != nil {
		return err
	}
	return w.header(func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderRedundantOffset.Put(h, sector)
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)|vmdk.FlagRedundant)
		p.raise(h)
	})
}

// endOfFirst is where the header's structures and the first directory's tables end.
func (w *work) endOfFirst(ctx context.Context) (int64, error) {
	end := w.floorOfTables()
	err := w.Grid.EachTable(ctx, 0, func(_, at int64) error {
		end = max(end, at+roundUp(w.Grid.TableBytes, vmdk.SectorSize))
		return nil
	})
	return end, err
}

// unclaimed makes sure that no structure but those to be replaced lies in an
// area, or where the directory's entries for it are: a capacity that is too
// large makes the directory reach over what follows it.
func (p *placing) unclaimed(ctx context.Context, area room) error {
	g := p.g
	taken := func(off, n int64) bool { return area.meets(off, off+n) || p.slots.meets(off, off+n) }
	busy := func(off int64, name string) error {
		return p.w.Impossible(off, 0, "the %s at byte 0x%x lies where the table or its directory entry would have to be: a copy of the disk puts both in order", name, off)
	}
	for _, a := range p.w.Areas {
		own := a.Off == g.Dirs[p.copy] && a.Table
		if own && area.meets(a.Off, a.Off+a.Bytes) || !own && taken(a.Off, a.Bytes) {
			return busy(a.Off, a.Name)
		}
	}
	for copy := range g.Copies {
		if err := g.EachTable(ctx, copy, func(t, at int64) error {
			if !p.replaces(copy, t) && taken(at, g.TableBytes) {
				return busy(at, "grain table")
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// evacuate moves the grains, which are not compressed, that lie in an area to
// the end of the file. If the area reaches past where grains start, they start
// after it from then on.
func (p *placing) evacuate(ctx context.Context, area room) error {
	g, w := p.g, p.w
	if area.to > w.Floor {
		p.end = roundUp(area.to, g.Grain)
		area = room{min(area.from, w.Floor), p.end}
	}
	p.area = area
	list, err := p.inTheWay(ctx)
	if err != nil {
		return err
	}
	size := max(w.size, area.to)
	end := size
	if len(list) > 0 {
		end = roundUp(end, g.Grain) + int64(len(list))*g.Grain
	}
	if end > w.Size {
		if err := w.unclaimedEnd(ctx, end, p.replaces); err != nil {
			return err
		}
	}
	if err := w.grow(size); err != nil {
		return err
	}
	for _, e := range list {
		to := roundUp(w.size, g.Grain)
		sector, err := w.sector(to)
		if err != nil {
			return err
		}
		if err := w.move(e.at, to, g.Grain); err != nil {
			return err
		}
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
	err = g.EachGrain(ctx, func(t, i, at int64) error {
		switch {
		case p.area.meets(at, at+g.Grain):
			if list = append(list, stored{t, i, at}); int64(len(list)) > store.MaxStaged/g.Grain+1 {
				return p.w.Impossible(p.area.from, p.area.to-p.area.from, "too many grains would have to move: a copy of the disk puts them in order")
			}
		case p.slots.meets(at, at+g.Grain):
			return p.w.Impossible(at, g.Grain, "the grain at byte 0x%x lies where the directory's entries are: a copy of the disk puts both in order", at)
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
	b := make([]byte, g.TableBytes)
	if other := 1 - p.copy; other < g.Copies {
		at, ok, err := g.TableOf(other, t)
		if err == nil && ok {
			b, err = p.w.Head(at, g.TableBytes)
		}
		if err != nil {
			return nil, err
		}
	}
	for i, sector := range p.moved[t] {
		vmdk.PutEntry(b[i*g.Width:], g.Width, sector)
	}
	return b, p.spares(t, b)
}

// spares makes sure that no grain of a table would be written over.
func (p *placing) spares(t int64, table []byte) error {
	g := p.g
	for i := range min(g.PerTable, g.EntriesFrom(t)) {
		e := g.Entry(vmdk.EntryAt(table[i*g.Width:], g.Width))
		if e.State == disk.Data && (p.area.meets(e.Off, e.Off+g.Grain) || p.slots.meets(e.Off, e.Off+g.Grain)) {
			return p.w.Impossible(e.Off, g.Grain, "a grain that only one of the tables knows lies where the table or its directory entry would have to be: a copy of the disk puts both in order")
		}
	}
	return nil
}

// tables writes the tables in their place, the directory entries that lead to
// them, and the entries of moved grains in all other tables.
func (p *placing) tables(ctx context.Context) error {
	g, w := p.g, p.w
	directory := make([]byte, p.n*g.Width)
	for i := range p.n {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b, err := p.content(p.t + i)
		if err != nil {
			return err
		}
		at := g.Usual(p.copy, p.t+i)
		sector, err := w.sector(at)
		if err != nil {
			return err
		}
		vmdk.PutEntry(directory[i*g.Width:], g.Width, sector)
		if err := w.write(at, b); err != nil {
			return err
		}
	}
	if err := w.write(p.slots.from, directory); err != nil {
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
		for copy := range p.w.Grid.Copies {
			if p.replaces(copy, moved) {
				continue
			}
			at, ok, err := p.w.Grid.TableOf(copy, moved)
			if err != nil {
				return err
			}
			for _, i := range slices.Sorted(maps.Keys(p.moved[moved])) {
				off := at + i*g.Width
				if !ok || done[off] {
					continue
				}
				done[off] = true
				if err := p.w.entry(off, g.Width, p.moved[moved][i]); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}
