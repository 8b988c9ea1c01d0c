package writer

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// grains writes a sparse extent with plain grains: hosted, or a redo log of ESX.
// Offsets are those of the disk.
type grains struct {
	file   store.File
	x      reader.Target
	below  layer.Under // the parent
	tables *pages.Ledger
	room   layer.Room
	begun  bool // the file says that it is being written

	stored, dropped int64 // grains
}

// entrySize is the length of an entry of a directory or a table, in bytes.
const entrySize = 4

// Entries of a grain table that name no grain.
const (
	absent    = 0 // the parent, or zeros
	zeroGrain = 1 // zeros, even with a parent
)

// entryRecord is a directory entry or one of a table: both are the number of a
// sector.
func entryRecord(b []byte) decode.Record[vmdk.TableEntry] {
	rec, _ := vmdk.TableEntryTable.Of(b)
	return rec
}

func (s *grains) entry(at int64) (uint32, error) {
	b := make([]byte, entrySize)
	if _, err := s.tables.ReadAt(b, at); err != nil {
		return 0, err
	}
	return vmdk.TableEntryGrain.Get(entryRecord(b)), nil
}

func (s *grains) putEntry(at int64, sector uint32, why string) error {
	page := s.tables.Page(at)
	b, err := s.tables.Edit(page, false, why)
	if err != nil {
		return err
	}
	vmdk.TableEntryGrain.Put(entryRecord(b[at-page:][:entrySize]), sector)
	return nil
}

// load is the table entry of a grain.
func (s *grains) load(grain int64) (uint32, error) {
	table, err := s.entry(s.x.Directories[0] + grain/s.x.PerTable*entrySize)
	if err != nil || table == 0 {
		return absent, err
	}
	return s.entry(int64(table)*vmdk.SectorSize + grain%s.x.PerTable*entrySize)
}

// point stages the entry of a grain in both sets of tables, or in none.
func (s *grains) point(grain int64, sector uint32, why string) error {
	var places []int64
	for _, dir := range s.x.Directories {
		table, err := s.table(dir+grain/s.x.PerTable*entrySize, grain/s.x.PerTable)
		if err != nil {
			return err
		}
		at := table + grain%s.x.PerTable*entrySize
		if _, err := s.tables.Edit(s.tables.Page(at), false, why); err != nil {
			return err
		}
		places = append(places, at)
	}
	for _, at := range places {
		if err := s.putEntry(at, sector, why); err != nil {
			return err
		}
	}
	return nil
}

// table is where the table lies that a directory entry names. A redo log has
// tables only where they are needed: this makes one.
func (s *grains) table(at, number int64) (int64, error) {
	sector, err := s.entry(at)
	if err != nil || sector != 0 {
		return int64(sector) * vmdk.SectorSize, err
	}
	length := s.x.PerTable * entrySize
	off, used, err := s.take(length, vmdk.SectorSize)
	if err != nil {
		return 0, err
	}
	if used {
		if _, err := store.WriteFor(s.file, make([]byte, length), off, why("zeros where grain table %d will be", number)); err != nil {
			return 0, err
		}
	}
	if err := s.putEntry(at, uint32(off/vmdk.SectorSize), why("place of grain table %d", number)); err != nil {
		return 0, err
	}
	return off, s.flush(context.Background()) // a table with entries that nothing leads to would be missed after a power cut
}

// why words the reason for a write.
func why(format string, number int64) string { return fmt.Sprintf(format, number) }

func (s *grains) readAt(p []byte, off int64) error {
	return s.pieces(off, int64(len(p)), func(grain, at, n int64) error {
		piece := p[at-off:][:n]
		e, err := s.load(grain)
		switch {
		case err != nil:
			return err
		case e == zeroGrain:
			clear(piece)
			return nil
		case e == absent:
			return s.below.Read(piece, at)
		}
		return layer.ReadFull(s.file, piece, s.dataAt(e, at))
	})
}

// dataAt is where a byte of the disk lies in the grain at a sector.
func (s *grains) dataAt(sector uint32, off int64) int64 {
	return int64(sector)*vmdk.SectorSize + (off-s.x.Start)%s.x.Grain
}

// pieces hands on the parts of a range that lie in one grain.
func (s *grains) pieces(off, n int64, use func(grain, off, n int64) error) error {
	return layer.Pieces(off-s.x.Start, n, s.x.Grain, func(at, n int64) error {
		return use(at/s.x.Grain, s.x.Start+at, n)
	})
}

func (s *grains) write(p []byte, off int64) error {
	if err := s.begin(); err != nil {
		return err
	}
	run := grainRun{grains: s}
	err := s.pieces(off, int64(len(p)), func(grain, at, n int64) error {
		return s.writeGrain(&run, p[at-off:][:n], grain, at)
	})
	return errors.Join(err, run.done())
}

// place stores a grain in new room, which is given up again if that fails, as on a full
// disk.
func (s *grains) place(b []byte, grain, at int64, reason string) error {
	_, err := store.WriteFor(s.file, b, at, reason)
	if err == nil {
		err = s.point(grain, uint32(at/vmdk.SectorSize), why("place of grain %d", grain))
	}
	if err != nil {
		s.room.Release(at, int64(len(b)))
		return err
	}
	s.stored++
	return nil
}

// allocate finds room for a grain, which its writer fills.
func (s *grains) allocate() (int64, error) {
	at, _, err := s.take(s.x.Grain, s.x.Grain)
	if err == nil && at/vmdk.SectorSize > maxSector {
		err = s.full(at)
	}
	return at, err
}

func (s *grains) full(at int64) error {
	return disk.Errorf(disk.OutOfRange, decode.Place{File: s.x.File, Offset: at}, "the file is full: a table can't name a grain at 0x%x", at)
}

// maxSector is the last that a table entry can name.
const maxSector = 1<<32 - 1

// zero makes a range read as zeros: by the entry that means so where the extent
// has it, by none where no ancestor stores anything, else by stored zeros.
func (s *grains) zero(off, n int64) error {
	return s.sweep(off, n, func(grain, at, n int64, e uint32) error {
		empty, err := s.below.Empty(at, n)
		switch {
		case err != nil || empty && e == absent:
			return err
		case s.whole(at, n) && s.x.ZeroGrains:
			return s.drop(grain, e, zeroGrain)
		case s.whole(at, n) && empty:
			return s.drop(grain, e, absent)
		}
		return s.write(make([]byte, n), at)
	})
}

// trim gives up grains that lie wholly in a range, unless the parent would show.
func (s *grains) trim(off, n int64) error {
	return s.sweep(off, n, func(grain, at, n int64, e uint32) error {
		if !s.whole(at, n) || e == absent {
			return nil
		}
		if s.x.ZeroGrains {
			return s.drop(grain, e, zeroGrain)
		}
		if empty, err := s.below.Empty(at, n); !empty || err != nil {
			return err
		}
		return s.drop(grain, e, absent)
	})
}

// sweep hands on the grains of a range with their entries, but for those that read as
// zeros already, table by table: disks are mostly grains of that sort.
func (s *grains) sweep(off, n int64, use func(grain, off, n int64, e uint32) error) error {
	return s.byTable(off, n, func(off, n, first int64, entries []byte) error {
		empty, err := s.below.Empty(off, n)
		if err != nil || entries == nil && empty {
			return err
		}
		return s.pieces(off, n, func(grain, at, n int64) error {
			e := entryOf(entries, grain-first)
			if e == zeroGrain || e == absent && empty {
				return nil
			}
			return use(grain, at, n, e)
		})
	})
}

// byTable hands on the parts of a range whose grains one table has, with the entries from
// that of the first grain on; none if there is no table.
func (s *grains) byTable(off, n int64, use func(off, n, first int64, entries []byte) error) error {
	return layer.Pieces(off-s.x.Start, n, s.x.Grain*s.x.PerTable, func(at, n int64) error {
		first := at / s.x.Grain
		entries, err := s.entries(first, (at+n-1)/s.x.Grain-first+1)
		if err != nil {
			return err
		}
		return use(s.x.Start+at, n, first, entries)
	})
}

// entryOf is an entry of those of a table; absent if there are none.
func entryOf(entries []byte, i int64) uint32 {
	if entries == nil {
		return absent
	}
	return vmdk.TableEntryGrain.Get(entryRecord(entries[i*entrySize:][:entrySize]))
}

// entries are those of n grains of one table; nil if there is no table.
func (s *grains) entries(grain, n int64) ([]byte, error) {
	table, err := s.entry(s.x.Directories[0] + grain/s.x.PerTable*entrySize)
	if err != nil || table == 0 {
		return nil, err
	}
	b := make([]byte, n*entrySize)
	_, err = s.tables.ReadAt(b, int64(table)*vmdk.SectorSize+grain%s.x.PerTable*entrySize)
	return b, err
}

// whole reports whether a range within a grain is all of it that lies on the disk.
func (s *grains) whole(off, n int64) bool {
	x := off - s.x.Start
	return x%s.x.Grain == 0 && n == min(s.x.Grain, s.x.Length-x)
}

// drop gives a grain an entry that names none.
func (s *grains) drop(grain int64, old, entry uint32) error {
	if err := s.begin(); err != nil {
		return err
	}
	if err := s.point(grain, entry, why("grain %d is not stored any more", grain)); err != nil {
		return err
	}
	if old > zeroGrain {
		s.dropped++
		s.room.Release(int64(old)*vmdk.SectorSize, s.x.Grain)
	}
	return nil
}

// begin makes the file say that it is being written, before the first change.
func (s *grains) begin() error {
	if s.begun {
		return nil
	}
	if err := s.mark(1, "the file is being written"); err != nil {
		return err
	}
	s.begun = true
	if s.x.Unclean && len(s.x.Directories) > 1 {
		return s.level()
	}
	return nil
}

// mark writes the header's flag and makes it durable.
func (s *grains) mark(unclean uint64, why string) error {
	b := make([]byte, s.x.HeaderSize())
	if err := layer.ReadFull(s.file, b, 0); err != nil {
		return err
	}
	s.x.PutUnclean(b, unclean)
	if _, err := store.WriteFor(s.file, b, 0, why); err != nil {
		return err
	}
	return s.file.Sync()
}

func (s *grains) flush(ctx context.Context) error {
	if err := s.tables.Flush(ctx, pages.Direct{File: s.file}); err != nil {
		return err
	}
	s.room.Settle()
	return nil
}

func (s *grains) changed() int64 { return s.tables.Changed() }

// take finds room in the file. The header of a redo log says where free room
// begins, as soon as the file has room past that: another program would use again what is taken.
func (s *grains) take(length, align int64) (at int64, used bool, err error) {
	end := s.room.End()
	at, used, err = s.room.Take(s.file, length, align)
	if err != nil || s.room.End() == end || !s.x.Redo {
		return at, used, err
	}
	if err := s.file.Sync(); err != nil {
		return 0, false, err
	}
	return at, used, s.noteFree(s.room.End())
}

// noteFree writes the first free sector into the header of a redo log.
func (s *grains) noteFree(end int64) error {
	if !s.x.Redo {
		return nil
	}
	b := make([]byte, vmdk.SectorSize)
	if err := layer.ReadFull(s.file, b, 0); err != nil {
		return err
	}
	s.x.PutFree(b, uint32((end+vmdk.SectorSize-1)/vmdk.SectorSize))
	_, err := store.WriteFor(s.file, b, 0, "the first sector that is free")
	return err
}

func (s *grains) close(ctx context.Context) error {
	if !s.begun {
		return nil
	}
	s.room.Recede()
	if err := s.noteFree(s.room.Next()); err != nil {
		return err
	}
	if err := s.mark(0, "the file is closed cleanly"); err != nil {
		return err
	}
	if err := s.room.GiveBack(s.file); err != nil {
		return err
	}
	return s.room.Vacate(ctx, s.file)
}

func (s *grains) abandon() error { return s.file.Close() }
