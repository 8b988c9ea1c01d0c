package writer

import (
	"context"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// makeFixed makes an image all of whose blocks are present, one after the other, the
// last one whole even where the disk ends inside it (vhdx.md 12).
func makeFixed(ctx context.Context, f store.File, spec disk.Spec) error {
	metadata := metadataOf(diskItems(spec, spec.ID(), 1, 0))
	n := layOut(spec, false, metadataEnd(metadata))
	if err := disk.Lay(ctx, f, n.end, n.geo.Blocks*n.geo.BlockSize, 0, spec); err != nil {
		return err
	}
	if err := n.writeEntries(ctx, f); err != nil {
		return err
	}
	return n.write(f, spec, metadata)
}

// tablePiece is how many entries are written at once.
const tablePiece = 1 << 17

// writeEntries writes a table in which every block is present. The entries of sector
// bitmaps stay zero: such an image has none.
func (n newFile) writeEntries(ctx context.Context, f store.File) error {
	piece := make([]byte, tablePiece*vhdx.EntrySize)
	all := n.geo.Entries(false)
	for first := int64(0); first < all; first += tablePiece {
		if err := ctx.Err(); err != nil {
			return err
		}
		count := min(tablePiece, all-first)
		n.present(piece[:count*vhdx.EntrySize], first, count)
		if err := store.Put(f, store.Piece{Offset: n.bat + first*vhdx.EntrySize, Data: piece[:count*vhdx.EntrySize]}); err != nil {
			return err
		}
	}
	return nil
}

// present fills count entries from index first on.
func (n newFile) present(b []byte, first, count int64) {
	for i := range count {
		entry := uint64(0)
		if block, bitmap := n.geo.IsBitmap(first + i); !bitmap {
			entry = uint64(n.end+block*n.geo.BlockSize) | vhdx.FullyPresent
		}
		vhdx.PutEntry(b[i*vhdx.EntrySize:], entry)
	}
}
