package vhd

import (
	"math/bits"

	"platter/decode"
	"platter/decode/vhd"
)

// header is the dynamic header, as far as the file has one.
type header struct {
	off    int64 // where the footer says it is
	placed bool  // that is a place where it can be: aligned, after the footer copy, inside the file
	rec    decode.Record[vhd.Header]

	unmarked bool // the cookie is damaged, and the checksum is right as soon as it is put back
}

// ok reports whether there is a header whose fields may be believed.
func (h header) ok() bool {
	return h.placed && (h.unmarked || vhd.HeaderCookie.Get(h.rec) == vhd.HeaderMagic)
}

// headerUnmarked reports whether a record is a header whose cookie alone is damaged.
func headerUnmarked(rec decode.Record[vhd.Header]) bool {
	before, _ := vhd.HeaderChecksum.Field().Verdict(rec.Bytes())
	return vhd.HeaderCookie.Get(rec) != vhd.HeaderMagic && before != decode.Good && wholeHeader(rec)
}

// readHeader reads the header where the footer points, or for footers that are
// lost where it always is.
func (v *Image) readHeader() error {
	v.header.rec = vhd.HeaderTable.Blank()
	off := vhd.FooterDataOffset.Get(v.footer)
	if v.footers.header {
		off = vhd.FooterSize
	}
	if off < vhd.FooterSize || off%vhd.Sector != 0 || off > uint64(v.size) || int64(off) > v.size-vhd.HeaderSize {
		return nil
	}
	b, err := readUpTo(v.src.File, int64(off), vhd.HeaderSize)
	if err != nil {
		return err
	}
	rec, ok := vhd.HeaderTable.Of(b)
	if ok {
		v.header = header{off: int64(off), placed: true, rec: rec, unmarked: headerUnmarked(rec)}
	}
	return nil
}

// placeTable takes the measures of the BAT and its blocks; all zero unless
// they can be used.
func (v *Image) placeTable() {
	if !v.header.ok() {
		return
	}
	h := v.header.rec
	block := int64(vhd.HeaderBlockSize.Get(h))
	if block < vhd.Sector || block&(block-1) != 0 {
		return
	}
	v.table = table{blockSize: block, shift: uint(bits.TrailingZeros64(uint64(block))), bitmapBytes: vhd.BitmapBytes(block)}
	v.table.needed = v.virtual / block
	if v.virtual%block != 0 {
		v.table.needed++
	}
	off, entries := vhd.HeaderTableOffset.Get(h), int64(vhd.HeaderEntries.Get(h))
	if off%vhd.Sector != 0 || off > uint64(v.dataEnd) || vhd.EntrySize*entries > v.dataEnd-int64(off) {
		return
	}
	v.table.place(v.src.File, int64(off), entries)
}

// metadataEnd is the first byte after footer copy, header and BAT where these
// can be believed.
func (v *Image) metadataEnd() int64 {
	end := int64(vhd.FooterSize)
	if v.header.ok() {
		end = max(end, v.header.off+vhd.HeaderSize)
	}
	return max(end, v.table.end())
}

// touchesMetadata reports whether [off, off+n) meets the footer copy, the
// header or the BAT.
func (v *Image) touchesMetadata(off, n int64) bool {
	if off >= v.metaEnd {
		return false
	}
	meets := func(at, length int64) bool { return off < at+length && at < off+n }
	return off < vhd.FooterSize || meets(v.header.off, vhd.HeaderSize) || meets(v.table.off, v.table.end()-v.table.off)
}
