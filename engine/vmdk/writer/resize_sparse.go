package writer

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// maxCopied is how much is copied before it is asked whether to go on, in bytes.
const maxCopied = 64 << 20

// mostTables bounds the tables that are written anew, in bytes: those of 4 TiB in grains of
// 64 KiB.
const mostTables = 512 << 20

// tables is where directories and tables of a sparse extent go when there are more of them,
// in bytes of the file: all in one, each set after its directory, as everybody writes them,
// and all in front of the grains (vmdk.md 4.2, 4.5). Since the old ones are in use until the
// header names the new ones, these come after them, where the first grains are.
type tables struct {
	from   int64    // where grains started
	dirs   [2]int64 // the redundant directory first, where there are two
	copies int
	count  int64 // of tables in a set
	grains int64 // where grains will start
}

// sparse gives an extent a larger capacity. Its tables need not change for a few grains more.
func (r *resizing) sparse(ctx context.Context) error {
	s := r.tail.Sparse
	at := decode.Place{File: s.Name}
	if s.Kind != vmdk.KindHosted || s.Stream || s.Grid == nil || s.Grid.Packed || s.Footer != 0 {
		return disk.Copied(at, "an extent of this kind does not grow in place")
	}
	if s.Grid.Needed != s.Grid.Tables {
		return disk.Copied(at, "its grain directory is not whole")
	}
	length, files, err := r.divide(vmdk.TypeSparse, "s")
	if err != nil {
		return err
	}
	old := int64(s.Capacity()) * vmdk.SectorSize
	capacity := max(length, old)
	if err := r.endOf(ctx, s); err != nil {
		return err
	}
	grown := func(h decode.Record[vmdk.Header]) { vmdk.HeaderCapacity.Put(h, uint64(capacity/vmdk.SectorSize)) }
	if count := ceil(ceil(capacity, s.Grid.Grain), s.Grid.PerTable); count > s.Grid.Needed {
		t, err := r.place(s, count)
		if err != nil {
			return err
		}
		if err := r.makeWay(ctx, s, t); err != nil {
			return err
		}
		r.out.Prepare = disk.Durably(s.Name, r.writeTables(s, t))
		r.out.Finish = r.leave(s, t)
		grown = t.name(grown)
	}
	r.rooms = append(r.rooms, changeHeaders(s, grown))
	lines := ""
	for _, e := range files {
		lines += e.line()
		r.out.New = append(r.out.New, r.nextSparse(s, e))
	}
	return r.describe(length/vmdk.SectorSize, lines)
}

// nextSparse is a further extent like the last one.
func (r *resizing) nextSparse(s *reader.Sparse, e piece) disk.NewFile {
	spec := disk.Spec{Values: map[string]string{disk.OptionBlockSize: fmt.Sprint(s.Grid.Grain)}}
	if s.Grid.ZeroGrains {
		spec.Values[optionZeroGrain] = "yes"
	}
	size := (&sparse{capacity: e.sectors, grain: s.Grid.Grain / vmdk.SectorSize}).size()
	return disk.NewFile{Name: e.name, Size: size, Make: made(e.name, func(ctx context.Context, to store.FS) error {
		return writeSparse(ctx, to, e, 0, nil, spec)
	})}
}

// size is the length of the file before any grain is stored, in bytes.
func (s *sparse) size() int64 {
	s.layOut()
	return s.overHead * vmdk.SectorSize
}

// endOf makes zeros of what lies past the end of the disk where the extent goes on: the rest
// of its last grain. An entry past it would become part of the disk.
func (r *resizing) endOf(ctx context.Context, s *reader.Sparse) error {
	g, last := s.Grid, (r.tail.Length-1)/s.Grid.Grain
	into := r.tail.Length % g.Grain
	for copy := range g.Copies {
		table, ok, err := g.TableOf(copy, last/g.PerTable)
		if err != nil || !ok {
			return errors.Join(err, disk.Copied(decode.Place{File: s.Name}, "its last grain table is missing"))
		}
		for i := last % g.PerTable; i < g.PerTable; i++ {
			raw, err := g.EntryAt(table + i*g.Width)
			if err != nil {
				return err
			}
			if raw != 0 && i > last%g.PerTable {
				return disk.Refuse(disk.RefusedUntrusted, disk.Unsupported, []decode.Place{{File: s.Name, Offset: table + i*g.Width, Length: g.Width}},
					"the entry is of a grain past the end of the disk, which would become part of it: platter repair clears it, --out makes a new image")
			}
			e := g.Entry(raw)
			if into == 0 || copy > 0 || e.State != disk.Data || i > last%g.PerTable {
				continue
			}
			r.out.Prepare = disk.Durably(s.Name, disk.Steps(longer(s.Name, e.Off+g.Grain), disk.Clear(decode.Place{File: s.Name, Offset: e.Off + into, Length: g.Grain - into})))
		}
	}
	return ctx.Err()
}

// place lays out sets of so many tables.
func (r *resizing) place(s *reader.Sparse, count int64) (tables, error) {
	g := s.Grid
	t := tables{from: roundUp(s.Floor, g.Grain), copies: g.Copies, count: count}
	for _, a := range s.Areas {
		t.from = max(t.from, roundUp(a.Off+a.Bytes, g.Grain))
	}
	for copy := range g.Copies {
		for n := range g.Needed {
			if at, ok, err := g.TableOf(copy, n); err != nil || !ok || at+g.TableBytes > t.from {
				return t, errors.Join(err, disk.Copied(decode.Place{File: s.Name}, "its grain tables are not all in front of its grains"))
			}
		}
	}
	at := t.from
	for copy := range g.Copies {
		t.dirs[copy] = at
		at += t.dirBytes() + count*roundUp(g.TableBytes, vmdk.SectorSize)
	}
	t.grains = roundUp(at, g.Grain)
	if at-t.from > mostTables {
		return t, disk.Copied(decode.Place{File: s.Name}, "its tables would take %s, more than is done in place", decode.FormatSize(uint64(at-t.from)))
	}
	r.out.Needs += t.grains - t.from
	return t, nil
}

// dirBytes is the length of a directory in whole sectors.
func (t tables) dirBytes() int64 { return roundUp(t.count*vmdk.EntrySize, vmdk.SectorSize) }

// name has the header name the tables.
func (t tables) name(and func(decode.Record[vmdk.Header])) func(decode.Record[vmdk.Header]) {
	return func(h decode.Record[vmdk.Header]) {
		and(h)
		if t.copies == 2 {
			vmdk.HeaderRedundantOffset.Put(h, uint64(t.dirs[0]/vmdk.SectorSize))
		}
		vmdk.HeaderDirectoryOffset.Put(h, uint64(t.dirs[t.copies-1]/vmdk.SectorSize))
		vmdk.HeaderOverHead.Put(h, uint64(t.grains/vmdk.SectorSize))
	}
}

// makeWay moves the grains that lie where the tables go to the end of the file: a stage of
// its own, after which the disk is as it was. What lies there and is named by no table moves
// too, since it may be a grain that has lost its entry.
func (r *resizing) makeWay(ctx context.Context, s *reader.Sparse, t tables) error {
	g := s.Grid
	end := roundUp(max(s.Size, t.grains), g.Grain)
	moved := map[int64]int64{} // slots, to where
	for at := t.from; at < min(t.grains, s.Size); at += g.Grain {
		if !s.Hole(at, min(g.Grain, s.Size-at)) {
			moved[at], end = end, end+g.Grain
		}
	}
	var entries []disk.Step
	err := g.EachGrain(ctx, func(n, i, at int64) error {
		if at >= t.grains || at+g.Grain <= t.from {
			return nil
		}
		to, ok := moved[at]
		if (at-t.from)%g.Grain != 0 {
			return disk.Copied(decode.Place{File: s.Name, Offset: at}, "its grains do not lie at multiples of their size")
		}
		if !ok {
			moved[at], to, end = end, end, end+g.Grain // a hole
		}
		r.out.Moved++
		for copy := range g.Copies {
			table, ok, err := g.TableOf(copy, n)
			if err != nil || !ok {
				return errors.Join(err, disk.Copied(decode.Place{File: s.Name}, "a grain table is missing"))
			}
			if raw, err := g.EntryAt(table + i*g.Width); err != nil || raw != uint64(at/vmdk.SectorSize) {
				return errors.Join(err, disk.Copied(decode.Place{File: s.Name, Offset: table + i*g.Width}, "the two sets of tables differ"))
			}
			entries = append(entries, nameGrain(s.Name, table+i*g.Width, to))
		}
		return nil
	})
	if err != nil || len(moved) == 0 && r.out.Prepare == nil {
		return err
	}
	if end/vmdk.SectorSize >= 1<<32 {
		return disk.Copied(decode.Place{File: s.Name}, "no grain can lie past 2 TiB of the file")
	}
	r.out.Needs += int64(len(moved)) * g.Grain
	copies := []disk.Step{longer(s.Name, end)}
	if r.out.Prepare != nil {
		copies = append([]disk.Step{r.out.Prepare}, copies...) // the last grain may move too
	}
	for from := t.from; from < t.grains; from += g.Grain {
		n, to := int64(0), moved[from]
		for moved[from] != 0 && moved[from+n] == to+n && n < maxCopied { // neighbours stay neighbours
			n += g.Grain
		}
		if n > 0 {
			copies = append(copies, disk.Copy(decode.Place{File: s.Name, Offset: from, Length: n}, to))
			from += n - g.Grain
		}
	}
	r.out.Stages = append(r.out.Stages, disk.Stage{Prepare: disk.Durably(s.Name, disk.Steps(copies...)), Switch: disk.Steps(entries...)})
	return nil
}

// nameGrain has the entry at a byte of the file name the grain at another.
func nameGrain(file string, at, grain int64) disk.Step {
	return disk.Change(decode.Place{File: file, Offset: at, Length: vmdk.EntrySize}, func(b []byte) {
		vmdk.PutEntry(b, vmdk.EntrySize, uint64(grain/vmdk.SectorSize))
	})
}

// writeTables writes the new directories, and the old tables after them, as they are by then.
// Nothing is left there that anybody refers to.
func (r *resizing) writeTables(s *reader.Sparse, t tables) disk.Step {
	g, width := s.Grid, roundUp(s.Grid.TableBytes, vmdk.SectorSize)
	return func(ctx context.Context, to store.FS) error {
		f, err := to.OpenWrite(s.Name)
		if err != nil {
			return err
		}
		if err = reach(f, t.grains); err == nil {
			err = layer.Vacate(ctx, f, t.from, t.grains-t.from, "zeros where the grain tables will be")
		}
		for copy := 0; copy < t.copies && err == nil; copy++ {
			first := t.dirs[copy] + t.dirBytes()
			err = store.Put(f, store.Piece{Offset: t.dirs[copy], Data: directoryOf(t.count, func(i int64) int64 { return (first + i*width) / vmdk.SectorSize })})
		}
		b := make([]byte, g.TableBytes)
		for n := int64(0); n < g.Needed && err == nil; n++ {
			err = errors.Join(ctx.Err(), t.copyTable(f, g, n, b, width))
		}
		return errors.Join(err, f.Close())
	}
}

// longer makes a file at least that long.
func longer(file string, end int64) disk.Step {
	return func(_ context.Context, to store.FS) error {
		f, err := to.OpenWrite(file)
		if err != nil {
			return err
		}
		return errors.Join(reach(f, end), f.Close())
	}
}

func reach(f store.File, end int64) error {
	size, err := f.Size()
	if err == nil && size < end {
		err = f.Truncate(end)
	}
	return err
}

// copyTable copies table n to its new places; b is room for it. One of zeros stays a hole.
func (t tables) copyTable(f store.File, g *reader.Grid, n int64, b []byte, width int64) error {
	at, ok, err := g.TableOf(0, n)
	if err != nil || !ok {
		return errors.Join(err, disk.Copied(decode.Place{}, "a grain table is missing"))
	}
	if err := full(f, b, at); err != nil {
		return err
	}
	empty := true
	for _, c := range b {
		empty = empty && c == 0
	}
	for copy := 0; copy < t.copies && !empty; copy++ {
		if _, err := f.WriteAt(b, t.dirs[copy]+t.dirBytes()+n*width); err != nil {
			return err
		}
	}
	return nil
}

// leave makes zeros of the directories and tables that nothing names any more.
func (r *resizing) leave(s *reader.Sparse, t tables) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		g := s.Grid
		var list []decode.Place
		for copy := range g.Copies {
			list = append(list, decode.Place{File: s.Name, Offset: g.Dirs[copy], Length: roundUp(g.DirBytes(copy), vmdk.SectorSize)})
			for n := range g.Needed {
				at, ok, err := g.TableOf(copy, n)
				if err != nil {
					return err
				}
				if last := &list[len(list)-1]; ok && at == last.End() {
					last.Length += g.TableBytes
				} else if ok {
					list = append(list, decode.Place{File: s.Name, Offset: at, Length: g.TableBytes})
				}
			}
		}
		var steps []disk.Step
		for _, p := range list {
			steps = append(steps, disk.Clear(p))
		}
		return disk.Durably(s.Name, disk.Steps(steps...))(ctx, to)
	}
}
