package vhdx

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// reach is the end of the last BAT entry below an offset that reaches past the
// end of the file without a need to (43). It fails if the disk needs what lies
// there (42): in a longer file that would read as zeros, or as what is put
// there, and nothing would tell that it was lost.
func (v *Image) reach(ctx context.Context, before uint64) (last int64, err error) {
	if !v.tableKnown() {
		return 0, v.tableUnknown()
	}
	size := v.data.grown
	for p, err := range v.storedPieces(ctx) {
		if err != nil {
			return 0, err
		}
		for i := p.first; i < p.first+p.count; i++ {
			off := vhdx.FileOffset(p.at(i))
			if off == 0 || off >= before || off < uint64(size) && size-int64(off) >= v.geo.BlockSize {
				continue
			}
			number, bitmap := v.geo.IsBitmap(i)
			what, length := v.useOf(bitmap, p.at(i))
			needed := length
			switch what {
			case useNone:
				continue
			case usePayload:
				needed = min(length, v.geo.DiskSize-number*v.geo.BlockSize)
			case useAnchor:
				needed = 0
			}
			if off >= uint64(size) || size-int64(off) < needed {
				return 0, disk.Errorf(disk.Damaged, v.entryPlaceAt(i), "BAT entry %d places something behind the end of the file, at 0x%x: repair that first (vhdx/42), since a longer file would hide what is lost", i, off)
			}
			last = max(last, int64(off)+length)
		}
	}
	return last, nil
}

// freshRoom is the first MiB from which on nothing lies that belongs to the
// file or is claimed by a BAT entry.
func (v *Image) freshRoom(ctx context.Context) (int64, error) {
	last, err := v.reach(ctx, math.MaxUint64)
	return max(roundUp(v.data.grown), last), err
}

// tableKnown reports whether the BAT tells what belongs to blocks, even if it
// is too small for the disk.
func (v *Image) tableKnown() bool { return v.bat.placed && v.geo.Blocks > 0 }

func (v *Image) tableUnknown() error {
	return disk.Errorf(disk.Damaged, v.place(0, 0), "it is not known what belongs to the blocks of the disk: repair region tables and metadata first")
}

// longer adds to a risk how long the file gets, where that is much longer than
// it is: only the image itself says that it needs so much.
func (v *Image) longer(risk string, size int64) string {
	const little = 64 << 20
	if size <= max(2*v.size, v.size+little) {
		return risk
	}
	if risk != "" {
		risk += "; "
	}
	return risk + fmt.Sprintf("the file gets %s long, since the image says so", decode.FormatSize(uint64(size)))
}

// extendTo gives the file the length end. Only if lost is expected may blocks
// lie there that the disk needs.
func (v *Image) extendTo(f fix, end int64, lost bool) disk.Repair {
	f.risk = v.longer(f.risk, roundUp(end))
	f.body = func(ctx context.Context) (edits, error) {
		if !lost {
			if _, err := v.reach(ctx, uint64(roundUp(end))); err != nil {
				return nil, err
			}
		}
		grown, err := v.resize(roundUp(end))
		return edits{grown}, err
	}
	return v.one(f)[0]
}

// extendFile lets the file reach to the end of its last block (43).
func (v *Image) extendFile(where []decode.Place) ([]disk.Repair, string) {
	if len(where) < 2 {
		return nil, ""
	}
	return []disk.Repair{v.extendTo(fix{title: "lengthen the file to the end of the block"}, where[1].Offset+v.geo.BlockSize, false)}, ""
}

// roundLength makes the length of the file a multiple of 1 MiB (51).
func (v *Image) roundLength([]decode.Place) ([]disk.Repair, string) {
	return []disk.Repair{v.extendTo(fix{title: "lengthen the file to a multiple of 1 MiB"}, v.size, false)}, ""
}

// separate moves one of two blocks that share space, or the one on a structure,
// to the end of the file (44). Which of the two the content is of nobody can
// tell, so either can be given up too.
func (v *Image) separate(where []decode.Place) ([]disk.Repair, string) {
	list := v.entriesAt(where)
	if len(list) == 0 {
		return nil, ""
	}
	repairs := []disk.Repair{v.moveBlock(list[len(list)-1])}
	for _, index := range list {
		repairs = append(repairs, v.giveUp(index)...)
	}
	return repairs, fmt.Sprintf("A block can be copied to a place of its own if at most %s of it are not zero; a fuller one only by converting the disk to a new image.", decode.FormatSize(maxChanged))
}

// moveBlock copies a block or a sector bitmap to fresh room at the end of the
// file.
func (v *Image) moveBlock(index int64) disk.Repair {
	f := fix{title: fmt.Sprintf("copy what BAT entry %d places to the end of the file", index), risk: "what lies there may not be its own: compare the content with what is expected"}
	entry, err := v.entry(index)
	length := v.geo.BlockSize
	if _, bitmap := v.geo.IsBitmap(index); bitmap {
		length = vhdx.MiB
	}
	off := int64(vhdx.FileOffset(entry))
	meets, _ := v.clearOf(off, off+length)
	f.reads = meets != "" // it can't be read where it is
	f.body = func(ctx context.Context) (edits, error) {
		if err != nil {
			return nil, err
		}
		room, err := v.freshRoom(ctx)
		if err != nil {
			return nil, err
		}
		grown, err := v.resize(room + length)
		if err != nil {
			return nil, err
		}
		p := patches{image: v, list: edits{grown}}
		if err := p.copyFrom(ctx, off, length, room); err != nil {
			return nil, err
		}
		moved := uint64(room) | entry&(vhdx.MiB-1)
		err = p.put(v.entryPlaceAt(index).Offset, binary.LittleEndian.AppendUint64(nil, moved))
		return p.list, err
	}
	return v.one(f)[0]
}

// allocateAll gives all blocks of a fixed image room at the end of the file
// (49). They read as zeros before and after.
func (v *Image) allocateAll([]decode.Place) ([]disk.Repair, string) {
	f := fix{title: "allocate the missing blocks at the end of the file", risk: "the file gets as long as the whole disk, though not larger on disk where files may have holes"}
	f.body = func(ctx context.Context) (edits, error) {
		p := patches{image: v}
		end, err := v.freshRoom(ctx)
		if err != nil {
			return nil, err
		}
		for piece, err := range v.pieces(ctx) {
			if err != nil {
				return nil, err
			}
			entries := append([]byte(nil), piece.buf...)
			for i := piece.first; i < piece.first+piece.count; i++ {
				if _, bitmap := v.geo.IsBitmap(i); bitmap || vhdx.State(piece.at(i)) > vhdx.Unmapped {
					continue
				}
				binary.LittleEndian.PutUint64(entries[(i-piece.first)*vhdx.EntrySize:], uint64(end)|vhdx.FullyPresent)
				end += v.geo.BlockSize
			}
			if err := p.put(v.entryPlaceAt(piece.first).Offset, entries); err != nil {
				return nil, err
			}
		}
		grown, err := v.resize(end)
		return append(edits{grown}, p.list...), err
	}
	return v.one(f), ""
}

// cutTail takes what belongs to nothing off the end of the file (50).
func (v *Image) cutTail(where []decode.Place) ([]disk.Repair, string) {
	at := where[0]
	switch {
	case at.Offset+at.Length < v.size/vhdx.MiB*vhdx.MiB:
		return nil, "Room in the middle of the file can be used by whoever writes the image next; compacting the image moves the blocks behind it."
	case v.params.fixed:
		return nil, "A fixed image may need the room for its blocks."
	case v.size-at.Offset > maxChanged:
		return nil, fmt.Sprintf("No more than %s are cut off here: compact the image with another program.", decode.FormatSize(maxChanged))
	}
	return v.one(fix{title: "cut it off the end of the file", risk: "what lies there is lost", body: func(context.Context) (edits, error) {
		return edits{disk.Resized(v.src.Name, at.Offset)}, nil
	}}), ""
}
