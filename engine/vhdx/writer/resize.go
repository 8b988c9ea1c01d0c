package writer

import (
	"bytes"
	"context"
	"errors"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// resizing is an image whose disk gets another size (vhdx.md 11.1).
type resizing struct {
	*image
	geo     vhdx.Geometry // as it will be
	had     int64         // entries of the BAT that had a meaning
	entries int64         // and those that will have one
	out     disk.Resizing
	ahead   []disk.Step // what goes straight to the file
	moves   disk.Step   // has the region tables name another BAT; nil: it stays
}

// Resize finds out how the disk gets another size, see [disk.Resizer]. The content gets a
// new DataWriteGuid, the identity of the disk stays (vhdx.md 3, 11.1).
func Resize(ctx context.Context, i disk.Image, to disk.NewSize) (disk.Resizing, error) {
	img := i.(*reader.Image)
	if err := trusted(ctx, img); err != nil {
		return disk.Resizing{}, err
	}
	p := img.Parts()
	at := decode.Place{File: p.Source.Name}
	geo, ok := p.Resized(to.Size)
	if _, asked := to.Spec().Geometry(); asked {
		return disk.Resizing{}, disk.Wrong(disk.OptionGeometry, "a VHDX names no geometry")
	}
	switch {
	case !ok:
		return disk.Resizing{}, disk.Errorf(disk.Limit, at, "%s is too large: a VHDX holds at most %s", decode.ShortSize(uint64(to.Size)), decode.ShortSize(vhdx.MaxDiskSize))
	case p.Current < 0 || !p.Settled || p.Version != 1 || !bytes.Equal(p.Tables[0], p.Tables[1]):
		return disk.Resizing{}, disk.Copied(at, "headers and region tables are not both whole and equal, which platter repair settles")
	case p.Below() > p.Geometry.DiskSize && to.Size > p.Geometry.DiskSize:
		return disk.Resizing{}, disk.Copied(at, "the parent is larger than the disk, and would show in what the disk gains")
	}
	r := &resizing{image: &image{p}, geo: geo, had: p.Geometry.Entries(p.HasParent), entries: geo.Entries(p.HasParent)}
	r.out = disk.Resizing{Before: p.Geometry.DiskSize, After: to.Size}
	var err error
	if r.out.After > r.out.Before {
		err = r.grow(ctx)
	} else {
		err = r.shrink(ctx)
	}
	return r.out, err
}

// publish is the change of the structures: headers with a new DataWriteGuid, region tables,
// and the size, with what else is given.
func (r *resizing) publish(more ...disk.Step) error {
	at, ok := r.DiskSize()
	if !ok {
		return disk.Copied(r.place(r.Meta.Off, 0), "the size of the disk is not found")
	}
	size := disk.Change(at, func(b []byte) {
		if rec, ok := vhdx.DiskSizeTable.Of(b); ok {
			vhdx.DiskSizeBytes.Put(rec, uint64(r.geo.DiskSize))
		}
	})
	steps := []disk.Step{r.updateHeaders(r.Current, true, nil)}
	if r.moves != nil {
		steps = append(steps, r.moves)
	}
	r.out.Switch = disk.Steps(append(append(steps, size), more...)...)
	return nil
}

// grow gives the BAT the entries that it lacks: where it lies, or in a new region at the end
// of the file. Nothing leads to what is written straight to the file before the size is
// published.
func (r *resizing) grow(ctx context.Context) error {
	if err := r.tail(); err != nil {
		return err
	}
	fresh, err := r.FreshRoom(ctx)
	if err != nil {
		return err
	}
	next, spare, err := r.ClaimedEnd(ctx)
	if err != nil {
		return err
	}
	if !spare {
		next = fresh
	}
	table, length := r.BAT.Off, roundUp(r.entries*vhdx.EntrySize)
	r.ahead = append(r.ahead, r.empty(r.Geometry, min(max(r.had, r.entries), r.BAT.Length/vhdx.EntrySize)))
	if length > r.BAT.Length {
		table, next = next, next+length
		r.moveTable(table, length)
		r.out.Needs += length
	}
	if r.Fixed {
		r.allocate(table, next)
	}
	r.out.Prepare = disk.Durably(r.Source.Name, disk.Steps(r.ahead...))
	return r.publish()
}

// tail zeroes what the last block has past the old end of the disk. Bits of the sector
// bitmap there say "here" or "in the parent", which ends before: both are zeros then.
func (r *resizing) tail() error {
	at, err := r.pastEnd(r.Geometry)
	if err != nil || at.Length == 0 {
		return err
	}
	r.ahead = append(r.ahead, disk.Clear(at))
	if at.End() > r.Size { // the file ends where the disk did
		r.ahead = append(r.ahead, disk.Resize(r.Source.Name, at.End()))
	}
	return nil
}

// pastEnd is what the last block of a disk has past its end, if it is stored.
func (r *resizing) pastEnd(g vhdx.Geometry) (decode.Place, error) {
	into := g.DiskSize % g.BlockSize
	if into == 0 {
		return decode.Place{}, nil
	}
	e, err := r.Entry(g.PayloadIndex(g.Block(g.DiskSize)))
	if state := vhdx.State(e); err != nil || state != vhdx.FullyPresent && state != vhdx.PartiallyPresent {
		return decode.Place{}, err
	}
	return r.place(int64(vhdx.FileOffset(e))+into, g.BlockSize-into), nil
}

// bitsPastEnd zeroes the bits that the last sector bitmap has past the end of a disk.
func (r *resizing) bitsPastEnd(g vhdx.Geometry) (disk.Step, error) {
	sectors := g.DiskSize / g.SectorSize % vhdx.ChunkSectors
	if !r.HasParent || sectors == 0 {
		return disk.Steps(), nil
	}
	e, err := r.Entry(g.BitmapIndex(g.Chunks - 1))
	if err != nil || vhdx.State(e) != vhdx.FullyPresent {
		return disk.Steps(), err
	}
	first := sectors / 8
	return disk.Change(r.place(int64(vhdx.FileOffset(e))+first, vhdx.MiB-first), func(b []byte) {
		b[0] &= 1<<(sectors%8) - 1
		clear(b[1:])
	}), nil
}

// moveTable copies the BAT to fresh room, where it is longer. What it leaves becomes zeros.
func (r *resizing) moveTable(to, length int64) {
	fresh := func(ctx context.Context, fs store.FS) error {
		left := disk.Clear(r.place(to, max(r.Size-to, 0))) // of an earlier try
		return disk.Steps(left, disk.Resize(r.Source.Name, max(to+length, roundUp(r.Size))))(ctx, fs)
	}
	r.ahead = append(r.ahead, fresh, disk.Copy(r.place(r.BAT.Off, min(r.had*vhdx.EntrySize, r.BAT.Length)), to))
	r.moves = r.changeRegion(r.BAT.Entry, func(e decode.Record[vhdx.RegionEntry]) {
		vhdx.RegionFileOffset.Put(e, uint64(to))
		vhdx.RegionLength.Put(e, uint32(length))
	})
	r.out.Finish = func(ctx context.Context, to store.FS) error {
		return r.giveBack(ctx, to, r.place(r.BAT.Off, r.BAT.Length))
	}
}

// allocate gives all new blocks of a fixed disk their room, and enters them in the BAT.
func (r *resizing) allocate(table, room int64) {
	first, blocks := r.Geometry.Blocks, r.geo.Blocks
	end := room + (blocks-first)*r.geo.BlockSize
	r.out.Fresh = []decode.Place{r.place(room, end-room)}
	r.ahead = append(r.ahead, disk.Clear(r.place(room, max(r.Size-room, 0))), disk.Resize(r.Source.Name, max(end, roundUp(r.Size))), func(ctx context.Context, to store.FS) error {
		f, err := to.OpenWrite(r.Source.Name)
		if err != nil {
			return err
		}
		w := disk.EntryWriter{File: f, At: table + r.had*vhdx.EntrySize, Blank: make([]byte, vhdx.EntrySize), Count: r.entries - r.had}
		for b := first; b < blocks && err == nil; b++ {
			e := uint64(room+(b-first)*r.geo.BlockSize) | vhdx.FullyPresent
			err = w.Put(r.geo.PayloadIndex(b)-r.had, vhdx.AppendEntry(nil, e))
		}
		if err == nil {
			err = w.Close(ctx)
		}
		return errors.Join(err, f.Close())
	})
}

// mostDropped is how many stored blocks a shrink drops at most: their entries change in one
// commit.
const mostDropped = store.MaxStaged / vhdx.EntrySize / 4

// shrink zeroes the entries of the blocks past the new end. Their room is given back when
// that is durable; the BAT keeps its region.
func (r *resizing) shrink(ctx context.Context) error {
	var freed []decode.Place
	kept := int64(-1) // the sector bitmap of the last chunk
	if r.HasParent {
		kept = r.geo.BitmapIndex(r.geo.Chunks - 1)
	}
	err := r.Stored(ctx, r.geo.PayloadIndex(r.geo.Blocks), func(index int64, at decode.Place) error {
		if index == kept {
			return nil
		}
		if freed = append(freed, at); len(freed) > mostDropped {
			return disk.Copied(at, "more than %d blocks would be dropped, more than is done at once", mostDropped)
		}
		return nil
	})
	if err != nil {
		return err
	}
	last, err := r.pastEnd(r.geo)
	if err != nil {
		return err
	}
	bits, err := r.bitsPastEnd(r.geo)
	if err != nil {
		return err
	}
	give := func(ctx context.Context, to store.FS) error { return r.giveBack(ctx, to, freed...) }
	last.File = r.Source.Name
	r.out.Finish = disk.Steps(disk.Durably(r.Source.Name, disk.Steps(bits, disk.Clear(last))), give)
	return r.publish(r.empty(r.geo, r.had))
}

// empty zeroes the entries of blocks past the end of a disk, before an index. The sector
// bitmap of its last chunk stays.
func (r *resizing) empty(g vhdx.Geometry, before int64) disk.Step {
	from, upTo := g.PayloadIndex(g.Blocks), before
	if slot := g.BitmapIndex(g.Chunks - 1); r.HasParent && from < slot {
		upTo = min(slot, before)
	}
	entries := func(from, to int64) decode.Place {
		return r.place(r.BAT.Off+from*vhdx.EntrySize, max(to-from, 0)*vhdx.EntrySize)
	}
	return disk.Steps(disk.Clear(entries(from, upTo)), disk.Clear(entries(max(upTo+1, from), before)))
}

// giveBack makes ranges that nothing names any more zeros, and cuts off what lies at the end
// of the file.
func (r *resizing) giveBack(ctx context.Context, to store.FS, list ...decode.Place) error {
	f, err := to.OpenWrite(r.Source.Name)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil {
		room := layer.NewRoom(size, size, 0)
		for _, p := range list {
			room.Release(p.Offset, p.Length)
		}
		room.Settle()
		room.Recede()
		if err = room.GiveBack(f); err == nil {
			err = errors.Join(room.Vacate(ctx, f), f.Sync())
		}
	}
	return errors.Join(err, f.Close())
}
