package vhdx

import (
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// entriesAt lists the BAT entries among a finding's places.
func (v *Image) entriesAt(where []decode.Place) []int64 {
	var list []int64
	for _, at := range where {
		index := (at.Offset - v.bat.off) / vhdx.EntrySize
		if at.Length == vhdx.EntrySize && at.Offset >= v.bat.off && index < v.geo.Entries(v.params.hasParent) {
			list = append(list, index)
		}
	}
	return list
}

// changeEntry is the fix with a BAT entry changed.
func (v *Image) changeEntry(f fix, index int64, to func(uint64) uint64) disk.Repair {
	f.body = func(context.Context) (edits, error) {
		return disk.Rewrite(v.src.File, v.entryPlaceAt(index), func(b []byte) {
			binary.LittleEndian.PutUint64(b, to(binary.LittleEndian.Uint64(b)))
		})
	}
	return v.one(f)[0]
}

// entryRemedy changes the BAT entry that a finding is about.
func entryRemedy(f fix, to func(uint64) uint64) remedy {
	return func(v *Image, where []decode.Place) ([]disk.Repair, string) {
		if list := v.entriesAt(where[:1]); len(list) == 1 {
			return []disk.Repair{v.changeEntry(f, list[0], to)}, ""
		}
		return nil, ""
	}
}

// zeroPadding zeroes what lies behind the last entry (36).
func (v *Image) zeroPadding(where []decode.Place) ([]disk.Repair, string) {
	return v.one(fix{title: "zero the entries behind the last one", risk: "what is hidden in them is lost", body: func(ctx context.Context) (edits, error) {
		p := patches{image: v}
		err := p.zero(ctx, where[0].Offset, where[0].Offset+where[0].Length)
		return p.list, err
	}}), ""
}

// defineState gives a block a state that there is (38): zeros for the draft's
// UNMAPPED; for the reserved one its content, or zeros.
func (v *Image) defineState(where []decode.Place) ([]disk.Repair, string) {
	list := v.entriesAt(where[:1])
	if len(list) == 0 {
		return nil, ""
	}
	index := list[0]
	entry, err := v.entry(index)
	if err != nil {
		return nil, ""
	}
	if vhdx.State(entry) == vhdx.UnmappedDraft {
		return []disk.Repair{v.changeEntry(fix{title: "mark the block as unmapped", reads: v.params.hasParent}, index, withState(vhdx.Unmapped))}, ""
	}
	var repairs []disk.Repair
	if off := int64(vhdx.FileOffset(entry)); off > 0 && v.misplaced(entry) == "" && off <= v.size-v.geo.BlockSize {
		r := v.changeEntry(fix{title: "mark the block as fully present", risk: "that its content is what lies at its place is a guess", reads: true}, index, withState(vhdx.FullyPresent))
		make := r.Edits
		r.Edits = func(ctx context.Context) ([]disk.Edit, error) {
			if taken, err := v.claimed(ctx, off, v.geo.BlockSize, index); err != nil || taken {
				return nil, orTaken(err, v.place(off, v.geo.BlockSize))
			}
			return make(ctx)
		}
		repairs = append(repairs, r)
	}
	return append(repairs, v.blanks(index)...), ""
}

func orTaken(err error, at decode.Place) error {
	if err != nil {
		return err
	}
	return disk.Errorf(disk.Damaged, at, "another block lies there")
}

func withState(state uint64) func(uint64) uint64 {
	return func(e uint64) uint64 { return e&^7 | state }
}

// blanks are the ways to give up the content of a payload block: zeros, and in
// a differencing image the parent.
func (v *Image) blanks(index int64) []disk.Repair {
	set := func(title, risk string, state uint64) disk.Repair {
		return v.changeEntry(fix{title: title, risk: risk, reads: true}, index, func(uint64) uint64 { return state })
	}
	list := []disk.Repair{set(fmt.Sprintf("let BAT entry %d say zeros", index), "what is stored for the block is lost: it reads as zeros from then on", vhdx.ZeroBlock)}
	if v.params.hasParent {
		list = append(list, set(fmt.Sprintf("let BAT entry %d leave the block to the parent", index),
			"what is stored for the block is lost: the parent shows through, with what it held before", vhdx.NotPresent))
	}
	return list
}

// giveUpBlock is for entries without a possible place (41, 42). A block that
// is there in part can be made whole with zeros.
func (v *Image) giveUpBlock(where []decode.Place) ([]disk.Repair, string) {
	var repairs []disk.Repair
	if len(where) > 1 {
		f := fix{title: "lengthen the file to the end of the block", risk: "what was behind the end of the file is lost: it reads as zeros from then on", reads: true}
		repairs = append(repairs, v.extendTo(f, where[1].Offset+v.geo.BlockSize, true))
	}
	for _, index := range v.entriesAt(where) {
		repairs = append(repairs, v.giveUp(index)...)
	}
	return repairs, ""
}

// giveUp is for an entry whose place is given up, as fits what it is for.
func (v *Image) giveUp(index int64) []disk.Repair {
	number, bitmap := v.geo.IsBitmap(index)
	if bitmap {
		return []disk.Repair{v.giveUpBitmap(number)}
	}
	entry, err := v.entry(index)
	if err != nil {
		return nil
	}
	if s := vhdx.State(entry); s == vhdx.Undefined || s == vhdx.Unmapped || s == vhdx.UnmappedDraft {
		return []disk.Repair{v.changeEntry(fix{title: "take the place out of the entry"}, index, func(e uint64) uint64 { return e - vhdx.FileOffset(e) })}
	}
	return v.blanks(index)
}

// giveUpBitmap clears the entry of a sector bitmap, and marks the blocks that
// needed it as fully present.
func (v *Image) giveUpBitmap(chunk int64) disk.Repair {
	return v.one(fix{
		title: fmt.Sprintf("give up sector bitmap %d, and mark its partially present blocks as fully present", chunk),
		risk:  "sectors that were left to the parent show what lies in the file there", reads: true,
		body: func(context.Context) (edits, error) {
			first := v.geo.PayloadIndex(chunk * v.geo.Ratio)
			last := min(v.geo.BitmapIndex(chunk)+1, v.geo.Entries(v.params.hasParent))
			at := v.place(v.bat.off+first*vhdx.EntrySize, (last-first)*vhdx.EntrySize)
			return disk.Rewrite(v.src.File, at, func(b []byte) {
				for i := first; i < last; i++ {
					rec := b[(i-first)*vhdx.EntrySize:]
					e := binary.LittleEndian.Uint64(rec)
					if _, bitmap := v.geo.IsBitmap(i); bitmap {
						e = 0
					} else if vhdx.State(e) == vhdx.PartiallyPresent {
						e = withState(vhdx.FullyPresent)(e)
					}
					binary.LittleEndian.PutUint64(rec, e)
				}
			})
		}})[0]
}

// dropAnchors takes the old places out of the entries of freed blocks that
// overlap something (45).
func (v *Image) dropAnchors(where []decode.Place) ([]disk.Repair, string) {
	var list []disk.Repair
	for _, index := range v.entriesAt(where) {
		if entry, err := v.entry(index); err == nil && vhdx.State(entry) < vhdx.FullyPresent {
			list = v.giveUp(index)
		}
	}
	return list, ""
}

// correctBitmapEntry is for entries of sector bitmaps with an impossible state (46).
func (v *Image) correctBitmapEntry(where []decode.Place) ([]disk.Repair, string) {
	list := v.entriesAt(where[:1])
	if len(list) == 0 {
		return nil, ""
	}
	index := list[0]
	number, _ := v.geo.IsBitmap(index)
	entry, err := v.entry(index)
	switch {
	case err != nil:
		return nil, ""
	case !v.params.hasParent:
		f := fix{title: "clear the entry", risk: "if the image was a differencing one, which sectors are its own is lost"}
		return []disk.Repair{v.changeEntry(f, index, func(uint64) uint64 { return 0 })}, ""
	}
	var repairs []disk.Repair
	off := int64(vhdx.FileOffset(entry))
	if meets, _ := v.clearOf(off, off+vhdx.MiB); off > 0 && off <= v.size-vhdx.MiB && meets == "" {
		f := fix{title: "mark the sector bitmap as present", risk: "that it is what lies at its place is a guess", reads: true}
		repairs = append(repairs, v.changeEntry(f, index, withState(vhdx.FullyPresent)))
	}
	return append(repairs, v.giveUpBitmap(number)), ""
}

// simplify gives a block whose sectors all come from one place the state that
// says so (48).
func (v *Image) simplify(where []decode.Place) ([]disk.Repair, string) {
	list := v.entriesAt(where[:1])
	if len(list) == 0 || len(where) < 2 {
		return nil, ""
	}
	set, _, err := v.bitRow(where[1].Offset, 0, 1)
	switch {
	case err != nil:
		return nil, ""
	case set:
		return []disk.Repair{v.changeEntry(fix{title: "mark the block as fully present"}, list[0], withState(vhdx.FullyPresent))}, ""
	}
	f := fix{title: "leave the block to the parent", risk: "its room in the file belongs to nothing then, and with it what lies there"}
	return []disk.Repair{v.changeEntry(f, list[0], func(uint64) uint64 { return vhdx.NotPresent })}, ""
}
