package vhdx

import (
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// extendTo gives the file the length end.
func (v *Image) extendTo(f fix, end int64) disk.Repair {
	f.body = func(context.Context) (edits, error) {
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
	return []disk.Repair{v.extendTo(fix{title: "lengthen the file to the end of the block"}, where[1].Offset+v.geo.BlockSize)}, ""
}

// roundLength makes the length of the file a multiple of 1 MiB (51).
func (v *Image) roundLength([]decode.Place) ([]disk.Repair, string) {
	return []disk.Repair{v.extendTo(fix{title: "lengthen the file to a multiple of 1 MiB"}, v.size)}, ""
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
		grown, err := v.resize(v.end() + length)
		if err != nil {
			return nil, err
		}
		p := patches{image: v, list: edits{grown}}
		if err := p.copyFrom(ctx, off, length, v.end()); err != nil {
			return nil, err
		}
		moved := uint64(v.end()) | entry&(vhdx.MiB-1)
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
		p, end := patches{image: v}, v.end()
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
