package writer

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// mayGrow fails if the new length is out of all proportion to the old one.
func (v *image) mayGrow(size int64) error {
	if size <= v.Growth {
		return nil
	}
	return &disk.Error{Kind: disk.OutOfRange, Op: "repair", At: v.place(v.Size, 0), What: fmt.Sprintf("the file of %d bytes would get %d, a repair at most doubles it", v.Size, size)}
}

// endOfData is the first sector after metadata and blocks (vhd.md 19). Of a
// block whose bitmap is in the file all counts, also what the file lacks of it.
func (v *image) endOfData(ctx context.Context) (int64, error) {
	end := v.MetadataEnd()
	for _, l := range v.Locators {
		if l.Fits {
			end = max(end, min(l.Off+l.Area, v.DataEnd))
		}
	}
	end = max(end, v.Batmap.MapOff+v.Batmap.Length)
	if !v.Table.Placed {
		return roundUp(end), nil
	}
	for e, err := range v.Table.Scan(ctx) {
		if err != nil {
			return 0, err
		}
		if e.Holes == 0 && !v.Misplaced(e.Start) {
			end = max(end, e.Start+v.Table.Stored)
		}
	}
	return roundUp(end), nil
}

// behindBlocks is the end of the data, unless an entry of the table leads into
// what the file lacks so far: the block would be zeros from then on, not lost.
func (v *image) behindBlocks(ctx context.Context) (int64, error) {
	end, err := v.endOfData(ctx)
	if err == nil {
		err = v.Apart(ctx) // an entry that leads astray may stand for a block anywhere
	}
	if err != nil {
		return 0, err
	}
	for e, err := range v.Table.Scan(ctx) {
		if err != nil {
			return 0, err
		}
		if start := e.Start; e.Holes == 0 && start+v.Table.BitmapBytes > v.DataEnd && start < end {
			return 0, v.taken(start, end-start, fmt.Sprintf("the table says that block %d lies there: settle that first (V032)", e.Index))
		}
	}
	return end, nil
}

// moveFooter makes the file end with a footer at the place given, and zeros
// the one that lay after the data so far.
func (v *image) moveFooter(raw []byte, at int64) (disk.Step, error) {
	end := at + vhd.FooterSize
	if err := errors.Join(v.nothingTrails(), v.mayGrow(end)); err != nil {
		return nil, err
	}
	old := v.place(v.DataEnd, max(0, min(v.Size, at)-v.DataEnd))
	return disk.Steps(v.resize(max(v.Size, end)), disk.Clear(old), v.put(at, raw), v.resize(end)), nil
}

func (v *image) resize(size int64) disk.Step { return disk.Resize(v.Source.Name, size) }

// nothingTrails fails if bytes follow the footer (V009): whether they are lost
// is a question of its own.
func (v *image) nothingTrails() error {
	if !v.Tail.Present {
		return nil
	}
	end := v.Tail.Off + v.Tail.Length
	if end < v.Size {
		return v.taken(end, v.Size-end, "bytes follow the footer, which have to be cut off first (V009)")
	}
	return nil
}

// roomBehind is a place for n bytes behind the data, with the step that moves
// the footer after it. An entry of the table that leads there would take the
// bytes for its block's.
func (v *image) roomBehind(ctx context.Context, n int64) (int64, disk.Step, error) {
	at := roundUp(v.DataEnd)
	if err := v.freeOfOthers(ctx, v.DataEnd, at+n-v.DataEnd, none); err != nil {
		return 0, nil, fmt.Errorf("%w: settle that first (V032)", err)
	}
	room, err := v.moveFooter(v.Rules.Raw, at+roundUp(n))
	return at, room, err
}

// footerTo is the repair of putting a footer where the function says.
func (v *image) footerTo(title, risk string, raw []byte, at func(context.Context) (int64, error)) disk.Repair {
	return disk.Repair{Title: title, Risk: risk, Apply: func(ctx context.Context, to store.FS) error {
		off, err := at(ctx)
		if err != nil {
			return err
		}
		move, err := v.moveFooter(raw, off)
		if err != nil {
			return err
		}
		return move(ctx, to)
	}}
}

// fixedPlace is a place that needs no scan to be known.
func fixedPlace(at int64) func(context.Context) (int64, error) {
	return func(context.Context) (int64, error) { return at, nil }
}

// restoreTail writes the copy at the start to the end (V002): over the damaged
// footer where that can be recognised, else after the data.
func (v *image) restoreTail(disk.Finding) []disk.Repair {
	raw, at, n := v.Front.Raw, v.Tail.Off, v.Tail.Length
	if !v.Tail.Present {
		at, n = v.Size-vhd.FooterSize, vhd.FooterSize
		if !v.Torn && !v.remnant(at) {
			return v.appendTail()
		}
	}
	const title = "write the footer from the start of the file to its end"
	if n == vhd.FooterSize && at%vhd.Sector != 0 {
		return []disk.Repair{v.footerTo(title, "", raw, fixedPlace(roundUp(v.DataEnd)))}
	}
	return one(title, "", v.put(at, raw[:n]))
}

// appendTail is for a footer that was cut off: the last sector of such a file
// belongs to a block. After the file's end the footer leaves a block that is
// not whole to be found as such (V032), and asked about.
func (v *image) appendTail() []disk.Repair {
	raw := v.Front.Raw
	risk := ""
	if v.Size%vhd.Sector != 0 {
		risk = "what the file lacks of its last sector reads as zeros from then on"
	}
	list := []disk.Repair{v.footerTo("append the footer from the start of the file", risk, raw, fixedPlace(roundUp(v.Size)))}
	if !v.Table.Placed {
		return list
	}
	if last := v.Size - vhd.FooterSize; v.Size%vhd.Sector == 0 && v.freeOfOthers(context.Background(), last, vhd.FooterSize, none) == nil {
		list = v.intoLast(list, last)
	}
	if end, err := v.behindBlocks(context.Background()); err == nil {
		list = append(list, v.footerTo("write the footer from the start of the file after the last block", fmt.Sprintf("what the file lacks of that block reads as zeros from then on; the %d bytes after it are lost: %s", max(v.Size-end, 0), v.held(end, max(v.Size-end, 0))), raw, v.behindBlocks))
	}
	return list
}

// intoLast adds the repair for a device that can't grow, such as a logical volume. It
// comes first where the sector holds nothing.
func (v *image) intoLast(list []disk.Repair, last int64) []disk.Repair {
	r := disk.Repair{Title: "write the footer from the start of the file into its last sector, as on a device that can't grow", Apply: v.put(last, v.Front.Raw)}
	if v.held(last, vhd.FooterSize) == "zeros" {
		r.Title += "; that sector is zero and belongs to nothing"
		return append([]disk.Repair{r}, list...)
	}
	r.Risk = "what lies in that sector is lost: " + v.held(last, vhd.FooterSize)
	return append(list, r)
}

// held words what a range of the file holds, all of which is read.
func (v *image) held(off, n int64) string {
	f, err := space.NewLooker(v.Source.File, v.Size).Look(context.Background(), off, n, space.All)
	if err != nil || f.Other >= 0 {
		return "not zero"
	}
	return f.String()
}

// remnant reports whether the bytes at off are a footer of this image with a
// damaged cookie: they still have its identity.
func (v *image) remnant(off int64) bool {
	raw := make([]byte, vhd.FooterSize)
	if n, _ := v.Source.File.ReadAt(raw, max(0, off)); n < len(raw) {
		return false
	}
	rec, ok := vhd.FooterTable.Of(raw)
	id := vhd.FooterID.Get(rec)
	return ok && id == vhd.FooterID.Get(v.Footer) && id != uuid.UUID{}
}

// alignFile makes the file whole sectors (V008).
func (v *image) alignFile(f disk.Finding) []disk.Repair {
	tail := v.Tail
	switch {
	case !tail.Present:
		return v.restoreTail(f)
	case tail.Off+tail.Length < v.Size:
		return v.cutTrailing(f)
	case tail.Off%vhd.Sector == 0:
		return v.completeFooter(f)
	}
	return []disk.Repair{v.footerTo("move the footer to the next whole sector, with zeros in front of it",
		"if bytes are missing or too many in the middle of the file, they still are afterwards", tail.Raw, fixedPlace(roundUp(tail.Off)))}
}

// cutTrailing ends the file after its footer (V009).
func (v *image) cutTrailing(disk.Finding) []disk.Repair {
	end := v.Tail.Off + v.Tail.Length
	return one(fmt.Sprintf("cut off the %d bytes after the footer", v.Size-end), "they are lost: look at them first", v.resize(end))
}

// completeFooter gives a footer of 511 bytes the last one, which is zero and
// does not change the checksum (V051).
func (v *image) completeFooter(disk.Finding) []disk.Repair {
	tail := v.Tail
	return []disk.Repair{v.footerTo("write a footer of 512 bytes", "Virtual PC from before 2004 may not open the image any more", tail.Raw, fixedPlace(roundUp(tail.Off)))}
}

// extendFile makes the file so long that the last block is whole (V032). That
// is for blocks of which something is there: one that lies all past the end
// has nothing to keep there, but may lie elsewhere.
func (v *image) extendFile(f disk.Finding) []disk.Repair {
	list := v.nameOrphan(f)
	if len(f.Where) > 1 && !v.Misplaced(f.Where[1].Offset) {
		list = append(list, v.footerTo("make the file longer with zeros, and move the footer after the last block",
			"what is missing of the block reads as zeros from then on", v.Rules.Raw, v.behindBlocks))
	}
	return append(list, v.clearEntry(f)...)
}
