package sample

import (
	"encoding/binary"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/store"
)

// The dynamic VHD: small blocks, so that a small disk has a few. Its size is
// exactly what its geometry says, so that all programs agree on it.
const (
	vhdBlock  = 512 << 10
	vhdTable  = vhd.FooterSize + vhd.HeaderSize // where the BAT lies
	vhdTarget = 16 << 20
)

func buildVHD(files *store.Mem) error {
	size := vhd.GeometryFor(vhdTarget).Size()
	content, err := mbrDisk(size/sectorSize, "a dynamic VHD")
	if err != nil {
		return err
	}
	blocks := (size + vhdBlock - 1) / vhdBlock
	used, err := usedUnits(content, size, vhdBlock)
	if err != nil {
		return err
	}
	// A guest writes where it likes: the last block came first.
	used = append([]int64{used[len(used)-1]}, used[:len(used)-1]...)
	used = append(used, blocks/2) // written once, zeroed since

	footer := vhdFooter(size).Bytes()
	bat := make([]byte, (blocks*4+sectorSize-1)/sectorSize*sectorSize)
	for i := range bat {
		bat[i] = 0xFF
	}
	w := &writer{to: store.NewMemFile(0)}
	w.put(footer, 0)
	w.put(vhdHeader(blocks), 1)
	next := (vhdTable + int64(len(bat))) / sectorSize
	for _, b := range used {
		binary.BigEndian.PutUint32(bat[4*b:], uint32(next))
		next = w.vhdBlock(content, b, next, size)
	}
	w.put(bat, vhdTable/sectorSize)
	w.put(footer, next)
	files.Put("sample.vhd", w.to.(*store.MemFile))
	return w.err
}

// vhdBlock writes a block with its bitmap at sector at, and returns the sector
// after it. Of a block with data, pages of 4 KiB that are all zero count as
// never written.
func (w *writer) vhdBlock(content *store.MemFile, block, at, size int64) int64 {
	bitmap := make([]byte, vhd.BitmapBytes(vhdBlock))
	data := make([]byte, vhdBlock)
	n := min(vhdBlock, size-block*vhdBlock)
	if _, err := content.ReadAt(data[:n], block*vhdBlock); err != nil {
		w.err = err
	}
	const page = 8 * sectorSize // what a byte of the bitmap stands for
	for i := range vhdBlock / page {
		if allZero(data) || !allZero(data[i*page:(i+1)*page]) {
			bitmap[i] = 0xFF
		}
	}
	w.put(bitmap, at)
	w.put(data, at+int64(len(bitmap))/sectorSize)
	return at + int64(len(bitmap)+len(data))/sectorSize
}

func vhdFooter(size int64) decode.Record[vhd.Footer] {
	rec := vhd.FooterTable.Blank()
	g := vhd.GeometryFor(uint64(size))
	vhd.FooterFeatures.Put(rec, 2)
	vhd.FooterVersion.Put(rec, vhd.Version)
	vhd.FooterDataOffset.Put(rec, vhd.FooterSize)
	vhd.FooterTimestamp.Put(rec, uint32(created-vhd.Epoch().Unix()))
	vhd.FooterCreator.Put(rec, "pltr")
	vhd.FooterCreatorVersion.Put(rec, 0x00010000)
	vhd.FooterCreatorOS.Put(rec, "Wi2k")
	vhd.FooterOriginalSize.Put(rec, uint64(size))
	vhd.FooterCurrentSize.Put(rec, uint64(size))
	vhd.FooterCylinders.Put(rec, g.Cylinders)
	vhd.FooterHeads.Put(rec, g.Heads)
	vhd.FooterSectors.Put(rec, g.Sectors)
	vhd.FooterType.Put(rec, vhd.Dynamic)
	vhd.FooterID.Put(rec, diskID)
	vhd.FooterTable.Seal(rec.Bytes())
	return rec
}

func vhdHeader(blocks int64) []byte {
	rec := vhd.HeaderTable.Blank()
	vhd.HeaderTableOffset.Put(rec, vhdTable)
	vhd.HeaderVersion.Put(rec, vhd.Version)
	vhd.HeaderEntries.Put(rec, uint32(blocks))
	vhd.HeaderBlockSize.Put(rec, vhdBlock)
	vhd.HeaderTable.Seal(rec.Bytes())
	return rec.Bytes()
}

// usedUnits lists the blocks or grains, of unit bytes each, that hold anything
// but zeros.
func usedUnits(content *store.MemFile, size, unit int64) ([]int64, error) {
	var used []int64
	buf := make([]byte, unit)
	for i := int64(0); i*unit < size; i++ {
		n := min(unit, size-i*unit)
		if _, err := content.ReadAt(buf[:n], i*unit); err != nil {
			return nil, err
		}
		if !allZero(buf[:n]) {
			used = append(used, i)
		}
	}
	return used, nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
