package writer

import (
	"context"
	"fmt"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// extendTo gives the file the length end. Only if lost is expected may blocks
// lie there that the disk needs.
func (v *image) extendTo(f fix, end int64, lost bool) disk.Repair {
	end = roundUp(end)
	f.risk, f.body = v.longer(f.risk, end), v.resize(end)
	if !lost {
		f.body = disk.Steps(func(ctx context.Context, _ store.FS) error { return v.Whole(ctx, end) }, f.body)
	}
	return v.one(f)[0]
}

// extendFile lets the file reach to the end of its last block (43).
func (v *image) extendFile(f disk.Finding) []disk.Repair {
	return []disk.Repair{v.extendTo(fix{title: "lengthen the file to the end of the block"}, f.Where[1].Offset+v.Geometry.BlockSize, false)}
}

// roundLength makes the length of the file a multiple of 1 MiB (51).
func (v *image) roundLength(f disk.Finding) []disk.Repair {
	round := fix{title: "lengthen the file to a multiple of 1 MiB"}
	if f.Severity >= disk.SeverityWarning {
		round.risk = "the bytes after the last whole MiB stay in the middle of the file, where nothing names them, and whoever writes the image next may use their room: look at them first"
	}
	return v.apart([]disk.Repair{v.extendTo(round, v.Size, false)})
}

// separate moves one of two blocks that share space, or the one on a structure,
// to the end of the file (44). Which of the two the content is of nobody can
// tell, so either can be given up too.
func (v *image) separate(f disk.Finding) []disk.Repair {
	list := v.EntriesAt(f.Where)
	var repairs []disk.Repair
	if o, ok := f.About.(reader.Orphan); ok {
		repairs = append(repairs, v.nameOrphan(o))
	}
	if last := list[len(list)-1]; !v.bitsOfStructure(last) {
		repairs = append(repairs, v.moveBlock(last))
	}
	for _, index := range list {
		repairs = append(repairs, v.giveUp(index)...)
	}
	if !v.clash(list) {
		return disk.Done(repairs)
	}
	return repairs
}

// bitsOfStructure reports whether an entry takes a structure of the file for a sector bitmap: a
// copy of that says nothing of the sectors.
func (v *image) bitsOfStructure(index int64) bool {
	entry, err := v.Entry(index)
	_, bitmap := v.Geometry.IsBitmap(index)
	return err == nil && bitmap && v.Meets(int64(vhdx.FileOffset(entry)), vhdx.MiB)
}

// clash reports whether the entries still lead to the same room, or a single one onto a
// structure.
func (v *image) clash(list []int64) bool {
	var off, length [2]int64
	for i, index := range list[:min(len(list), 2)] {
		entry, err := v.Entry(index)
		if err != nil {
			return true // nobody knows
		}
		off[i], length[i] = int64(vhdx.FileOffset(entry)), v.Geometry.BlockSize
		if _, bitmap := v.Geometry.IsBitmap(index); bitmap {
			length[i] = vhdx.MiB
		}
		if v.Meets(off[i], length[i]) {
			return true
		}
	}
	return len(list) > 1 && off[0] > 0 && off[1] > 0 && off[0] < off[1]+length[1] && off[1] < off[0]+length[0]
}

// moveBlock copies a block or a sector bitmap to fresh room at the end of the
// file.
func (v *image) moveBlock(index int64) disk.Repair {
	entry, err := v.Entry(index)
	off, length := int64(vhdx.FileOffset(entry)), v.Geometry.BlockSize
	if _, bitmap := v.Geometry.IsBitmap(index); bitmap {
		length = vhdx.MiB
	}
	risk := "what lies there may not be its own: compare the content with what is expected"
	if v.Meets(off, length) {
		risk = "bytes of a structure of the file lie there, not the block's own: they show as its content then, and what the disk held there may lie elsewhere (vhdx/50)"
	}
	move := v.inFreshRoom(length, func(room int64) disk.Step {
		return disk.Steps(disk.Copy(v.place(off, length), room), v.changeEntryAt(index, func(uint64) uint64 { return uint64(room) | entry&(vhdx.MiB-1) }))
	})
	return v.one(fix{
		title: fmt.Sprintf("copy what BAT entry %d places to the end of the file", index), risk: risk,
		reads: v.Meets(off, length), // it can't be read where it is
		body:  disk.Steps(func(context.Context, store.FS) error { return err }, move),
	})[0]
}

// allocateAll gives all blocks of a fixed image room at the end of the file
// (49). They read as zeros before and after.
func (v *image) allocateAll(disk.Finding) []disk.Repair {
	f := fix{title: "allocate the missing blocks at the end of the file", risk: "the file gets as long as the whole disk, though not larger on disk where files may have holes"}
	f.body = func(ctx context.Context, to store.FS) error {
		end, err := v.FreshRoom(ctx)
		if err == nil {
			err = v.Strays(ctx)
		}
		if err != nil {
			return err
		}
		entries := v.changeEntries(0, min(v.Geometry.Entries(v.HasParent), v.BAT.Length/vhdx.EntrySize), func(i int64, e uint64) uint64 {
			if _, bitmap := v.Geometry.IsBitmap(i); bitmap || vhdx.State(e) > vhdx.Unmapped {
				return e
			}
			end += v.Geometry.BlockSize
			return uint64(end-v.Geometry.BlockSize) | vhdx.FullyPresent
		})
		if err := entries(ctx, to); err != nil {
			return err
		}
		return v.resize(end)(ctx, to)
	}
	return v.one(f)
}

// settleLeak is for what belongs to nothing (50): a block that may have lost its
// entry gets it back, zeros are cut off.
func (v *image) settleLeak(f disk.Finding) []disk.Repair {
	o, ok := f.About.(reader.Orphan)
	if !ok {
		return v.cutTail(f)
	}
	return []disk.Repair{v.nameOrphan(o)}
}

// nameOrphan lets an entry lead to the block that seems to have lost it, unless
// another entry leads there.
func (v *image) nameOrphan(o reader.Orphan) disk.Repair {
	told := "by the order of the others"
	if o.Alone {
		told = "only by this: no other entry leads nowhere, and no other range that is as long as a block holds data"
	}
	r := v.changeEntry(fix{
		title: fmt.Sprintf("let the BAT place block %d at 0x%x", o.Block, o.Start), reads: true,
		risk: "that the block belongs there is told " + told + ": look at what the disk holds there first; a block that was given up shows old bytes again",
	}, o.Index, func(e uint64) uint64 { return uint64(o.Start) | max(vhdx.State(e), vhdx.FullyPresent) })
	r.Apply = disk.Steps(v.unclaimed(o.Index, o.Start), r.Apply)
	return r
}

// cutTail takes zeros that belong to nothing off the end of the file (50), if all
// entries that could place something there can be believed.
func (v *image) cutTail(f disk.Finding) []disk.Repair {
	at := f.Where[0]
	unused := func(ctx context.Context, to store.FS) error {
		if err := v.TablesWhole(ctx); err != nil {
			return err
		}
		return disk.MustBeZero(at)(ctx, to)
	}
	return v.one(fix{title: "cut the zeros off the end of the file", body: disk.Steps(unused, v.resize(at.Offset))})
}
