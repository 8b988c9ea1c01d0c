package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// newFooters are for an image that has lost both footers and is known by its
// dynamic header (V001), from which they are made.
func (v *image) newFooters(disk.Finding) []disk.Repair {
	return []disk.Repair{v.bothFooters("make new footers from the dynamic header",
		"the size is the largest that the table allows, and the identity is new: differencing images that name this disk no longer find it", v.footerFromHeader(), v.behindData)}
}

// behindData is the place for a footer that nothing is left of. One damaged
// sector after the data is taken for the old one, more is kept. A block that
// reaches past the file's end stays as it is: not whole (V032).
func (v *image) behindData(ctx context.Context) (int64, error) {
	end, err := v.endOfData(ctx)
	if size := roundUp(v.Size); v.Size-end > vhd.FooterSize || end > size {
		end = size
	}
	return end, err
}

// bothFooters writes a footer to the start of the file and to its end.
func (v *image) bothFooters(title, risk string, raw []byte, at func(context.Context) (int64, error)) disk.Repair {
	r := v.footerTo(title, risk, raw, at)
	r.Apply = disk.Steps(v.put(0, raw), r.Apply)
	return r
}

// footerFromHeader is what can be known without a footer.
func (v *image) footerFromHeader() []byte {
	t := v.Table
	size, kind := uint64(min(t.Entries*t.BlockSize, reader.MaxDynamic)), uint32(vhd.Dynamic)
	if v.WantedID() != [16]byte{} {
		kind = vhd.Differencing
	}
	f := vhd.FooterTable.Blank()
	vhd.FooterFeatures.Put(f, 2)
	vhd.FooterDataOffset.Put(f, uint64(v.HeaderAt))
	vhd.FooterCreator.Put(f, "pltr")
	vhd.FooterCreatorVersion.Put(f, vhd.Version)
	vhd.FooterCreatorOS.Put(f, "Wi2k")
	vhd.FooterOriginalSize.Put(f, size)
	vhd.FooterCurrentSize.Put(f, size)
	putGeometry(f, size)
	vhd.FooterType.Put(f, kind)
	vhd.FooterID.Put(f, uuid.New())
	vhd.FooterTable.Seal(f.Bytes())
	return f.Bytes()
}

// headerOffer changes fields of the dynamic header.
func headerOffer(title, risk string, change func(decode.Record[vhd.Header])) offer {
	return func(v *image, _ disk.Finding) []disk.Repair { return one(title, risk, v.changeHeader(change)) }
}

// changeHeader changes the dynamic header and seals it.
func (v *image) changeHeader(change func(decode.Record[vhd.Header])) disk.Step {
	return v.change(v.HeaderAt, vhd.HeaderSize, func(b []byte) {
		if h, ok := vhd.HeaderTable.Of(b); ok {
			change(h)
			vhd.HeaderTable.Seal(b)
		}
	})
}

// restoreHeader is for a header whose cookie or checksum is wrong (V024). With
// another cookie it may be whole otherwise, or a new one is made for a table that
// is.
func (v *image) restoreHeader(disk.Finding) []disk.Repair {
	cookie := v.changeHeader(func(h decode.Record[vhd.Header]) { vhd.HeaderCookie.Put(h, vhd.HeaderMagic) })
	switch {
	case v.HeaderBare:
		return one("put the cookie back: the checksum shows that nothing else was changed", "", cookie)
	case v.HeaderOK:
		return one("recompute the checksum", "some byte of the header was changed without it: look at the fields first", v.changeHeader(func(decode.Record[vhd.Header]) {}))
	case v.WholeHeader():
		return one("put the cookie back: the rest of the header is whole", "a program may have disabled the image on purpose", cookie)
	}
	const title, risk = "make a new header for the table after it", "block size and place of the table are guessed, and accepted only if all entries of the table fit them"
	return one(title, risk, func(ctx context.Context, to store.FS) error {
		h, err := v.headerFromTable(ctx)
		if err != nil {
			return err
		}
		return v.put(v.HeaderAt, h)(ctx, to)
	})
}

// errNoTable is why no header is made.
var errNoTable = errors.New("what lies after the header is no table for blocks of 2 MiB or 512 KiB")

// headerFromTable guesses the header for the table in its usual place
// (vhd.md 19): the first usual block size that all entries fit.
func (v *image) headerFromTable(ctx context.Context) ([]byte, error) {
	all := errNoTable
	for _, block := range []int64{2 << 20, 512 << 10} {
		h := vhd.HeaderTable.Blank()
		vhd.HeaderTableOffset.Put(h, vhd.FooterSize+vhd.HeaderSize)
		vhd.HeaderEntries.Put(h, uint32((v.Virtual+block-1)/block))
		vhd.HeaderBlockSize.Put(h, uint32(block))
		vhd.HeaderTable.Seal(h.Bytes())
		guess := &image{v.WithHeader(h)}
		err := guess.plausible(ctx)
		if err == nil {
			return h.Bytes(), nil
		}
		all = fmt.Errorf("%w: %s: %w", all, decode.FormatSize(uint64(block)), err)
	}
	return nil, all
}

// alignment is what Hyper-V starts the data of blocks on, in bytes.
const alignment = 4096

// plausible fails unless all entries of the table lead to blocks in the file
// that lie a whole number of blocks apart, or on 4 KiB.
func (v *image) plausible(ctx context.Context) error {
	t := v.Table
	if !t.Placed || t.End > v.DataEnd {
		return errors.New("the table does not fit in the file")
	}
	pad := make([]byte, t.End-t.Place(t.Entries))
	if n, err := v.Source.File.ReadAt(pad, t.Place(t.Entries)); n < len(pad) {
		return err
	}
	if bytes.Count(pad, []byte{0}) < len(pad) && bytes.Count(pad, []byte{0xFF}) < len(pad) {
		return errors.New("there are more entries than the disk needs")
	}
	first := int64(-1)
	for e, err := range t.Scan(ctx) {
		if err != nil {
			return err
		}
		if first < 0 {
			first = e.Start
		}
		if e.Holes > 0 || v.Misplaced(e.Start) || e.Start+t.Stored > v.DataEnd {
			return fmt.Errorf("entry %d leads to 0x%x, where no block can be", e.Index, e.Start)
		}
		if (e.Start-first)%t.Stored != 0 && (e.Start+t.BitmapBytes)%alignment != 0 {
			return fmt.Errorf("entry %d leads to 0x%x, which is no whole number of blocks from 0x%x", e.Index, e.Start, first)
		}
	}
	return nil
}
