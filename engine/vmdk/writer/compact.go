package writer

import (
	"context"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/compact"
	"platter/engine/disk"
	"platter/engine/layer"
)

// Compact makes the files of sparse extents shorter; flat ones stay as they are. The
// content ID stays, since the content does (vmdk.md 9).
func (w *extents) Compact(ctx context.Context, opt disk.CompactOptions) (sum disk.Compacted, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return sum, w.failed
	}
	var list []*grains
	for _, x := range w.list {
		switch g := x.storage.(type) {
		case *packed:
			return sum, disk.Refuse(disk.RefusedStream, disk.Unsupported, []decode.Place{{File: g.x.File}}, "the grains of a stream are compressed and lie one after the other")
		case *grains:
			if err := w.settled(ctx, g.x); err != nil {
				return sum, err
			}
			list = append(list, g)
		}
	}
	if len(list) == 0 {
		return sum, disk.Errorf(disk.Unsupported, decode.Place{}, "in a flat extent each sector has its place in the file: only holes can be made (--punch-only)")
	}
	step := opt
	for i, g := range list {
		if opt.Progress != nil {
			step.Progress = func(done, total int64) { opt.Progress(int64(i)*1000+done*1000/max(total, 1), int64(len(list))*1000) }
		}
		one, err := g.compact(ctx, step)
		if sum.Add(one); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// compacting is a sparse extent whose grains are given up and moved.
type compacting struct {
	*grains
	opt disk.CompactOptions
}

func (s *grains) compact(ctx context.Context, opt disk.CompactOptions) (disk.Compacted, error) {
	fixed, err := s.x.Structures()
	if err != nil {
		return disk.Compacted{}, err
	}
	shape := compact.Shape{Name: s.x.File, File: s.file, Fixed: fixed, End: s.x.Size, Unit: s.x.Grain, Align: vmdk.SectorSize}
	if length := s.tableBytes(); s.x.Redo && length != s.x.Grain {
		shape.Small = length
	}
	r, err := compact.Run(ctx, compacting{s, opt}, shape, opt)
	if err == nil && (r.End < s.x.Size || s.x.Unclean) {
		err = s.begin()
	}
	if err == nil {
		s.room = layer.NewRoom(r.End, s.room.End(), 0)
	}
	s.dropped += r.Zero + r.Parent
	return r.Compacted, err
}

func (s *grains) tableBytes() int64 {
	return (s.x.PerTable*entrySize + vmdk.SectorSize - 1) / vmdk.SectorSize * vmdk.SectorSize
}

// Pieces visits the grains that the first directory leads to, and the tables of a redo
// log, which lie among them.
func (c compacting) Pieces(_ context.Context, use func(compact.Piece) error) error {
	for t := range c.x.Tables {
		table, err := c.entry(c.x.Directories[0] + t*entrySize)
		if err != nil {
			return err
		}
		if table == 0 {
			continue
		}
		b := make([]byte, c.x.PerTable*entrySize)
		if _, err := c.tables.ReadAt(b, int64(table)*vmdk.SectorSize); err != nil {
			return err
		}
		for i := range c.x.PerTable {
			e := entryOf(b, i)
			if e <= zeroGrain && (e == absent || c.x.ZeroGrains) {
				continue
			}
			if err := use(compact.Piece{Ref: t*c.x.PerTable + i, At: int64(e) * vmdk.SectorSize, Length: c.x.Grain}); err != nil {
				return err
			}
		}
		if !c.x.Redo {
			continue
		}
		if err := use(compact.Piece{Kind: compact.Small, Ref: t, At: int64(table) * vmdk.SectorSize, Length: c.tableBytes()}); err != nil {
			return err
		}
	}
	return nil
}

// Drop gives up a grain that is zeros, or that the parent shows as well.
func (c compacting) Drop(p compact.Piece, zero bool) (compact.Verdict, error) {
	off := c.x.Start + p.Ref*c.x.Grain
	n := min(c.x.Grain, c.x.Start+c.x.Length-off)
	if p.Kind != compact.Block || n <= 0 || !zero && !c.opt.Parent {
		return compact.Kept, nil
	}
	if err := c.ready(); err != nil {
		return compact.Kept, err
	}
	reason := why("grain %d is not stored any more", p.Ref)
	if zero {
		if c.x.ZeroGrains {
			return compact.Zeros, c.point(p.Ref, zeroGrain, reason)
		}
		if empty, err := c.below.Empty(off, n); err != nil || empty {
			if err != nil {
				return compact.Kept, err
			}
			return compact.Zeros, c.point(p.Ref, absent, reason)
		}
	}
	if !c.opt.Parent || c.below.Parent == nil {
		return compact.Kept, nil
	}
	same, err := c.below.Shows(c.file, p.At, off, n)
	if err != nil || !same {
		return compact.Kept, err
	}
	return compact.Parent, c.point(p.Ref, absent, reason)
}

// Point has the tables name another place for a grain, or the directory for a table.
func (c compacting) Point(p compact.Piece, at int64) error {
	if err := c.ready(); err != nil {
		return err
	}
	if p.Kind == compact.Small {
		return c.putEntry(c.x.Directories[0]+p.Ref*entrySize, uint32(at/vmdk.SectorSize), why("place of grain table %d", p.Ref))
	}
	return c.point(p.Ref, uint32(at/vmdk.SectorSize), why("place of grain %d", p.Ref))
}

// ready is called before each change of a table.
func (c compacting) ready() error {
	if err := c.begin(); err != nil || !c.tables.Full() {
		return err
	}
	return c.flush(context.Background())
}

// Beneath hands on what the parent shows.
func (c compacting) Beneath(_ context.Context, use func(n int64, read func(p []byte, off int64) error) error) error {
	if c.below.Parent == nil {
		return nil
	}
	for grain := range ceil(c.x.Length, c.x.Grain) {
		e, err := c.load(grain)
		if err != nil {
			return err
		}
		if e != absent {
			continue
		}
		start := c.x.Start + grain*c.x.Grain
		err = use(c.x.Grain, func(p []byte, off int64) error { return c.below.Read(p, start+off) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Ready makes the copies of the tables equal, and the file say that it is being written.
func (c compacting) Ready(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.flush(ctx)
}

// Flush makes all durable.
func (c compacting) Flush(ctx context.Context) error { return c.flush(ctx) }
