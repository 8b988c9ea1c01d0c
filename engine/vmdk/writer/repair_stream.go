package writer

import (
	"context"
	"fmt"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// repairTail writes the marker before the footer, or the one after it, where the
// footer itself is sound; else the tables and the footer are made again from the
// markers of the grains (S1).
func (m *image) repairTail(s *reader.Sparse, f disk.Finding) []disk.Repair {
	const risk = "if the sector is no marker, its bytes are lost"
	at := f.Where[0].Offset
	switch {
	case s.Lost:
		return []disk.Repair{m.altering(disk.Repair{
			Title: "build the tables and the footer from the markers",
			Risk:  fmt.Sprintf("what is no whole grain in these %d bytes is lost, and so is all that the file lacks: if it was cut off, or is a piece of a larger one, the rest can't be joined to it afterwards, and its range reads as unallocated, which is zeros", s.Size),
			Apply: repaired(s, rebuildStream),
		})}
	case at < s.Footer:
		return one("write the footer's marker", risk, disk.Put(s.Name, at, markerOf(1, vmdk.MarkerFooter)))
	}
	return one("write the marker of the stream's end", risk, change(s, at, vmdk.SectorSize, func(b []byte) { clear(b) }))
}

// markerOf is the sector that announces a structure of some sectors.
func markerOf(sectors uint64, kind uint32) []byte {
	r := vmdk.MarkerTable.Blank()
	vmdk.MarkerValue.Put(r, sectors)
	vmdk.MarkerType.Put(r, kind)
	return r.Bytes()
}

// followFooter copies a field of the footer to the header (S2).
func followFooter(s *reader.Sparse, f disk.Finding) []disk.Repair {
	from, to := f.Where[1], f.Where[0]
	return one("copy the footer's value to the header", "", func(ctx context.Context, fs store.FS) error {
		value, err := s.Head(from.Offset, to.Length)
		if err != nil {
			return err
		}
		return disk.Put(s.Name, to.Offset, value)(ctx, fs)
	})
}

// repairAddress writes the sector that the table says into a grain's marker, or
// puts the grains of a stream in order (S4).
func repairAddress(s *reader.Sparse, f disk.Finding) []disk.Repair {
	if f.Severity == disk.SeverityError {
		at, entry := f.Where[0].Offset, f.Where[1].Offset
		return one("write the sector that the table says into the marker", "if the marker is right, the table is not, and the grain belongs elsewhere", repaired(s, func(ctx context.Context, w *work) error {
			lba, err := sectorOf(ctx, s, entry)
			if err != nil {
				return err
			}
			return w.entry(at, 8, lba)
		}))
	}
	return one("put the grains in the order of the disk", "compressed grains that no table names are lost: look at them first (G12)", repaired(s, func(ctx context.Context, w *work) error {
		grains, err := listed(ctx, s)
		if err != nil {
			return err
		}
		u := &stream{s: s, grain: s.Grid.Grain, perTable: s.Grid.PerTable, tables: s.Grid.Needed}
		return u.write(ctx, w, grains)
	}))
}

// sectorOf is the sector of the disk that the table entry at a byte stands for.
func sectorOf(ctx context.Context, s *reader.Sparse, entry int64) (uint64, error) {
	g, found := s.Grid, int64(-1)
	err := g.EachTable(ctx, 0, func(t, at int64) error {
		if entry >= at && entry < at+g.TableBytes && found < 0 {
			found = t*g.PerTable + (entry-at)/g.Width
		}
		return nil
	})
	if err == nil && found < 0 {
		err = s.Impossible(entry, g.Width, "no table holds this entry any more")
	}
	return uint64(found * g.Grain / vmdk.SectorSize), err
}

// listed are the compressed grains that the tables name, in the disk's order.
// Hostile tables name one grain any number of times.
func listed(ctx context.Context, s *reader.Sparse) ([]packedGrain, error) {
	g := s.Grid
	var list []packedGrain
	var total int64
	err := g.EachGrain(ctx, func(t, i, at int64) error {
		head, size, ok, err := g.PackedSize(at)
		if err != nil {
			return err
		}
		length := roundUp(head+size, vmdk.SectorSize)
		total += length
		switch {
		case !ok:
			return s.Impossible(at, head, "there is no sound marker: settle S5 first")
		case total > s.Size:
			return s.Impossible(at, length, "the tables name more grains than the file holds: settle G8 first")
		case len(list) >= store.MaxStaged/vmdk.SectorSize:
			return s.Impossible(at, length, "the stream has more than %d grains: a copy of the disk has them in order", len(list))
		}
		list = append(list, packedGrain{t*g.PerTable + i, at, length})
		return nil
	})
	return list, err
}

// giveUp clears the entry of a compressed grain that can't be unpacked, or cuts
// off what follows its data (S6).
func (m *image) giveUp(s *reader.Sparse, f disk.Finding) []disk.Repair {
	if f.Severity == disk.SeverityError {
		return []disk.Repair{m.altering(setEntry(s, f.Where[1], 0, "give the grain up", "what could be saved of it is lost: the range reads as unallocated"))}
	}
	at := f.Where[0].Offset
	head, size, _, _ := s.Grid.PackedSize(at)
	unused := s.Grid.Spare(at)
	return one("count only the bytes that the grain needs", "what is hidden after them is lost", change(s, at+head-4, 4+size, func(b []byte) {
		vmdk.GrainMarkerTable.Order().Put(b[:vmdk.GrainMarkerSizeField.Size()], uint64(size-unused))
		clear(b[4+size-unused:])
	}))
}

// wholeSectors pads the file to a whole sector, or cuts what follows the end of
// the stream: the footer's place counts from the end (S8).
func wholeSectors(s *reader.Sparse, f disk.Finding) []disk.Repair {
	risk, cut := "what is hidden there is lost", disk.Resize(s.Name, f.Where[0].Offset)
	at := f.Where[0]
	if s.IsZero(context.Background(), at.Offset, at.Length) {
		risk, cut = "", disk.Steps(disk.MustBeZero(at), cut)
	}
	switch {
	case at.Length >= vmdk.SectorSize:
		return one("cut off what follows the end of the stream", risk, cut)
	case s.Footer != 0:
		return one("cut off the part of a sector", risk, cut)
	}
	return one("pad the file to a whole sector", "", disk.Resize(s.Name, roundUp(s.Size, vmdk.SectorSize)))
}
