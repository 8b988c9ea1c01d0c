package writer

import (
	"bytes"
	"context"
	"errors"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// blocksFor is how many blocks a disk of some bytes has.
func (r *resizing) blocksFor(size int64) int64 {
	return (size + r.Table.BlockSize - 1) / r.Table.BlockSize
}

// tableEndFor is where the sectors of a table of so many entries end.
func (r *resizing) tableEndFor(entries int64) int64 { return roundUp(r.Table.Place(entries)) }

// grow gives the table the entries that it lacks, and moves what lies in the way of it to
// the end of the file, footer and all. All of that is one commit.
func (r *resizing) grow(ctx context.Context) error {
	entries := max(r.blocksFor(r.after), r.Table.Entries)
	end := r.tableEndFor(entries)
	if r.Batmap.Found && (end != r.Table.End || (entries+7)/8 > r.Batmap.Length) {
		return disk.Copied(r.place(r.Batmap.Off, vhd.Sector), "the batmap of tapdisk lies right after the table, and would have to grow with it")
	}
	if err := r.spare(ctx); err != nil {
		return err
	}
	var err error
	if r.out.Prepare, err = r.endOf(r.Virtual); err != nil {
		return err
	}
	next := max(roundUp(r.Tail.Off), end)
	var moves []disk.Step
	if end > r.Table.End {
		if moves, next, err = r.makeWay(ctx, end, next); err != nil {
			return err
		}
	}
	if moved := next - r.Tail.Off + end - r.Table.Place(r.Table.Entries); moved > store.MaxStaged {
		return disk.Copied(r.place(r.Table.Off, end-r.Table.Off), "%s would have to be moved for the larger table, more than is done at once", decode.FormatSize(uint64(moved)))
	}
	r.out.Needs = max(next-r.Tail.Off, 0)
	r.out.Switch = disk.Steps(
		r.resize(next+vhd.FooterSize), disk.Clear(r.place(r.Tail.Off, r.Tail.Length)), disk.Steps(moves...),
		r.blank(r.Table.Entries, end), r.header(entries), r.put(next, r.footer), r.front())
	return nil
}

// spare refuses entries past those that the disk needs that name blocks: these would
// become part of the disk.
func (r *resizing) spare(ctx context.Context) error {
	for e, err := range r.Table.Scan(ctx) {
		if err != nil {
			return err
		}
		if e.Index >= r.Table.Needed {
			return disk.Refuse(disk.RefusedUntrusted, disk.Unsupported, []decode.Place{r.place(r.Table.Place(e.Index), vhd.EntrySize)},
				"entry %d of the table, past the end of the disk, is not empty: what it names would become part of the disk; platter repair --code vhd/V030 empties it, --out makes a new image", e.Index)
		}
	}
	return nil
}

// makeWay moves the blocks and paths that lie before end, where the table will, to next
// and after. It returns where the footer goes.
func (r *resizing) makeWay(ctx context.Context, end, next int64) ([]disk.Step, int64, error) {
	if r.inTheWay(end, r.HeaderAt, vhd.HeaderSize) {
		return nil, 0, disk.Copied(r.place(r.HeaderAt, vhd.HeaderSize), "the dynamic header lies where the table would grow to")
	}
	var moves []disk.Step
	freed := end // where what is moved has ended
	taken := []store.Range{{Offset: r.Tail.Off, Length: r.Size - r.Tail.Off}}
	for e, err := range r.Table.Scan(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if e.Holes > 0 || !r.inTheWay(end, e.Start, r.Table.Stored) {
			continue
		}
		taken = append(taken, store.Range{Offset: e.Start, Length: r.Table.Stored})
		moves = append(moves, r.moveBlock(e, next))
		if next += r.Table.Stored; next/vhd.Sector > maxSector {
			return nil, 0, disk.Copied(r.place(r.Tail.Off, 0), "the file is full: no block can be moved to its end")
		}
		r.out.Moved++
		freed = max(freed, e.Start+r.Table.Stored)
	}
	for _, l := range r.Locators {
		if !l.Fits || !r.inTheWay(end, l.Off, l.Area) {
			continue
		}
		taken = append(taken, store.Range{Offset: l.Off, Length: l.Area})
		moves = append(moves, r.moveLocator(l, next))
		next, freed = next+roundUp(l.Area), max(freed, l.Off+l.Area)
	}
	moves = append(moves, disk.Clear(r.place(end, min(freed, r.Tail.Off)-end)))
	return moves, next, r.unclaimed(end, taken)
}

// inTheWay reports whether a range of the file lies where the table grows to.
func (r *resizing) inTheWay(end, off, n int64) bool { return off < end && off+n > r.Table.End }

// unclaimed refuses to write over bytes that nothing names and that hold something: they
// may be a block's whose entry was lost. Ones are what Windows pads the table with.
func (r *resizing) unclaimed(end int64, taken []store.Range) error {
	b, err := r.head(r.Table.End, min(end, r.Tail.Off)-r.Table.End)
	if err != nil && len(b) > 0 {
		return err
	}
	for _, t := range taken {
		from, to := max(t.Offset-r.Table.End, 0), min(t.End()-r.Table.End, int64(len(b)))
		if from < to {
			clear(b[from:to])
		}
	}
	for i, c := range b {
		if c != 0 && c != 0xFF {
			return disk.Refuse(disk.RefusedUntrusted, disk.Unsupported, []decode.Place{r.place(r.Table.End+int64(i), 1)},
				"the table would grow over bytes that nothing names and that are not zero: look at them first (vhd/V035), or use --out")
		}
	}
	return nil
}

// moveBlock copies a block and has its entry name the copy.
func (r *resizing) moveBlock(e reader.Entry, to int64) disk.Step {
	return disk.Steps(disk.Copy(r.place(e.Start, r.Table.Stored), to), r.change(r.Table.Place(e.Index), vhd.EntrySize, func(b []byte) {
		vhd.PutEntry(b, uint32(to/vhd.Sector))
	}))
}

// moveLocator copies the path of a parent and has the header name the copy.
func (r *resizing) moveLocator(l reader.Locator, to int64) disk.Step {
	return disk.Steps(disk.Copy(r.place(l.Off, l.Area), to), r.editHeader(func(h decode.Record[vhd.Header]) {
		if entry, ok := vhd.HeaderLocators.At(h, l.Slot); ok {
			vhd.LocatorOffset.Put(entry, uint64(to))
		}
	}))
}

// blank fills the table from an entry to the end of its sectors with unallocated entries.
func (r *resizing) blank(from, end int64) disk.Step {
	at := r.Table.Place(from)
	return r.put(at, bytes.Repeat([]byte{0xFF}, int(end-at)))
}

// header sets the number of entries.
func (r *resizing) header(entries int64) disk.Step {
	return r.editHeader(func(h decode.Record[vhd.Header]) { vhd.HeaderEntries.Put(h, uint32(entries)) })
}

// editHeader changes the dynamic header, and seals it.
func (r *resizing) editHeader(edit func(decode.Record[vhd.Header])) disk.Step {
	return r.change(r.HeaderAt, vhd.HeaderSize, func(b []byte) {
		if h, ok := vhd.HeaderTable.Of(b); ok {
			edit(h)
			vhd.HeaderTable.Seal(b)
		}
	})
}

// front brings the copy of the footer at the start up to date.
func (r *resizing) front() disk.Step {
	if !r.Front.Present {
		return disk.Steps()
	}
	return r.put(r.Front.Off, r.footer)
}

// shrink empties the entries of the blocks past the new end. Their room is given back
// when that is durable.
func (r *resizing) shrink(ctx context.Context) error {
	if r.Batmap.Found {
		return disk.Copied(r.place(r.Batmap.Off, vhd.Sector), "the batmap of tapdisk would have to shrink with the table")
	}
	entries := r.blocksFor(r.after)
	end := r.tableEndFor(entries)
	if n := r.Table.End - r.Table.Place(entries); n > store.MaxStaged {
		return disk.Copied(r.place(r.Table.Off, n), "%s of the table would have to be changed, more than is done at once", decode.FormatSize(uint64(n)))
	}
	var free []int64
	for e, err := range r.Table.Scan(ctx) {
		if err != nil {
			return err
		}
		if e.Index >= entries && e.Holes == 0 {
			free = append(free, e.Start)
		}
	}
	r.out.Switch = disk.Steps(r.blank(entries, end), disk.Clear(r.place(end, r.Table.End-end)), r.header(entries), r.put(r.Tail.Off, r.footer[:r.Tail.Length]), r.front())
	last, err := r.endOf(r.after)
	r.out.Finish = func(ctx context.Context, to store.FS) error {
		if last != nil {
			if err := last(ctx, to); err != nil {
				return err
			}
		}
		return r.giveUp(ctx, to, free)
	}
	return err
}

// endOf zeroes what the last block of a disk of some bytes has past its end: data, and the
// bits of their sectors, which no program looks at. Nil: there is no such block.
func (r *resizing) endOf(size int64) (disk.Step, error) {
	into := size % r.Table.BlockSize
	if into == 0 {
		return nil, nil
	}
	start, err := r.Table.Entry(size / r.Table.BlockSize)
	if err != nil || start == int64(vhd.Unallocated)*vhd.Sector {
		return nil, err
	}
	data, used := start+r.Table.BitmapBytes, (into+vhd.Sector-1)/vhd.Sector
	bits := r.change(start+used/8, r.Table.BitmapBytes-used/8, func(b []byte) {
		b[0] &^= 0xFF >> (used % 8)
		clear(b[1:])
	})
	return disk.Durably(r.Source.Name, disk.Steps(bits, disk.Clear(r.place(data+into, r.Table.BlockSize-into)))), nil
}

// giveUp makes the room of blocks zeros, and cuts off what lies at the end.
func (r *resizing) giveUp(ctx context.Context, to store.FS, free []int64) error {
	f, err := to.OpenWrite(r.Source.Name)
	if err != nil {
		return err
	}
	room := room{footer: r.footer, block: r.Table.Stored, next: r.Tail.Off, last: r.Tail.Off, free: free}
	err = room.giveBack(f)
	if err == nil {
		err = errors.Join(room.vacate(ctx, f), f.Sync())
	}
	return errors.Join(err, f.Close())
}
