package vmdk

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// codes are the numbers of the checks that all kinds of table share: of entries that lead
// nowhere or, the met ones, to where something else lies, and of directories that end early; the
// last two are for entries whose two copies differ.
type codes struct{ directory, directoryMet, directoryCut, table, tableMet, shared, tableCopies, sharedCopies string }

var codesOf = map[vmdk.Kind]codes{
	vmdk.KindHosted:   {"G2", "G2:met", "G2:cut", "G6:outside", "G6", "G8", "G6:copies", "G8:copies"},
	vmdk.KindCowd:     {"C4", "C4:met", "C4", "C4", "C4:met", "C4:met", "C4", "C4:met"},
	vmdk.KindSeSparse: {"Z4", "Z4:met", "Z4", "Z4", "Z4:met", "Z5", "Z4", "Z5"},
}

// The uses that a scan tells apart.
const (
	useMeta = iota // headers, directories and tables
	useData        // grains
	uses
)

// scan is the walk over the tables of one extent.
type scan struct {
	c     *checker
	s     *sparse
	g     *grid
	codes codes
	floor int64 // of the file: where metadata end
	first bool  // the first window: what concerns one entry alone is reported now
	space *space.Map
	clash []clash
	reach reaches

	unsettled unsettled
	rivals    int // tables whose copies were weighed

	placed [2]store.Range // all tables of a directory, and what is between them

	unlisted int // clashes of this window beyond those kept

	lastTable int64 // where the table before ended
	tables    int64 // end of the last table
	lastLBA   int64 // where the compressed grain before lay in the file
	unordered bool
	highest   int64 // end of the last table or grain
	look      *space.Looker
	unused    leaks // zeros that nothing names,
	orphans   leaks // what nothing names and is not zero,
	odds      leaks // the same, shorter than a grain
	slack     hidden
	named     int64 // tables with an entry,
	blank     leaks // and those without
	zeros     int64 // entries that say "zeros": their grains were given up
	zeroed    leaks
	looked    int64 // bytes of grains that were read to find zeros
	unpacked  visited
	inflated  int64 // bytes that compressed grains gave
	gaveUp    bool  // they gave too many
}

// clash is a grain whose sectors another one has already.
type clash struct {
	entry      decode.Place
	off, bytes int64
	owner      decode.Place
}

// tables checks directories, tables and grains of an extent.
func (c *checker) tables(s *sparse) {
	w := &scan{c: c, s: s, g: s.grid, floor: s.floor(), codes: codesOf[s.kind], unsettled: unsettled{}, unpacked: visited{}, look: space.NewLooker(s.file.handle, s.file.Size)}
	w.space = space.Survey(s.file.Size, vmdk.SectorSize, uses, w.window)
	for free, err := range w.space.Free(0) {
		if err != nil || c.errors || !c.going() {
			break
		}
		w.padding(free.Offset, min(free.End(), s.floor()))
		w.unreferenced(max(free.Offset, s.floor()), free.End())
	}
	if c.going() {
		w.conclude()
	}
}

// window checks what lies in a window of the file, and marks it.
func (w *scan) window(m *space.Map) error {
	w.first = m.Holds(0, 1)
	if w.first {
		w.reach = newReaches(w.g.tables)
	}
	w.structures()
	w.directories()
	w.grains()
	w.redundant()
	w.owners()
	return w.c.failed
}

// structures marks what lies at fixed places.
func (w *scan) structures() {
	for _, a := range w.s.fixedAreas() {
		if w.s.kind != vmdk.KindSeSparse || a.name != "grain tables" {
			w.space.Mark(useMeta, a.off, a.bytes)
		}
	}
}

// inWindow reports whether something at a byte offset is this window's to report.
func (w *scan) inWindow(off int64) bool { return w.space.Holds(off, 1) }

// directories checks where the tables lie: G1 to G3, G13, and what C4 and Z4
// say of directory entries.
func (w *scan) directories() {
	g, c, s := w.g, w.c, w.s
	for copy := range g.dirCount {
		w.lastTable = 0
		if r := w.placed[copy]; !w.first && !w.space.Holds(r.Offset, r.Length) {
			continue
		}
		for t := int64(0); t < g.tables; t++ {
			if !c.going() {
				return
			}
			empty, err := g.emptyFrom(copy, t)
			c.spend(1 + empty/64) // empty ones go by in chunks
			if err == nil && empty > 0 {
				w.noTables(copy, t, empty)
				t += empty - 1
				continue
			}
			raw, ok, err := g.directoryEntry(copy, t)
			if err != nil {
				c.failed = err
				return
			}
			if !ok {
				break
			}
			w.directoryEntry(copy, t, raw)
		}
		if n := g.dirBytes(copy) / g.width; w.first && n < g.needed() && s.kind != vmdk.KindCowd {
			c.error(w.codes.directoryCut, g.file.place(g.dirs[copy], g.dirBytes(copy)), "the %s is cut off: %d of %d entries lie in the file", g.title(copy, "grain directory"), n, g.needed())
		}
	}
}

// noTables is G1, for a row of entries: an error where a table is known by the
// redundant directory.
func (w *scan) noTables(copy int, t, n int64) {
	g := w.g
	if !w.first || w.s.kind != vmdk.KindHosted || w.s.isStream() {
		return
	}
	for end := t + n; copy == 0 && g.dirCount == 2 && t < end && w.c.going(); {
		empty, err := g.emptyFrom(1, t)
		if empty = min(empty, end-t); err == nil && empty == 0 {
			w.c.secondTable(w.s, t)
			t++
			n = end - t
			continue
		}
		w.emptyRow(copy, t, empty)
		t += empty
		n = end - t
	}
	if n > 0 && (copy == 1 || g.dirCount < 2) {
		w.emptyRow(copy, t, n)
	}
}

func (w *scan) emptyRow(copy int, t, n int64) {
	g := w.g
	words := fmt.Sprintf("entry %d is", t)
	if n > 1 {
		words = fmt.Sprintf("entries %d to %d are", t, t+n-1)
	}
	at := g.file.place(g.dirs[copy]+t*g.width, n*g.width)
	if copy == 0 && g.lostTables() {
		w.c.error("G1", at, "%s %s 0, and the file has data that no table names: what the tables described is lost, or moved", tableName(0, g.isRedundant(0)), words)
		return
	}
	w.c.warn("G1", at, "%s %s 0: a hosted extent has all its tables from the start", tableName(0, g.isRedundant(copy)), words)
}

// secondTable is G1 for a table that only the redundant directory knows.
func (c *checker) secondTable(s *sparse, t int64) {
	g := s.grid
	grains, err := g.knownByRedundant(t)
	if err != nil {
		c.failed = err
		return
	}
	at := g.file.place(g.dirs[0]+t*g.width, g.width)
	if grains == 0 {
		c.warn("G1", at, "GD entry %d is 0: a hosted extent has all its tables from the start; the redundant table is empty", t)
		return
	}
	c.error("G1", at, "GD entry %d is 0, but the redundant directory knows its table, with %d grains: they can't be read before that is settled, but by the redundant tables (--tables redundant)", t, grains)
}

func (w *scan) directoryEntry(copy int, t int64, raw uint64) {
	g, c := w.g, w.c
	entry := g.file.place(g.dirs[copy]+t*g.width, g.width)
	at, f := g.tableAt(raw)
	name := tableName(0, g.isRedundant(copy))
	if f != noFault {
		if w.first {
			w.noTable(entry, copy, t, "%s entry %d is 0x%x: %s", name, t, raw, faultTexts[f])
		}
		return
	}
	length := roundUp(g.tableBytes(), vmdk.SectorSize)
	w.highest, w.tables = max(w.highest, at+length), max(w.tables, at+length)
	if r := &w.placed[copy]; r.Length == 0 {
		*r = store.Range{Offset: at, Length: length}
	} else {
		start, end := min(r.Offset, at), max(r.End(), at+length)
		*r = store.Range{Offset: start, Length: end - start}
	}
	if w.space.Mark(useMeta, at, length) && w.inWindow(at) {
		c.found(disk.SeverityError, w.codes.directoryMet, joined(entry, g.file.place(at, length)), "%s entry %d leads to byte 0x%x, where another table or structure lies", name, t, at)
	}
	if w.first && w.s.kind == vmdk.KindHosted {
		w.tablePlace(copy, t, at, entry)
	}
}

// noTable reports an entry that leads to no table, with what is lost if no other entry does.
func (w *scan) noTable(entry decode.Place, copy int, t int64, format string, args ...any) {
	g := w.g
	known, lost := false, int64(0)
	if g.dirCount > 1 {
		_, known, _ = g.tableOf(1-copy, t) // an error leaves it unknown, and what is lost untold
		known = known || copy == 1
	}
	if each := g.perTable * g.grain; !known {
		lost = max(0, min(each, g.capacity-t*each))
	}
	if f, ok := w.c.costing(lost, disk.SeverityError, w.codes.directory, joined(entry), format, args...); ok {
		w.c.out.Report(f)
	}
}

// tablePlace is G3 for single entries, and G13.
func (w *scan) tablePlace(copy int, t, at int64, entry decode.Place) {
	g, c := w.g, w.c
	if copy == 1 {
		if first, ok, err := g.tableOf(0, t); err == nil && ok && first == at {
			c.warn("G3", entry, "the redundant directory shares table %d at byte 0x%x with the first", t, at)
		}
	}
	if !w.s.isStream() {
		want := w.lastTable
		if t == 0 {
			want = g.dirs[copy] + roundUp(g.tables*g.width, vmdk.SectorSize)
		}
		if at != want && want != 0 {
			c.warn("G13", entry, "%s %d lies at byte 0x%x, some programs assume 0x%x", tableName(1, g.isRedundant(copy)), t, at, want)
		}
	}
	w.lastTable = at + roundUp(g.tableBytes(), vmdk.SectorSize)
}

// each visits the tables of the first directory that can be read, each once.
func (w *scan) each(visit func(t, at int64) bool) {
	seen := visited{}
	for t := int64(0); t < w.g.tables; t++ {
		if !w.c.going() {
			return
		}
		if empty, err := w.g.emptyFrom(0, t); err == nil && empty > 0 {
			w.c.spend(empty / 64)
			t += empty - 1
			continue
		}
		if w.far(t) {
			continue
		}
		w.c.spend(w.g.perTable)
		at, ok, err := w.g.tableOf(0, t)
		if err != nil {
			w.c.failed = err
			return
		}
		if ok && seen.first(at) && !visit(t, at) {
			return
		}
	}
}

// entries visits the entries of a table that are not 0.
func (w *scan) entries(at int64, visit func(i int64, raw uint64)) bool {
	err := w.g.entries(at, func(i int64, raw uint64) bool {
		visit(i, raw)
		return true
	})
	if err != nil {
		w.c.failed = err
	}
	return err == nil
}

// conclude reports what only the whole scan knows.
func (w *scan) conclude() {
	c, s := w.c, w.s
	w.reportLeaks()
	w.directoryTails()
	if s.kind == vmdk.KindCowd {
		w.headerTexts()
	}
	defer w.reportSlack()
	if w.zeroed.count > 0 {
		atLeast := map[bool]string{true: "at least "}[w.looked >= blankBudget]
		c.found(disk.SeverityInfo, "G14", w.zeroed.where, "%s%d grains hold nothing but zeros", atLeast, w.zeroed.count)
	}
	switch s.kind {
	case vmdk.KindCowd:
		w.lostTable()
		if free := int64(vmdk.CowdFree.Get(s.cowd)) * vmdk.SectorSize; free < w.highest {
			c.error("C3", s.file.field(0, vmdk.CowdFree), "the next free sector is %d, but tables and grains reach to sector %d", sectors(free), sectors(w.highest))
		}
	case vmdk.KindSeSparse:
		w.lostTable()
		c.seBitmap(s)
	default:
		switch at := s.headerPlace(vmdk.HeaderOverHead.Field()); {
		case s.isStream():
			w.stream()
		case w.tables > s.floor() && c.out.Count("vmdk/H10") == 0:
			c.warn("H10:short", at, "overHead of %d sectors does not reach the end of the tables at sector %d", sectors(s.floor()), sectors(w.tables))
		}
	}
}
