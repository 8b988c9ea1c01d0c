package vhd

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// newFooters are for an image that has lost both footers and is known by its
// dynamic header (V001): the old one where only its cookie is damaged, else one
// made from the header.
func (v *Image) newFooters([]decode.Place) []disk.Repair {
	if raw, off := v.withoutCookie(); raw != nil {
		at := v.behindData
		if off > 0 {
			at = fixedPlace(roundUp(off, vhd.Sector))
		}
		return []disk.Repair{v.bothFooters("put the cookie back: the rest of the footer is whole", "", raw, at)}
	}
	raw := v.footerFromHeader()
	if raw == nil {
		return nil
	}
	return []disk.Repair{v.bothFooters("make new footers from the dynamic header",
		"the size is the largest that the table allows, and the identity is new: differencing images that name this disk no longer find it", raw, v.behindData)}
}

// behindData is the place for a footer that nothing is left of. One damaged
// sector behind the data is taken for the old one, more is kept. A block that
// reaches past the file's end stays as it is: not whole (V032).
func (v *Image) behindData(ctx context.Context) (int64, error) {
	end, err := v.endOfData(ctx)
	if size := roundUp(v.size, vhd.Sector); v.size-end > vhd.FooterSize || end > size {
		end = size
	}
	return end, err
}

// bothFooters writes a footer to the start of the file and to its end.
func (v *Image) bothFooters(title, risk string, raw []byte, at func(context.Context) (int64, error)) disk.Repair {
	front := v.mend(title, risk, 0, vhd.FooterSize, func(b []byte) { copy(b, raw) })
	return disk.Mends(title, risk, front, v.footerTo(title, risk, raw, at))
}

// withoutCookie is a footer at either end of the file whose checksum is right
// once it has its cookie, and where it lies; nil if there is none.
func (v *Image) withoutCookie() (raw []byte, off int64) {
	for _, off = range []int64{v.size - vhd.FooterSize, 0} {
		b, err := readUpTo(v.src.File, off, vhd.FooterSize)
		if err != nil || len(b) < vhd.FooterSize {
			continue
		}
		copy(b, vhd.Cookie)
		if c := footerAt(b, off, vhd.FooterSize); c.valid && !c.hidden && c.kind() >= vhd.Dynamic && c.kind() <= vhd.Differencing {
			return b, off
		}
	}
	return nil, 0
}

// footerFromHeader is what can be known without a footer.
func (v *Image) footerFromHeader() []byte {
	t := &v.table
	if !t.placed || t.entries == 0 || t.entries > maxDynamic/t.blockSize+1 {
		return nil
	}
	size, kind := uint64(min(t.entries*t.blockSize, maxDynamic)), uint32(vhd.Dynamic)
	if v.wantedID() != [16]byte{} {
		kind = vhd.Differencing
	}
	f := vhd.FooterTable.Blank()
	vhd.FooterFeatures.Put(f, 2)
	vhd.FooterDataOffset.Put(f, uint64(v.header.off))
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

// mendCookie is for a dynamic header with another cookie (V024): the header may
// be whole otherwise, or a new one is made for a table that is.
func (v *Image) mendCookie() []disk.Repair {
	off := v.header.off
	if h := bytes.Clone(v.header.rec.Bytes()); v.wholeHeader(h) {
		return []disk.Repair{v.mend("put the cookie back: the rest of the header is whole", "a program may have disabled the image on purpose", off, vhd.HeaderSize, func(b []byte) {
			copy(b, vhd.HeaderMagic)
			vhd.HeaderTable.Seal(b)
		})}
	}
	if v.kind != vhd.Dynamic || off != vhd.FooterSize || v.virtual <= 0 || v.virtual > maxDynamic {
		return nil
	}
	const title, risk = "make a new header for the table behind it", "block size and place of the table are guessed, and accepted only if all entries of the table fit them"
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		h, err := v.headerFromTable(ctx)
		if err != nil {
			return nil, err
		}
		return disk.Rewrite(v.src.File, v.place(off, vhd.HeaderSize), func(b []byte) { copy(b, h) })
	}}}
}

// wholeHeader reports whether a header's checksum is right either as it is or
// once it has its cookie; h gets the cookie.
func (v *Image) wholeHeader(h []byte) bool {
	before, _ := vhd.HeaderChecksum.Field().Verdict(h)
	copy(h, vhd.HeaderMagic)
	after, _ := vhd.HeaderChecksum.Field().Verdict(h)
	rec, ok := vhd.HeaderTable.Of(h)
	return ok && (before == decode.Good || after == decode.Good) && vhd.HeaderVersion.Get(rec) == vhd.Version
}

// errNoTable is why no header is made.
var errNoTable = errors.New("what lies behind the header is no table for blocks of 2 MiB or 512 KiB")

// headerFromTable guesses the header for the table in its usual place
// (vhd.md 19): the first usual block size that all entries fit.
func (v *Image) headerFromTable(ctx context.Context) ([]byte, error) {
	all := errNoTable
	for _, block := range []int64{2 << 20, 512 << 10} {
		h := vhd.HeaderTable.Blank()
		vhd.HeaderTableOffset.Put(h, vhd.FooterSize+vhd.HeaderSize)
		vhd.HeaderEntries.Put(h, uint32((v.virtual+block-1)/block))
		vhd.HeaderBlockSize.Put(h, uint32(block))
		vhd.HeaderTable.Seal(h.Bytes())
		guess := &Image{src: v.src, size: v.size, footers: v.footers, footer: v.footer, kind: v.kind, virtual: v.virtual, dataEnd: v.dataEnd}
		guess.header = header{off: v.header.off, placed: true, rec: h}
		guess.placeTable()
		guess.metaEnd = guess.metadataEnd()
		err := guess.plausible(ctx)
		if err == nil {
			return h.Bytes(), nil
		}
		all = fmt.Errorf("%w: %s: %w", all, decode.FormatSize(uint64(block)), err)
	}
	return nil, all
}

// plausible fails unless all entries of the table lead to blocks in the file
// that lie a whole number of blocks apart, or on 4 KiB.
func (v *Image) plausible(ctx context.Context) error {
	t := &v.table
	if !t.placed || t.end() > v.dataEnd {
		return errors.New("the table does not fit in the file")
	}
	pad, err := readUpTo(v.src.File, t.off+4*t.entries, int(t.end()-t.off-4*t.entries))
	if err != nil {
		return err
	}
	if !isZero(pad) && len(bytes.TrimLeft(pad, "\xff")) > 0 {
		return errors.New("there are more entries than the disk needs")
	}
	first := int64(-1)
	for e, err := range t.scan(ctx, 0, t.entries) {
		if err != nil {
			return err
		}
		start := int64(e.sector) * vhd.Sector
		if first < 0 {
			first = start
		}
		if e.holes > 0 || v.misplaced(e.sector) != "" || start+t.stored() > v.dataEnd {
			return fmt.Errorf("entry %d leads to 0x%x, where no block can be", e.index, start)
		}
		if (start-first)%t.stored() != 0 && (start+t.bitmapBytes)%alignment != 0 {
			return fmt.Errorf("entry %d leads to 0x%x, which is no whole number of blocks from 0x%x", e.index, start, first)
		}
	}
	return nil
}
