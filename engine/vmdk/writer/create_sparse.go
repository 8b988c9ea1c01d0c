package writer

import (
	"context"
	"errors"
	"io"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// descriptorRoom is what an embedded descriptor gets at least, in sectors: enough for the
// lines that VirtualBox adds (vmdk.md 2.6).
const (
	descriptorRoom = 20
	descriptorFree = 2
)

// tableSectors is the length of a grain table.
const tableSectors = vmdk.TableEntries * vmdk.EntrySize / vmdk.SectorSize

// sparse is a hosted sparse extent being made: what lies where in it, in sectors of the
// file (vmdk.md 4.5).
type sparse struct {
	capacity, grain int64 // sectors
	text            []byte
	room            int64 // of the descriptor; 0 if there is none
	tables          int64 // number of grain tables
	redundant       int64 // the second copy of the directory, its tables after it
	directory       int64 // the directory, its tables after it
	overHead        int64 // where grains start
	zeroGrains      bool
	stored          grainSet
}

// makeSparse makes a disk of one sparse extent with its descriptor inside; with a parent a
// delta over it.
func makeSparse(ctx context.Context, to store.FS, n naming, spec disk.Spec) error {
	e := piece{vmdk.TypeSparse, spec.Bytes(disk.OptionSize) / vmdk.SectorSize, n.descriptor, false}
	text, err := descriptor(spec, e)
	if err != nil {
		return err
	}
	return writeSparse(ctx, to, e, 0, text, spec)
}

// writeSparse makes the file of a sparse extent that starts at sector first of the disk, in
// the nine steps that FreeBSD's mkimg notes down (vmdk.md 4.5).
func writeSparse(ctx context.Context, to store.FS, e piece, first int64, text []byte, spec disk.Spec) (err error) {
	f, err := to.Create(e.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s := &sparse{capacity: e.sectors, grain: spec.Bytes(disk.OptionBlockSize) / vmdk.SectorSize, text: text, zeroGrains: spec.Is(optionZeroGrain)}
	data := window{spec.Filling, first * vmdk.SectorSize, e.sectors * vmdk.SectorSize}

	s.layOut()                                // 1. the descriptor's size is needed up front
	if err := s.walk(ctx, data); err != nil { // 2., 3. tables and their second copies are filled by walking the data
		return err
	}
	for _, step := range []func() error{
		func() error { return putAt(f, 0, s.header()) },       // 4. the header
		func() error { return putAt(f, 1, s.text) },           // 5. the descriptor
		func() error { return s.writeTables(f, s.directory) }, // 6. the directory and its tables
		func() error { return s.writeTables(f, s.redundant) }, // 7. the second copies
		func() error { return s.align(f) },                    // 8. up to a multiple of the grain
		func() error { return s.writeGrains(ctx, f, data) },   // 9. the grains
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// putAt writes at a sector.
func putAt(f store.File, sector int64, b []byte) error {
	return store.Put(f, store.Piece{Offset: sector * vmdk.SectorSize, Data: b})
}

// layOut places everything. All tables exist from the start, right after their directory
// and in ascending order: some programs don't read the directory (vmdk.md 4.2).
func (s *sparse) layOut() {
	if s.text != nil {
		s.room = max(descriptorRoom, ceil(int64(len(s.text)), vmdk.SectorSize)+descriptorFree)
	}
	s.tables = ceil(ceil(s.capacity, s.grain), vmdk.TableEntries)
	s.redundant = 1 + s.room
	s.directory = s.redundant + s.directorySectors() + s.tables*tableSectors
	end := s.directory + s.directorySectors() + s.tables*tableSectors
	s.overHead = ceil(end, s.grain) * s.grain
}

func (s *sparse) directorySectors() int64 {
	return ceil(s.tables*vmdk.EntrySize, vmdk.SectorSize)
}

// walk finds the grains that are to be stored.
func (s *sparse) walk(ctx context.Context, data window) error {
	s.stored.of = ceil(s.capacity, s.grain)
	return data.units(ctx, s.grain*vmdk.SectorSize, func(n int64) error {
		s.stored.add(n)
		return nil
	})
}

// header is sector 0 (vmdk.md 4.1).
func (s *sparse) header() []byte {
	rec := vmdk.HeaderTable.Blank()
	vmdk.HeaderVersion.Put(rec, 1)
	flags := uint32(vmdk.FlagNewlines | vmdk.FlagRedundant)
	if s.zeroGrains {
		vmdk.HeaderVersion.Put(rec, 2)
		flags |= vmdk.FlagZeroGrains
	}
	vmdk.HeaderFlags.Put(rec, flags)
	vmdk.HeaderCapacity.Put(rec, uint64(s.capacity))
	vmdk.HeaderGrainSize.Put(rec, uint64(s.grain))
	if s.room > 0 {
		vmdk.HeaderDescriptorOffset.Put(rec, 1)
		vmdk.HeaderDescriptorSize.Put(rec, uint64(s.room))
	}
	vmdk.HeaderTableEntries.Put(rec, vmdk.TableEntries)
	vmdk.HeaderRedundantOffset.Put(rec, uint64(s.redundant))
	vmdk.HeaderDirectoryOffset.Put(rec, uint64(s.directory))
	vmdk.HeaderOverHead.Put(rec, uint64(s.overHead))
	return rec.Bytes()
}

// writeTables writes a directory and the tables after it. A table without entries is left
// a hole.
func (s *sparse) writeTables(f store.File, directory int64) error {
	first := directory + s.directorySectors()
	if err := putAt(f, directory, directoryOf(s.tables, func(i int64) int64 { return first + i*tableSectors })); err != nil {
		return err
	}
	if s.stored.bits == nil {
		return nil // all tables are empty
	}
	at := s.overHead
	for i := range s.tables {
		table := s.table(i, &at)
		if table == nil {
			continue
		}
		if err := putAt(f, first+i*tableSectors, table); err != nil {
			return err
		}
	}
	return nil
}

// directoryOf is a grain directory.
func directoryOf(tables int64, at func(table int64) int64) []byte {
	b := make([]byte, ceil(tables*vmdk.EntrySize, vmdk.SectorSize)*vmdk.SectorSize)
	for i := range tables {
		enter(b, i, at(i))
	}
	return b
}

// table is one grain table; at is where its first grain lies, and then where the next
// table's does. It is nil for a table without grains.
func (s *sparse) table(i int64, at *int64) []byte {
	var b []byte
	for e := range int64(vmdk.TableEntries) {
		if !s.stored.has(i*vmdk.TableEntries + e) {
			continue
		}
		if b == nil {
			b = make([]byte, tableSectors*vmdk.SectorSize)
		}
		enter(b, e, *at)
		*at += s.grain
	}
	return b
}

// enter stores an entry of a grain directory or table.
func enter(table []byte, i, sector int64) {
	vmdk.PutEntry(table[i*vmdk.EntrySize:], vmdk.EntrySize, uint64(sector))
}

// align makes the file as long as what the header calls overHead: QEMU refuses a shorter
// one.
func (s *sparse) align(f store.File) error { return f.Truncate(s.overHead * vmdk.SectorSize) }

// grainsAtOnce is how many bytes of grains are written at once.
const grainsAtOnce = 1 << 20

// writeGrains writes the grains in the order of the disk, one right after the other.
func (s *sparse) writeGrains(ctx context.Context, f store.File, data window) error {
	at, length := s.overHead, s.grain*vmdk.SectorSize
	buf := make([]byte, 0, max(grainsAtOnce, length))
	put := func() error {
		err := putAt(f, at, buf)
		at, buf = at+int64(len(buf))/vmdk.SectorSize, buf[:0]
		return err
	}
	err := data.units(ctx, length, func(n int64) error {
		if at+(int64(len(buf))+length)/vmdk.SectorSize > 1<<32 {
			return disk.Errorf(disk.Limit, decode.Place{}, "the data do not fit: a grain can't lie past 2 TiB of its file")
		}
		if len(buf) == cap(buf) {
			if err := put(); err != nil {
				return err
			}
		}
		buf = buf[:int64(len(buf))+length]
		return data.read(buf[int64(len(buf))-length:], n*length)
	})
	if err == nil && len(buf) > 0 {
		err = put()
	}
	return err
}

// grainSet is a set of grain numbers, a bit for each.
type grainSet struct {
	of   int64
	bits []byte
}

func (g *grainSet) add(n int64) {
	if g.bits == nil {
		g.bits = make([]byte, ceil(g.of, 8))
	}
	g.bits[n/8] |= 1 << (n % 8)
}

func (g *grainSet) has(n int64) bool { return g.bits != nil && n < g.of && g.bits[n/8]&(1<<(n%8)) != 0 }

// window is the part of a disk that one extent holds, in bytes.
type window struct {
	from        disk.Filling
	start, size int64
}

// units calls f with the number of every unit of the window in which something is to be
// stored, in order.
func (w window) units(ctx context.Context, unit int64, f func(n int64) error) error {
	if w.from == nil {
		return nil
	}
	for n := int64(0); n*unit < w.size; n++ {
		r, err := w.from.NextData(w.start + n*unit)
		if errors.Is(err, io.EOF) || err == nil && r.Offset >= w.start+w.size {
			return ctx.Err()
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		n = max(n, (r.Offset-w.start)/unit)
		if err := f(n); err != nil {
			return err
		}
	}
	return nil
}

// read fills buf with the bytes at off of the window, and zeros after its end.
func (w window) read(buf []byte, off int64) error {
	part := buf[:min(int64(len(buf)), w.size-off)]
	clear(buf[len(part):])
	if n, err := w.from.ReadAt(part, w.start+off); n < len(part) {
		return err
	}
	return nil
}
