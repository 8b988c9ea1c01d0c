package vhd

import (
	"context"
	"fmt"
	"io"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// batmap is tapdisk's map of full blocks, where the image has one (vhd.md 16).
type batmap struct {
	off    int64 // of its header
	rec    decode.Record[vhd.Batmap]
	found  bool
	mapOff int64 // of the map itself
	length int64 // in bytes; 0 unless it lies in the file
}

// readBatmap looks after the BAT of images that tapdisk made.
func (v *Image) readBatmap() error {
	if !v.table.placed || vhd.FooterCreator.Get(v.footer) != "tap" {
		return nil
	}
	off := v.table.end()
	if off > v.dataEnd-vhd.Sector {
		return nil
	}
	b, err := readUpTo(v.src.File, off, vhd.Sector)
	if err != nil {
		return err
	}
	rec, ok := vhd.BatmapTable.Of(b)
	if !ok || !strings.HasPrefix(string(b), vhd.BatmapCookie) {
		return nil
	}
	v.batmap = batmap{off: off, rec: rec, found: true}
	at, length := vhd.BatmapOffset.Get(rec), int64(vhd.BatmapSectors.Get(rec))*vhd.Sector
	if at <= uint64(v.size) && length <= v.size-int64(at) {
		v.batmap.mapOff, v.batmap.length = int64(at), length
	}
	return nil
}

// wantBatmap reports whether an image of this version should have a batmap.
func (v *Image) wantBatmap() bool {
	return vhd.FooterCreator.Get(v.footer) == "tap" && vhd.FooterCreatorVersion.Get(v.footer) >= 0x00010002
}

// sumBytes is how much of the map the checksum covers: a bit for each block,
// in whole sectors.
func (v *Image) sumBytes() int64 {
	return min(v.batmap.length, roundUp((v.table.needed+7)/8, vhd.Sector))
}

// checkBatmap verifies header and checksum, and that a block marked full has a
// full sector bitmap (V049).
func (c *checker) checkBatmap(ctx context.Context) bool {
	v := c.image
	switch {
	case !v.batmap.found && v.wantBatmap() && v.table.placed:
		return c.Report(c.noBatmap(ctx))
	case !v.batmap.found:
		return true
	}
	if why := v.batmapHeaderFault(); why != "" {
		return c.Report(v.finding("V049", why, v.place(v.batmap.off, vhd.Sector)))
	}
	sum, err := v.batmapSum()
	if err != nil {
		return c.Fail(err)
	}
	if stored := vhd.BatmapSum.Get(v.batmap.rec); sum[0] != stored && sum[1] != stored {
		text := fmt.Sprintf("the batmap has the checksum 0x%08x, its header says 0x%08x", sum[0], stored)
		return c.Report(v.finding("V049", text, decode.At(v.place(v.batmap.off, 0), vhd.BatmapSum), v.place(v.batmap.mapOff, v.batmap.length)))
	}
	return c.checkFullBlocks(ctx)
}

// noBatmap tells of an image without a batmap. Where a block lies in its place it was
// never meant to have one.
func (c *checker) noBatmap(ctx context.Context) disk.Finding {
	v := c.image
	at := v.place(v.table.end(), vhd.Sector)
	for b, err := range c.order.Ascending(ctx) {
		if err != nil || start(b) >= at.End() {
			break
		}
		f := graded(v.finding("V049", fmt.Sprintf("the image has no batmap, which this version of tapdisk keeps after the BAT: block %d lies there", b.Index), at), info)
		f.Repairable, f.Detail = false, "tapdisk reads the sector bitmaps then, which takes longer and shows the same."
		return f
	}
	return v.finding("V049:none", "the sector after the BAT has no batmap header, which this version of tapdisk writes", at)
}

func (v *Image) batmapHeaderFault() string {
	version := vhd.BatmapVer.Get(v.batmap.rec)
	switch {
	case version != vhd.BatmapVersion && version != 0x00010001:
		return fmt.Sprintf("the batmap has version 0x%08x, expected 0x%08x", version, vhd.BatmapVersion)
	case v.batmap.length == 0:
		return "the batmap lies outside the file or is empty"
	case v.batmap.length < (v.table.needed+7)/8:
		return fmt.Sprintf("the batmap has %d bytes, %d blocks need more", v.batmap.length, v.table.needed)
	}
	return ""
}

// batmapSum is the checksum of the map, and the one of version 1.1, which
// added signed bytes.
func (v *Image) batmapSum() (sums [2]uint32, err error) {
	r := io.NewSectionReader(v.src.File, v.batmap.mapOff, v.sumBytes())
	buf := make([]byte, 64<<10)
	var plain, signed uint32
	for {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			plain += uint32(b)
			signed += uint32(int32(int8(b)))
		}
		if err == io.EOF {
			return [2]uint32{^plain, ^signed}, nil
		}
		if err != nil {
			return sums, err
		}
	}
}

// checkFullBlocks compares each set bit with the sector bitmap of its block.
func (c *checker) checkFullBlocks(ctx context.Context) bool {
	v := c.image
	limit := min(v.table.usable(), 8*v.batmap.length)
	for e, err := range v.owners(ctx, limit) {
		if err != nil {
			return c.Fail(err)
		}
		at := v.batmap.mapOff + int64(e.Index/8)
		b, err := readUpTo(v.src.File, at, 1)
		if err != nil {
			return c.Fail(err)
		}
		if len(b) == 0 || b[0]&(0x80>>(e.Index%8)) == 0 {
			continue
		}
		set, n, err := v.table.bitRow(start(e), 0, v.table.blockSize/vhd.Sector)
		if err != nil {
			return c.Fail(err)
		}
		if !set || n < v.table.blockSize/vhd.Sector {
			text := fmt.Sprintf("the batmap calls block %d full, its sector bitmap does not", e.Index)
			if !c.Report(v.finding("V049", text, v.place(at, 1), v.place(start(e), v.table.bitmapBytes))) {
				return false
			}
		}
	}
	return true
}

var _ disk.Image = (*Image)(nil)
