package vmdk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
)

// WrongSize is a grain size that the header does not say, but the tables do.
type WrongSize struct {
	Grain   int64 // in sectors
	Proven  bool  // no other size fits what is there
	reasons []string
}

const (
	// sizedTables bounds how many tables are read for it.
	sizedTables = 64
	// sizedDirectory bounds how much of the directory is read, in bytes.
	sizedDirectory = 64 << 10
	// fewGrains is how many grains do not tell how far apart all of them are.
	fewGrains = 5
	// sampledRooms bounds between how many grains is looked.
	sampledRooms = 32
)

// spread is how the grains lie that the tables name.
type spread struct {
	places []int64 // in sectors, ascending, each once
	grains []int64 // by number, ascending
	gap    int64   // in sectors: nearly all are that far apart at least
	tables int64   // that the directory has, where all lie in their usual places; 0: not known
}

// wrongSize finds out whether the grains of a plain hosted extent have another size than
// the header says: they overlap, or data that nothing names follows each.
func (m *Image) wrongSize(s *sparse) (w WrongSize, ok bool) {
	g, capacity := s.grid, int64(s.capacity())
	if g == nil || s.kind != vmdk.KindHosted || g.packed != nil || s.footer != 0 || g.perTable != vmdk.TableEntries || capacity <= 0 {
		return w, false
	}
	said := sectors(g.grain)
	p := s.spread()
	if len(p.places) < fewGrains || p.gap >= said && p.gap < 2*said {
		return w, false
	}
	var fit []int64
	for size := int64(1); size <= maxGrainSectors; size *= 2 {
		if size <= p.gap && p.fits(size, capacity) {
			fit = append(fit, size)
		}
	}
	if len(fit) == 0 {
		return w, false
	}
	w.Grain = fit[len(fit)-1]
	counted := p.tables > 0 && !p.holds(said, capacity)
	w.Proven = len(fit) == 1 && counted && m.counts(s, capacity)
	switch {
	case w.Grain < said:
		w.reasons = append(w.reasons, fmt.Sprintf("they lie %d sectors apart", p.gap))
	case w.Grain == said:
		return w, false
	default:
		rooms, filled := s.between(p.places, said, w.Grain)
		if filled == 0 || !counted && (rooms < fewGrains || filled*4 < rooms*3) {
			return w, false
		}
		w.reasons = append(w.reasons, fmt.Sprintf("none lies nearer to another than %d sectors, and of %d rooms between them %d hold data that nothing names", p.gap, rooms, filled))
	}
	if counted {
		w.reasons = append(w.reasons, fmt.Sprintf("the directory has %s, as many as %d sectors need with grains of that size", decode.Plural(p.tables, "table", "tables"), capacity))
	}
	if past := p.past(said, capacity); past > 0 {
		w.reasons = append(w.reasons, fmt.Sprintf("%d would be past the end of the disk", past))
	}
	return w, true
}

// words are the reasons.
func (w WrongSize) words() string { return strings.Join(w.reasons, "; ") }

// spread reads how the grains lie.
func (s *sparse) spread() (p spread) {
	first, second := s.directoryOffsets()
	if first == 0 || first >= uint64(sectors(s.file.Size)) {
		return p
	}
	at := int64(first)
	b, err := s.file.head(at*vmdk.SectorSize, sizedDirectory)
	if err != nil || len(b) < vmdk.EntrySize {
		return p
	}
	n := tableRun(b, at)
	if set := directorySectors(n) + n*tableSectors; second != 0 && int64(second)-at != set && at-int64(second) != set {
		n = 0 // the two directories are not that far apart
	}
	if second != 0 {
		p.tables = n
	}
	tables := s.grid.tables
	if n > 0 {
		tables = n
	}
	for t := range min(tables, sizedTables) {
		if s.namedBy(b, at, t, n, &p) != nil {
			break
		}
	}
	slices.Sort(p.places)
	p.places = slices.Compact(p.places)
	gaps := make([]int64, 0, len(p.places))
	for i := 1; i < len(p.places); i++ {
		gaps = append(gaps, p.places[i]-p.places[i-1])
	}
	if slices.Sort(gaps); len(gaps) > 0 {
		p.gap = gaps[len(gaps)/8] // an entry that was damaged says nothing of the others
	}
	return p
}

// namedBy takes in what table t names.
func (s *sparse) namedBy(directory []byte, at, t, n int64, p *spread) error {
	table := int64(0)
	if n > 0 {
		table = int64(vmdk.EntryAt(directory[t*vmdk.EntrySize:], vmdk.EntrySize)) * vmdk.SectorSize
	} else if off, ok, err := s.grid.tableOf(0, t); err != nil || !ok {
		return err
	} else {
		table = off
	}
	return s.grid.entries(table, func(i int64, raw uint64) bool {
		if off := int64(raw) * vmdk.SectorSize; raw > vmdk.ZeroGrain && off >= s.floor() && off < s.file.Size {
			p.places = append(p.places, int64(raw))
			p.grains = append(p.grains, t*vmdk.TableEntries+i)
		}
		return true
	})
}

// fits reports whether grains of a size, in sectors, could lie like this on a disk of a
// capacity, but for a few entries that were damaged.
func (p spread) fits(size, capacity int64) bool {
	odd := 0
	for _, at := range p.places {
		if (at-p.places[0])%size != 0 {
			odd++
		}
	}
	return p.holds(size, capacity) && odd*8 <= len(p.places) && p.past(size, capacity)*8 <= len(p.grains)
}

// holds reports whether a disk of a capacity has that many tables with grains of a size.
func (p spread) holds(size, capacity int64) bool {
	each := size * vmdk.TableEntries
	return p.tables == 0 || (capacity+each-1)/each == p.tables
}

// past is how many of the grains would lie past the end of a disk.
func (p spread) past(size, capacity int64) int {
	end, _ := slices.BinarySearch(p.grains, (capacity+size-1)/size)
	return len(p.grains) - end
}

// between looks at what follows grains of a size that are farther apart: in how many places,
// and in how many of those something is not zero.
func (s *sparse) between(places []int64, size, apart int64) (rooms, filled int) {
	look := space.NewLooker(s.file.handle, s.file.Size)
	for _, at := range places[:min(len(places), sampledRooms)] {
		from, n := (at+size)*vmdk.SectorSize, (apart-size)*vmdk.SectorSize
		if from+n > s.file.Size {
			continue
		}
		rooms++
		if first, err := look.NotZero(context.Background(), from, n); err == nil && first >= 0 {
			filled++
		}
	}
	return rooms, filled
}

// counts reports whether the line of an extent counts so many sectors.
func (m *Image) counts(s *sparse, n int64) bool {
	return slices.ContainsFunc(m.extents, func(e *extent) bool { return e.sparse == s && e.line != nil && sectors(e.length) == n })
}

// WrongSize is the grain size of a sparse file that the tables tell, where the header says
// another.
func (p Parts) WrongSize(s *Sparse) (WrongSize, bool) { return p.image.wrongSize(s.sparse) }

// grainSize is H6 for a size that the tables contradict.
func (c *checker) grainSize(s *sparse) {
	w, ok := c.m.wrongSize(s)
	if !ok {
		return
	}
	severity, likely := disk.SeverityError, "are"
	if !w.Proven {
		likely = "seem to be"
		if w.Grain > sectors(s.grid.grain) {
			severity = disk.SeverityWarning
		}
	}
	c.found(severity, "H6:size", joined(s.headerPlace(vmdk.HeaderGrainSize.Field()), s.file.place(s.grid.dirs[0], s.grid.dirBytes(0))), "the header says grains of %d sectors, but they %s grains of %d: %s", sectors(s.grid.grain), likely, w.Grain, w.words())
}
