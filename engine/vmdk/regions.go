package vmdk

import (
	"bytes"
	"context"
	"iter"
	"sync"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
)

// Regions tells what each byte of each file is for.
func (m *Image) Regions(ctx context.Context) iter.Seq2[disk.Region, error] {
	return func(yield func(disk.Region, error) bool) {
		for _, f := range m.files {
			for r, err := range disk.Cover(ctx, f.Name, f.Size, m.claims(f), m.gaps(ctx, f)) {
				if !yield(r, err) || err != nil {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(disk.Region{}, err)
				return
			}
		}
	}
}

// claims lists what the structures of a file say is theirs.
func (m *Image) claims(f *file) disk.Claims {
	return func(from, to int64) iter.Seq2[disk.Claim, error] {
		return func(yield func(disk.Claim, error) bool) {
			put := func(off, length int64, kind disk.Kind, name string) bool {
				return off >= to || off+length <= from || yield(disk.Claim{Offset: off, Length: length, Kind: kind, Name: name}, nil)
			}
			if f == m.main && m.separate && !put(0, int64(m.text.Size), disk.KindDescriptor, "descriptor") {
				return
			}
			for _, e := range m.extents {
				if e.file == f && e.sparse == nil && !put(e.base, e.length, disk.KindPayload, "flat data") {
					return
				}
			}
			s := f.sparse
			if s == nil || !s.claimStructures(put) || s.walk != nil && !s.walk.claim(put) || s.grid == nil {
				return
			}
			if err := s.claimTables(put); err != nil {
				yield(disk.Claim{}, err)
			}
		}
	}
}

// putter takes a claim and reports whether to go on.
type putter func(off, length int64, kind disk.Kind, name string) bool

// claimStructures lists what lies at fixed places.
func (s *sparse) claimStructures(put putter) bool {
	const sector = vmdk.SectorSize
	switch s.kind {
	case vmdk.KindCowd:
		return put(0, vmdk.CowdHeaderSize, disk.KindHeader, "COWD header")
	case vmdk.KindSeSparse:
		return s.claimAreas(put)
	}
	if !put(0, sector, disk.KindHeader, "sparse header") {
		return false
	}
	if s.text != nil && !put(s.textAt.Offset, int64(s.text.Size), disk.KindDescriptor, "descriptor") {
		return false
	}
	if used := s.textUsed(); s.textAt.Length > used && !put(s.textAt.Offset+used, s.textAt.Length-used, disk.KindSlack, "unused room for the descriptor") {
		return false
	}
	if s.footer == 0 || s.lost {
		return true
	}
	return put(s.footer-sector, sector, disk.KindHeader, "footer marker") &&
		put(s.footer, sector, disk.KindHeader, "footer") &&
		put(s.footer+sector, sector, disk.KindHeader, "end-of-stream marker")
}

// textUsed is how much of the room for the descriptor has text.
func (s *sparse) textUsed() int64 {
	if s.text == nil {
		return 0
	}
	return int64(s.text.Size)
}

// seAreas are the areas of a seSparse extent whose bytes are used as a whole.
var seAreas = []struct {
	off, size decode.Uint[vmdk.ConstHeader, uint64]
	kind      disk.Kind
	name      string
}{
	{vmdk.ConstVolatile, vmdk.ConstVolatileSize, disk.KindHeader, "volatile header"},
	{vmdk.ConstJournalHead, vmdk.ConstJournalHeadSize, disk.KindLog, "journal header"},
	{vmdk.ConstJournal, vmdk.ConstJournalSize, disk.KindLog, "journal"},
	{vmdk.ConstDirectory, vmdk.ConstDirectorySize, disk.KindTable, "grain directory"},
	{vmdk.ConstTables, vmdk.ConstTablesSize, disk.KindTable, "grain tables"},
	{vmdk.ConstFreeBitmap, vmdk.ConstFreeBitmapSize, disk.KindBitmap, "free bitmap"},
	{vmdk.ConstBackMap, vmdk.ConstBackMapSize, disk.KindTable, "back map"},
}

func (s *sparse) claimAreas(put putter) bool {
	if !put(0, vmdk.SectorSize, disk.KindHeader, "const header") {
		return false
	}
	for _, a := range s.areas() {
		if !put(a.off, a.bytes, a.kind, a.name) {
			return false
		}
	}
	return true
}

// claimTables lists directories, tables and grains. A table that several
// entries name is claimed by each, and its grains once.
func (s *sparse) claimTables(put putter) error {
	g := s.grid
	for copy := range g.dirCount {
		seen := visited{}
		name, tableName := g.title(copy, "grain directory"), g.title(copy, "grain table")
		if s.kind != vmdk.KindSeSparse && !put(g.dirs[copy], roundUp(g.tables*g.width, vmdk.SectorSize), disk.KindTable, name) {
			return nil
		}
		for t := int64(0); t < g.tables; t++ {
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
			if !ok {
				continue
			}
			if s.kind != vmdk.KindSeSparse && !put(at, roundUp(g.tableBytes(), vmdk.SectorSize), disk.KindTable, tableName) {
				return nil
			}
			if !seen.first(at) {
				continue
			}
			if s.isStream() && s.markerBefore(at, vmdk.MarkerTableType) && !put(at-vmdk.SectorSize, vmdk.SectorSize, disk.KindHeader, "grain table marker") {
				return nil
			}
			if copy > 0 && g.sameTable(t, at) {
				continue
			}
			if more, err := s.claimGrains(put, copy, t, at); err != nil || !more {
				return err
			}
		}
		if s.isStream() && s.markerBefore(g.dirs[copy], vmdk.MarkerDirectory) && !put(g.dirs[copy]-vmdk.SectorSize, vmdk.SectorSize, disk.KindHeader, "grain directory marker") {
			return nil
		}
	}
	return nil
}

// visited remembers tables, so that a directory whose entries all lead to one
// table costs no more than its own size.
type visited map[int64]struct{}

// visitedLimit bounds the memory; a disk of 32 TiB has as many tables.
const visitedLimit = 1 << 20

// first reports whether a table is met for the first time.
func (v visited) first(at int64) bool {
	_, known := v[at]
	if !known && len(v) < visitedLimit {
		v[at] = struct{}{}
	}
	return !known
}

// claimGrains lists the grains of one table; of a redundant one those that the
// first does not name.
func (s *sparse) claimGrains(put putter, copy int, t, at int64) (bool, error) {
	g, more := s.grid, true
	var failed error
	first, _, err := g.tableOf(0, t)
	if err != nil {
		return false, err
	}
	listed, name := g.entriesFrom(t), "grain data"
	if copy > 0 {
		name = "grain data, by the redundant table"
	}
	grains := grainRun{put: put, name: name}
	err = g.entries(at, func(i int64, raw uint64) bool {
		r := run{length: g.grain}
		if g.judge(raw, 0, &r); r.state != disk.Data || i >= listed || copy > 0 && g.names(first, i, raw) {
			return true
		}
		length := g.grain
		if g.packed != nil {
			if failed = g.packed.locate(&r, 0); failed != nil || r.state != disk.Data {
				return failed == nil
			}
			length = roundUp(r.packed, vmdk.SectorSize)
		}
		more = grains.add(r.offset, length)
		return more
	})
	if err == nil {
		err = failed
	}
	return more && grains.done(), err
}

// names reports whether entry i of the table at a byte is raw.
func (g *grid) names(table, i int64, raw uint64) bool {
	if table <= 0 {
		return false
	}
	first, err := g.file.tables.uint(table+i*g.width, g.width)
	return err == nil && first == raw
}

// sameTable reports whether the first copy of table t has the same bytes as the
// redundant one at a byte.
func (g *grid) sameTable(t, second int64) bool {
	first, ok, err := g.tableOf(0, t)
	if err != nil || !ok {
		return false
	}
	if first == second || g.file.tables.Hole(first, g.tableBytes()) && g.file.tables.Hole(second, g.tableBytes()) {
		return true
	}
	return g.equalTables(first, second)
}

// equalTables compares the bytes of two tables; what can't be read is equal to nothing.
func (g *grid) equalTables(first, second int64) bool {
	for left := g.tableBytes(); left > 0; {
		one, errOne := g.file.tables.Get(first)
		two, errTwo := g.file.tables.Get(second)
		n := min(left, int64(len(one)), int64(len(two)))
		if errOne != nil || errTwo != nil || n == 0 || !bytes.Equal(one[:n], two[:n]) {
			return false
		}
		first, second, left = first+n, second+n, left-n
	}
	return true
}

// markerBefore reports whether the sector before a structure of a stream is
// the marker that announces it.
func (s *sparse) markerBefore(at int64, kind uint32) bool {
	b, err := s.file.head(at-vmdk.SectorSize, int64(vmdk.MarkerPad.Offset()))
	if err != nil {
		return false
	}
	r, ok := vmdk.MarkerTable.Of(append(b, make([]byte, vmdk.SectorSize)...))
	return ok && len(b) == vmdk.MarkerPad.Offset() && vmdk.MarkerSize.Get(r) == 0 && vmdk.MarkerType.Get(r) == kind
}

// entriesFrom is the number of grains from the first one of table t on.
func (g *grid) entriesFrom(t int64) int64 {
	return max(0, (g.capacity-1)/g.grain+1-t*g.perTable)
}

// tableOf is where table t lies by one of the directories; false if there is
// none or its entry leads nowhere.
func (g *grid) tableOf(copy int, t int64) (int64, bool, error) {
	raw, ok, err := g.directoryEntry(copy, t)
	if err != nil || !ok {
		return 0, false, err
	}
	at, f := g.tableAt(raw)
	return at, f == noFault && at >= 0, nil
}

// emptyFrom is how many entries of one of the directories from t on are 0, as
// far as the file has them.
func (g *grid) emptyFrom(copy int, t int64) (n int64, err error) {
	at := g.dirs[copy] + t*g.width
	for t+n < g.tables && at <= g.file.Size-g.width {
		b, err := g.file.tables.Get(at)
		if err != nil {
			return n, err
		}
		for ; int64(len(b)) >= g.width && t+n < g.tables; n, at, b = n+1, at+g.width, b[g.width:] {
			if vmdk.EntryAt(b, g.width) != 0 {
				return n, nil
			}
		}
	}
	return n, nil
}

// directoryEntry reads entry t of one of the directories; false if the file
// ends before it.
func (g *grid) directoryEntry(copy int, t int64) (uint64, bool, error) {
	at := g.dirs[copy] + t*g.width
	if at > g.file.Size-g.width {
		return 0, false, nil
	}
	raw, err := g.file.tables.uint(at, g.width)
	if err != nil {
		return 0, false, g.ioError(at, err)
	}
	return raw, true, nil
}

func roundUp(n, unit int64) int64 {
	if rest := n % unit; rest != 0 {
		return n + unit - rest
	}
	return n
}

// gaps names what nothing claims. Of a long range only the start is read, and the
// name says so.
func (m *Image) gaps(ctx context.Context, f *file) disk.Gap {
	look := space.NewLooker(f.handle, f.Size)
	doubt := sync.OnceValue(func() bool { return f.sparse != nil && f.sparse.grid != nil && m.doubt(ctx, f.sparse, false) != "" })
	return func(off, length int64) (disk.Kind, string) {
		held, err := look.Look(ctx, off, length, space.Quick)
		zero := err == nil && held.Zero()
		s := f.sparse
		switch {
		case f == m.main && m.separate && zero:
			return disk.KindPadding, "padding after the descriptor"
		case f == m.main && m.separate:
			return disk.KindTrailing, "bytes after the descriptor"
		case s == nil:
			return disk.KindFree, "outside of every extent"
		case s.isStream() && s.footer != 0 && !s.lost && off > s.footer:
			return disk.KindTrailing, "bytes after the end of the stream"
		case s.kind == vmdk.KindHosted && off+length <= s.floor() && zero:
			return disk.KindPadding, "padding of the metadata"
		case off+length == f.Size && length < vmdk.SectorSize:
			return disk.KindTrailing, "part of a sector at the end"
		case s.kind == vmdk.KindHosted && s.isStream() && off+length == f.Size && length == vmdk.SectorSize && zero:
			return disk.KindHeader, "end-of-stream marker"
		}
		return unclaimed(held, err, doubt())
	}
}

// unclaimed names what no entry refers to: unused only if all entries can be
// believed.
func unclaimed(held space.Filling, err error, doubt bool) (disk.Kind, string) {
	text := "unreferenced data"
	switch {
	case err != nil || held.Other >= 0 || held.Ones > 0:
	case held.Zero():
		text = "unused space, zero"
	default:
		text = "unreferenced, " + held.String()
	}
	if !doubt {
		return disk.KindFree, text
	}
	if err == nil && held.Zero() {
		text = "zeros"
	}
	return disk.KindUnknown, "named by no entry that can be believed: " + text
}

// floor is where grains may start, by the header, in bytes.
func (s *sparse) floor() int64 {
	over := vmdk.HeaderOverHead.Get(s.rules)
	if over > maxSectors {
		return 0
	}
	return int64(over) * vmdk.SectorSize
}
