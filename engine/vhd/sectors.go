package vhd

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// checkSectors looks for bytes in sectors that the bitmap calls absent (V033),
// and for an old footer inside a block (V036). Bytes that several blocks share
// are looked at once.
func (c *checker) checkSectors(ctx context.Context) bool {
	v := c.image
	s := sectorScan{checker: c, ctx: ctx}
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
	return true
}

type sectorScan struct {
	*checker
	ctx   context.Context
	buf   []byte
	holes holes
}

// block goes through the rows of clear bits. Of a block that is all a hole
// nothing is read.
func (s *sectorScan) block(index, start int64) bool {
	v, t := s.image, &s.image.table
	if err := s.holes.find(v, start); err != nil {
		return s.Fail(err)
	}
	if s.holes.data.Offset >= min(start+t.stored(), v.dataEnd) {
		return true
	}
	if !s.oldFooter(index, start) {
		return false
	}
	end := min(v.virtual-index*t.blockSize, t.blockSize)
	last := (end + vhd.Sector - 1) / vhd.Sector
	for sector := int64(0); sector < last; {
		set, n, err := t.bitRow(start, sector, last)
		if err != nil {
			return s.Fail(err)
		}
		if !set {
			off := start + t.bitmapBytes + sector*vhd.Sector
			at, err := s.nonzero(off, min(off+n*vhd.Sector, v.dataEnd))
			if err != nil {
				return s.Fail(err)
			}
			if at >= 0 {
				return s.leftover(index, start, at)
			}
		}
		sector += n
	}
	return true
}

// leftover reports the first sector of a block that is absent but not zero.
func (s *sectorScan) leftover(block, start, at int64) bool {
	v, t := s.image, &s.image.table
	at -= at % vhd.Sector
	sector := (at - start - t.bitmapBytes) / vhd.Sector
	text := fmt.Sprintf("sector %d of block %d has bytes although its bit in the sector bitmap is clear", sector, block)
	f := v.finding("V033", text, v.place(at, vhd.Sector), v.place(start+sector/8, 1))
	f.About = Leftover{block, start, sector}
	return s.Report(f)
}

var zeros [64 << 10]byte

// nonzero is the offset of the first byte in [off, end) that is not zero, -1
// if there is none. Holes of the file are not read.
func (s *sectorScan) nonzero(off, end int64) (int64, error) {
	if s.buf == nil {
		s.buf = make([]byte, len(zeros))
	}
	f := s.image.src.File
	for off < end {
		if err := s.ctx.Err(); err != nil {
			return -1, err
		}
		if err := s.holes.find(s.image, off); err != nil {
			return -1, err
		}
		if off = max(off, s.holes.data.Offset); off >= end {
			break
		}
		b := s.buf[:min(int64(len(s.buf)), s.holes.data.End()-off, end-off)]
		n, err := f.ReadAt(b, off)
		if n < len(b) {
			return -1, shortRead(off, n, len(b), err)
		}
		if !bytes.Equal(b, zeros[:len(b)]) {
			return off + int64(bytes.IndexFunc(b, func(r rune) bool { return r != 0 })), nil
		}
		off += int64(len(b))
	}
	return -1, nil
}

// holes remembers the next bytes of the file that are stored, for those who go
// through it from its start to its end.
type holes struct {
	asked int64       // from there on to data the file has a hole
	data  store.Range // where bytes are stored
}

// find looks for the next bytes from off on that are not in a hole, unless it
// is still known from the last time.
func (h *holes) find(v *Image, off int64) error {
	if off >= h.asked && off < h.data.End() {
		return nil
	}
	data, err := store.NextData(v.src.File, off, v.size)
	if err == io.EOF {
		data, err = store.Range{Offset: v.size, Length: 1}, nil
	}
	h.asked, h.data = off, data
	return err
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
