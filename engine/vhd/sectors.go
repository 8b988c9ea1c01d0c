package vhd

import (
	"context"
	"fmt"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
)

// checkSectors looks for bytes in sectors that the bitmap calls absent (V033),
// and for an old footer inside a block (V036). Bytes that several blocks share
// are looked at once.
func (c *checker) checkSectors(ctx context.Context) bool {
	v := c.image
	s := sectorScan{checker: c, ctx: ctx, look: space.NewLooker(v.src.File, v.size)}
	reach := int64(0)
	for b, err := range c.order.Ascending(ctx) {
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil:
			return c.Fail(err)
		case int64(b.Index) >= v.table.needed || start(b) < reach:
			continue
		case !s.block(int64(b.Index), start(b)):
			return false
		}
		reach = start(b) + v.table.stored()
	}
	return s.leftovers()
}

type sectorScan struct {
	*checker
	ctx             context.Context
	look            *space.Looker
	found           []Leftover // the first of them
	blocks, sectors int64      // that have any, in all
	bits, past      hiding     // see tail
}

// block goes through the rows of clear bits. Of a block that is all a hole
// nothing is read.
func (s *sectorScan) block(index, start int64) bool {
	v, t := s.image, &s.image.table
	stored, err := s.look.Stored(start)
	if err != nil {
		return s.Fail(err)
	}
	if stored.Offset >= min(start+t.stored(), v.dataEnd) {
		return true
	}
	if !s.oldFooter(index, start) {
		return false
	}
	if err := s.tail(index, start); err != nil {
		return s.Fail(err)
	}
	found := Leftover{Block: index, Start: start}
	if err := v.eachLeftover(s.ctx, s.look, index, start, func(sector int64) {
		if found.Count++; found.Count == 1 {
			found.Sector = sector
		}
	}); err != nil {
		return s.Fail(err)
	}
	if found.Count > 0 {
		s.blocks, s.sectors = s.blocks+1, s.sectors+found.Count
		if len(s.found) <= disk.PerCode {
			s.found = append(s.found, found)
		}
	}
	return true
}

// leftovers reports what was found, and how much that is in all.
func (s *sectorScan) leftovers() bool {
	for _, found := range s.found {
		if !s.leftover(found) {
			return false
		}
	}
	s.Skip("vhd/V033", int(s.blocks)-len(s.found))
	return s.tails()
}

// eachLeftover visits the sectors of the block at start that have bytes although
// their bits are clear.
func (v *Image) eachLeftover(ctx context.Context, look *space.Looker, index, start int64, visit func(sector int64)) error {
	t := &v.table
	last := (min(v.virtual-index*t.blockSize, t.blockSize) + vhd.Sector - 1) / vhd.Sector
	for sector := int64(0); sector < last; {
		set, n, err := t.bitRow(start, sector, last)
		if err != nil {
			return err
		}
		row := start + t.bitmapBytes
		for at, end := row+sector*vhd.Sector, min(row+(sector+n)*vhd.Sector, v.dataEnd); !set && at < end; {
			found, err := look.NotZero(ctx, at, end-at)
			if err != nil {
				return err
			}
			if found < 0 {
				break
			}
			number := (found - row) / vhd.Sector
			visit(number)
			at = row + (number+1)*vhd.Sector
		}
		sector += n
	}
	return nil
}

// leftover reports the sectors of a block that are absent but not zero.
func (s *sectorScan) leftover(of Leftover) bool {
	v, t := s.image, &s.image.table
	at := of.Start + t.bitmapBytes + of.Sector*vhd.Sector
	text := fmt.Sprintf("sector %d of block %d has bytes although its bit in the sector bitmap is clear", of.Sector, of.Block)
	if of.Count > 1 {
		text = fmt.Sprintf("%d sectors of block %d have bytes although their bits in the sector bitmap are clear, the first is sector %d", of.Count, of.Block, of.Sector)
	}
	if s.blocks > 1 {
		text += fmt.Sprintf("; in all %d sectors of %d blocks", s.sectors, s.blocks)
	}
	f := v.finding("V033", text, v.place(at, vhd.Sector), v.place(of.Start+of.Sector/8, 1))
	f.About = of
	return s.Report(f)
}

// oldFooterRoom is how far after the table the footer of an empty image lies
// at most: Hyper-V rounds up to 4 KiB twice.
const oldFooterRoom = 16 << 10

// oldFooter looks for a footer in a block at the place where the footer of the
// image was when it was still empty.
func (s *sectorScan) oldFooter(block, start int64) bool {
	v := s.image
	from := v.table.end()
	lo, hi := max(start+v.table.bitmapBytes, from), min(start+v.table.stored(), from+oldFooterRoom, v.dataEnd)
	if lo >= hi {
		return true
	}
	b, err := readUpTo(v.src.File, lo, int(hi-lo))
	if err != nil {
		return s.Fail(err)
	}
	for at := 0; at+vhd.FooterSize <= len(b); at += vhd.Sector {
		if c := footerAt(b[at:], lo+int64(at), vhd.FooterSize); c.valid && idOf(c.record()) == v.UniqueID() && !s.Report(s.oldFooterFinding(block, c)) {
			return false
		}
	}
	return true
}

func (s *sectorScan) oldFooterFinding(block int64, c footerCopy) disk.Finding {
	text := fmt.Sprintf("block %d has a footer among its data, where the image had its own when it was empty", block)
	return s.image.finding("V036", text, s.image.place(c.off, vhd.FooterSize))
}
