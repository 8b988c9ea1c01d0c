package vhdx

import (
	"bytes"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/space"
)

// creatorRest looks at what follows the NUL that ends the creator's name (2).
func (c *checker) creatorRest() bool {
	at := int64(vhdx.IdentifierCreator.Offset())
	name := decode.In(c.image.identifier.Bytes(), vhdx.IdentifierCreator)
	for i := 0; i+1 < len(name); i += 2 {
		if name[i] == 0 && name[i+1] == 0 {
			return c.zeros("2", at+int64(i), at+int64(len(name)), "after the creator's name")
		}
	}
	return true
}

// tableRest looks at what follows the entries of the region tables (2), and at the
// reserved bytes of the header that is not current (6).
func (c *checker) tableRest() bool {
	v := c.image
	for i, t := range v.tables.copies {
		from := vhdx.RegionOffset(i) + vhdx.RegionHeadSize + t.entries()*vhdx.RegionEntrySize
		if t.valid && !c.zeros("2", from, vhdx.RegionOffset(i)+vhdx.RegionTableSize, fmt.Sprintf("after the entries of region table %d", i+1)) {
			return false
		}
		from = vhdx.HeaderOffset(i) + int64(vhdx.HeaderReserved.Offset())
		if h := v.headers; i != h.current && h.copies[i].valid && !c.zeros("6", from, vhdx.HeaderOffset(i)+vhdx.HeaderSize, fmt.Sprintf("in header %d", i+1)) {
			return false
		}
	}
	return true
}

// strangers looks for sectors of the log that hold something and are no part of a log:
// neither an entry, nor descriptors, nor data (52).
func (c *checker) strangers() bool {
	v := c.image
	if v.log.fault != "" && v.log.code == "9" {
		return true // something else lies there
	}
	look := space.NewLooker(v.src.File, v.size)
	first, last, count := int64(-1), int64(0), int64(0)
	for at, end := v.log.off, v.log.off+v.log.length; at < end; {
		found, err := look.NotZero(c.ctx, at, end-at)
		if err != nil {
			return c.Fail(err)
		}
		if found < 0 {
			break
		}
		at = found &^ (vhdx.LogSector - 1)
		b, err := readUpTo(v.src.File, at, vhdx.LogSector)
		if err != nil {
			return c.Fail(err)
		}
		if at += vhdx.LogSector; partOfLog(b) {
			continue
		}
		if count++; first < 0 {
			first = found
		}
		last = at - vhdx.LogSector + int64(len(bytes.TrimRight(b, "\x00"))) - 1
	}
	if first < 0 {
		return true
	}
	return c.Report(graded(v.finding("52:strange", fmt.Sprintf("%s what is no part of a log, from 0x%x to 0x%x", decode.Plural(count, "sector of the log holds", "sectors of the log hold"), first, last), v.place(first, last-first+1)), warning))
}

// repeated is how many bytes of unused room of the metadata region are the last entry of its
// table once more, right after the table.
func (c *checker) repeated(r disk.Claim) (int64, error) {
	m := &c.image.meta
	end := m.region.off + vhdx.MetadataHeadSize + int64(len(m.items))*vhdx.MetadataEntrySize
	if r.Offset != end || len(m.items) == 0 || r.Length < vhdx.MetadataEntrySize {
		return 0, nil
	}
	b, err := readUpTo(c.image.data, end-vhdx.MetadataEntrySize, 2*vhdx.MetadataEntrySize)
	if err != nil || len(b) < 2*vhdx.MetadataEntrySize || !bytes.Equal(b[:vhdx.MetadataEntrySize], b[vhdx.MetadataEntrySize:]) {
		return 0, err
	}
	return vhdx.MetadataEntrySize, nil
}

// changed reports entries of earlier updates whose bytes were changed since (52).
func (c *checker) changed(where []decode.Place) bool {
	if len(where) == 0 || c.image.log.dirty() { // a crash leaves the entry that was being written
		return true
	}
	return c.addAs(warning, "52:changed", where, "%s of the log that are left over from earlier updates have all their sectors, but a checksum that does not fit", decode.Plural(int64(len(where)), "entry", "entries"))
}

// blockTails looks at what the stored blocks hold that is no part of the disk: sectors that
// the bitmap leaves to the parent (55), what lies past the end of the disk, and the bits of
// blocks that the disk does not have (52).
func (c *checker) blockTails() bool {
	v := c.image
	look := space.NewLooker(v.data, v.data.grown)
	absent, past := hiding{}, hiding{}
	last := v.geo.Blocks - 1
	for p, err := range v.storedPieces(c.ctx) {
		if err != nil {
			return c.Fail(err)
		}
		for i := p.first; i < p.first+p.count; i++ {
			block, bitmap := v.geo.IsBitmap(i)
			e := p.at(i)
			if bitmap || vhdx.State(e) < vhdx.FullyPresent || block != last && vhdx.State(e) == vhdx.FullyPresent || v.misplaced(e) != "" {
				continue
			}
			if err := c.blockTail(look, block, e, &absent, &past); err != nil {
				return c.Fail(err)
			}
		}
	}
	return c.hidden(absent, "55", "%s stored in part: sectors that are left to the parent are not zero") &&
		c.hidden(past, "52:end", "%s at the end of the disk: bytes past its end are not zero") && c.bitmapTails(look)
}

// blockTail looks at one block.
func (c *checker) blockTail(look *space.Looker, block int64, entry uint64, absent, past *hiding) error {
	v, g := c.image, &c.image.geo
	off := int64(vhdx.FileOffset(entry))
	size := min(g.BlockSize, g.DiskSize-block*g.BlockSize)
	held := func(from, end int64, in *hiding) error {
		end = min(end, v.data.grown)
		if from >= end {
			return nil
		}
		first, err := look.NotZero(c.ctx, from, end-from)
		if err == nil && first >= 0 {
			in.add(v.place(first, end-first))
		}
		return err
	}
	if err := held(off+size, off+g.BlockSize, past); err != nil || vhdx.State(entry) != vhdx.PartiallyPresent {
		return err
	}
	at, why, err := v.bitmapAt(g.Chunk(block))
	if err != nil || why != "" {
		return err
	}
	for sector, end, met := int64(0), size/g.SectorSize, absent.count; sector < end && absent.count == met; {
		set, n, err := v.bitRow(at+g.BitmapByte(block), sector, end)
		if err == nil && !set {
			err = held(off+sector*g.SectorSize, off+(sector+n)*g.SectorSize, absent)
		}
		if err != nil {
			return err
		}
		sector += n
	}
	return nil
}

// bitmapTails looks at the end of the last sector bitmap. Hyper-V fills up the page of the
// last block's bits with ones.
func (c *checker) bitmapTails(look *space.Looker) bool {
	v, g := c.image, &c.image.geo
	if !v.params.hasParent || g.Blocks == 0 {
		return true
	}
	last := g.Blocks - 1
	at, why, err := v.bitmapAt(g.Chunk(last))
	if err != nil {
		return c.Fail(err)
	}
	from := at + g.BitmapByte(last) + g.BitmapBytes()
	if why != "" || from >= at+vhdx.MiB {
		return true
	}
	held, err := look.Look(c.ctx, from, at+vhdx.MiB-from, space.All)
	if err != nil {
		return c.Fail(err)
	}
	first := held.Other
	return held.Whole() || c.addAs(warning, "52:bitmap", []decode.Place{v.place(first, at+vhdx.MiB-first)}, "the last sector bitmap has neither ones nor zeros after the last block of the disk, from 0x%x on", first)
}

// hiding counts places that no program looks at and that hold something.
type hiding struct {
	count int64
	where []decode.Place
}

func (h *hiding) add(at decode.Place) {
	const most = 16
	if h.count++; len(h.where) < most {
		h.where = append(h.where, at)
	}
}

// hidden reports what was counted.
func (c *checker) hidden(h hiding, code, text string) bool {
	return h.count == 0 || c.addAs(warning, code, h.where, text, decode.Plural(h.count, "block", "blocks"))
}

// partOfLog reports whether a sector begins as the parts of a log do.
func partOfLog(b []byte) bool {
	for _, signature := range []string{vhdx.LogEntrySignature, vhdx.DataSectorSignature, vhdx.DataSignature, vhdx.ZeroSignature} {
		if signed(b, signature) {
			return true
		}
	}
	return false
}
