package vhd

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/space"
)

// maxHidden bounds how many places are shown of what lies where nobody looks.
const maxHidden = 16

// hiding counts places of one sort that no program looks at and that hold something.
type hiding struct {
	count int
	where []decode.Place
}

func (h *hiding) add(at decode.Place) {
	if h.count++; len(h.where) < maxHidden {
		h.where = append(h.where, at)
	}
}

// checkRooms looks at the rest of the room of each parent locator (V057).
func (c *checker) checkRooms(ctx context.Context) bool {
	v := c.image
	look := space.NewLooker(v.src.File, v.size)
	for _, l := range v.locators {
		from := l.off + l.length
		n := min(l.area()-l.length, v.dataEnd-from)
		if !l.fits || n <= 0 || v.footers.front.present && from < vhd.FooterSize {
			continue
		}
		first, err := look.NotZero(ctx, from, n)
		if err != nil {
			return c.Fail(err)
		}
		if first >= 0 && !c.Report(v.finding("V057:path", fmt.Sprintf("the room of parent locator %d is not zero after the path, from 0x%x on", l.slot+1, first), v.place(first, from+n-first))) {
			return false
		}
	}
	return true
}

// tail looks at what a block has past its last sector, or past the end of the disk: bits
// of the sector bitmap, which programs set or clear all alike, and data.
func (s *sectorScan) tail(index, start int64) error {
	v, t := s.image, &s.image.table
	all := t.blockSize / vhd.Sector
	used := (min(v.virtual-index*t.blockSize, t.blockSize) + vhd.Sector - 1) / vhd.Sector
	for _, r := range [][2]int64{{used, all}, {all, 8 * t.bitmapBytes}} {
		if r[0] >= r[1] {
			continue
		}
		_, n, err := t.bitRow(start, r[0], r[1])
		if err != nil {
			return err
		}
		if n < r[1]-r[0] {
			first, end := r[0]/8, (r[1]+7)/8
			s.bits.add(v.place(start+first, end-first))
		}
	}
	from := start + t.bitmapBytes + used*vhd.Sector
	end := min(start+t.stored(), v.dataEnd)
	if from >= end {
		return nil
	}
	first, err := s.look.NotZero(s.ctx, from, end-from)
	if err == nil && first >= 0 {
		s.past.add(v.place(first, end-first))
	}
	return err
}

// tails reports what was found past the ends of blocks.
func (s *sectorScan) tails() bool {
	for _, h := range []struct {
		hiding
		code, text string
	}{
		{s.bits, "V057:bits", "the sector bitmap of %s has bits of which some are set and some clear after the last sector that the block has on the disk"},
		{s.past, "V057:end", "%s: bytes past the end of the disk are not zero"},
	} {
		if h.count == 0 {
			continue
		}
		if !s.Report(s.image.finding(h.code, fmt.Sprintf(h.text, decode.Plural(int64(h.count), "block", "blocks")), h.where...)) {
			return false
		}
	}
	return true
}
