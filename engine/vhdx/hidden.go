package vhdx

import (
	"bytes"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
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
	f := graded(v.finding("52", fmt.Sprintf("%s of the log hold what is no part of a log, from 0x%x to 0x%x", decode.Plural(count, "sector", "sectors"), first, last), v.place(first, last-first+1)), warning)
	f.Detail = "Entries, descriptors and data of a log begin with a signature, and these sectors with none. Programs overwrite them some day; until then data may be hidden there."
	return c.Report(f)
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
