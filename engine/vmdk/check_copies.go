package vmdk

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// unsettled are the entries whose two copies differ, by where the first lies: what is wrong
// with them follows from that. It is true where the copies differ as a whole.
type unsettled map[int64]bool

// What is found of an entry whose two copies differ follows from that: of all such entries, or
// of those only whose copies differ as a whole.
var (
	afterCopies = map[string][]string{"copies": {"G5"}}
	afterTables = map[string][]string{"copies": {"G5:table"}}
)

// maxUnsettled bounds how many of them are remembered.
const maxUnsettled = 1 << 16

// compare is G4 and G5: the two copies of a table.
func (w *scan) compare(t, at int64) {
	g := w.g
	second, ok, err := g.tableOf(1, t)
	if err != nil || !ok || second == at {
		return // a redundant entry that leads nowhere is G2
	}
	if g.sameTable(t, second) {
		w.reach.agree(t)
		return
	}
	r, err := w.weighed(t)
	if err != nil || r == nil {
		w.c.failed = err
		return
	}
	whole := w.rivals <= rivalry && r.Whole()
	for _, e := range r.Entries {
		if len(w.unsettled) < maxUnsettled {
			w.unsettled[at+e.Index*g.width] = whole
		}
		if !whole {
			w.differs(t, r, e)
		}
	}
	if whole {
		w.differ(t, r)
	}
}

// weighed are the copies of table t. What the other tables say is left out once that was
// looked at for many tables, or where few entries may be looked at.
func (w *scan) weighed(t int64) (*Rivals, error) {
	all := w.g.tables * w.g.perTable
	if w.rivals++; w.rivals > rivalry || w.c.errors && int64(w.c.left) < all {
		r, _, err := w.s.differing(t)
		return r, err
	}
	w.c.spend(all)
	return w.s.rivals(w.c.ctx, t)
}

// faultCounts word the faults of entries, after how many they are.
var faultCounts = []struct {
	fault EntryFault
	words string
}{
	{EntryImpossible, "%d with a place where no grain can be"},
	{EntryElsewhere, "%d with a grain whose marker names another place of the disk"},
	{EntryShared, "%d with a grain that another entry has too"},
	{EntryOdd, "%d with a place at which no grain starts"},
}

// differ is G5 for two copies of a table that are two tables.
func (w *scan) differ(t int64, r *Rivals) {
	g := w.g
	severity := disk.SeverityError
	if n := r.Faults(); w.s.dirty() && n[0] == 0 && n[1] == 0 {
		severity = disk.SeverityWarning
	}
	where := joined(g.file.place(r.At[0], g.tableBytes()), g.file.place(r.At[1], g.tableBytes()))
	w.c.found(severity, "G5:table", where, "the two copies of table %d differ in %d entries%s; %s; %s; the first copy counts",
		t, len(r.Entries), movedWords(r.Moved()), w.faults(r), verdict(r))
}

// movedWords say that one copy is the other one at another place.
func movedWords(by int64) string {
	switch {
	case by > 0:
		return fmt.Sprintf(": the first one has what the redundant one has, but %s later", decode.Plural(int(by), "entry", "entries"))
	case by < 0:
		return fmt.Sprintf(": the first one has what the redundant one has, but %s earlier", decode.Plural(int(-by), "entry", "entries"))
	}
	return ""
}

// verdict words which copy is right.
func verdict(r *Rivals) string {
	right, faults := r.Right(), r.Faults()
	name := [2]string{"first", "redundant"}
	switch {
	case right < 0:
		return "nothing tells which copy is right"
	case faults[right] == 0 && faults[1-right] == 0:
		return fmt.Sprintf("the %s one names all grains that the other one does, and %d more, and is likely to be right", name[right], r.Alone[right])
	case faults[right] == 0:
		return fmt.Sprintf("the %s one can be right, the other one can't", name[right])
	}
	return fmt.Sprintf("the %s one is nearer to being right", name[right])
}

// faults words what is wrong with either copy.
func (w *scan) faults(r *Rivals) string {
	var parts []string
	for copy, name := range []string{"suspect in the first one: ", "suspect in the redundant one: "} {
		var list []string
		for _, f := range faultCounts {
			n := 0
			for _, e := range r.Entries {
				if e.Fault[copy] == f.fault {
					n++
				}
			}
			if n > 0 {
				list = append(list, fmt.Sprintf(f.words, n))
			}
		}
		if len(list) == 0 {
			list = []string{"none"}
		}
		parts = append(parts, name+strings.Join(list, ", "))
	}
	return strings.Join(parts, "; ")
}

// faultWords word the fault of an entry.
var faultWords = map[EntryFault]string{
	EntryOdd:        "leads to a place at which no grain starts",
	EntryShared:     "names a grain that another entry names too",
	EntryElsewhere:  "leads to a grain whose marker names another place of the disk",
	EntryImpossible: "leads where no grain can be",
}

// differs is G4 and G5 for one entry.
func (w *scan) differs(t int64, r *Rivals, e Rival) {
	g, c := w.g, w.c
	where := joined(g.file.place(r.At[0]+e.Index*g.width, g.width), g.file.place(r.At[1]+e.Index*g.width, g.width))
	first, second := e.Raw[0], e.Raw[1]
	faulty := e.Fault[0] > EntrySound || e.Fault[1] > EntrySound
	if first == 0 && second != vmdk.ZeroGrain && !w.s.dirty() && !faulty {
		c.found(disk.SeverityError, "G4", where, "entry %d of table %d is 0 in the first copy and %d in the redundant one: the grain can't be read before that is settled, but by the redundant tables (--tables redundant)", e.Index, t, second)
		return
	}
	code, severity := "G5", disk.SeverityError
	if (first == 0 || second == 0) && !faulty {
		code = "G4"
	}
	if code == "G4" || w.s.dirty() && !faulty { // a power cut leaves the last changes in one copy
		severity = disk.SeverityWarning
	}
	why := ""
	for copy, name := range []string{"first", "redundant"} {
		if f := e.Fault[copy]; f > EntrySound {
			why += fmt.Sprintf("; in the %s copy it %s", name, faultWords[f])
		}
	}
	counts := "the first counts"
	if first == 0 && second != vmdk.ZeroGrain && !w.s.dirty() {
		counts = "the grain can't be read before that is settled"
	}
	c.found(severity, code, where, "entry %d of table %d is %d in the first copy and %d in the redundant one; %s%s", e.Index, t, first, second, counts, why)
}

// copied is a code, or the other one, under the condition "copies", for a finding about an
// entry whose two copies differ as a whole.
func (w *scan) copied(code, copies string, entry int64) string {
	if w.unsettled[entry] {
		return copies
	}
	return code
}
