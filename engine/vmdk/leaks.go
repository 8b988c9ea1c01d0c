package vmdk

import (
	"context"
	"fmt"
	"math"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// doubtful are the findings with which the tables do not tell what is free: an
// entry that leads astray, or a table that is not there, may stand for grains
// anywhere. Those of the second list are in doubt whatever their severity.
const (
	doubtful = " H1 H6 H7 H8 H9 H11 H15 G2 G5 G6 G8 G11 X5 C2 C4 Z1 Z2 Z3 Z4 Z5 S10 C6 Z6 "
	disputed = " G1 G4 "
)

// suspect takes a note of findings with which nothing is called free any more.
func (c *checker) suspect(severity disk.Severity, code string) {
	if c.leveled && code == "G4" && severity < disk.SeverityError {
		return
	}
	is := func(list string) bool { return strings.Contains(list, " "+code+" ") }
	if c.doubt == "" && (is(disputed) || severity == disk.SeverityError && is(doubtful)) {
		c.doubt = code
	}
}

// doubt is the code of a finding about the tables of an extent, or the headers,
// with which they do not tell what is free; empty if there is none. No grain is read.
// Leveled says that copies of a table may differ in a file that was not closed cleanly.
func (m *Image) doubt(ctx context.Context, s *sparse, leveled bool) string {
	c := newChecker(ctx, m, func(disk.Finding, error) bool { return true })
	c.leveled = leveled && s.dirty()
	c.errors, c.light, c.left = true, true, math.MaxInt
	c.headers()
	if c.doubt == "" && c.going() {
		c.tables(s)
	}
	return c.doubt
}

// leaks counts ranges and keeps the first few as evidence.
type leaks struct {
	where        []decode.Place
	count, bytes int64
}

func (l *leaks) add(p decode.Place) {
	if l.count++; len(l.where) < 16 {
		l.where = append(l.where, p)
	}
	l.bytes += p.Length
}

// redundant marks what only the redundant tables name: it is in use as long as
// nobody has settled which copy is right.
func (w *scan) redundant() {
	g := w.g
	for t := int64(0); g.dirCount == 2 && t < g.tables && w.c.going(); t++ {
		empty, err := g.emptyFrom(1, t)
		if err == nil && empty > 0 {
			t += empty - 1
			continue
		}
		if w.reach.agreed(t) {
			continue
		}
		at, ok, err := g.tableOf(1, t)
		if err != nil {
			w.c.failed = err
			return
		}
		if !ok || g.sameTable(t, at) {
			continue
		}
		w.c.spend(g.perTable)
		w.entries(at, func(_ int64, raw uint64) { w.occupy(raw) })
	}
}

// occupy marks the grain of an entry that nobody reads.
func (w *scan) occupy(raw uint64) {
	r := run{length: w.g.grain}
	if w.g.judge(raw, 0, &r); r.state != disk.Data {
		return
	}
	length := w.g.grain
	if w.g.packed != nil {
		size, ok, err := w.g.packed.size(r.offset)
		if err != nil || !ok {
			return
		}
		length = roundUp(w.g.packed.headBytes()+size, vmdk.SectorSize)
	}
	w.space.Mark(useData, r.offset, length)
}

// unreferenced looks at bytes that nothing claims, all of them (G12).
func (w *scan) unreferenced(from, to int64) {
	if from >= to || w.g.packed != nil || w.s.kind == vmdk.KindSeSparse && from < w.g.grainBase {
		return
	}
	first, err := w.look.NotZero(w.c.ctx, from, to-from)
	at := w.g.file.place(from, to-from)
	if err == nil && first >= 0 {
		if text := w.c.m.strayText(w.g.file, first); text != "" {
			w.c.warn("D17", w.g.file.place(first, to-first), "%s, at byte 0x%x", text, first)
			return
		}
	}
	switch {
	case err != nil:
		w.c.failed = err
	case first >= 0 && to-from >= w.g.grain:
		w.orphans.add(at)
	case first >= 0:
		w.odds.add(at)
	case w.s.kind == vmdk.KindHosted && to-from >= w.g.grain:
		w.unused.add(at)
	}
}

// reportLeaks is G12. Bytes that are not zero may be data whose entry was lost:
// they are not called unused.
func (w *scan) reportLeaks() {
	c := w.c
	report := func(l leaks, code string, severity disk.Severity, what string) {
		if l.count == 0 {
			return
		}
		text := fmt.Sprintf("%d bytes in %s after the metadata belong to no grain; %s", l.bytes, decode.Plural(l.count, "range", "ranges"), what)
		if c.doubt != "" {
			severity = disk.SeverityInfo
			text = fmt.Sprintf("%d bytes in %s after the metadata are named by no entry that can be believed, and may be data of the disk all the same: settle %s first; %s", l.bytes, decode.Plural(l.count, "range", "ranges"), c.doubt, what)
		}
		c.found(severity, code, l.where, "%s", text)
	}
	switch {
	case w.orphans.bytes <= w.zeros*w.g.grain:
		report(w.orphans, "G12:data", disk.SeverityInfo, "not zero: no more than was trimmed")
	case c.doubt == "" && w.named == 0 && w.g.tables > 0 && w.s.kind == vmdk.KindHosted:
		report(w.orphans, "G12:data", disk.SeverityError, "not zero: data of the disk, but no table has an entry: the tables were wiped, and all of the disk reads as unallocated")
	default:
		report(w.orphans, "G12:data", disk.SeverityWarning, "not zero: data that no entry leads to"+w.blankTables())
	}
	c.kept = c.doubt != "" || w.orphans.bytes > w.zeros*w.g.grain
	report(w.unused, "G12", disk.SeverityInfo, "all zeros")
	report(w.odds, "G12:data", disk.SeverityWarning, "not zero, each shorter than a grain")
	w.between()
}

// blankTables words which tables have no entry: the data may have been theirs.
func (w *scan) blankTables() string {
	if w.blank.count == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of the disk has no entry at all, and may have lost them", decode.Plural(w.blank.count, "table", "tables"))
}

// leakAtEnd is what nothing refers to at the end of the file, if it is all zeros.
func (s *sparse) leakAtEnd(f disk.Finding) (at decode.Place, ok bool) {
	for _, at := range f.Where {
		if at.End() == s.file.Size && s.mayCut(at) {
			return at, true
		}
	}
	return decode.Place{}, false
}
