package vmdk

import (
	"context"
	"math"
	"slices"
	"sync"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// unclaimed is the map of a file that marks what its structures and entries claim.
func (s *sparse) unclaimed() *space.Map {
	return space.Survey(s.file.Size, vmdk.SectorSize, 1, s.claims)
}

// claims marks what structures and entries claim, for use 0 of a map.
func (s *sparse) claims(m *space.Map) error {
	put := func(off, length int64, _ disk.Kind, _ string) bool {
		m.Mark(0, off, length)
		return true
	}
	s.claimStructures(put)
	return s.claimTables(put)
}

// strayBudget bounds how many stored bytes that nothing names are read in search of
// grains and tables whose entries are lost.
const strayBudget = 1 << 30

// strays are the grains of a stream whose markers name sectors of the disk, but which
// no table entry leads to. Where the entry of such a sector says that it is not stored,
// the entry is lost.
type strays struct {
	once    sync.Once
	find    func() []stray
	list    []stray // by number, each number once
	partial bool    // there are more than are kept
}

// stray is a grain by its number, and where its marker lies.
type stray struct{ number, at int64 }

// maxStrays bounds the memory for them.
const maxStrays = 1 << 18

// known are the strays; the first call reads the stream for them.
func (l *strays) known() []stray {
	l.once.Do(func() {
		l.list = l.find()
		l.partial = len(l.list) >= maxStrays
		slices.SortStableFunc(l.list, func(a, b stray) int { return int(a.number - b.number) })
		l.list = slices.CompactFunc(l.list, func(a, b stray) bool { return a.number == b.number })
	})
	return l.list
}

// next is the number of the first stray grain from a number on.
func (l *strays) next(number int64) int64 {
	list := l.known()
	i, _ := slices.BinarySearchFunc(list, number, func(s stray, n int64) int { return int(s.number - n) })
	switch {
	case i < len(list):
		return list[i].number
	case l.partial:
		return number
	}
	return math.MaxInt64
}

// notStored completes a run of a stream that no entry has anything for: it ends where
// a stray grain begins, and can't be read where it is one.
func (l *strays) notStored(number, x, n, grain int64, r *run) int64 {
	next := l.next(number)
	if next == number {
		r.state, r.fault, r.length, r.tail.At = disk.Missing, grainStray, min(r.length, (number+1)*grain-x), 0
		return min(n, r.length)
	}
	if next < math.MaxInt64/grain {
		n = min(n, next*grain-x)
	}
	return n
}

// strayGrains goes through what nothing names, sector by sector, for markers of
// grains. Those that can't be unpacked have nothing that could be read.
func (s *sparse) strayGrains() (list []stray) {
	g, m := s.grid, s.unclaimed()
	look, left := space.NewLooker(s.file.handle, s.file.Size), int64(strayBudget)
	end := s.file.Size
	if s.footer != 0 && !s.lost {
		end = s.footer // what follows the end of the stream is none of it
	}
	for free, err := range m.Free(s.frontEnd()) {
		if err != nil {
			return list
		}
		for at := roundUp(free.Offset, vmdk.SectorSize); at < min(free.End(), end) && left > 0 && len(list) < maxStrays; {
			first, err := look.NotZero(context.Background(), at, free.End()-at)
			if err != nil || first < 0 {
				break
			}
			at = first / vmdk.SectorSize * vmdk.SectorSize
			number, length := s.markedGrain(at)
			if length > 0 && at+length <= roundUp(free.End(), vmdk.SectorSize) {
				if _, _, err := g.packed.inflate(at); err == nil {
					list = append(list, stray{number, at})
				}
			}
			length = max(length, vmdk.SectorSize)
			at, left = at+length, left-length
		}
	}
	return list
}

// markedGrain is the grain that a marker at a byte announces, with its length in
// whole sectors; 0 if there is no marker that makes sense.
func (s *sparse) markedGrain(at int64) (number, length int64) {
	g := s.grid
	b, err := s.file.head(at, vmdk.SectorSize)
	r, ok := vmdk.GrainMarkerTable.Of(b[:min(len(b), vmdk.GrainMarkerSize)])
	if err != nil || !ok || !vmdk.IsZlib(b[vmdk.GrainMarkerSize:]) {
		return 0, 0
	}
	lba, size := vmdk.GrainMarkerLBA.Get(r), int64(vmdk.GrainMarkerSizeField.Get(r))
	unit := uint64(sectors(g.grain))
	if lba >= uint64(sectors(g.capacity+vmdk.SectorSize-1)) || lba%unit != 0 || size == 0 || size > 2*g.grain || size > s.file.Size-at-vmdk.GrainMarkerSize {
		return 0, 0
	}
	return int64(lba / unit), roundUp(vmdk.GrainMarkerSize+size, vmdk.SectorSize)
}

// strayTable finds a table with entries that no directory entry leads to, in a file
// whose directory has entries of 0: one of those is lost, and which one nothing tells.
func (s *sparse) strayTable() (at int64, found bool) {
	g, empty := s.grid, false
	for t := int64(0); t < g.tables; t++ {
		raw, ok, err := g.directoryEntry(0, t)
		if err != nil || !ok {
			return 0, false
		}
		if _, f := g.tableAt(raw); f != noFault {
			return 0, false // the table may be that one's
		}
		empty = empty || raw == 0
	}
	if !empty {
		return 0, false
	}
	return s.seekTable()
}

// seekTable finds a table with entries that no directory entry leads to.
func (s *sparse) seekTable() (at int64, found bool) {
	g := s.grid
	if s.kind == vmdk.KindSeSparse {
		return s.straySeTable()
	}
	free := min(int64(vmdk.CowdFree.Get(s.cowd))*vmdk.SectorSize, s.file.Size)
	left := int64(strayBudget)
	for r, err := range s.unclaimed().Free(g.dirs[0]) {
		if err != nil {
			return 0, false
		}
		r.Length = min(r.End(), free) - r.Offset
		if at := s.tableIn(r, &left); at >= 0 {
			return at, true
		}
	}
	return 0, false
}

// straySeTable looks through the area of tables, of which only those that the
// directory names are in use.
func (s *sparse) straySeTable() (int64, bool) {
	g := s.grid
	area := store.Range{Offset: g.tableBase, Length: g.tableLimit * g.tableBytes()}
	named := space.Survey(s.file.Size, vmdk.SectorSize, 1, func(m *space.Map) error {
		seen := visited{}
		for t := int64(0); t < g.tables; t++ {
			empty, err := g.emptyFrom(0, t)
			if t += empty; err != nil || t >= g.tables {
				return err
			}
			if at, ok, err := g.tableOf(0, t); err != nil {
				return err
			} else if ok && seen.first(at) {
				m.Mark(0, at, g.tableBytes())
			}
		}
		return nil
	})
	for r, err := range named.Free(area.Offset) {
		if err != nil || r.Offset >= area.End() {
			break
		}
		at, err := space.NewLooker(s.file.handle, s.file.Size).NotZero(context.Background(), r.Offset, min(r.End(), area.End())-r.Offset)
		if err == nil && at >= 0 {
			return at - (at-g.tableBase)%g.tableBytes(), true
		}
	}
	return 0, false
}

// tableIn finds a COWD's table in a range: sectors with nothing but zeros and sectors
// of the file for entries, as many as a table has. It gives -1 where there is none.
func (s *sparse) tableIn(r store.Range, left *int64) int64 {
	look := space.NewLooker(s.file.handle, s.file.Size)
	start, bytes := r.Offset, s.grid.tableBytes() // all sectors from start on can be of a table
	for at := r.Offset; at < r.End() && *left > 0; {
		first, err := look.NotZero(context.Background(), at, r.End()-at)
		if err != nil || first < 0 {
			return -1
		}
		at = first / vmdk.SectorSize * vmdk.SectorSize
		start = max(start, at-bytes+vmdk.SectorSize)
		from := at
		for ; at-from < bytes && at < r.End() && s.maybeTable(at); at += vmdk.SectorSize {
		}
		if *left -= at + vmdk.SectorSize - from; at-start >= bytes {
			return start
		}
		at += vmdk.SectorSize
		start = at
	}
	return -1
}

// maybeTable reports whether a sector holds nothing but entries of 0 and places that a
// grain can have.
func (s *sparse) maybeTable(at int64) bool {
	b, err := s.file.head(at, vmdk.SectorSize)
	if err != nil || len(b) < vmdk.SectorSize {
		return false
	}
	for ; len(b) > 0; b = b[vmdk.EntrySize:] {
		raw := int64(vmdk.EntryAt(b, vmdk.EntrySize)) * vmdk.SectorSize
		if raw != 0 && (raw < s.grid.dirs[0]+s.grid.dirBytes(0) || raw >= s.file.Size) {
			return false
		}
	}
	return true
}
