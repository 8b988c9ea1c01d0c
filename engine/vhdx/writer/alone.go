package writer

import (
	"context"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// mostBitmaps is how many sector bitmap blocks are zeroed when an image stands alone: it goes
// through the journal.
const mostBitmaps = 16

// alone makes a dynamic image of a differencing one (vhdx.md 6, 7 and 9.4), all of whose
// stored blocks are whole: none may leave a sector to the parent. What is not stored reads as
// zeros. Its content stays, and so do the marks of that.
func (v *image) alone() (disk.Repair, error) {
	parameters, ok := v.Parameters()
	if !ok || v.Locator().Entry.Length == 0 {
		return disk.Repair{}, disk.Errorf(disk.Damaged, v.place(v.Meta.Off, v.Meta.Length), "file parameters or parent locator are not where they should be: repair the metadata first")
	}
	locator := v.Locator()
	body := disk.Steps(
		v.completeBlocks,
		v.dropBitmaps,
		disk.Change(parameters, func(b []byte) {
			rec, _ := vhdx.FileParametersTable.Of(b)
			vhdx.ParametersHasParent.Put(rec, 0)
		}),
		disk.Clear(locator.Place),
		v.withoutItem(locator.Entry.Offset),
	)
	return v.one(fix{title: "name no parent", body: body})[0], nil
}

// withoutItem takes the entry at a byte of the file out of the metadata table.
func (v *image) withoutItem(entry int64) disk.Step {
	table := v.place(v.Meta.Off, v.TableBytes())
	return disk.Change(table, func(b []byte) {
		head, _ := vhdx.MetadataTable.Of(b)
		vhdx.MetadataCount.Put(head, uint16(v.Items-1))
		at := entry - table.Offset
		copy(b[at:], b[at+vhdx.MetadataEntrySize:])
		clear(b[len(b)-vhdx.MetadataEntrySize:])
	})
}

// completeBlocks gives blocks that are stored in part, and wholly so, the state that says it.
func (v *image) completeBlocks(ctx context.Context, to store.FS) error {
	var left error
	err := v.changeEntries(0, v.Geometry.Entries(true), func(i int64, e uint64) uint64 {
		block, bitmap := v.Geometry.IsBitmap(i)
		if bitmap || vhdx.State(e) != vhdx.PartiallyPresent || left != nil || block >= v.Geometry.Blocks {
			return e
		}
		if left = v.complete(block); left != nil {
			return e
		}
		return withState(vhdx.FullyPresent)(e)
	})(ctx, to)
	if err == nil {
		err = left
	}
	return err
}

// complete fails if a sector of a block is left to the parent.
func (v *image) complete(block int64) error {
	g := v.Geometry
	entry, err := v.Entry(g.BitmapIndex(g.Chunk(block)))
	if err != nil {
		return err
	}
	at := int64(vhdx.FileOffset(entry)) + g.BitmapByte(block)
	bits := make([]byte, g.BitmapBytes())
	if err := layer.ReadFull(v.Source.File, bits, at); err != nil {
		return err
	}
	for i := range min(g.BlockSize, g.DiskSize-block*g.BlockSize) / g.SectorSize {
		if bits[i/8]&(1<<(i%8)) == 0 {
			return disk.Errorf(disk.BadChain, v.place(at+i/8, 1), "sector %d of block %d is left to the parent", i, block)
		}
	}
	return nil
}

// dropBitmaps takes the sector bitmap blocks out of the BAT. The first of them become zeros,
// so that nobody wonders what the bits were; more of them wait for a compaction.
func (v *image) dropBitmaps(ctx context.Context, to store.FS) error {
	var zero []disk.Step
	err := v.changeEntries(0, v.Geometry.Entries(true), func(i int64, e uint64) uint64 {
		if _, bitmap := v.Geometry.IsBitmap(i); !bitmap {
			return e
		}
		if at := int64(vhdx.FileOffset(e)); at > 0 && len(zero) < mostBitmaps {
			zero = append(zero, disk.Clear(decode.Place{File: v.Source.Name, Offset: at, Length: vhdx.MiB}))
		}
		return 0
	})(ctx, to)
	if err != nil {
		return err
	}
	return disk.Steps(zero...)(ctx, to)
}
