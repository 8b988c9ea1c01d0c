package vmdk

import (
	"math"
	"math/bits"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// sparse is a file of one of the three sparse formats, with what its headers
// say.
type sparse struct {
	kind  vmdk.Kind
	file  *file
	fault *disk.Error // why its tables can't be used
	grid  *grid       // nil with a fault

	unmarked bool // the magic is damaged: the kind was told by the rest of the header

	reads *grid // what the disk is read by: grid, or its redundant tables

	header decode.Record[vmdk.Header] // hosted: the first sector
	rules  decode.Record[vmdk.Header] // hosted: the header that counts, which may be the footer
	footer int64                      // hosted: byte offset of the footer; 0 if none is expected
	lost   bool                       // hosted: a footer is expected and not sound
	walk   *walked                    // hosted: the reader of a stream that has lost it; nil without one

	text      *vmdk.Descriptor // embedded; nil if there is none
	textAt    decode.Place     // the room reserved for it
	textFault string           // why the header's place for it can't be right; empty if it can
	textLost  bool             // that is past the end of the file, and none was found elsewhere

	textMode   textMode    // what a program for text did to the file
	reversible func() bool // whether that can be undone

	footerUnmarked bool // the magic of the footer is damaged

	movedBy int64 // bytes by which the tables lie beside their place; 0 if they do not
	movedAt int64 // where the directory, or a stream's footer, lies then

	cowd     decode.Record[vmdk.CowdHeader]
	fixed    decode.Record[vmdk.ConstHeader]
	volatile decode.Record[vmdk.VolatileHeader]
	current  bool // seSparse: the volatile header could be read
}

// The bounds of what is read (vmdk.md 4.4, 13).
const (
	maxGrainSectors = 1 << 16
	maxPerTable     = 1 << 16
	maxTables       = 32 << 20
	maxSectors      = math.MaxInt64 / vmdk.SectorSize
)

// openSparse reads the headers of a sparse extent. An error means that the
// file can't be read; damage is the extent's fault.
func openSparse(f *file, kind vmdk.Kind) (*sparse, error) {
	s := &sparse{kind: kind, file: f}
	b, err := f.head(0, vmdk.SniffSize)
	s.unmarked = err == nil && vmdk.Sniff(b) == vmdk.KindNone
	switch kind {
	case vmdk.KindHosted, vmdk.KindUnfinished:
		err = s.openHosted()
	case vmdk.KindCowd:
		err = s.openCowd()
	case vmdk.KindSeSparse:
		err = s.openSeSparse()
	}
	s.guard()
	s.reads = s.grid
	if err == nil && s.kind == vmdk.KindHosted {
		s.walk = s.walkable()
	}
	return s, err
}

// unreadable is why nothing of the disk can be read; nil if something can.
func (s *sparse) unreadable() *disk.Error {
	if s.walk != nil {
		return nil
	}
	return s.fault
}

// damaged records why the tables can't be used; the first reason stands.
func (s *sparse) damaged(kind disk.ErrorKind, off, length int64, format string, args ...any) {
	if s.fault == nil {
		s.fault = disk.Errorf(kind, s.file.place(off, length), format, args...)
	}
}

// capacity is what the headers claim, in sectors, as far as that fits.
func (s *sparse) capacity() uint64 {
	switch s.kind {
	case vmdk.KindCowd:
		return uint64(vmdk.CowdSectors.Get(s.cowd))
	case vmdk.KindSeSparse:
		return vmdk.ConstCapacity.Get(s.fixed)
	}
	return vmdk.HeaderCapacity.Get(s.rules)
}

// newGrid makes the tables' reader once the divisors are known to be sound.
func (s *sparse) newGrid(grainSectors, perTable uint64, width int64) *grid {
	g := &grid{
		kind: s.kind, file: s.file,
		capacity: int64(s.capacity()) * vmdk.SectorSize,
		grain:    int64(grainSectors) * vmdk.SectorSize,
		perTable: int64(perTable),
		width:    width,
	}
	g.quick = bits.OnesCount64(grainSectors) == 1 && bits.OnesCount64(perTable) == 1
	g.grainShift, g.tableShift = uint(bits.TrailingZeros64(uint64(g.grain))), uint(bits.TrailingZeros64(perTable))
	return g
}

// sized checks the capacity, before anything is computed with it.
func (s *sparse) sized(off int64) bool {
	switch c := s.capacity(); {
	case c == 0:
		s.damaged(disk.Damaged, off, 8, "the header says that the disk has no sectors")
	case c > maxSectors:
		s.damaged(disk.Damaged, off, 8, "capacity of 0x%x sectors does not fit 63 bits of bytes", c)
	}
	return s.fault == nil
}

// bounded checks how many tables the capacity demands.
func (s *sparse) bounded(g *grid, off int64) bool {
	if n := g.needed(); n > maxTables {
		s.damaged(disk.Unsupported, off, 8, "the capacity of 0x%x bytes demands %d grain tables, at most %d are supported", g.capacity, n, maxTables)
	}
	return s.fault == nil
}
