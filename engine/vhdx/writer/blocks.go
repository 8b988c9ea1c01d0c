package writer

import (
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// blocks writes the disk of an image (vhdx.md 9.3). Data goes to the file at once;
// table entries and sector bitmaps stay in the ledger until the data is durable,
// and then go through the log.
type blocks struct {
	mu    sync.Mutex
	parts reader.Parts
	file  store.File
	geo   vhdx.Geometry
	table int64 // where the BAT lies
	fixed bool
	child bool
	below layer.Under // the parent of a child

	tables  *pages.Ledger
	room    layer.Room
	headers headers
	sink    pages.Sink // the log, or the file itself where a change is all or nothing
	log     *wal
	fresh   func() uuid.UUID
	renew   bool // children notice that the content has changed
	begun   bool // the session has its identities
	failed  error

	stored, dropped int64 // blocks of data
}

// Blocks counts the blocks that were stored and given up.
func (w *blocks) Blocks() (stored, dropped int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stored, w.dropped
}

// entry is one of the BAT.
type entry struct {
	state uint64
	at    int64 // bytes in the file; 0: nowhere
}

func (w *blocks) entryAt(index int64) int64 { return w.table + index*vhdx.EntrySize }

func (w *blocks) load(index int64) (entry, error) {
	b := make([]byte, vhdx.EntrySize)
	if _, err := w.tables.ReadAt(b, w.entryAt(index)); err != nil {
		return entry{}, err
	}
	rec, _ := vhdx.PayloadTable.Of(b)
	return entry{vhdx.PayloadState.Get(rec), int64(vhdx.PayloadOffset.Get(rec)) * vhdx.MiB}, nil
}

// store stages an entry of the BAT.
func (w *blocks) store(index int64, e entry, why string) error {
	at := w.entryAt(index)
	page := w.tables.Page(at)
	b, err := w.tables.Edit(page, false, why)
	if err != nil {
		return err
	}
	rec, _ := vhdx.PayloadTable.Of(b[at-page:][:vhdx.EntrySize])
	vhdx.PayloadState.Put(rec, e.state)
	vhdx.PayloadOffset.Put(rec, uint64(e.at/vhdx.MiB))
	return nil
}

// Size is the length of the virtual disk in bytes.
func (w *blocks) Size() int64 { return w.geo.DiskSize }

// ReadAt reads the virtual disk as written so far.
func (w *blocks) ReadAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return held{w}.ReadAt(p, off)
}

// held is the disk for whoever holds the lock.
type held struct{ *blocks }

// ReadAt reads the disk block by block.
func (w held) ReadAt(p []byte, off int64) (int, error) {
	return layer.ReadAt(w.Size(), w.geo.BlockSize, p, off, w.readBlock)
}

// readBlock reads a range within a block (vhdx.md 9.1).
func (w *blocks) readBlock(p []byte, off int64) error {
	block := w.geo.Block(off)
	e, err := w.load(w.geo.PayloadIndex(block))
	if err != nil {
		return err
	}
	switch e.state {
	case vhdx.FullyPresent:
		return layer.ReadFull(w.file, p, e.at+off%w.geo.BlockSize)
	case vhdx.PartiallyPresent:
		return w.rows(block, off, int64(len(p)), func(set bool, at, n int64) error {
			if !set {
				return w.below.Read(p[at-off:][:n], at)
			}
			return layer.ReadFull(w.file, p[at-off:][:n], e.at+at%w.geo.BlockSize)
		})
	case vhdx.NotPresent:
		return w.below.Read(p, off)
	}
	clear(p)
	return nil
}

// WriteAt writes any range of the virtual disk.
func (w *blocks) WriteAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return 0, w.failed
	}
	return layer.WriteAt(held{w}, w.geo.SectorSize, p, off)
}

// WriteUnits writes whole sectors.
func (w held) WriteUnits(p []byte, off int64) error {
	return layer.Pieces(off, int64(len(p)), w.geo.BlockSize, func(at, n int64) error {
		if err := w.ready(); err != nil {
			return err
		}
		return w.writeBlock(p[at-off:][:n], at)
	})
}

// ready is called before each change: the session has its identities before the
// first one, and the pages that are changed fit into one log entry.
func (w *blocks) ready() error {
	if !w.begun {
		data := uuid.UUID{}
		if w.renew {
			data = w.fresh()
		}
		if err := w.reserve(); err != nil {
			return err
		}
		if err := w.headers.identify(w.fresh(), data); err != nil {
			w.failed = err
			return err
		}
		w.begun = true
	}
	if w.tables.Full() || w.log != nil && w.tables.Changed()/vhdx.LogSector+w.pagesOfBlock() > w.log.maxPages() {
		return w.flush(context.Background())
	}
	return nil
}

// mostReserved is the longest log for which room on the host is reserved, in bytes.
const mostReserved = 64 * vhdx.MiB

// reserve takes room on the host for the log, which may be a hole: on a full disk what
// was written could else not be given its table entries.
func (w *blocks) reserve() error {
	if w.log == nil || w.log.length > mostReserved {
		return nil
	}
	if err := store.Reserve(w.file, w.log.off, w.log.length); !errors.Is(err, store.ErrNoReserve) {
		return err
	}
	return nil
}

// pagesOfBlock is how many pages of tables a change of one block can touch: its
// bits, its entry and that of the bitmap.
func (w *blocks) pagesOfBlock() int64 { return w.geo.BitmapBytes()/vhdx.LogSector + 4 }

// writeBlock writes whole sectors within a block.
func (w *blocks) writeBlock(p []byte, off int64) error {
	block := w.geo.Block(off)
	e, err := w.load(w.geo.PayloadIndex(block))
	if err != nil {
		return err
	}
	switch {
	case e.state == vhdx.FullyPresent:
		return w.put(p, e.at, block, off)
	case e.state == vhdx.PartiallyPresent:
		return w.writePartial(p, e, block, off)
	case e.state == vhdx.NotPresent && w.child && !w.whole(off, int64(len(p))):
		return w.writeFirst(p, block, off)
	}
	return w.fill(p, e, block, off)
}

// put writes data into a stored block.
func (w *blocks) put(p []byte, at, block, off int64) error {
	_, err := store.WriteFor(w.file, p, at+off%w.geo.BlockSize, why("data of block %d", block))
	return err
}

// fill stores a block as a whole: what is not written reads as zeros. The old
// place of a freed block is used again.
func (w *blocks) fill(p []byte, e entry, block, off int64) error {
	at, err := w.allocate(e, block)
	if err != nil {
		return err
	}
	if err = w.put(p, at, block, off); err == nil {
		err = w.store(w.geo.PayloadIndex(block), entry{vhdx.FullyPresent, at}, why("block %d is stored", block))
	}
	if err != nil {
		w.abandon(e, at)
	}
	return err
}

// abandon gives up the room of a block that could not be stored, as on a full disk.
func (w *blocks) abandon(e entry, at int64) {
	w.stored--
	if !e.anchored() {
		w.room.Release(at, w.geo.BlockSize)
	}
}

// anchored reports whether a block that is not stored keeps its old place.
func (e entry) anchored() bool { return e.state != vhdx.NotPresent && e.at != 0 }

// allocate finds room for a block, all zeros.
func (w *blocks) allocate(e entry, block int64) (int64, error) {
	at, used := e.at, true
	if !e.anchored() {
		var err error
		if at, used, err = w.room.Take(w.file, w.geo.BlockSize, vhdx.MiB); err != nil {
			return 0, err
		}
	}
	w.stored++
	if !used {
		return at, nil
	}
	return at, layer.WriteZeros(w.file, at, w.geo.BlockSize, why("zeros where block %d will be", block))
}

// writeFirst stores a part of a block of which the rest stays with the parent.
func (w *blocks) writeFirst(p []byte, block, off int64) error {
	if err := w.wantBitmap(w.geo.Chunk(block)); err != nil {
		return err
	}
	at, err := w.allocate(entry{}, block)
	if err != nil {
		return err
	}
	if err := w.putPart(p, at, block, off); err != nil {
		w.abandon(entry{}, at)
		return err
	}
	return nil
}

// putPart fills a new block in part.
func (w *blocks) putPart(p []byte, at, block, off int64) error {
	if err := w.put(p, at, block, off); err != nil {
		return err
	}
	first := off - off%w.geo.BlockSize
	if err := w.mark(block, first, w.geo.BlockSize, false); err != nil {
		return err
	}
	if err := w.mark(block, off, int64(len(p)), true); err != nil {
		return err
	}
	return w.store(w.geo.PayloadIndex(block), entry{vhdx.PartiallyPresent, at}, why("block %d is stored in part", block))
}

// writePartial writes into a block of which a part is stored.
func (w *blocks) writePartial(p []byte, e entry, block, off int64) error {
	if err := w.put(p, e.at, block, off); err != nil {
		return err
	}
	if w.whole(off, int64(len(p))) {
		return w.store(w.geo.PayloadIndex(block), entry{vhdx.FullyPresent, e.at}, why("all of block %d is stored", block))
	}
	return w.mark(block, off, int64(len(p)), true)
}

// whole reports whether a range within a block is all of it that lies on the disk.
func (w *blocks) whole(off, n int64) bool {
	return off%w.geo.BlockSize == 0 && n == min(w.geo.BlockSize, w.Size()-off)
}

// Sync makes all that was written durable.
func (w *blocks) Sync(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	return w.flush(ctx)
}

func (w *blocks) flush(ctx context.Context) error {
	if err := w.tables.Flush(ctx, w.sink); err != nil {
		w.failed = err
		return err
	}
	w.room.Settle()
	return nil
}

// Close makes all that was written durable, closes the log, gives back the room
// that was taken in advance, and closes the file.
func (w *blocks) Close(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.failed
	if err == nil {
		err = w.finish(ctx)
	}
	w.failed = errClosed
	return errors.Join(err, w.file.Close())
}

func (w *blocks) finish(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	if w.log != nil {
		if err := w.log.end(); err != nil {
			return err
		}
	}
	w.room.Recede()
	if err := w.room.GiveBack(w.file); err != nil {
		return err
	}
	return w.room.Vacate(ctx, w.file)
}

// errClosed is what a writer says after Close.
var errClosed = disk.Errorf(disk.ReadOnly, decode.Place{}, "the image is closed")
