package writer

import (
	"context"

	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// room is a range of bytes of a file that is to become free.
type room struct{ from, to int64 }

func (a room) meets(from, to int64) bool { return a.from < to && from < a.to }

// floorOfTables is where the header's structures end.
func (w *work) floorOfTables() int64 {
	end := int64(vmdk.SectorSize)
	for _, a := range w.Areas {
		end = max(end, roundUp(a.Off+a.Bytes, vmdk.SectorSize))
	}
	return end
}

// reach is where the tables end, where the first grain starts (0: there is
// none), and where the last table or grain ends, in bytes.
func (w *work) reach(ctx context.Context) (tables, first, end int64, err error) {
	g := w.Grid
	tables = w.floorOfTables()
	for copy := range g.Copies {
		if err = g.EachTable(ctx, copy, func(_, at int64) error {
			tables = max(tables, at+roundUp(g.TableBytes, vmdk.SectorSize))
			return nil
		}); err != nil {
			return
		}
	}
	end = tables
	err = g.EachGrain(ctx, func(_, _, at int64) error {
		if first == 0 || at < first {
			first = at
		}
		end = max(end, at+g.Grain)
		return nil
	})
	return
}

// unclaimedEnd makes sure that no entry of any table leads past the end of the
// file: what is put there would become that entry's grain. Tables that are not
// replaced may not lie in what the file gains up to end either.
func (w *work) unclaimedEnd(ctx context.Context, end int64, replaced func(copy int, t int64) bool) error {
	g := w.Grid
	for copy := range g.Copies {
		if err := w.unclaimedTables(ctx, copy, end, replaced); err != nil {
			return err
		}
		if err := g.EachEntry(ctx, copy, func(_, table, i int64, e reader.Entry) error {
			if e.State == disk.Missing || e.State == disk.Data && !g.Packed && e.Length < g.Grain {
				return w.Impossible(table+i*g.Width, g.Width, "the entry claims bytes past the end of the file, where a grain would have to go: settle G6 and G11 first, or make a copy of the disk")
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// unclaimedTables makes sure that no entry of a directory, but those replaced,
// leads to a table in what the file gains by growing up to end, and that no
// entry itself would lie there: zeros or a grain would be taken for them.
func (w *work) unclaimedTables(ctx context.Context, copy int, end int64, replaced func(copy int, t int64) bool) error {
	g := w.Grid
	if g.Dirs[copy]+g.Needed*g.Width > w.Size {
		return w.Impossible(g.Dirs[copy], g.DirBytes(copy), "the directory is cut off, and would go on in what the file gains: settle G2 first, or make a copy of the disk")
	}
	for t, err := range g.Listed(ctx, copy) {
		if err != nil {
			return err
		}
		at, sound, err := g.DirectoryEntry(copy, t)
		if err != nil {
			return err
		}
		if !sound && at < end && (replaced == nil || !replaced(copy, t)) {
			return w.Impossible(g.Dirs[copy]+t*g.Width, g.Width, "the directory entry claims bytes past the end of the file, which has to grow over them: settle G2 first, or make a copy of the disk")
		}
	}
	return nil
}
