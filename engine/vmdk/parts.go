package vmdk

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Parts are the structures of an image as they were read: what
// engine/vmdk/writer works on. Offsets and sizes are in bytes.
type Parts struct {
	Text
	Name     string       // of the file with the descriptor
	Size     int64        // of the disk
	TextAt   decode.Place // the text itself, or the room reserved for it
	Separate bool         // the descriptor is a file of its own
	Wanted   bool         // the disk has a parent
}

// Parts are the image's structures.
func (m *Image) Parts() Parts {
	return Parts{m.writing(), m.main.Name, m.size, m.textAt, m.separate, m.link.wanted}
}

// Renewal is the repair that gives the disk another content ID; see
// [disk.Renewer].
func (p Parts) Renewal() (disk.Repair, bool) { return p.image.Renewal() }

// Extent is an extent with its line and its file.
type Extent struct {
	File   string
	End    int64   // of a flat extent's data in its file
	Length int64   // on the disk
	Sparse *Sparse // nil for a flat one
	*extent
}

// ExtentAt is the extent whose line lies at a place, if it has a file.
func (t Text) ExtentAt(at decode.Place) (Extent, bool) {
	i := slices.IndexFunc(t.image.extents, func(e *extent) bool { return e.line != nil && t.image.linePlace(e.line) == at })
	if i < 0 || t.image.extents[i].file == nil {
		return Extent{}, false
	}
	e := t.image.extents[i]
	out := Extent{File: e.file.Name, End: e.base + e.length, Length: e.length, extent: e}
	if e.sparse != nil {
		out.Sparse = e.sparse.part()
	}
	return out, true
}

// SparseAt is the sparse file that a place is in; nil for another one.
func (p Parts) SparseAt(at decode.Place) *Sparse {
	if f := p.image.byName[at.File]; f != nil && f.sparse != nil {
		return f.sparse.part()
	}
	return nil
}

// Sparse is a sparse file with what its headers say.
type Sparse struct {
	Name   string
	Size   int64 // of the file
	Kind   vmdk.Kind
	Header decode.Record[vmdk.Header] // the first sector, of a hosted extent
	Rules  decode.Record[vmdk.Header] // the header that counts, which may be the footer
	Footer int64                      // where a footer is, or should be; 0 if there is to be none
	Lost   bool                       // there is to be one, and it is not sound
	Stream bool                       // the file is made of markers and compressed grains
	Floor  int64                      // no grain lies before
	Text   decode.Place               // the room of an embedded descriptor; empty without one
	Front  int64                      // where the structures at the start of a stream end
	Areas  []Area                     // the structures whose place the header gives
	Grid   *Grid                      // nil where the tables can't be used
	*sparse
}

// Area is a structure with a fixed place.
type Area struct {
	Name       string
	Off, Bytes int64
	Table      bool
}

func (s *sparse) part() *Sparse {
	p := &Sparse{
		Name: s.file.Name, Size: s.file.Size, Kind: s.kind, Header: s.header, Rules: s.rules,
		Footer: s.footer, Lost: s.lost, Text: s.textAt, Stream: s.isHosted() && s.isStream(), sparse: s,
	}
	if s.isHosted() {
		p.Front, p.Floor = s.frontEnd(), s.floor()
	}
	if s.grid != nil {
		p.Grid = s.grid.part()
		for _, a := range s.fixedAreas() {
			p.Areas = append(p.Areas, Area{a.name, a.off, a.bytes, a.kind == disk.KindTable})
		}
	}
	return p
}

func (s *sparse) isHosted() bool { return s.kind == vmdk.KindHosted || s.kind == vmdk.KindUnfinished }

// Headers are the places of the header, and of the footer where there is one.
func (s *Sparse) Headers() []int64 {
	if at := s.rulesAt(); at != 0 {
		return []int64{0, at}
	}
	return []int64{0}
}

// Magic is how a file of this kind starts, where it does not.
func (s *Sparse) Magic() (magic string, damaged bool) {
	return magics[s.kind].bytes, s.unmarked || s.footerUnmarked
}

// FirstSound reports whether the first directory can be where the header says.
func (s *Sparse) FirstSound() bool {
	first, _ := s.soundDirectories()
	return first
}

// Capacity is what the headers claim, in sectors.
func (s *Sparse) Capacity() uint64 { return s.capacity() }

// StartsPacked reports whether a compressed grain lies where the grains start.
func (s *Sparse) StartsPacked() bool { return s.startsPacked() }

// LeakAtEnd is what nothing refers to at the end of the file, of a finding's
// places.
func (s *Sparse) LeakAtEnd(f disk.Finding) decode.Place {
	at, _ := s.leakAtEnd(f)
	return at
}

// UsualTable is where the table that a directory entry should lead to lies in its usual
// place; -1 if there is none.
func (s *Sparse) UsualTable(f disk.Finding) int64 { return s.usualTable(f) }

// StrayTable is where a table of a COWD lies that an entry of its directory may have led
// to, before it led astray; false if there is none. It is certain where no other entry
// is 0 or leads astray.
func (s *Sparse) StrayTable(entry int64) (at int64, certain, found bool) {
	if _, _, ok := s.DirectoryEntryAt(entry); !ok || s.Kind != vmdk.KindCowd {
		return 0, false, false
	}
	at, found = s.seekTable()
	certain = true
	for t := range s.grid.tables {
		_, ok, err := s.grid.tableOf(0, t)
		certain = certain && (err == nil && ok || entry == s.grid.dirs[0]+t*s.grid.width)
	}
	return at, certain, found
}

// CanRestoreTable reports whether the other directory knows the table of an entry.
func (s *Sparse) CanRestoreTable(f disk.Finding) bool { return canRestoreTable(s.sparse, f) }

// DirectoryEntryAt tells which entry of which directory lies at a byte.
func (s *Sparse) DirectoryEntryAt(off int64) (copy int, t int64, ok bool) {
	return s.directoryEntryAt(off)
}

// Head reads up to n bytes of the file as it was opened; fewer if it ends.
func (s *Sparse) Head(off, n int64) ([]byte, error) { return s.file.head(off, n) }

// Hole reports whether a range of the file has never been written.
func (s *Sparse) Hole(off, n int64) bool { return s.file.tables.Hole(off, n) }

// IsZero reports whether a range of the file could be read and holds nothing but zeros.
func (s *Sparse) IsZero(ctx context.Context, off, n int64) bool {
	return s.file.isZero(ctx, off, min(n, s.Size-off))
}

// Unpacker makes a function that unpacks grains of a size by their place, and
// tells how many bytes of their compressed data were not needed.
func (s *Sparse) Unpacker(grain int64) func(at int64) (unused int64, err error) {
	u := newUnpacker(s.file, grain, true)
	return func(at int64) (int64, error) {
		_, unused, err := u.inflate(at)
		return unused, err
	}
}

// Impossible is why a repair of a file can't be carried out.
func (s *Sparse) Impossible(off, n int64, format string, args ...any) error {
	return s.file.impossible(off, n, format, args...)
}

// impossible is why a repair can't be carried out.
func (f *file) impossible(off, n int64, format string, args ...any) error {
	return &disk.Error{Kind: disk.Unsupported, Op: "repair", At: f.place(off, n), What: fmt.Sprintf(format, args...)}
}

// Grid is the two levels of tables of a sparse extent.
type Grid struct {
	Dirs       [2]int64 // where the directories lie
	Copies     int      // of directory and tables: 1 or 2
	Tables     int64    // entries of a directory, as far as they lie in the file
	Needed     int64    // that it should have
	PerTable   int64    // entries of a table
	Width      int64    // of an entry
	TableBytes int64
	Grain      int64
	Packed     bool // the grains are compressed
	ZeroGrains bool // an entry can say that a grain is zero
	*grid
}

func (g *grid) part() *Grid {
	return &Grid{g.dirs, g.dirCount, g.tables, g.needed(), g.perTable, g.width, g.tableBytes(), g.grain, g.packed != nil, g.zeroGrains, g}
}

// With is the grid with one of its directories at another place.
func (g *Grid) With(copy int, dir int64) *Grid {
	other := *g.grid
	other.dirs[copy] = dir
	other.dirCount = max(other.dirCount, copy+1)
	return other.part()
}

// Usual is where table t of a directory lies in a file as VMware lays it out.
func (g *Grid) Usual(copy int, t int64) int64 { return g.usual(copy, t) }

// DirBytes is the length of a directory.
func (g *Grid) DirBytes(copy int) int64 { return g.dirBytes(copy) }

// TableOf is where table t of a directory lies; false where it has none in the
// file.
func (g *Grid) TableOf(copy int, t int64) (int64, bool, error) { return g.tableOf(copy, t) }

// DirectoryEntry is where entry t of a directory leads, -1 for no table; it is
// not sound where that is not in the file.
func (g *Grid) DirectoryEntry(copy int, t int64) (at int64, sound bool, err error) {
	raw, _, err := g.directoryEntry(copy, t)
	at, fault := g.tableAt(raw)
	if fault != noFault {
		at = int64(raw) * vmdk.SectorSize
	}
	return at, fault == noFault, err
}

// Listed yields the entries of a directory that are not zero.
func (g *Grid) Listed(ctx context.Context, copy int) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for t := int64(0); t < g.Tables; t++ {
			empty, err := g.emptyFrom(copy, t)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(0, err)
				return
			}
			if t += empty; t >= g.Tables || !yield(t, nil) {
				return
			}
		}
	}
}

// EntriesFrom is how many entries of table t belong to the disk.
func (g *Grid) EntriesFrom(t int64) int64 { return g.entriesFrom(t) }

// Entry is what a table's entry says.
type Entry struct {
	State  disk.State
	Off    int64 // of stored data
	Length int64 // that the file has of it
}

// Entry judges an entry of a table.
func (g *Grid) Entry(raw uint64) Entry {
	r := run{length: g.grain, offset: -1}
	g.judge(raw, 0, &r)
	return Entry{r.state, r.offset, r.length}
}

// EntryAt reads an entry, of a table or a directory.
func (g *Grid) EntryAt(off int64) (uint64, error) { return g.file.tables.uint(off, g.width) }

// EachTable visits the tables of a directory that lie in the file.
func (g *Grid) EachTable(ctx context.Context, copy int, visit func(t, at int64) error) error {
	for t, err := range g.Listed(ctx, copy) {
		if err != nil {
			return err
		}
		at, ok, err := g.tableOf(copy, t)
		if err == nil && ok {
			err = visit(t, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// EachEntry visits the entries of a directory's tables that are not zero and
// belong to the disk; those of a table that several entries lead to once.
func (g *Grid) EachEntry(ctx context.Context, copy int, visit func(t, table, i int64, e Entry) error) error {
	seen := visited{}
	return g.EachTable(ctx, copy, func(t, table int64) error {
		if !seen.first(table) {
			return nil
		}
		var failed error
		err := g.entries(table, func(i int64, raw uint64) bool {
			if i < g.entriesFrom(t) {
				failed = visit(t, table, i, g.Entry(raw))
			}
			return failed == nil
		})
		if failed != nil {
			return failed
		}
		return err
	})
}

// EachGrain visits the grains of the first directory's tables that are stored.
func (g *Grid) EachGrain(ctx context.Context, visit func(t, i, at int64) error) error {
	return g.EachEntry(ctx, 0, func(t, _, i int64, e Entry) error {
		if e.State != disk.Data {
			return nil
		}
		return visit(t, i, e.Off)
	})
}

// PackedSize is the length of the compressed data of the grain at a byte, and of
// what precedes it; false if there is no sound marker.
func (g *Grid) PackedSize(at int64) (head, size int64, ok bool, err error) {
	size, ok, err = g.packed.size(at)
	return g.packed.headBytes(), size, ok, err
}

// Spare is how many bytes of the compressed data of the grain at a byte are not
// needed, in its last sector.
func (g *Grid) Spare(at int64) int64 {
	_, unused, _ := g.packed.spare(at)
	return unused
}
