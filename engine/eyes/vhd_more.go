package eyes

import (
	"bytes"
	"errors"
	"math"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/store"
)

// cannot is how 7-Zip says that it does not open a file.
const cannot = "Cannot open the file as archive: "

// vhdSevenZip follows VhdHandler.cpp of 7-Zip 26.02. It gives the identity of the disk
// for the child that looks for it.
func (o *opening) vhdSevenZip(wanted []byte) (virtual, int64, [16]byte, error) {
	var id [16]byte
	front, ok := o.file.all(0, vhd.FooterSize)
	if !ok {
		return nil, 0, id, refusal(o.file.place(0, o.file.size), cannot+"it has less than 512 bytes")
	}
	f := footerIn(front, 0)
	back, _ := o.file.all(o.file.size-vhd.FooterSize, vhd.FooterSize)
	tail := footerIn(back, o.file.size-vhd.FooterSize)
	dynamic := soundSevenZip(f)
	if dynamic && f.kind() == vhd.Fixed {
		return nil, 0, id, refusal(o.file.place(0, vhd.FooterSize), cannot+"the footer of a fixed disk lies at the start, with no disk before it")
	}
	if !dynamic {
		if f = tail; !soundSevenZip(f) || f.kind() != vhd.Fixed {
			f = o.searched()
		}
		if f.at < 0 {
			return nil, 0, id, refusal(o.file.place(0, vhd.FooterSize), cannot+"there is no good footer at the start, and none of a fixed disk at the end")
		}
	}
	copy(id[:], f.raw()[vhd.FooterID.Offset():])
	if wanted != nil && !bytes.Equal(wanted, id[:]) {
		return nil, 0, id, refusal(f.of(o, vhd.FooterID.Field()), "Can't open parent VHD file: it is another disk")
	}
	size := f.current()
	if size > math.MaxInt64 {
		return nil, 0, id, refusal(f.of(o, vhd.FooterCurrentSize.Field()), cannot+"the size is over all bounds")
	}
	d := &vhdDisk{file: o.file, rule: bitmapStrict, strict: true}
	if !dynamic {
		if d.fixed, d.start = true, f.at-int64(size); d.start < 0 {
			return nil, 0, id, refusal(f.of(o, vhd.FooterCurrentSize.Field()), "Data Error: the file is shorter than the disk")
		}
		if d.end = f.at; d.start != 0 {
			o.note("fixed-from-end", f.of(o, vhd.FooterCurrentSize.Field()), "the disk is what lies before the footer, so that it starts at byte 0x%x of the file", d.start)
		}
		return d, int64(size), id, nil
	}
	o.note("front-footer", o.file.place(0, vhd.FooterSize), "the footer at the start rules, whatever the one at the end says")
	err := o.dynamicSevenZip(d, f, bytes.Equal(front, back))
	return d, int64(size), id, err
}

// searched is the footer of a fixed disk somewhere in the file, as 7-Zip searches for its
// first bytes; its place is -1 if there is none.
func (o *opening) searched() footer {
	mark := append([]byte(vhd.Cookie), 0, 0)
	b := make([]byte, 1<<20)
	for at := int64(0); at < o.file.size; {
		data, err := store.NextData(o.file, at, o.file.size)
		if err != nil {
			break
		}
		at = max(at, data.Offset)
		n, _ := o.file.ReadAt(b, at)
		for i := 0; ; i++ {
			next := bytes.Index(b[i:n], mark)
			if next < 0 {
				break
			}
			i += next
			raw, ok := o.file.all(at+int64(i), vhd.FooterSize)
			f := footerIn(raw, at+int64(i))
			if ok && at+int64(i) > 0 && soundSevenZip(f) && f.kind() == vhd.Fixed && f.current() <= uint64(f.at) {
				o.note("footer-searched", o.file.place(f.at, vhd.FooterSize), "the footer is not at the end of the file, and was searched for")
				return f
			}
		}
		at += int64(max(n-len(mark), 1))
		if n < len(b) {
			break
		}
	}
	return footer{at: -1}
}

// soundSevenZip is what 7-Zip demands of a footer.
func soundSevenZip(f footer) bool {
	return bytes.HasPrefix(f.raw(), append([]byte(vhd.Cookie), 0, 0)) && f.kind() >= vhd.Fixed && f.kind() <= vhd.Differencing &&
		f.sound() && isZero(vhd.FooterReserved.Get(f.rec))
}

func (o *opening) dynamicSevenZip(d *vhdDisk, f footer, equal bool) error {
	limit := o.file.size - vhd.FooterSize
	at := vhd.FooterDataOffset.Get(f.rec)
	if at+vhd.HeaderSize > uint64(limit) || at > uint64(limit) {
		return refusal(f.of(o, vhd.FooterDataOffset.Field()), cannot+"the dynamic header lies past the end")
	}
	b, _ := o.file.all(int64(at), vhd.HeaderSize)
	h, _ := vhd.HeaderTable.Of(b)
	of := func(field *decode.Field) decode.Place {
		return o.file.place(int64(at)+int64(field.Offset()), int64(field.Size()))
	}
	d.block, d.entries = int64(vhd.HeaderBlockSize.Get(h)), int64(vhd.HeaderEntries.Get(h))
	size := int64(f.current())
	needed := int64(0)
	if size > 0 && d.block > 0 {
		needed = (size-1)/d.block + 1
	}
	switch {
	case !headerSevenZip(b, h):
		return refusal(o.file.place(int64(at), vhd.HeaderSize), cannot+"the dynamic header's checksum, block size or reserved bytes are not what they must be")
	case d.entries >= 1<<31 || d.entries != needed:
		return refusal(of(vhd.HeaderEntries.Field()), cannot+"the BAT has %d entries, and the disk %d blocks", d.entries, needed)
	}
	d.bitmap = vhd.BitmapBytes(d.block)
	table := vhd.HeaderTableOffset.Get(h)
	if table > uint64(limit) || roundUp(d.entries*vhd.EntrySize, vhd.Sector) > limit-int64(table) {
		return refusal(of(vhd.HeaderTableOffset.Field()), cannot+"the BAT lies past the end")
	}
	d.table, d.end = int64(table), limit
	if err := o.endSevenZip(d, f, h, int64(at), equal, limit); err != nil {
		return err
	}
	if d.diff = f.kind() == vhd.Differencing; d.diff {
		return o.parentSevenZip(d, h, limit)
	}
	return nil
}

// headerSevenZip is what 7-Zip demands of a dynamic header.
func headerSevenZip(b []byte, h decode.Record[vhd.Header]) bool {
	size := vhd.HeaderBlockSize.Get(h)
	good := bytes.HasPrefix(b, []byte(vhd.HeaderMagic)) && size >= vhd.Sector && size&(size-1) == 0 && sums(vhd.HeaderChecksum.Field(), b)
	for _, f := range vhd.HeaderTable.Fields() {
		good = good && !(f.IsReserved() && !isZero(b[f.Offset():f.Offset()+f.Size()]))
	}
	for i := range vhd.Locators {
		l, ok := vhd.HeaderLocators.At(h, i)
		good = good && ok && isZero(vhd.LocatorReserved.Get(l))
	}
	return good
}

// endSevenZip finds where the image ends: where two equal footers are at both ends of the
// file, there; else after the last of what the tables place, and a footer has to follow.
func (o *opening) endSevenZip(d *vhdDisk, f footer, h decode.Record[vhd.Header], at int64, equal bool, limit int64) error {
	if equal {
		return nil
	}
	end := max(int64(vhd.FooterSize), at+vhd.HeaderSize)
	for i := range vhd.Locators {
		l, _ := vhd.HeaderLocators.At(h, i)
		n, from := int64(vhd.LocatorLength.Get(l)), vhd.LocatorOffset.Get(l)
		if n != 0 && from < math.MaxInt64/2 {
			end = max(end, int64(from)+n)
		}
	}
	if d.entries > 0 {
		end = max(end, d.table+vhd.Sector) // of a longer BAT it counts the first sector only
	}
	for block := int64(0); block < d.entries; {
		b, err := d.file.entry(d.table+block*vhd.EntrySize, vhd.EntrySize, false)
		if err != nil {
			return refusal(o.file.place(d.table, 0), cannot+"the BAT lies past the end")
		}
		for ; len(b) >= vhd.EntrySize && block < d.entries; b, block = b[vhd.EntrySize:], block+1 {
			if e := vhd.EntryAt(b); e != vhd.Unallocated {
				end = max(end, int64(e)*vhd.Sector+d.bitmap+d.block)
			}
		}
	}
	d.end = end
	if end+vhd.FooterSize > o.file.size {
		return nil
	}
	return o.footerAfter(d, f, end, limit)
}

// footerAfter looks for the footer that should follow at end.
func (o *opening) footerAfter(d *vhdDisk, f footer, end, limit int64) error {
	if end+vhd.FooterSize > limit {
		return refusal(o.file.place(end, vhd.FooterSize), cannot+"the footers at both ends differ, and none follows the last block")
	}
	b, _ := o.file.all(end, vhd.FooterSize)
	switch {
	case bytes.Equal(b, f.raw()):
	case end == 0x800 && isZero(b):
		if end+2*vhd.FooterSize > limit {
			return refusal(o.file.place(end, vhd.FooterSize), cannot+"the footers at both ends differ, and none follows the last block")
		}
		if b, _ = o.file.all(end+vhd.Sector, vhd.FooterSize); bytes.Equal(b, f.raw()) {
			d.end = end + vhd.Sector
		}
	}
	return nil
}

// parentSevenZip opens the parent: by the relative Windows path, else by the name in the
// header, as a name in the image's folder.
func (o *opening) parentSevenZip(d *vhdDisk, h decode.Record[vhd.Header], limit int64) error {
	name := headerName(h)
	var names []string
	for i := range vhd.Locators {
		l, _ := vhd.HeaderLocators.At(h, i)
		n, from := int64(vhd.LocatorLength.Get(l)), vhd.LocatorOffset.Get(l)
		if vhd.LocatorCode.Get(l) != vhd.RelativeWindows || n >= 1024 || n%2 != 0 || from >= uint64(limit) || int64(from)+n > limit {
			continue
		}
		if b, ok := o.file.all(int64(from), n); ok {
			names = []string{trimDot(decode.DecodeUTF16(b, decode.Little))}
		}
	}
	if len(names) == 0 || names[0] == "" {
		names = nil
	}
	names = append(names, name)
	for _, n := range names {
		f, err := o.exactly(n)
		var u unknown
		if errors.As(err, &u) {
			continue // 7-Zip does not follow such paths either
		}
		if err != nil {
			continue
		}
		return o.belowSevenZip(d, f, h)
	}
	return refusal(o.file.place(0, 0), "Missing volume: %s", decode.InQuotes(names[0]))
}

func (o *opening) belowSevenZip(d *vhdDisk, f file, h decode.Record[vhd.Header]) error {
	below := &opening{policy: o.policy, src: o.src, file: f, level: o.level + 1}
	if below.level >= maxLayers {
		return refusal(f.place(0, 0), "the chain of parents has more than %d layers", maxLayers)
	}
	p, size, _, err := below.vhdSevenZip(h.Bytes()[vhd.HeaderParentID.Offset():][:vhd.HeaderParentID.Size()])
	o.close = append(o.close, below.close...)
	if err != nil {
		return refusal(f.place(0, 0), "Can't open parent VHD file %s: %v", decode.InQuotes(f.name), err)
	}
	d.parent = &Reader{Policy: o.policy, Size: size, disk: p}
	return nil
}

// headerName is the name in a dynamic header, up to the first NUL.
func headerName(h decode.Record[vhd.Header]) string {
	s := vhd.HeaderParentName.Get(h)
	for i, r := range s {
		if r == 0 {
			return s[:i]
		}
	}
	return s
}

// trimDot takes the mark of a relative Windows path away, and what follows a NUL.
func trimDot(s string) string {
	for i, r := range s {
		if r == 0 {
			s = s[:i]
			break
		}
	}
	if len(s) > 1 && s[:2] == `.\` {
		return s[2:]
	}
	return s
}
