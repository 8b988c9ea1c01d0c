package writer

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/pages"
	"platter/engine/store"
)

// wal is the log of a session: the sink through which all changes to tables go
// (vhdx.md 5.7). Each commit is one entry, durable before its pages are written to
// their places. These are durable before the next entry is written, since each
// flush of the ledger begins with a sync. So the active sequence is never longer
// than the last entry, and the next one may overwrite all others.
type wal struct {
	file    store.File
	headers *headers
	off     int64 // of the log in the file
	length  int64
	guid    uuid.UUID // of the session's entries; null until the first
	fresh   func() uuid.UUID
	last    int64  // where the last entry lies in the log,
	taken   int64  // and its length
	next    uint64 // sequence number
}

// maxPages is how many pages one entry can take. Two entries fit into the log, so
// that the newest durable one is never overwritten.
func (l *wal) maxPages() int64 {
	sectors := (l.length/vhdx.LogSector - 1) / 2
	pages := sectors - vhdx.DescriptorSectors(sectors)
	return max(pages, 0)
}

// Commit brings pages to the file.
func (l *wal) Commit(_ context.Context, list []pages.Change) error {
	if int64(len(list)) > l.maxPages() {
		return disk.Errorf(disk.Unsupported, decode.Place{Offset: l.off}, "%d pages do not fit into the log of %d bytes at once", len(list), l.length)
	}
	if err := l.begin(); err != nil {
		return err
	}
	if err := l.append(list); err != nil {
		return err
	}
	return pages.Place(l.file, list)
}

// begin starts the session's log: an entry without changes, then the headers that
// make it count. The other way round the file could not be opened in between.
func (l *wal) begin() error {
	if l.guid != (uuid.UUID{}) {
		return nil
	}
	l.guid, l.next, l.last, l.taken = l.fresh(), 1, 0, 0
	if err := l.append(nil); err != nil {
		return err
	}
	return l.headers.logged(l.guid, "the log counts from now on")
}

// end is the clean close: nothing is left to be replayed, once the pages of the last
// entry are durable where they belong.
func (l *wal) end() error {
	if l.guid == (uuid.UUID{}) {
		return nil
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.guid = uuid.UUID{}
	return l.headers.logged(l.guid, "the log is empty: closed cleanly")
}

// append writes an entry after the last one and makes it durable.
func (l *wal) append(list []pages.Change) error {
	size, err := l.file.Size()
	if err != nil {
		return err
	}
	at := (l.last + l.taken) % l.length
	entry := l.entry(list, at, size)
	if err := l.put(entry, at, fmt.Sprintf("log entry %d with %s", l.next, decode.Plural(len(list), "page", "pages"))); err != nil {
		return err
	}
	l.last, l.taken = at, int64(len(entry))
	l.next++
	return l.file.Sync()
}

// put writes to the ring, around its end where it must.
func (l *wal) put(b []byte, at int64, why string) error {
	n := min(int64(len(b)), l.length-at)
	if _, err := store.WriteFor(l.file, b[:n], l.off+at, why); err != nil {
		return err
	}
	if n == int64(len(b)) {
		return nil
	}
	_, err := store.WriteFor(l.file, b[n:], l.off, why)
	return err
}

// entry makes the bytes of an entry that lies at a place of the log. The whole
// file as it is now is durable already, and all that is stored fits in it.
func (l *wal) entry(list []pages.Change, at, size int64) []byte {
	head := vhdx.DescriptorSectors(int64(len(list))) * vhdx.LogSector
	b := make([]byte, head+int64(len(list))*vhdx.LogSector)
	rec, _ := vhdx.LogEntryTable.Of(b)
	copy(rec.Bytes(), vhdx.LogEntryTable.Blank().Bytes())
	vhdx.LogEntryLength.Put(rec, uint32(len(b)))
	vhdx.LogTail.Put(rec, uint32(at))
	vhdx.LogSequence.Put(rec, l.next)
	vhdx.LogDescriptors.Put(rec, uint32(len(list)))
	vhdx.LogGUID.Put(rec, l.guid)
	vhdx.LogFlushed.Put(rec, uint64(size))
	vhdx.LogLast.Put(rec, uint64(size))
	for i, c := range list {
		l.describe(b[vhdx.DescriptorOffset(int64(i)):][:vhdx.DescriptorSize], c)
		l.carry(b[head+int64(i)*vhdx.LogSector:][:vhdx.LogSector], c)
	}
	vhdx.SealEntry(b)
	return b
}

// describe fills the descriptor of a page.
func (l *wal) describe(b []byte, c pages.Change) {
	d, _ := vhdx.DataTable.Of(b)
	copy(b, vhdx.DataTable.Blank().Bytes())
	vhdx.SplitPage(d, c.Data)
	vhdx.DataOffset.Put(d, uint64(c.Off))
	vhdx.DataSequence.Put(d, l.next)
}

// carry fills the data sector of a page.
func (l *wal) carry(b []byte, c pages.Change) {
	copy(b, c.Data)
	s, _ := vhdx.DataSectorTable.Of(b)
	vhdx.SectorSign.Put(s, vhdx.DataSectorSignature)
	vhdx.SectorHigh.Put(s, uint32(l.next>>32))
	vhdx.SectorLow.Put(s, uint32(l.next))
}
