package writer

import (
	"context"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// makeDynamic makes an image whose blocks are there where the content holds anything:
// what is not present reads as zeros (vhdx.md 12).
func makeDynamic(ctx context.Context, f store.File, spec disk.Spec) error {
	metadata := metadataOf(diskItems(spec, spec.ID(), 0, 0))
	n := layOut(spec, false, metadataEnd(metadata))
	if err := n.writeBlocks(ctx, f, spec); err != nil {
		return err
	}
	return n.write(f, spec, metadata)
}

// writeBlocks writes the blocks of the content, and the table that names them. A table
// without blocks stays a hole.
func (n newFile) writeBlocks(ctx context.Context, f store.File, spec disk.Spec) error {
	entry := make([]byte, vhdx.EntrySize)
	table := disk.EntryWriter{File: f, At: n.bat, Blank: make([]byte, vhdx.EntrySize), Count: n.geo.Entries(false)}
	any := false
	shelf := disk.Shelf{File: f, Start: n.end, Unit: n.geo.BlockSize, Place: func(block, at int64) error {
		any = true
		vhdx.PutEntry(entry, uint64(at)|vhdx.FullyPresent)
		return table.Put(n.geo.PayloadIndex(block), entry)
	}}
	if _, err := shelf.Lay(ctx, spec); err != nil || !any {
		return err
	}
	return table.Close(ctx)
}
