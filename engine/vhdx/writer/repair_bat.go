package writer

import (
	"context"
	"fmt"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// changeEntryAt changes an entry of the BAT.
func (v *image) changeEntryAt(index int64, to func(uint64) uint64) disk.Step {
	return disk.Change(v.EntryPlace(index), func(b []byte) { vhdx.PutEntry(b, to(vhdx.EntryAt(b))) })
}

// changeEntry is the fix with a BAT entry changed.
func (v *image) changeEntry(f fix, index int64, to func(uint64) uint64) disk.Repair {
	f.body = v.changeEntryAt(index, to)
	return v.one(f)[0]
}

// first is the entry that a finding is about.
func (v *image) first(f disk.Finding) int64 { return v.EntriesAt(f.Where[:1])[0] }

// entryOffer changes the BAT entry that a finding is about.
func entryOffer(f fix, to func(uint64) uint64) offer {
	return func(v *image, of disk.Finding) []disk.Repair {
		return []disk.Repair{v.changeEntry(f, v.first(of), to)}
	}
}

func withState(state uint64) func(uint64) uint64 {
	return func(e uint64) uint64 { return e&^7 | state }
}

func withoutPlace(e uint64) uint64 { return e - vhdx.FileOffset(e) }

// zeroPadding zeroes what lies after the last entry (36).
func (v *image) zeroPadding(f disk.Finding) []disk.Repair {
	return v.one(fix{title: "zero the entries after the last one", risk: "what is hidden in them is lost", body: disk.Clear(f.Where[0])})
}

// defineState gives a block a state that there is (38): that of its content, where
// the entry has a place that can hold it, or zeros.
func (v *image) defineState(f disk.Finding) []disk.Repair {
	index := v.first(f)
	entry, _ := v.Entry(index)
	off := int64(vhdx.FileOffset(entry))
	number, _ := v.Geometry.IsBitmap(index)
	needed := min(v.Geometry.BlockSize, v.Geometry.DiskSize-number*v.Geometry.BlockSize)
	placed := off > 0 && off <= v.Size-needed && !v.Meets(off, v.Geometry.BlockSize)
	var list []disk.Repair
	if o, ok := f.About.(reader.Orphan); ok {
		list = append(list, v.nameOrphan(o))
	}
	switch {
	case vhdx.State(entry) == vhdx.UnmappedDraft:
		return append(list, v.settleDraft(index, off, placed)...)
	case placed:
		list = append(list, v.believePlace(index, off, ""))
	}
	return append(list, v.blanks(index)...)
}

// settleDraft is for the draft's UNMAPPED. A damaged state makes one of a block that is
// stored, so that its content comes first where there is some.
func (v *image) settleDraft(index, off int64, placed bool) []disk.Repair {
	f := fix{title: "mark the block as unmapped", reads: v.HasParent}
	if v.HasParent {
		f.risk = "the block reads as zeros then: what it held, or its parent has there, is not shown"
	}
	room := min(v.Geometry.BlockSize, v.Size-off)
	if off == 0 || room <= 0 || v.Meets(off, v.Geometry.BlockSize) {
		if f.risk == "" {
			f.risk = v.lostDraft(off)
		}
		return []disk.Repair{v.changeEntry(f, index, withState(vhdx.Unmapped))}
	}
	taken, err := v.Claimed(context.Background(), off, v.Geometry.BlockSize, index)
	empty, readErr := v.Empty(context.Background(), off, room)
	if taken && err == nil || empty && readErr == nil {
		return []disk.Repair{v.changeEntry(f, index, withState(vhdx.Unmapped))}
	}
	if f.risk == "" {
		f.risk = fmt.Sprintf("bytes from 0x%x on that are not zero may be what the block holds: it reads as zeros then, and whoever writes the image next may use their room", off)
	}
	unmap := v.changeEntry(f, index, withState(vhdx.Unmapped))
	if !placed {
		return []disk.Repair{unmap}
	}
	return []disk.Repair{v.believePlace(index, off, "; if the block was given up, old bytes show again"), unmap}
}

// lostDraft is the risk of taking a block for given up whose entry has no place that can hold
// one; empty where nothing in the file can be what it held.
func (v *image) lostDraft(off int64) string {
	switch {
	case off != 0:
		return fmt.Sprintf("no block can lie at 0x%x, where the entry leads, so that it may be damaged and the block stored: it reads as zeros then", off)
	case v.Strays(context.Background()) != nil:
		return "bytes that nothing claims may be what the block held: it reads as zeros then, and whoever writes the image next may use their room"
	}
	return ""
}

// believePlace marks a block as stored where its entry says, unless another lies there.
func (v *image) believePlace(index, off int64, more string) disk.Repair {
	r := v.changeEntry(fix{title: "mark the block as fully present", risk: "that its content is what lies at its place is a guess" + more, reads: true}, index, withState(vhdx.FullyPresent))
	r.Apply = disk.Steps(v.unclaimed(index, off), r.Apply)
	return r
}

// unclaimed fails where another block than that of an entry lies at a place.
func (v *image) unclaimed(index, off int64) disk.Step {
	return func(ctx context.Context, _ store.FS) error {
		taken, err := v.Claimed(ctx, off, v.Geometry.BlockSize, index)
		if err == nil && taken {
			err = disk.Errorf(disk.Damaged, v.place(off, v.Geometry.BlockSize), "another block lies there")
		}
		return err
	}
}

// blanks are the ways to give up the content of a payload block: zeros, and in
// a differencing image the parent.
func (v *image) blanks(index int64) []disk.Repair {
	set := func(title, risk string, state uint64) disk.Repair {
		return v.changeEntry(fix{title: title, risk: risk, reads: true}, index, func(uint64) uint64 { return state })
	}
	list := []disk.Repair{set(fmt.Sprintf("let BAT entry %d say zeros", index), "what is stored for the block is lost: it reads as zeros from then on", vhdx.ZeroBlock)}
	if v.HasParent {
		list = append(list, set(fmt.Sprintf("let BAT entry %d leave the block to the parent", index),
			"what is stored for the block is lost: the parent shows through, with what it held before", vhdx.NotPresent))
	}
	return list
}

// giveUpBlock is for entries without a possible place (41, 42). A block may lie
// elsewhere; one that is there in part can be made whole with zeros.
func (v *image) giveUpBlock(f disk.Finding) []disk.Repair {
	var repairs []disk.Repair
	if o, ok := f.About.(reader.Orphan); ok {
		repairs = append(repairs, v.nameOrphan(o))
	}
	if len(f.Where) > 1 {
		whole := fix{title: "lengthen the file to the end of the block", risk: "what was past the end of the file is lost: it reads as zeros from then on", reads: true}
		repairs = append(repairs, v.extendTo(whole, f.Where[1].Offset+v.Geometry.BlockSize, true))
	}
	for _, index := range v.EntriesAt(f.Where) {
		repairs = append(repairs, v.giveUp(index)...)
	}
	return repairs
}

// giveUp is for an entry whose place is given up, as fits what it is for.
func (v *image) giveUp(index int64) []disk.Repair {
	number, bitmap := v.Geometry.IsBitmap(index)
	if bitmap {
		return []disk.Repair{v.giveUpBitmap(number)}
	}
	entry, err := v.Entry(index)
	if err != nil {
		return nil
	}
	if s := vhdx.State(entry); s == vhdx.Undefined || s == vhdx.Unmapped || s == vhdx.UnmappedDraft {
		return []disk.Repair{v.changeEntry(fix{title: "take the place out of the entry"}, index, withoutPlace)}
	}
	return v.blanks(index)
}

// giveUpBitmap clears the entry of a sector bitmap, and marks the blocks that
// needed it as fully present.
func (v *image) giveUpBitmap(chunk int64) disk.Repair {
	first := v.Geometry.PayloadIndex(chunk * v.Geometry.Ratio)
	last := min(v.Geometry.BitmapIndex(chunk)+1, v.Geometry.Entries(v.HasParent))
	return v.one(fix{
		title: fmt.Sprintf("give up sector bitmap %d, and mark its partially present blocks as fully present", chunk),
		risk:  "sectors that were left to the parent show what lies in the file there", reads: true,
		body: v.changeEntries(first, last, func(i int64, e uint64) uint64 {
			if _, bitmap := v.Geometry.IsBitmap(i); bitmap {
				return 0
			} else if vhdx.State(e) == vhdx.PartiallyPresent {
				return withState(vhdx.FullyPresent)(e)
			}
			return e
		})})[0]
}

// changeEntries changes the entries from first on, and below last.
func (v *image) changeEntries(first, last int64, to func(index int64, e uint64) uint64) disk.Step {
	const most = 32 << 10 // at once
	return func(ctx context.Context, fs store.FS) error {
		for from := first; from < last; from += most {
			at := v.EntryPlace(from)
			at.Length = min(most, last-from) * vhdx.EntrySize
			change := disk.Change(at, func(b []byte) {
				for i := from; len(b) > 0; i, b = i+1, b[vhdx.EntrySize:] {
					vhdx.PutEntry(b, to(i, vhdx.EntryAt(b)))
				}
			})
			if err := disk.Steps(change)(ctx, fs); err != nil {
				return err
			}
		}
		return nil
	}
}

// dropAnchors takes the old places out of the entries of freed blocks that
// overlap something (45).
func (v *image) dropAnchors(f disk.Finding) []disk.Repair {
	list := v.AnchorsAt(f.Where)
	return v.giveUp(list[len(list)-1])
}

// correctBitmapEntry is for entries of sector bitmaps with an impossible state (46).
func (v *image) correctBitmapEntry(f disk.Finding) []disk.Repair {
	index := v.first(f)
	number, _ := v.Geometry.IsBitmap(index)
	entry, _ := v.Entry(index)
	if !v.HasParent {
		f := fix{title: "clear the entry", risk: "if the image was a differencing one, which sectors are its own is lost"}
		return []disk.Repair{v.changeEntry(f, index, func(uint64) uint64 { return 0 })}
	}
	var repairs []disk.Repair
	if off := int64(vhdx.FileOffset(entry)); off > 0 && off <= v.Size-vhdx.MiB && !v.Meets(off, vhdx.MiB) {
		f := fix{title: "mark the sector bitmap as present", risk: "that it is what lies at its place is a guess", reads: true}
		repairs = append(repairs, v.changeEntry(f, index, withState(vhdx.FullyPresent)))
	}
	return append(repairs, v.giveUpBitmap(number))
}

// simplify gives a block whose sectors all come from one place the state that
// says so (48).
func (v *image) simplify(f disk.Finding) []disk.Repair {
	index := v.first(f)
	if set, _ := v.FirstBit(f.Where[1].Offset); set {
		return []disk.Repair{v.changeEntry(fix{title: "mark the block as fully present"}, index, withState(vhdx.FullyPresent))}
	}
	leave := fix{title: "leave the block to the parent", risk: "its room in the file belongs to nothing then, and with it what lies there"}
	return []disk.Repair{v.changeEntry(leave, index, func(uint64) uint64 { return vhdx.NotPresent })}
}
