package guest

import (
	"bytes"
	"context"
	"hash/crc32"
	"math"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
	"platter/engine/store"
)

// Backup is a GUID partition table whose second copy lies at the end of the disk.
type Backup struct {
	sector int64
	size   int64 // of the disk that was read

	header  []byte // the sector of the primary header
	entries []byte // the list of partitions
	at      int64  // where the second header lies
	list    int64  // and its list; 0: there is none
}

// FindBackup finds the copies of a GUID partition table. It reports false for a disk
// without a sound first one: nothing is derived from a table that may be wrong.
func FindBackup(ctx context.Context, img disk.Image) (Backup, bool, error) {
	info := img.Info()
	r := reader{ctx, img, info.VirtualSize}
	for _, sector := range sectorSizes(info.LogicalSectorSize) {
		b := Backup{sector: sector, size: info.VirtualSize}
		if found, err := b.read(r); found || err != nil {
			return b, found, err
		}
	}
	return Backup{}, false, ctx.Err()
}

func (b *Backup) read(r reader) (found bool, err error) {
	c, ok, err := r.gptAt(b.sector, b.sector)
	if err != nil || !ok || len(c.table.Findings) > 0 {
		return false, err
	}
	if b.header, err = r.bytes(b.sector, b.sector); err != nil || b.header == nil {
		return false, err
	}
	rec, _ := format.GPTHeader.Of(b.header)
	length := int64(format.GPTEntrySize.Get(rec)) * int64(format.GPTEntryCount.Get(rec))
	if b.entries, err = r.bytes(clampLBA(format.GPTEntryLBA.Get(rec))*b.sector, length); err != nil || b.entries == nil {
		return false, err
	}
	b.at = min(c.alternate, b.size/b.sector) * b.sector
	second, ok, err := r.gptAt(b.at, b.sector)
	if err != nil || !ok || !samePartitions(c.table, second.table) {
		b.at = 0
		return true, err
	}
	raw, err := r.bytes(b.at, b.sector)
	if err != nil || raw == nil {
		return false, err
	}
	other, _ := format.GPTHeader.Of(raw)
	b.list = clampLBA(format.GPTEntryLBA.Get(other)) * b.sector
	return true, nil
}

// Found reports whether there is a second copy.
func (b Backup) Found() bool { return b.at > 0 }

// Ranges are where the second copy lies.
func (b Backup) Ranges() []store.Range {
	if !b.Found() {
		return nil
	}
	return []store.Range{{Offset: b.at, Length: b.sector}, {Offset: b.list, Length: b.span()}}
}

// span is how many bytes the list of partitions takes, in whole sectors.
func (b Backup) span() int64 {
	return (int64(len(b.entries)) + b.sector - 1) / b.sector * b.sector
}

// last is the last sector that partitions may use on a disk of some bytes.
func (b Backup) last(size int64) int64 { return size/b.sector - 2 - b.span()/b.sector }

// Fits refuses a size to which the second copy can't be moved: a partition lies there.
func (b Backup) Fits(size int64) error {
	last := b.last(size)
	rec, _ := format.GPTHeader.Of(b.header)
	unit := int64(format.GPTEntrySize.Get(rec))
	highest := clampLBA(format.GPTFirstUsable.Get(rec))
	for at := int64(0); at+unit <= int64(len(b.entries)); at += unit {
		e, ok := format.GPTEntry.Of(b.entries[at:])
		if ok && len(bytes.Trim(e.Bytes()[:16], "\x00")) > 0 {
			highest = max(highest, clampLBA(format.GPTEntryLast.Get(e)))
		}
	}
	if highest <= last {
		return nil
	}
	return disk.Refuse(disk.RefusedLoss, disk.OutOfRange, []decode.Place{gptPlace(b.sector)},
		"the backup of the partition table needs the sectors from %d on, and a partition reaches to sector %d: shrink it in the guest first", last+1, highest)
}

// Move puts the second copy at the end of a disk that has so many bytes, or will have, and
// has the first one, and the protective MBR, say so. The old copy becomes zeros.
func (b Backup) Move(d disk.Writer, size int64) error {
	if err := b.Fits(size); err != nil {
		return err
	}
	end := size / b.sector
	first, second := bytes.Clone(b.header), bytes.Clone(b.header)
	put := func(header []byte, own, other, list int64) {
		rec, _ := format.GPTHeader.Of(header)
		format.GPTMyLBA.Put(rec, uint64(own))
		format.GPTAlternateLBA.Put(rec, uint64(other))
		format.GPTLastUsable.Put(rec, uint64(b.last(size)))
		format.GPTEntryLBA.Put(rec, uint64(list))
		format.GPTHeaderCRC.Put(rec, 0)
		format.GPTHeaderCRC.Put(rec, crc32.ChecksumIEEE(header[:format.GPTHeaderSize.Get(rec)]))
	}
	rec, _ := format.GPTHeader.Of(b.header)
	put(first, 1, end-1, clampLBA(format.GPTEntryLBA.Get(rec)))
	put(second, end-1, 1, b.last(size)+1)
	for _, old := range b.Ranges() {
		old.Length = max(min(old.End(), d.Size())-old.Offset, 0)
		if _, err := d.WriteAt(make([]byte, old.Length), old.Offset); err != nil && old.Length > 0 {
			return err
		}
	}
	for _, w := range []store.Piece{{Offset: (b.last(size) + 1) * b.sector, Data: b.entries}, {Offset: (end - 1) * b.sector, Data: second}, {Offset: b.sector, Data: first}} {
		if _, err := d.WriteAt(w.Data, w.Offset); err != nil {
			return err
		}
	}
	return protect(d, end)
}

// protect has the protective MBR cover a disk of so many sectors.
func protect(d disk.Writer, sectors int64) error {
	b := make([]byte, format.MBR.Size())
	if n, err := d.ReadAt(b, 0); n < len(b) {
		return err
	}
	rec, _ := format.MBR.Of(b)
	for i := range 4 {
		e, ok := format.MBREntries.At(rec, i)
		if ok && format.MBREntryType.Get(e) == format.TypeProtective && format.MBREntryLBA.Get(e) == 1 {
			format.MBREntrySectors.Put(e, uint32(min(sectors-1, math.MaxUint32)))
			_, err := d.WriteAt(b, 0)
			return err
		}
	}
	return nil
}
