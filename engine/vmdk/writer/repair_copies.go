package writer

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// copyNames are what titles call the two copies of a table.
var copyNames = [2]string{"first", "redundant"}

// chooseCopy takes one of the two copies of an entry, or of a whole table, for both: first
// the one that is right, as far as the tables tell (G4, G5).
func (m *image) chooseCopy(ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error) {
	r, err := s.Rivals(ctx, f.Where[0].Offset)
	if err != nil || r == nil {
		return nil, err
	}
	if f.Where[0].Length > s.Grid.Width {
		return m.chooseTable(s, r), nil
	}
	e, ok := rivalAt(s, r, f.Where[0].Offset)
	if !ok {
		return nil, nil
	}
	take := func(copy int) disk.Repair {
		c := disk.Repair{
			Title: fmt.Sprintf("take %d, which the %s copy says, for both", e.Raw[copy], copyNames[copy]),
			Risk:  "what the other copy says is lost: look at both grains first",
			Apply: putEntry(s, f.Where[1-copy].Offset, e.Raw[copy]),
		}
		if certain(s, copy, e) {
			c.Risk = ""
		}
		return m.chosen(c, copy)
	}
	right := e.Right()
	if right < 0 && e.Raw[0] == 0 {
		right = 1 // G4: the one that names a grain
	} else if right < 0 && e.Raw[1] == 0 {
		right = 0
	}
	if right >= 0 && e.Fault[1-right] == reader.EntryImpossible {
		return []disk.Repair{take(right)}, nil
	}
	return ordered(right, take), nil
}

// chosen adds a new content ID where taking a copy changes what the guest reads.
func (m *image) chosen(r disk.Repair, copy int) disk.Repair {
	if copy == 1 {
		return m.altering(r)
	}
	return r
}

// ordered are the repairs of taking either copy, the right one first. Where nothing tells
// which that is none goes before the other.
func ordered(right int, take func(copy int) disk.Repair) []disk.Repair {
	if right >= 0 {
		return []disk.Repair{take(right), take(1 - right)}
	}
	list := []disk.Repair{take(0), take(1)}
	for i := range list {
		list[i].Even = true
		list[i].Risk = "nothing tells which copy is right: " + list[i].Risk
	}
	return list
}

// rivalAt is the entry at a byte of the first copy of a table, if the copies differ in it.
func rivalAt(s *reader.Sparse, r *reader.Rivals, off int64) (reader.Rival, bool) {
	if r == nil {
		return reader.Rival{}, false
	}
	for _, e := range r.Entries {
		if r.At[0]+e.Index*s.Grid.Width == off {
			return e, true
		}
	}
	return reader.Rival{}, false
}

// chooseTable takes one copy of a table as a whole.
func (m *image) chooseTable(s *reader.Sparse, r *reader.Rivals) []disk.Repair {
	right := r.Right()
	return ordered(right, func(copy int) disk.Repair {
		c := disk.Repair{
			Title: fmt.Sprintf("take the %s copy of the table as a whole, for both", copyNames[copy]),
			Risk:  "the guest reads what this copy says at all places in which they differ",
			Apply: putTable(s, r.At[copy], r.At[1-copy]),
		}
		if n := r.Alone[1-copy]; n > 0 {
			c.Risk += fmt.Sprintf("; %s only the other copy names can't be read any more", decode.Plural(int(n), "grain that", "grains that"))
		}
		if n := r.Faults()[copy]; n > 0 {
			c.Risk += fmt.Sprintf("; %s of it can't be right", decode.Plural(int(n), "entry", "entries"))
		}
		if certain(s, copy, r.Entries...) {
			c.Risk = ""
		}
		return m.chosen(c, copy)
	})
}

// certain reports whether nothing can be lost by taking a copy: none of the entries of the
// other one in which they differ leads to a grain, and no data of the file are named by
// nothing where this one has no grain.
func certain(s *reader.Sparse, copy int, list ...reader.Rival) bool {
	for _, e := range list {
		if e.Fault[1-copy] != reader.EntryImpossible || e.Fault[copy] != reader.EntrySound || e.Raw[copy] == 0 && s.HasLostData() {
			return false
		}
	}
	return true
}

// putTable writes one table over another.
func putTable(s *reader.Sparse, from, to int64) disk.Step {
	return repaired(s, func(_ context.Context, w *work) error { return w.move(from, to, s.Grid.TableBytes) })
}

// putEntry sets one entry of a table.
func putEntry(s *reader.Sparse, off int64, v uint64) disk.Step {
	return change(s, off, s.Grid.Width, func(b []byte) { vmdk.PutEntry(b, s.Grid.Width, v) })
}
