package writer

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// dynamic writes the disk of a dynamic or differencing image (vhd.md 11). Data
// goes to the file at once; what points to it stays in the ledger until the data
// is durable. Bitmaps and the table are of one rank: the room of a new block is
// zeros before the table names it, so that its bitmap says "absent" until it is
// written.
type dynamic struct {
	mu     sync.Mutex
	parts  reader.Parts
	below  layer.Under // the parent; none for a dynamic image
	file   store.File
	tables *pages.Ledger
	room   room
	failed error // what ended all writing

	stored, dropped int64 // blocks
}

// Blocks counts the blocks that were stored and given up.
func (w *dynamic) Blocks() (stored, dropped int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stored, w.dropped
}

// start is where a block is stored: its sector bitmap, then its data.
func (w *dynamic) start(block int64) (at int64, stored bool, err error) {
	b := make([]byte, vhd.EntrySize)
	if _, err := w.tables.ReadAt(b, w.parts.Table.Place(block)); err != nil {
		return 0, false, err
	}
	sector := vhd.EntrySector.Get(entryRecord(b))
	return int64(sector) * vhd.Sector, sector != vhd.Unallocated, nil
}

func entryRecord(b []byte) decode.Record[vhd.Entry] {
	rec, _ := vhd.EntryTable.Of(b)
	return rec
}

// point stages a table entry.
func (w *dynamic) point(block int64, sector uint32, why string) error {
	at := w.parts.Table.Place(block)
	page := w.tables.Page(at)
	b, err := w.tables.Edit(page, false, why)
	if err != nil {
		return err
	}
	vhd.EntrySector.Put(entryRecord(b[at-page:][:vhd.EntrySize]), sector)
	return nil
}

// Size is the length of the virtual disk in bytes.
func (w *dynamic) Size() int64 { return w.parts.Virtual }

// ReadAt reads the virtual disk as written so far.
func (w *dynamic) ReadAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unlocked().ReadAt(p, off)
}

// unlocked is the disk for whoever holds the lock.
func (w *dynamic) unlocked() held { return held{w} }

type held struct{ *dynamic }

// ReadAt reads the disk block by block.
func (w held) ReadAt(p []byte, off int64) (int, error) {
	return layer.ReadAt(w.Size(), w.parts.Table.BlockSize, p, off, w.readBlock)
}

// readBlock reads a range within a block.
func (w *dynamic) readBlock(p []byte, off int64) error {
	size := w.parts.Table.BlockSize
	start, stored, err := w.start(off / size)
	if err != nil || !stored {
		return errors.Join(err, w.below.Read(p, off))
	}
	return w.rows(start, off, int64(len(p)), func(set bool, at, n int64) error {
		piece := p[at-off:][:n]
		if !set {
			return w.below.Read(piece, at)
		}
		return layer.ReadFull(w.file, piece, w.dataAt(start, at))
	})
}

// dataAt is where a byte of the disk lies in the block that is stored at start.
func (w *dynamic) dataAt(start, off int64) int64 {
	return start + w.parts.Table.BitmapBytes + off%w.parts.Table.BlockSize
}

// rows splits a range within a stored block where sectors that are in the file
// meet others.
func (w *dynamic) rows(start, off, length int64, use func(set bool, off, n int64) error) error {
	bits := make([]byte, w.parts.Table.BitmapBytes)
	if _, err := w.tables.ReadAt(bits, start); err != nil {
		return err
	}
	base := off - off%w.parts.Table.BlockSize
	for end := off + length; off < end; {
		sector := (off - base) / vhd.Sector
		set, next := bit(bits, sector), sector+1
		for base+next*vhd.Sector < end && bit(bits, next) == set {
			next++
		}
		n := min(base+next*vhd.Sector, end) - off
		if err := use(set, off, n); err != nil {
			return err
		}
		off += n
	}
	return nil
}

// bit reads a bitmap, whose first sector is the highest bit of the first byte
// (vhd.md 9).
func bit(bits []byte, sector int64) bool { return bits[sector/8]&(0x80>>(sector%8)) != 0 }

// WriteAt writes any range of the virtual disk.
func (w *dynamic) WriteAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return 0, w.failed
	}
	return layer.WriteAt(w.unlocked(), vhd.Sector, p, off)
}

// WriteUnits writes whole sectors.
func (w held) WriteUnits(p []byte, off int64) error {
	return layer.Pieces(off, int64(len(p)), w.parts.Table.BlockSize, func(at, n int64) error {
		return w.writeBlock(p[at-off:][:n], at)
	})
}

// ready is called before each change of a block.
func (w *dynamic) ready() error {
	if w.failed != nil || !w.tables.Full() {
		return w.failed
	}
	return w.sync(context.Background())
}

// writeBlock writes whole sectors within a block: data first, its bits and the
// block's entry when that is durable.
func (w *dynamic) writeBlock(p []byte, off int64) error {
	if err := w.ready(); err != nil {
		return err
	}
	block := off / w.parts.Table.BlockSize
	start, stored, err := w.start(block)
	if err != nil {
		return err
	}
	if !stored {
		if start, err = w.allocate(block); err != nil {
			return err
		}
	}
	if err = w.put(p, block, start, off, !stored); err != nil && !stored {
		err = errors.Join(err, w.abandon(block, start))
	}
	return err
}

// put writes whole sectors into a block that has room in the file, and stages the bits of
// those that got there.
func (w *dynamic) put(p []byte, block, start, off int64, fresh bool) error {
	at, n := w.dataAt(start, off), int64(len(p))
	_, err := store.WriteFor(w.file, p, at, why("data of block %d", block))
	if err != nil {
		n = w.arrived(p, at)
	}
	return errors.Join(err, w.mark(block, start, off%w.parts.Table.BlockSize, n, fresh))
}

// arrived is how many bytes of whole sectors are in the file although writing them has
// failed: how many the system says it has written is not to be relied on.
func (w *dynamic) arrived(p []byte, at int64) int64 {
	n := 0
	for b := make([]byte, vhd.Sector); n+len(b) <= len(p); n += len(b) {
		if err := layer.ReadFull(w.file, b, at+int64(n)); err != nil || !bytes.Equal(b, p[n:n+len(b)]) {
			break
		}
	}
	return int64(n)
}

// abandon gives up a new block that could not be filled, as on a full disk: what is in
// it would be shown by programs that do not look at the bitmap, and its room is that of
// the footer.
func (w *dynamic) abandon(block, start int64) error {
	w.stored--
	w.tables.Forget(start, w.parts.Table.BitmapBytes)
	w.room.release(start)
	return w.point(block, vhd.Unallocated, why("block %d could not be stored", block))
}

// mark stages the bits of sectors that are now in the file. A differencing image
// must not have others set: they would hide the parent.
func (w *dynamic) mark(block, start, off, n int64, fresh bool) error {
	first, last := off/vhd.Sector, (off+n+vhd.Sector-1)/vhd.Sector
	reason := why("sector bitmap of block %d", block)
	for s := first; s < last; {
		page := w.tables.Page(start + s/8)
		b, err := w.tables.Edit(page, fresh, reason)
		if err != nil {
			return err
		}
		for end := min(last, (page+int64(len(b))-start)*8); s < end; s++ {
			b[start+s/8-page] |= 0x80 >> (s % 8)
		}
	}
	return nil
}

// Sync makes all that was written durable.
func (w *dynamic) Sync(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sync(ctx)
}

func (w *dynamic) sync(ctx context.Context) error {
	if w.failed != nil {
		return w.failed
	}
	if err := w.tables.Flush(ctx, pages.Direct{File: w.file}); err != nil {
		w.failed = err
		return err
	}
	w.room.settle()
	return nil
}

// Close makes all that was written durable, gives back the room that was taken in
// advance, and closes the file.
func (w *dynamic) Close(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.sync(ctx)
	if err == nil {
		err = w.room.giveBack(w.file)
	}
	if err == nil {
		err = w.room.vacate(ctx, w.file)
	}
	w.failed = errClosed
	return errors.Join(err, w.file.Close())
}

// errClosed is what a writer says after Close.
var errClosed = disk.Errorf(disk.ReadOnly, decode.Place{}, "the image is closed")
