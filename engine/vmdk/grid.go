package vmdk

import (
	"errors"
	"io"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// fault says why a range can't be read. It is a number so that finding one
// costs nothing; see faultTexts.
type fault uint8

const (
	noFault        fault = iota
	tableOutside         // a directory entry leads out of the file
	directoryShort       // the directory has no entry for the range
	grainOutside         // a table entry leads out of the file
	grainCut             // the file ends inside the grain
	entryInvalid         // an entry that the format does not know
	markerInvalid        // no sound marker in front of a compressed grain
	fileCut              // a flat file is shorter than its extent
	extentFault          // nothing of the extent can be read, see extent.fault
	grainInTables        // a table entry leads to headers or tables
	secondOnly           // only the redundant tables know the grain
	firstOnly            // the disk is read by those, and only the first ones know it
	tableMissing         // no directory has a table, and the file has data that no table names
	headerShort          // the header's capacity ends before
	grainStray           // no entry names a grain whose marker says that it belongs there
	streamCut            // the tables are lost, and the stream can't be followed so far
)

var faultTexts = [...]string{
	tableOutside:   "the grain table lies outside the file",
	directoryShort: "the grain directory ends before the entry for this range",
	grainOutside:   "the grain lies outside the file",
	grainCut:       "the file ends inside the grain",
	entryInvalid:   "the table entry has a value that the format does not know",
	markerInvalid:  "there is no sound marker in front of the compressed grain",
	fileCut:        "the file is shorter than its extent",
	extentFault:    "nothing of the extent can be read",
	grainInTables:  "the entry leads to where headers or tables lie, which are no data of the disk",
	secondOnly:     "the first tables have no grain, but the redundant ones name one: --tables redundant reads it, and the repair of G1, G4 or G5 takes it from there",
	firstOnly:      "the redundant tables have no grain, but the first ones name one: read the disk by those",
	tableMissing:   "the directory has no table, and the file has data that no table names, so that it may be lost",
	headerShort:    "the header of the extent ends before",
	grainStray:     "no table entry names the grain, but the stream has one whose marker says that it belongs here: the entry is lost",
	streamCut:      "the stream is cut off or damaged before the grain, and the tables that would say whether there is one are lost",
}

// run is a range of the disk with one answer.
type run struct {
	length int64 // bytes
	state  disk.State
	offset int64 // Data: byte offset in the file; Unmapped: the old grain, or -1
	packed int64 // Data: bytes of the compressed grain with its marker; 0 if it is stored plainly
	skip   int64 // Data, packed: bytes of the grain in front of the range
	fault  fault
	extent *extent
	via    [2]layer.Entry
	vias   int
	tail   layer.Entry // the entry of the last grain; at 0: there is none
	bound  int64       // Data: where in the file the next structure starts
}

// grid is the two levels of tables of a sparse extent, whatever its kind.
type grid struct {
	kind     vmdk.Kind
	file     *file
	capacity int64 // bytes that the header claims
	grain    int64 // bytes
	perTable int64 // entries in a table
	width    int64 // bytes of an entry
	dirs     [2]int64
	dirCount int   // 1, or 2 with a redundant directory
	turned   bool  // the redundant directory is the first of dirs
	tables   int64 // entries that the directory has: those it needs, less what is past the end of the file

	quick      bool // grain and perTable are powers of two, with the exponents
	grainShift uint
	tableShift uint

	fixed      []store.Range // of the structures that the header places
	taken      *territory    // nil: grains have an area of their own
	copies     *copies       // nil: there is one set of tables
	lostTables func() bool   // whether a table that is not there may be lost; nil: the format allows it
	strays     *strays       // of a stream: what its tables should name and do not; nil: there is no way to tell

	zeroGrains bool // entry 1 means zeros
	packed     *unpacker
	tableBase  int64 // seSparse: where table 0 lies
	tableLimit int64 // seSparse: number of tables there is room for
	grainBase  int64 // seSparse: where grain 0 lies
	grainLimit int64 // seSparse: number of grains there is room for
}

// coverage is the number of bytes that one table describes.
func (g *grid) coverage() int64 { return g.grain * g.perTable }

// needed is the number of directory entries that the capacity demands.
func (g *grid) needed() int64 {
	if g.capacity == 0 {
		return 0
	}
	return (g.capacity-1)/g.coverage() + 1
}

// listed is how many of n directory entries lie in the file.
func (g *grid) listed(n int64) int64 {
	most := int64(0)
	for _, dir := range g.dirs[:g.dirCount] {
		most = max(most, (g.file.Size-dir)/g.width)
	}
	return min(n, most)
}

// tableBytes is the length of a grain table.
func (g *grid) tableBytes() int64 { return g.perTable * g.width }

// locate finds the grain at x; the run reaches to its end, or over everything
// that a missing table would have described.
func (g *grid) locate(x int64, r *run) error {
	number := x / g.grain
	t := number / g.perTable
	*r = run{length: (t+1)*g.coverage() - x, offset: -1}
	if t >= g.tables {
		r.state, r.fault, r.length = disk.Missing, directoryShort, g.capacity-x
		return nil
	}
	table, err := g.table(t, r)
	switch {
	case err != nil || table < 0 && r.state != disk.FromParent:
		return err
	case table < 0:
		return g.absentTable(t, number, x, r)
	}
	i := number - t*g.perTable
	e := layer.Entry{Index: i, At: table + i*g.width}
	if g.file.tables.Peek(e.At) == nil && g.file.tables.Hole(table, g.tableBytes()) {
		r.via[1], r.vias, r.state = e, 2, disk.FromParent // no entry of it says anything
		if !g.agreed(t) {
			return g.secondHas(t, number, x, r)
		}
		return nil
	}
	if e.Raw, err = g.file.tables.uint(e.At, g.width); err != nil {
		return g.ioError(e.At, err)
	}
	r.via[1], r.vias, r.tail = e, 2, e
	inside := x - number*g.grain
	r.length = g.grain - inside
	if g.packed != nil {
		g.judge(e.Raw, 0, r) // what lies in the file is not the grain's bytes
	} else {
		g.judge(e.Raw, inside, r)
	}
	switch {
	case r.state == disk.FromParent && !g.agreed(t):
		return g.secondHas(t, number, x, r)
	case r.state != disk.Data:
		return nil
	}
	return g.stored(inside, r)
}

// stored completes a run of a grain that has a place: not that of a structure.
func (g *grid) stored(inside int64, r *run) error {
	at := r.offset
	if g.packed == nil {
		at -= inside
	}
	taken, next, err := g.meets(at, g.grain)
	switch {
	case err != nil:
		return err
	case taken && (g.packed == nil || next <= at):
		r.state, r.fault, r.offset = disk.Missing, grainInTables, -1
		return nil
	case g.packed != nil:
		return g.packed.locate(r, inside)
	}
	r.bound = next
	return nil
}

// table finds grain table t, in the redundant directory if the first one's
// entry leads nowhere. It gives -1 where there is no table, with the run's
// state set.
func (g *grid) table(t int64, r *run) (int64, error) {
	for copy := range g.dirCount {
		e := layer.Entry{Index: t, At: g.dirs[copy] + t*g.width}
		raw, err := g.file.tables.uint(e.At, g.width)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return -1, g.ioError(e.At, err)
		}
		e.Raw = raw
		at, f := g.tableAt(raw)
		if err != nil {
			at, f = -1, directoryShort
		}
		if f == noFault || copy == 0 {
			r.via[0], r.vias = e, 1
			r.fault = f
		}
		if f == noFault {
			r.state = disk.FromParent
			return at, nil
		}
	}
	r.state = disk.Missing
	return -1, nil
}

// tableAt is where the table of a directory entry lies; -1 for no table.
func (g *grid) tableAt(raw uint64) (int64, fault) {
	if raw == 0 {
		return -1, noFault
	}
	at := int64(raw) * vmdk.SectorSize
	if g.kind == vmdk.KindSeSparse {
		index := int64(raw & 0xFFFFFFFF)
		if raw>>32 != 0x10000000 {
			return -1, entryInvalid
		}
		if index >= g.tableLimit {
			return -1, tableOutside
		}
		at = g.tableBase + index*g.tableBytes()
	}
	if at > g.file.Size-g.tableBytes() {
		return -1, tableOutside
	}
	return at, noFault
}

// judge says what a grain table entry means for the byte inside its grain.
func (g *grid) judge(raw uint64, inside int64, r *run) {
	at := int64(-1)
	switch {
	case raw == 0:
		r.state = disk.FromParent
		return
	case g.kind == vmdk.KindSeSparse:
		at = g.judgeSe(raw, r)
	case g.kind == vmdk.KindHosted && raw == vmdk.ZeroGrain:
		// Sector 1 never holds a grain, so this is zeros with or without
		// the flag that allows it.
		r.state = disk.Zero
	default:
		r.state, at = disk.Data, int64(raw)*vmdk.SectorSize
	}
	if r.state != disk.Data {
		return
	}
	r.offset = at + inside
	if left := g.file.Size - r.offset; left <= 0 {
		r.state, r.fault, r.offset = disk.Missing, grainOutside, -1
		if inside > 0 {
			r.fault = grainCut
		}
	} else if g.packed == nil {
		r.length = min(r.length, left)
	}
}

func (g *grid) judgeSe(raw uint64, r *run) int64 {
	index := vmdk.SeGrainIndex(raw)
	kind := raw >> 60
	switch {
	case kind == vmdk.SeZero:
		r.state = disk.Zero
	case kind == vmdk.SeUnmapped:
		r.state = disk.Unmapped
	case kind != vmdk.SeAllocated:
		r.state, r.fault = disk.Missing, entryInvalid
	case index >= uint64(g.grainLimit):
		r.state, r.fault = disk.Missing, grainOutside
	default:
		r.state = disk.Data
		return g.grainBase + int64(index)*g.grain
	}
	return -1
}

// entries visits the entries of the table at a byte offset that are not 0,
// until told to stop.
func (g *grid) entries(at int64, visit func(i int64, raw uint64) bool) error {
	if g.file.tables.Hole(at, g.tableBytes()) {
		return nil
	}
	for i := int64(0); i < g.perTable; {
		off := at + i*g.width
		b, err := g.file.tables.Get(off)
		if err == nil && int64(len(b)) < g.width {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return g.ioError(off, err)
		}
		for ; i < g.perTable && int64(len(b)) >= g.width; i, b = i+1, b[g.width:] {
			if raw := vmdk.EntryAt(b, g.width); raw != 0 && !visit(i, raw) {
				return nil
			}
		}
	}
	return nil
}

func (g *grid) ioError(at int64, err error) error {
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: g.file.place(at, g.width), What: "a table entry can't be read", Err: err}
}
