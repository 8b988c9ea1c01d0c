package vmdk

import (
	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// strays is S10: grains of a stream that the tables should name, and do not. It gives
// where their markers lie.
func (w *scan) strays() map[int64]bool {
	lost := map[int64]bool{}
	if w.g.strays == nil {
		return lost
	}
	reported := visited{}
	for _, stray := range w.g.strays.known() {
		if !w.c.going() {
			break
		}
		t, i := stray.number/w.g.perTable, stray.number%w.g.perTable
		at, ok, err := w.g.tableOf(0, t)
		switch {
		case err != nil:
			w.c.failed = err
		case !ok:
			lost[stray.at] = true
			if reported.first(t) {
				w.strayTable(t)
			}
		case w.strayEntry(at+i*w.g.width, t, i, stray):
			lost[stray.at] = true
		}
	}
	return lost
}

// strayEntry is S10 for one entry of a table. It reports whether that is 0: else the
// grain is an old one, of which the stream has another.
func (w *scan) strayEntry(at, t, i int64, grain stray) bool {
	raw, err := w.g.file.tables.uint(at, w.g.width)
	if err != nil || raw != 0 {
		return false
	}
	where := joined(w.g.file.place(at, w.g.width), w.g.file.place(grain.at, vmdk.GrainMarkerSize))
	if f, ok := w.c.costing(w.inside(t, i), disk.SeverityError, "S10", where, "GT entry %d of table %d is 0, but the grain at byte 0x%x says that it is that of sector %d: it can't be read", i, t, grain.at, sectors(grain.number*w.g.grain)); ok {
		w.c.out.Report(f)
	}
	return true
}

// strayTable is S10 for an entry of the directory: the table of its grains may lie in
// the stream, after its marker.
func (w *scan) strayTable(t int64) {
	raw, ok, err := w.g.directoryEntry(0, t)
	if err != nil || !ok || raw != 0 {
		return // it leads astray, which is G2
	}
	where := joined(w.g.file.place(w.g.dirs[0]+t*w.g.width, w.g.width))
	text := "no table was found"
	if at := w.s.tableOfStrays(t); at > 0 {
		where = append(where, w.g.file.place(at, w.g.tableBytes()))
		text = "the table lies at byte " + hex(at)
	}
	w.c.found(disk.SeverityError, "S10", where, "GD entry %d is 0, but the stream has grains of that part of the disk: they can't be read; %s", t, text)
}

// tableOfStrays is where the table t of a stream lies that no directory entry leads to:
// after its marker, with an entry for a stray grain of that table and none for another
// place; 0 if there is none.
func (s *sparse) tableOfStrays(t int64) int64 {
	g := s.grid
	byPlace := map[int64]int64{}
	for _, stray := range g.strays.known() {
		byPlace[stray.at] = stray.number
	}
	for free, err := range s.unclaimed().Free(s.frontEnd()) {
		if err != nil {
			return 0
		}
		for at := free.Offset; at < free.End(); at += vmdk.SectorSize {
			table := at + vmdk.SectorSize
			if !s.markerBefore(table, vmdk.MarkerTableType) || table > s.file.Size-g.tableBytes() {
				if _, length := s.markedGrain(at); length > 0 {
					at += length - vmdk.SectorSize
				}
				continue
			}
			fits, some := true, false
			err := g.entries(table, func(i int64, raw uint64) bool {
				number, known := byPlace[int64(raw)*vmdk.SectorSize]
				fits = known && number == t*g.perTable+i
				some = true
				return fits
			})
			if err == nil && fits && some {
				return table
			}
		}
	}
	return 0
}

// lostTable is C6 and Z6: a table with entries to which no directory entry leads.
func (w *scan) lostTable() {
	at, found := w.s.strayTable()
	if !found {
		return
	}
	code := map[vmdk.Kind]string{vmdk.KindCowd: "C6", vmdk.KindSeSparse: "Z6"}[w.s.kind]
	where := []decode.Place{w.g.file.place(at, w.g.tableBytes())}
	if entry, only := w.g.onlyEmptyEntry(); only {
		where = joined(w.g.file.place(entry, w.g.width), where[0])
	}
	w.c.found(disk.SeverityError, code, where, "the grain table at byte 0x%x has entries, but no directory entry leads to it: what is said not to be stored by the directory can't be read, since the table may describe any of that", at)
}

// onlyEmptyEntry is where the one entry of the directory lies that is 0.
func (g *grid) onlyEmptyEntry() (at int64, only bool) {
	at = -1
	for t := int64(0); t < g.tables; t++ {
		raw, ok, err := g.directoryEntry(0, t)
		if err != nil || !ok || raw != 0 {
			continue
		}
		if at >= 0 {
			return 0, false
		}
		at = g.dirs[0] + t*g.width
	}
	return at, at >= 0
}
