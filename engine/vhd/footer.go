package vhd

import (
	"bytes"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/store"
)

// footerCopy is one of the places where a footer may be.
type footerCopy struct {
	present  bool // it has a cookie
	poison   bool // the cookie is tapdisk's "v_poison"
	valid    bool // the checksum is right
	unmarked bool // the cookie is damaged: what the rest says is a footer
	hidden   bool // right only with tapdisk's hidden byte taken as zero
	off      int64
	length   int64  // 512, or 511 for the oldest
	raw      []byte // 512 bytes, also for a footer of 511
}

func (c footerCopy) record() decode.Record[vhd.Footer] {
	rec, _ := vhd.FooterTable.Of(c.raw)
	return rec
}

func (c footerCopy) kind() uint32 {
	if !c.present {
		return 0
	}
	return vhd.FooterType.Get(c.record())
}

// footers are all copies that a file has (vhd.md 2).
type footers struct {
	front, tail footerCopy
	torn        bool   // tapdisk overwrote the tail with 0xC7 and did not come back
	header      bool   // no footer at all, but a valid dynamic header at 512
	recognised  string // how the format was recognised; empty if it was not
}

// How far in front of the file's end a footer is looked for that has other bytes after
// it: in any file, and in one that is opened as a VHD.
const (
	scanBack = 64 << 10
	deepBack = 64 << 20
)

// findFooters looks at the last 512 and 511 bytes, at the first 512, and if
// the end has none so far backwards from there, in steps of a sector.
func findFooters(f store.File, size, back int64) (footers, error) {
	var fs footers
	if size < vhd.OldFooterSize {
		return fs, nil
	}
	head, err := readUpTo(f, 0, vhd.FooterSize+vhd.HeaderSize)
	if err != nil {
		return fs, err
	}
	start := max(0, size-vhd.FooterSize)
	end, err := readUpTo(f, start, int(size-start))
	if err != nil {
		return fs, err
	}
	fs.front = footerAt(head, 0, vhd.FooterSize)
	fs.tail = tailOf(end, size)
	fs.torn = len(end) == vhd.FooterSize && bytes.Count(end, []byte{0xC7}) == len(end)
	if !fs.tail.present {
		if fs.tail, err = scanForFooter(f, size, back, fs.front); err != nil {
			return fs, err
		}
	}
	if !fs.tail.present && fs.front.valid && fs.front.kind() == vhd.Fixed {
		fs.front = footerCopy{} // a fixed image has no copy at the front: these are bytes of the guest
	}
	if len(head) == vhd.FooterSize+vhd.HeaderSize && !fs.front.present && !fs.tail.present {
		h := head[vhd.FooterSize:]
		mark, _ := vhd.HeaderChecksum.Field().Verdict(h)
		fs.header = bytes.HasPrefix(h, []byte(vhd.HeaderMagic)) && mark == decode.Good
	}
	if fs.recognised = fs.sign(size); !fs.front.present && !fs.tail.present {
		fs.takeUnmarked(head, end, size)
		if fs.recognised == "" {
			fs.recognised = fs.unmarkedSign()
		}
	}
	return fs, nil
}

// takeUnmarked takes footers whose cookie is damaged, where there is no other.
func (fs *footers) takeUnmarked(head, end []byte, size int64) {
	fs.tail = unmarkedAt(end, size-vhd.FooterSize)
	if fs.front = unmarkedAt(head, 0); fs.front.kind() == vhd.Fixed {
		fs.front = footerCopy{}
	}
}

// unmarkedSign is how footers whose cookie is damaged tell that the file is a VHD: their
// checksum fits as soon as the cookie is put back, and that of a fixed disk has the size of what
// lies before it.
func (fs *footers) unmarkedSign() string {
	for _, c := range []footerCopy{fs.tail, fs.front} {
		if c.present && c.valid && (c.kind() != vhd.Fixed || vhd.FooterCurrentSize.Get(c.record()) == uint64(c.off)) {
			return "by a footer whose checksum is right but for its cookie, which is damaged"
		}
	}
	return ""
}

func unmarkedAt(b []byte, off int64) (c footerCopy) {
	if !vhd.Unmarked(b) {
		return c
	}
	c = footerCopy{present: true, unmarked: true, off: off, length: vhd.FooterSize, raw: bytes.Clone(b[:vhd.FooterSize])}
	c.valid, c.hidden = sumFits(c.raw)
	return c
}

// unmarked reports whether the only footers have a damaged cookie.
func (fs footers) unmarked() bool { return fs.front.unmarked || fs.tail.unmarked }

func tailOf(end []byte, size int64) footerCopy {
	if len(end) == vhd.FooterSize {
		if c := footerAt(end, size-vhd.FooterSize, vhd.FooterSize); c.present {
			return c
		}
		end = end[1:]
	}
	return footerAt(end, size-vhd.OldFooterSize, vhd.OldFooterSize)
}

// footerAt looks for a footer of length bytes at the start of b, which lies at
// off in the file. The byte that the oldest footers lack counts as zero.
func footerAt(b []byte, off int64, length int) footerCopy {
	if len(b) < length {
		return footerCopy{}
	}
	c := footerCopy{off: off, length: int64(length), raw: make([]byte, vhd.FooterSize)}
	copy(c.raw, b[:length])
	c.poison = bytes.HasPrefix(b, []byte(vhd.Poison))
	if !c.poison && !bytes.HasPrefix(b, []byte(vhd.Cookie)) {
		return footerCopy{}
	}
	c.present = true
	c.valid, c.hidden = sumFits(c.raw)
	return c
}

// sumFits checks a footer's checksum. A poisoned footer may have the sum of
// before, and early tapdisk set the hidden byte without a new sum (vhd.md 4).
func sumFits(raw []byte) (valid, hidden bool) {
	fits := func(b []byte) bool {
		mark, _ := vhd.FooterChecksum.Field().Verdict(b)
		return mark == decode.Good
	}
	if fits(raw) {
		return true, false
	}
	b := bytes.Clone(raw)
	copy(b, vhd.Cookie)
	if fits(b) {
		return true, false
	}
	rec, _ := vhd.FooterTable.Of(b)
	version := vhd.FooterCreatorVersion.Get(rec)
	if vhd.FooterCreator.Get(rec) != "tap" || version != 0x00000001 && version != 0x00010001 {
		return false, false
	}
	vhd.FooterHidden.Put(rec, 0)
	return fits(b), true
}

// belongs tells a footer in front of trailing garbage from one that some guest
// stored: it has the identity of the copy at the front, or the size of what lies
// before it. Without either it must be near the end.
func (c footerCopy) belongs(front footerCopy, near bool) bool {
	switch {
	case front.valid && front.kind() != vhd.Fixed:
		return idOf(front.record()) == idOf(c.record())
	case c.kind() == vhd.Fixed:
		return vhd.FooterCurrentSize.Get(c.record()) == uint64(c.off)
	}
	return near
}

// scanForFooter looks for a valid footer in front of trailing garbage, piece by piece
// from the end.
func scanForFooter(f store.File, size, back int64, front footerCopy) (footerCopy, error) {
	const piece = 1 << 20
	last := max(0, size-back) &^ (vhd.Sector - 1)
	for end := size; end > last; {
		from := max(last, end-min(back, piece)) &^ (vhd.Sector - 1)
		b, err := readUpTo(f, from, int(end-from))
		if err != nil {
			return footerCopy{}, err
		}
		for at := (len(b) - 1) &^ (vhd.Sector - 1); at >= 0; at -= vhd.Sector {
			c := footerAt(b[at:], from+int64(at), vhd.FooterSize)
			if c.present && c.valid && c.off > 0 && c.belongs(front, c.off >= size-scanBack-vhd.Sector) {
				return c, nil
			}
		}
		end = from
	}
	return footerCopy{}, nil
}

// sign says in words why the file is a VHD.
func (fs footers) sign(size int64) string {
	switch {
	case fs.tail.present && fs.tail.off+fs.tail.length < size:
		return fmt.Sprintf("by the footer at 0x%x, in front of bytes that do not belong to the image", fs.tail.off)
	case fs.tail.present && fs.front.present && fs.front.kind() != vhd.Fixed:
		return "by the footers at both ends of the file"
	case fs.tail.present:
		return "by the footer at the end of the file"
	case fs.front.present:
		return "by the footer copy at the start of the file; the end has none"
	case fs.header:
		return "by the dynamic header at 0x200; neither end of the file has a footer"
	}
	return ""
}

// ruling is the footer that decides: the one at the end unless only the copy
// at the front is valid (vhd.md 2).
func (fs footers) ruling() decode.Record[vhd.Footer] {
	if c := fs.rules(); c.present {
		return c.record()
	}
	rec, _ := vhd.FooterTable.Of(make([]byte, vhd.FooterSize))
	return rec
}

func (fs footers) rules() footerCopy {
	switch {
	case fs.tail.valid, fs.tail.present && !fs.front.valid:
		return fs.tail
	}
	return fs.front
}
