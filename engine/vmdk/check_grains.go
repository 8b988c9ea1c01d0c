package vmdk

import (
	"cmp"
	"fmt"
	"slices"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// grains checks every entry of every table.
func (w *scan) grains() {
	w.each(func(t, at int64) bool {
		if w.first && w.g.dirCount == 2 {
			w.compare(t, at)
		}
		listed, some := w.g.entriesFrom(t), false
		ok := w.entries(at, func(i int64, raw uint64) {
			some = true
			if w.first {
				w.reach.meet(t, raw)
			}
			if (w.first || w.near(raw)) && !(i < listed && w.sound(raw)) {
				w.grain(t, i, at, raw)
			}
		})
		if some && w.first {
			w.named++
		} else if w.first {
			w.blank.add(w.g.file.place(at, w.g.tableBytes()))
		}
		return ok && w.c.going()
	})
}

// sound marks a grain of which there is nothing to say, as of nearly all in a table of
// millions; what it does not take for one is looked at closely.
func (w *scan) sound(raw uint64) bool {
	g := w.g
	if w.s.kind != vmdk.KindHosted || g.packed != nil || w.first && w.looked < blankBudget && !w.c.errors {
		return false
	}
	at := int64(raw) * vmdk.SectorSize
	if raw <= vmdk.ZeroGrain || at < w.floor || at%g.grain != 0 || at > g.file.Size-g.grain {
		return false
	}
	w.highest = max(w.highest, at+g.grain)
	return !w.space.Has(useMeta, at, g.grain) && !w.space.Mark(useData, at, g.grain)
}

// far reports whether a table is known to lead nowhere near the window.
func (w *scan) far(t int64) bool {
	if w.first || w.s.kind == vmdk.KindSeSparse {
		return false
	}
	low, high, ok := w.reach.of(t)
	return ok && (low > high || !w.space.Holds(low*vmdk.SectorSize, (high-low+longestGrain)*vmdk.SectorSize))
}

// longestGrain is what may follow an entry, in sectors: a compressed grain may be longer
// than plain.
const longestGrain = 3 * maxGrainSectors

// near reports whether the grain of an entry may reach into the window.
func (w *scan) near(raw uint64) bool {
	if w.s.kind == vmdk.KindSeSparse {
		return true
	}
	return w.space.Holds(int64(raw)*vmdk.SectorSize, longestGrain*vmdk.SectorSize)
}

func (w *scan) grain(t, i, table int64, raw uint64) {
	g, c := w.g, w.c
	entry := g.file.place(table+i*g.width, g.width)
	past := i >= g.entriesFrom(t)
	if past && w.first && w.s.kind == vmdk.KindHosted {
		c.warn(w.copied("G10", "G10:copies", entry.Offset), entry, "GT entry %d of table %d is %d, but its grain is past the end of the disk", i, t, raw)
	}
	if past {
		if w.first && w.s.kind != vmdk.KindHosted {
			w.slack.add(entry)
		}
		w.occupy(raw)
		return
	}
	r := run{length: g.grain}
	g.judge(raw, 0, &r)
	if r.state == disk.Zero && w.first {
		w.zeros++
	}
	switch {
	case r.state == disk.Missing:
		if w.first {
			c.error(w.copied(w.codes.table, w.codes.tableCopies, entry.Offset), entry, "GT entry %d of table %d is 0x%x: %s", i, t, raw, faultTexts[r.fault])
		}
	case r.state == disk.Zero && w.first && w.s.kind == vmdk.KindHosted && !g.zeroGrains:
		c.warn(w.copied("G7", "G7:copies", entry.Offset), entry, "GT entry %d of table %d is 1, which the header's flags do not allow; it is read as zeros", i, t)
	case r.state == disk.Data:
		w.stored(t, i, entry, r.offset)
	}
}

// stored checks a grain that has a place in the file.
func (w *scan) stored(t, i int64, entry decode.Place, at int64) {
	g, c := w.g, w.c
	length := g.grain
	if g.packed != nil {
		size, ok, err := g.packed.size(at)
		if err != nil {
			c.failed = err
			return
		}
		if w.first {
			w.packedGrain(t, i, entry, at)
		}
		if !ok {
			return
		}
		length = roundUp(g.packed.headBytes()+size, vmdk.SectorSize)
	} else if w.first {
		w.plainGrain(t, i, entry, at)
	}
	w.highest = max(w.highest, at+length)
	if w.inWindow(at) && w.space.Has(useMeta, at, length) {
		c.found(disk.SeverityError, w.copied(w.codes.tableMet, w.codes.tableCopies, entry.Offset), joined(entry, g.file.place(at, length)), "GT entry %d of table %d leads to byte 0x%x, where headers or tables lie", i, t, at)
	} else if w.space.Mark(useData, at, length) && w.inWindow(at) {
		if len(w.clash) > disk.PerCode {
			w.unlisted++
			return
		}
		w.clash = append(w.clash, clash{entry: entry, off: at, bytes: length})
	}
}

// plainGrain is what G6, G9, G11 and G14 say of one grain.
func (w *scan) plainGrain(t, i int64, entry decode.Place, at int64) {
	g, c := w.g, w.c
	if w.s.kind != vmdk.KindHosted {
		if need := w.inside(t, i); at+need > g.file.Size {
			from := max(at, g.file.Size)
			c.lost(at+need-from, from, w.codes.table, entry, "GT entry %d of table %d leads to byte 0x%x: the file ends %d bytes into the grain", i, t, at, g.file.Size-at)
		}
		return
	}
	if at%g.grain != 0 {
		c.warn(w.copied("G9", "G9:copies", entry.Offset), entry, "the grain at byte 0x%x does not start at a multiple of the grain size", at)
	}
	if at < w.s.floor() && !w.space.Has(useMeta, at, g.grain) {
		c.warn("G6:reserved", entry, "GT entry %d of table %d leads to byte 0x%x, in front of the 0x%x that the header reserves for metadata", i, t, at, w.s.floor())
	}
	if end := at + w.inside(t, i); end > g.file.Size {
		c.lost(end-max(at, g.file.Size), max(at, g.file.Size), "G11", entry, "the grain at byte 0x%x is cut off: the file ends after %d bytes of it", at, g.file.Size-at)
	} else if at+g.grain > g.file.Size {
		c.note("G11:unused", entry, "the grain at byte 0x%x is cut off past the end of the disk", at)
	}
	if w.looked < blankBudget && !c.errors && w.isBlank(at) {
		w.zeroed.add(g.file.place(at, g.grain))
	}
}

// inside is how many bytes of a grain belong to the disk.
func (w *scan) inside(t, i int64) int64 {
	return min(w.g.grain, w.g.capacity-(t*w.g.perTable+i)*w.g.grain)
}

// blankBudget bounds how many bytes of grains are read to find those that hold
// nothing but zeros: on a large disk that is a sample.
const blankBudget = 1 << 30

// isBlank reports whether a grain holds zeros only. Most others show that
// within their first sectors.
func (w *scan) isBlank(at int64) bool {
	length := min(w.g.grain, w.g.file.Size-at)
	start := min(length, 4096)
	w.looked += start
	if first, err := w.look.NotZero(w.c.ctx, at, start); first >= 0 || err != nil {
		return false
	}
	w.looked += length
	first, err := w.look.NotZero(w.c.ctx, at, length)
	return first < 0 && err == nil
}

// owners finds who had the sectors of each clash first, and reports them.
func (w *scan) owners() {
	if len(w.clash) == 0 || !w.c.going() {
		return
	}
	g := w.g
	order := slices.Clone(w.clash)
	slices.SortFunc(order, func(a, b clash) int { return cmp.Compare(a.off, b.off) })
	left := len(order)
	w.each(func(t, at int64) bool {
		return w.entries(at, func(i int64, raw uint64) {
			r := run{length: g.grain}
			if g.judge(raw, 0, &r); r.state != disk.Data || i >= g.entriesFrom(t) {
				return
			}
			k, _ := slices.BinarySearchFunc(order, r.offset-g.grain, func(c clash, off int64) int { return cmp.Compare(c.off, off+1) })
			for ; k < len(order) && order[k].off < r.offset+g.grain; k++ {
				entry := g.file.place(at+i*g.width, g.width)
				if order[k].owner.Length == 0 && entry != order[k].entry {
					order[k].owner = entry
					left--
				}
			}
		}) && left > 0
	})
	for _, k := range order {
		where := joined(k.entry, g.file.place(k.off, k.bytes))
		if k.owner.Length > 0 {
			where = append(where, k.owner)
		}
		code := w.codes.shared
		_, differs := w.unsettled[k.entry.Offset]
		if _, too := w.unsettled[k.owner.Offset]; differs || too && k.owner.Length > 0 {
			code = w.codes.sharedCopies
		}
		w.c.found(disk.SeverityError, code, where, "the grain at byte 0x%x is claimed by the entry at 0x%x and by another one%s", k.off, k.entry.Offset, at(k.owner))
	}
	// Only now: counted before them, they would use up what may be listed.
	w.c.out.Skip("vmdk/"+disk.BaseCode(w.codes.shared), w.unlisted)
	w.clash, w.unlisted = w.clash[:0], 0
}

// at words where an entry lies, if that is known.
func at(p decode.Place) string {
	if p.Length == 0 {
		return ""
	}
	return fmt.Sprintf(" at 0x%x", p.Offset)
}
