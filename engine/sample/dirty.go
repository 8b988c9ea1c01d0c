package sample

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"platter/decode/vhdx"
	"platter/engine/store"
)

// The sessions that wrote to the log of the dirty sample: the present one, and one that
// was closed.
var (
	logID    = uuid.MustParse("b01b19c4-52a8-4d93-a271-0e6f58b94421")
	oldLogID = uuid.MustParse("e6c0f1a2-7d35-4b8e-9f14-3a5d0c72b869")
)

// buildDirty makes a VHDX of which the last changes to the BAT stand in the log only:
// the blocks of two files are written, but nothing leads to them yet.
func buildDirty(files *store.Mem) error {
	content, err := gptDisk(vhdxSize/sectorSize, entries("a VHDX that was not closed"))
	if err != nil {
		return err
	}
	w, bat, err := vhdxBase(content, logID)
	if err != nil {
		return err
	}
	size, err := w.to.(*store.MemFile).Size()
	if err != nil {
		return err
	}
	page := make([]byte, vhdx.LogSector)
	copy(page, bat)
	both := slices.Clone(page)
	blocks := lastPlaced(bat, 2)
	forget := func(block int64) []byte {
		vhdx.PutEntry(page[block*vhdx.EntrySize:], 0)
		return slices.Clone(page)
	}
	first := forget(blocks[0])
	none := forget(blocks[1])

	ring := &vhdxRing{w: w, size: uint64(size)}
	ring.append(oldLogID, 40, none) // of a session that was closed
	ring.tail = ring.at
	ring.append(logID, 1, nil) // Windows starts each session so
	ring.append(logID, 2, first)
	ring.append(logID, 3, both)
	ring.tear(ring.append(logID, 4, both)) // what was being written when the power went
	w.putAt(none[:len(bat)], vhdxBAT)
	files.Put("dirty.vhdx", w.to.(*store.MemFile))
	return errors.Join(ring.err, w.err)
}

// lastPlaced are the n last blocks of the disk, but for the very last one, that lie in
// the file: those before the second copy of the partition table.
func lastPlaced(bat []byte, n int) []int64 {
	var list []int64
	for i := len(bat)/vhdx.EntrySize - 2; i >= 0 && len(list) < n; i-- {
		if vhdx.State(vhdx.EntryAt(bat[i*vhdx.EntrySize:])) == vhdx.FullyPresent {
			list = append(list, int64(i))
		}
	}
	return list
}

// vhdxRing is a log being filled.
type vhdxRing struct {
	w    *writer
	at   int64 // where the next entry goes
	tail int64 // the first one that counts
	size uint64
	err  error
}

// append writes an entry that replaces the first page of the BAT; without a page one
// that changes nothing. It returns where in the log it lies.
func (r *vhdxRing) append(session uuid.UUID, sequence uint64, page []byte) int64 {
	b := make([]byte, vhdx.LogSector)
	if page != nil {
		b = make([]byte, 2*vhdx.LogSector)
	}
	rec, _ := vhdx.LogEntryTable.Of(b)
	copy(rec.Bytes(), vhdx.LogEntryTable.Blank().Bytes())
	vhdx.LogEntryLength.Put(rec, uint32(len(b)))
	vhdx.LogTail.Put(rec, uint32(r.tail))
	vhdx.LogSequence.Put(rec, sequence)
	vhdx.LogGUID.Put(rec, session)
	vhdx.LogFlushed.Put(rec, r.size)
	vhdx.LogLast.Put(rec, r.size)
	if page != nil {
		vhdx.LogDescriptors.Put(rec, 1)
		d, _ := vhdx.DataTable.Of(b[vhdx.DescriptorOffset(0):])
		copy(d.Bytes(), vhdx.DataTable.Blank().Bytes())
		vhdx.SplitPage(d, page)
		vhdx.DataOffset.Put(d, vhdxBAT)
		vhdx.DataSequence.Put(d, sequence)
		s, _ := vhdx.DataSectorTable.Of(b[vhdx.LogSector:])
		copy(s.Bytes(), vhdx.DataSectorTable.Blank().Bytes())
		vhdx.SectorHigh.Put(s, uint32(sequence>>32))
		copy(vhdx.SectorData.Get(s), page[8:len(page)-4])
		vhdx.SectorLow.Put(s, uint32(sequence))
	}
	vhdx.SealEntry(b)
	at := r.at
	r.w.putAt(b, vhdxLog+at)
	r.at += int64(len(b))
	return at
}

// tear takes away the second half of the entry at a place of the log, as if it had
// never reached the disk.
func (r *vhdxRing) tear(at int64) {
	r.w.putAt(make([]byte, vhdx.LogSector), vhdxLog+at+vhdx.LogSector)
}
