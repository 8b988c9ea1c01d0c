package vhd

import (
	"bytes"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
)

// judgeHeader checks the dynamic header, the table's measures and the parent.
func (v judge) judgeHeader() {
	if !v.header.placed {
		v.add("V013", "the footer places the dynamic header at 0x%x, where it can't be in a file of %d bytes", v.field(vhd.FooterDataOffset.Field()), vhd.FooterDataOffset.Get(v.footer), v.size)
		return
	}
	h := v.header.rec
	if v.header.unmarked {
		f := v.finding("V024:cookie", fmt.Sprintf("the dynamic header has the cookie %s, expected %q; its checksum says that all else is right", decode.InQuotes(vhd.HeaderCookie.Get(h)), vhd.HeaderMagic), v.headerField(vhd.HeaderCookie.Field()))
		f.Fatal = false
		v.findings = append(v.findings, f)
		v.judgeTable()
		v.judgeParent()
		return
	}
	if cookie := vhd.HeaderCookie.Get(h); cookie != vhd.HeaderMagic {
		v.add("V024", "the dynamic header has the cookie %s, expected %q", v.headerField(vhd.HeaderCookie.Field()), decode.InQuotes(cookie), vhd.HeaderMagic)
		return
	}
	if version := vhd.HeaderVersion.Get(h); version>>16 != 1 {
		v.add("V024", "the dynamic header has version %d.%d, expected 1.0", v.headerField(vhd.HeaderVersion.Field()), version>>16, version&0xFFFF)
		return
	}
	if mark, why := vhd.HeaderChecksum.Field().Verdict(h.Bytes()); mark != decode.Good {
		f := v.finding("V024", "the dynamic header's "+why, v.headerField(vhd.HeaderChecksum.Field()))
		f.Fatal = false
		f.Detail = "A byte of the header was changed without it. QEMU, libvhdi and VirtualBox do not look; Windows, 7-Zip, libvhd and DiscUtils refuse the image."
		v.findings = append(v.findings, f)
	}
	if next := vhd.HeaderNext.Get(h); next != vhd.None {
		v.add("V025", "the dynamic header points on to 0x%x, expected all ones", v.headerField(vhd.HeaderNext.Field()), next)
	}
	v.judgeHeaderReserved()
	v.judgeTable()
	v.judgeParent()
}

// judgeHeaderReserved is V057 for the bytes of the dynamic header that are reserved.
func (v judge) judgeHeaderReserved() {
	for _, f := range []*decode.Field{vhd.HeaderReserved.Field(), vhd.HeaderRest.Field()} {
		b := v.header.rec.Bytes()[f.Offset():][:f.Size()]
		if isZero(b) {
			continue
		}
		first, words := reservedWords(b)
		at := v.headerField(f)
		at.Offset, at.Length = at.Offset+int64(first), int64(len(bytes.TrimRight(b, "\x00"))-first)
		v.findings = append(v.findings, v.finding("V057:reserved", fmt.Sprintf("the reserved bytes of the dynamic header are not zero, from 0x%x on: %s", at.Offset, words), at))
	}
}

// reservedWords show what is in bytes that should be zero, from the first that is not.
func reservedWords(b []byte) (first int, words string) {
	const most = 48
	first = len(b) - len(bytes.TrimLeft(b, "\x00"))
	rest := bytes.TrimRight(b[first:], "\x00")
	more := ""
	if len(rest) > most {
		more = fmt.Sprintf(" and %d bytes more", len(rest)-most)
		rest = rest[:most]
	}
	return first, decode.Quote(string(rest)) + more
}

func (v *Image) headerField(first decode.Spot, more ...decode.Spot) decode.Place {
	return decode.At(v.place(v.header.off, 0), first, more...)
}

func (v judge) judgeTable() {
	h, t := v.header.rec, &v.table
	block := vhd.HeaderBlockSize.Get(h)
	if t.blockSize == 0 {
		v.add("V026", "the block size is %d, expected a power of two of at least 512", v.headerField(vhd.HeaderBlockSize.Field()), block)
		return
	}
	if block != 512<<10 && block != 2<<20 {
		v.add("V027", "the block size is %s", v.headerField(vhd.HeaderBlockSize.Field()), decode.FormatSize(uint64(block)))
	}
	off, entries := vhd.HeaderTableOffset.Get(h), vhd.HeaderEntries.Get(h)
	at := v.headerField(vhd.HeaderTableOffset.Field())
	switch {
	case !t.placed && off%vhd.Sector != 0:
		v.add("V028", "the table offset 0x%x is not on a sector", at, off)
	case !t.placed:
		v.add("V028", "the table of %d entries at 0x%x does not fit in the file", at, entries, off)
	case t.off < v.header.off+vhd.HeaderSize && v.header.off < t.end() || t.off < vhd.FooterSize:
		v.add("V028", "the table at 0x%x overlaps the header or the footer copy", at, off)
	case t.entries < t.needed:
		v.add("V029", "the table has %d entries, the disk needs %d", v.headerField(vhd.HeaderEntries.Field()), t.entries, t.needed)
	case t.entries > t.needed+1 && vhd.FooterCreator.Get(v.footer) != "tap":
		v.addAs(warning, "V030", "the table has %d entries, the disk needs %d", v.headerField(vhd.HeaderEntries.Field()), t.entries, t.needed)
	case t.entries > t.needed:
		v.add("V030", "the table has %d entries, the disk needs %d", v.headerField(vhd.HeaderEntries.Field()), t.entries, t.needed)
	}
}
