package sample

import (
	"hash/crc32"

	"github.com/google/uuid"

	"platter/decode/guest"
	"platter/engine/store"
)

// The identities of the samples. They are fixed: a sample is the same bytes
// every time.
var (
	diskID   = uuid.MustParse("5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611")
	fileID   = uuid.MustParse("7a3c10f4-2d6b-4c58-8a1e-6b0f9d41c2e7")
	dataID   = uuid.MustParse("c4e2a7d1-93b6-4f7d-b0a8-15de6c70f38b")
	volumeID = uuid.MustParse("2f8d6b90-417c-4e1a-a5d3-e09c84b7f126")
)

// created is the age of the samples in Unix time: 2026-01-31 12:00:00 UTC.
const created = 1769860800

// mbrDisk is a disk with a master boot record and one FAT16 partition.
func mbrDisk(sectors int64, about string) (*store.MemFile, error) {
	const first = 128
	d := store.NewMemFile(sectors * sectorSize)
	w := &writer{to: d}
	rec := guest.MBR.Blank()
	guest.MBRDiskSignature.Put(rec, 0x506c6174)
	part, _ := guest.MBREntries.At(rec, 0)
	guest.MBREntryStatus.Put(part, 0x80)
	guest.MBREntryType.Put(part, 0x0E)
	guest.MBREntryLBA.Put(part, first)
	guest.MBREntrySectors.Put(part, uint32(sectors-first))
	w.set(&guest.MBREntry.Layout, part.Bytes(), "first sector CHS", "0/2/3")
	w.set(&guest.MBREntry.Layout, part.Bytes(), "last sector CHS", "1023/254/63")
	w.put(rec.Bytes(), 0)
	w.formatFAT16(first, sectors-first, "PLATTER", entries(about))
	return d, w.err
}

// gptDisk is a disk with a GUID partition table and one FAT16 partition that holds
// files.
func gptDisk(sectors int64, files []entry) (*store.MemFile, error) {
	const first, listSectors = 2048, 32
	d := store.NewMemFile(sectors * sectorSize)
	w := &writer{to: d}
	w.protectiveMBR(sectors)
	last := sectors - listSectors - 2
	last -= (last + 1) % 2048

	list := make([]byte, listSectors*sectorSize)
	part, _ := guest.GPTEntry.Of(list)
	guest.GPTEntryType.Put(part, uuid.MustParse("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"))
	guest.GPTEntryGUID.Put(part, volumeID)
	guest.GPTEntryFirst.Put(part, first)
	guest.GPTEntryLast.Put(part, uint64(last))
	guest.GPTEntryName.Put(part, "Basic data partition")
	w.put(list, 2)
	w.put(list, sectors-1-listSectors)
	for _, at := range []int64{1, sectors - 1} {
		w.put(gptHeader(at, sectors, listSectors, list), at)
	}
	w.formatFAT16(first, last-first+1, "PLATTER", files)
	return d, w.err
}

func (w *writer) protectiveMBR(sectors int64) {
	rec := guest.MBR.Blank()
	part, _ := guest.MBREntries.At(rec, 0)
	guest.MBREntryType.Put(part, guest.TypeProtective)
	guest.MBREntryLBA.Put(part, 1)
	guest.MBREntrySectors.Put(part, uint32(sectors-1))
	w.set(&guest.MBREntry.Layout, part.Bytes(), "first sector CHS", "0/0/2")
	w.set(&guest.MBREntry.Layout, part.Bytes(), "last sector CHS", "1023/255/63")
	w.put(rec.Bytes(), 0)
}

// gptHeader is the copy of the header that lies in sector at.
func gptHeader(at, sectors, listSectors int64, list []byte) []byte {
	rec := guest.GPTHeader.Blank()
	other, entries := sectors-1, int64(2)
	if at != 1 {
		other, entries = 1, sectors-1-listSectors
	}
	guest.GPTHeaderSize.Put(rec, 92)
	guest.GPTMyLBA.Put(rec, uint64(at))
	guest.GPTAlternateLBA.Put(rec, uint64(other))
	guest.GPTFirstUsable.Put(rec, uint64(2+listSectors))
	guest.GPTLastUsable.Put(rec, uint64(sectors-2-listSectors))
	guest.GPTDiskGUID.Put(rec, diskID)
	guest.GPTEntryLBA.Put(rec, uint64(entries))
	guest.GPTEntryCount.Put(rec, 128)
	guest.GPTEntrySize.Put(rec, 128)
	guest.GPTEntriesCRC.Put(rec, crc32.ChecksumIEEE(list))
	guest.GPTHeader.Seal(rec.Bytes())
	return rec.Bytes()
}
