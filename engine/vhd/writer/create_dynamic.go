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

// makeDynamic makes an image without blocks (vhd.md 12): copy of the footer, header,
// table of blocks that are not there, footer.
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
	if err := store.Put(f, store.Piece{Offset: vhd.FooterSize, Data: header.Bytes()}); err != nil {
		return err
	}
	if err := writeTable(ctx, f, tableStart, tableEnd(spec)); err != nil {
		return err
	}
	footer := newFooter(spec, kind, vhd.FooterSize)
	return store.Put(f, append(locators, store.Piece{Offset: footerPlace(spec, end), Data: footer}, store.Piece{Data: footer})...)
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

// writeTable fills [from, to) with entries of blocks that are not there; what is left
// of the last sector looks the same (vhd.md 8).
func writeTable(ctx context.Context, f store.File, from, to int64) error {
	piece := bytes.Repeat([]byte{0xFF}, int(min(to-from, 1<<20)))
	for at := from; at < to; at += int64(len(piece)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := store.Put(f, store.Piece{Offset: at, Data: piece[:min(int64(len(piece)), to-at)]}); err != nil {
			return err
		}
	}
	return nil
}
