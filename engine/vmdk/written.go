package vmdk

import (
	"context"
	"iter"
	"math"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// Target is what engine/vmdk/writer needs to write an extent of an image. Places
// and sizes are in bytes.
type Target struct {
	Start, Length int64 // on the disk
	Empty         bool  // a ZERO extent, without a file
	File          string
	Size          int64 // of the file
	Base          int64 // flat: where the data starts in the file
	Line          decode.Place

	Sparse      bool
	Redo        bool // of ESX (COWD)
	Grain       int64
	PerTable    int64
	Tables      int64   // that the directory has entries for
	Directories []int64 // the one that rules first
	ZeroGrains  bool    // entry 1 means zeros
	Floor       int64   // where grains may begin
	Packed      bool    // grains are compressed, after markers
	Appends     bool    // more of them may follow the last one
	Unclean     bool    // the file says that it is being written: the copies of its tables may differ

	sparse *sparse
}

// Targets are the extents of the image, in the order of the disk. It fails with the
// reason where one of them can't be written in place.
func (m *Image) Targets() ([]Target, error) {
	var list []Target
	for _, e := range m.extents {
		if e.fault != nil {
			return nil, e.fault
		}
		if e.sparse != nil && e.sparse.walk != nil {
			return nil, e.sparse.fault
		}
		x := Target{Start: e.start, Length: e.length, Empty: e.zero, Base: e.base}
		if e.line != nil {
			x.Line = m.linePlace(e.line)
		}
		if e.file != nil {
			x.File, x.Size = e.file.Name, e.file.Size
		}
		if e.sparse != nil {
			if err := x.tables(e.sparse); err != nil {
				return nil, err
			}
		}
		list = append(list, x)
	}
	return list, nil
}

// tables takes over what the headers of a sparse extent say.
func (x *Target) tables(s *sparse) error {
	g := s.grid
	switch {
	case s.kind == vmdk.KindSeSparse:
		return disk.Errorf(disk.Unsupported, s.file.place(0, vmdk.SectorSize), "seSparse extents are not written: the format is not documented")
	case g.packed != nil && !g.packed.markers:
		return disk.Refuse(disk.RefusedStream, disk.Unsupported, []decode.Place{s.file.place(0, vmdk.SectorSize)}, "compressed grains without markers are not written: convert the image")
	case g.tables < g.needed():
		return disk.Errorf(disk.Damaged, s.file.place(g.dirs[0], g.needed()*g.width), "the grain directory is longer than the file")
	case g.capacity < x.Length:
		return disk.Errorf(disk.Unsupported, s.file.place(0, vmdk.SectorSize), "the extent has 0x%x bytes, its file only room for 0x%x", x.Length, g.capacity)
	}
	x.Sparse, x.Redo, x.sparse = true, s.kind == vmdk.KindCowd, s
	x.Grain, x.PerTable, x.Tables, x.Directories, x.ZeroGrains = g.grain, g.perTable, g.tables, g.dirs[:g.dirCount], g.zeroGrains
	x.Unclean = s.dirty()
	if x.Redo {
		x.Floor = int64(vmdk.CowdFree.Get(s.cowd)) * vmdk.SectorSize
	} else {
		x.Floor = int64(min(vmdk.HeaderOverHead.Get(s.rules), maxSectors)) * vmdk.SectorSize
	}
	return x.packing(s)
}

// packing finds out whether grains are compressed, and whether there may be more of them:
// in a stream as QEMU writes it, with two sets of tables in front and no marker at the end
// (vmdk.md 5.1). Others end with a marker, after which nobody reads.
func (x *Target) packing(s *sparse) error {
	x.Packed = s.grid.packed != nil
	x.Appends = x.Packed && s.footer == 0 && s.grid.dirCount == 2 && x.Size%vmdk.SectorSize == 0
	for d := range s.grid.needed() {
		if !x.Appends {
			break
		}
		e, err := s.file.tables.uint(x.Directories[0]+d*s.grid.width, 4)
		if err != nil {
			return err
		}
		x.Appends = e != 0
	}
	return nil
}

// Structures are where headers, descriptor, directories and tables lie, sorted; of a redo
// log without the tables, which lie among the grains.
func (x *Target) Structures() ([]store.Range, error) {
	g := x.sparse.grid
	if !x.Redo {
		list, err := g.structures()
		return append(list, store.Range{Length: x.Floor}), err
	}
	end := vmdk.CowdHeaderSize
	return []store.Range{{Length: int64(end)}, {Offset: g.dirs[0], Length: roundUp(g.tables*g.width, vmdk.SectorSize)}}, nil
}

// Settled fails while a finding leaves it open what of the file is free: an entry that
// leads astray, or a table that is not there, may stand for grains anywhere. In a file that
// was not closed cleanly the second copy of a table may lack the last changes: whoever
// writes makes it like the first.
func (m *Image) Settled(ctx context.Context, x Target) error {
	code := m.doubt(ctx, x.sparse, true)
	if code == "" {
		return ctx.Err()
	}
	return disk.Refuse(disk.RefusedUntrusted, disk.ReadOnly, []decode.Place{{File: x.File}}, "finding vmdk/%s must be settled before it is known what of the file is free", code)
}

// HeaderSize is the length of the file's header.
func (x *Target) HeaderSize() int64 {
	if x.Redo {
		return vmdk.CowdHeaderSize
	}
	return vmdk.SectorSize
}

// PutUnclean puts the mark of a file that is being written into its header.
func (x *Target) PutUnclean(header []byte, v uint64) {
	if x.Redo {
		rec, _ := vmdk.CowdTable.Of(header)
		vmdk.CowdUnclean.Put(rec, uint32(v))
		return
	}
	rec, _ := vmdk.HeaderTable.Of(header)
	vmdk.HeaderUnclean.Put(rec, uint8(v))
}

// CheckTables is the part of Check that tells whether the structures which place
// the disk can be trusted. It reads no grain.
func (m *Image) CheckTables(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := newChecker(ctx, m, yield)
		c.errors, c.light, c.left = true, true, math.MaxInt
		c.out.Repeat(m.src.Notes)
		c.headers()
		c.chain()
		c.contents()
		c.finish()
	}
}

// PutFree puts the first free sector of a redo log into the first sector of its
// header.
func (x *Target) PutFree(sector []byte, free uint32) {
	rec := vmdk.CowdTable.Blank()
	copy(rec.Bytes(), sector)
	vmdk.CowdFree.Put(rec, free)
	copy(sector, rec.Bytes())
}
