package writer

import (
	"bytes"
	"context"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// tableStart is where the table lies: right after the header.
const tableStart = vhd.FooterSize + vhd.HeaderSize

// makeDynamic makes an image (vhd.md 12): copy of the footer, header, table, the blocks
// that hold anything, footer.
func makeDynamic(ctx context.Context, f store.File, spec disk.Spec) error {
	header := newHeader(spec, tableStart)
	return writeSparse(ctx, f, spec, vhd.Dynamic, header, nil, tableEnd(spec))
}

// tableEnd is where the sectors of the table end.
func tableEnd(spec disk.Spec) int64 {
	return roundUp(tableStart + entries(spec)*int64(vhd.EntryTable.Size()))
}

// writeSparse writes what dynamic and differencing images have in common. The header
// comes first and the copy of the footer last, so that a file that is not finished is
// not taken for an image.
func writeSparse(ctx context.Context, f store.File, spec disk.Spec, kind uint32, header decode.Record[vhd.Header], locators []store.Piece, end int64) error {
	vhd.HeaderTable.Seal(header.Bytes())
	if err := store.Put(f, append(locators, store.Piece{Offset: vhd.FooterSize, Data: header.Bytes()})...); err != nil {
		return err
	}
	end, err := writeBlocks(ctx, f, spec, footerPlace(spec, end))
	if err != nil {
		return err
	}
	footer := newFooter(spec, kind, vhd.FooterSize)
	return store.Put(f, store.Piece{Offset: end, Data: footer}, store.Piece{Data: footer})
}

// footerPlace is where the footer goes after metadata that ends at end. The next block
// comes in its place, bitmap first: Hyper-V wants the data after that bitmap at a
// multiple of 4 KiB (vhd.md 11.2).
func footerPlace(spec disk.Spec, end int64) int64 {
	if spec.Text(disk.OptionProfile) == disk.ProfileHyperV {
		bitmap := vhd.BitmapBytes(spec.Bytes(disk.OptionBlockSize))
		return (end+bitmap+alignment-1)/alignment*alignment - bitmap
	}
	return end
}

// writeBlocks writes the table, and the blocks of the content from start on, with all
// bits of their bitmaps set (vhd.md 8, 9). It returns where the last block ends.
func writeBlocks(ctx context.Context, f store.File, spec disk.Spec, start int64) (end int64, err error) {
	block := spec.Bytes(disk.OptionBlockSize)
	entry := make([]byte, vhd.EntryTable.Size())
	vhd.PutEntry(entry, vhd.Unallocated)
	table := disk.EntryWriter{File: f, At: tableStart, Blank: bytes.Clone(entry), Count: (tableEnd(spec) - tableStart) / int64(len(entry))}
	bits := bytes.Repeat([]byte{0xFF}, int(vhd.BitmapBytes(block)))
	shelf := disk.Shelf{File: f, Start: start, Unit: block, Head: int64(len(bits)), Place: func(n, at int64) error {
		if at/vhd.Sector > maxSector {
			return disk.Errorf(disk.Limit, decode.Place{}, "the data do not fit: a block can't lie past sector %d of its file", maxSector)
		}
		vhd.PutEntry(entry, uint32(at/vhd.Sector))
		if err := table.Put(n, entry); err != nil {
			return err
		}
		_, err := f.WriteAt(bits, at)
		return err
	}}
	if end, err = shelf.Lay(ctx, spec); err != nil {
		return 0, err
	}
	return end, table.Close(ctx)
}
