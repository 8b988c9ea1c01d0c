package eyes

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"platter/decode"
	"platter/decode/vhd"
)

// footer is a footer that a program takes, and where it lies.
type footer struct {
	rec decode.Record[vhd.Footer]
	at  int64
}

// footerIn reads the 512 bytes of a footer; what a file of old lacks of them is zero.
func footerIn(b []byte, at int64) footer {
	raw := make([]byte, vhd.FooterSize)
	copy(raw, b)
	rec, _ := vhd.FooterTable.Of(raw)
	return footer{rec, at}
}

func (f footer) raw() []byte     { return f.rec.Bytes() }
func (f footer) marked() bool    { return bytes.HasPrefix(f.raw(), []byte(vhd.Cookie)) }
func (f footer) kind() uint32    { return vhd.FooterType.Get(f.rec) }
func (f footer) current() uint64 { return vhd.FooterCurrentSize.Get(f.rec) }
func (f footer) sound() bool     { return sums(vhd.FooterChecksum.Field(), f.raw()) }

// of is a field's place in the file.
func (f footer) of(o *opening, field *decode.Field) decode.Place {
	return o.file.place(f.at+int64(field.Offset()), int64(field.Size()))
}

// sums reports whether a checksum is right.
func sums(field *decode.Field, b []byte) bool {
	mark, _ := field.Verdict(b)
	return mark == decode.Good
}

// vhd is what the program makes of a VHD.
func (o *opening) vhd() (virtual, int64, error) {
	switch o.policy.Name {
	case QEMU:
		return o.vhdQEMU()
	case SevenZip:
		d, size, _, err := o.vhdSevenZip(nil)
		return d, size, err
	case Libyal:
		d, size, _, err := o.vhdLibyal()
		return d, size, err
	}
	return o.vhdTail()
}

// hugeVHD is the largest disk that QEMU opens, in sectors.
const hugeVHD = 0xFF000000

// vhdQEMU follows block/vpc.c of QEMU 7.2.
func (o *opening) vhdQEMU() (virtual, int64, error) {
	size := roundUp(o.file.size, vhd.Sector)
	first, _ := o.file.padded(0, vhd.FooterSize)
	f := footerIn(first, 0)
	dynamic := f.marked()
	if !dynamic {
		if size < vhd.FooterSize {
			return nil, 0, refusal(o.file.place(0, o.file.size), "File too small for a VHD header")
		}
		last, _ := o.file.padded(uint64(size-vhd.FooterSize), vhd.FooterSize)
		if f = footerIn(last, size-vhd.FooterSize); !f.marked() || f.kind() != vhd.Fixed {
			return nil, 0, refusal(o.file.place(0, vhd.FooterSize), "invalid VPC image: there is no footer at the start, and none of a fixed disk at the end")
		}
	}
	if !f.sound() {
		return nil, 0, refusal(f.of(o, vhd.FooterChecksum.Field()), "Incorrect header checksum")
	}
	if dynamic {
		o.note("front-footer", o.file.place(0, vhd.FooterSize), "the footer at the start rules, whatever the one at the end says")
	}
	sectors := o.sizeQEMU(f)
	if sectors > hugeVHD {
		return nil, 0, refusal(f.of(o, vhd.FooterCurrentSize.Field()), "the disk is larger than 2040 GiB: File too large")
	}
	d := &vhdDisk{file: o.file, pad: true, end: math.MaxInt64, rule: bitmapIgnored, fixed: f.kind() == vhd.Fixed}
	if dynamic {
		if err := o.dynamicQEMU(d, f, sectors, size); err != nil {
			return nil, 0, err
		}
		d.diff = f.kind() == vhd.Differencing
	}
	return d, sectors * vhd.Sector, nil
}

// sizeQEMU is the disk's size in sectors: that of the geometry, for many creators.
func (o *opening) sizeQEMU(f footer) int64 {
	chs := vhd.FooterGeometry(f.rec)
	creator := string(f.raw()[vhd.FooterCreator.Offset():][:vhd.FooterCreator.Size()])
	switch creator {
	case "win ", "qem2", "d2v ", "CTXS", "tap\x00":
	default:
		if chs != vhd.Largest {
			if chs.Size() != int64(f.current()) {
				o.note("geometry-size", f.of(o, vhd.FooterCylinders.Field()), "the size is that of the geometry, %d/%d/%d, not current_size", chs.Cylinders, chs.Heads, chs.Sectors)
			}
			return chs.Size() / vhd.Sector
		}
	}
	return int64(f.current() / vhd.Sector)
}

// dynamicQEMU reads the dynamic header and looks at all entries of the BAT.
func (o *opening) dynamicQEMU(d *vhdDisk, f footer, sectors, size int64) error {
	at := vhd.FooterDataOffset.Get(f.rec)
	b, ok := o.file.padded(at, vhd.HeaderSize)
	if !ok {
		return refusal(f.of(o, vhd.FooterDataOffset.Field()), "Error reading dynamic VHD header")
	}
	h, _ := vhd.HeaderTable.Of(b)
	of := func(field *decode.Field) decode.Place {
		return o.file.place(int64(at)+int64(field.Offset()), int64(field.Size()))
	}
	if !bytes.HasPrefix(b, []byte(vhd.HeaderMagic)) {
		return refusal(of(vhd.HeaderCookie.Field()), "Invalid header magic")
	}
	d.block = int64(vhd.HeaderBlockSize.Get(h))
	d.entries = int64(vhd.HeaderEntries.Get(h))
	switch {
	case bits.OnesCount64(uint64(d.block)) != 1 || d.block < vhd.Sector:
		return refusal(of(vhd.HeaderBlockSize.Field()), "Invalid block size %d", d.block)
	case sectors*vhd.Sector/d.block > math.MaxUint32:
		return refusal(of(vhd.HeaderBlockSize.Field()), "Too many blocks")
	case d.entries*d.block < sectors*vhd.Sector:
		return refusal(of(vhd.HeaderEntries.Field()), "Page table too small")
	case d.entries > math.MaxInt32/4:
		return refusal(of(vhd.HeaderEntries.Field()), "Max Table Entries too large (%d)", d.entries)
	}
	if !sums(vhd.HeaderChecksum.Field(), b) {
		o.note("header-unchecked", of(vhd.HeaderChecksum.Field()), "the dynamic header's checksum is not looked at")
	}
	d.bitmap = roundUp(d.block/(8*vhd.Sector), vhd.Sector)
	table := vhd.HeaderTableOffset.Get(h)
	if table > math.MaxInt64-uint64(d.entries*vhd.EntrySize) {
		return refusal(of(vhd.HeaderTableOffset.Field()), "Error reading pagetable")
	}
	d.table = int64(table)
	return o.blocksFit(d, size)
}

// blocksFit holds every entry of the BAT against the file's size. Entries past the end of
// the file are zero for QEMU, and lead to the start of the file.
func (o *opening) blocksFit(d *vhdDisk, size int64) error {
	const cut = "block-vpc: free_data_block_offset points after the end of file. The image has been truncated."
	if roundUp(d.table+d.entries*vhd.EntrySize, vhd.Sector) > size {
		return refusal(o.file.place(d.table, d.entries*vhd.EntrySize), cut)
	}
	for block := int64(0); block < d.entries; {
		b, err := d.file.entry(d.table+block*vhd.EntrySize, vhd.EntrySize, true)
		if err != nil {
			return refusal(o.file.place(d.table+block*vhd.EntrySize, vhd.EntrySize), "Error reading pagetable")
		}
		for ; len(b) >= vhd.EntrySize && block < d.entries; b, block = b[vhd.EntrySize:], block+1 {
			e := vhd.EntryAt(b)
			if e != vhd.Unallocated && int64(e)*vhd.Sector+d.bitmap+d.block > size {
				return refusal(o.file.place(d.table+block*vhd.EntrySize, vhd.EntrySize), cut)
			}
		}
	}
	return nil
}

// vhdLibyal follows libvhdi 20210425.
func (o *opening) vhdLibyal() (virtual, int64, [16]byte, error) {
	var id [16]byte
	if o.file.size < 520 {
		return nil, 0, id, refusal(o.file.place(0, o.file.size), "unable to read file information")
	}
	at := o.file.size - vhd.FooterSize
	b, _ := o.file.all(at, vhd.FooterSize)
	f := footerIn(b, at)
	next := vhd.FooterDataOffset.Get(f.rec)
	switch {
	case !f.marked():
		return nil, 0, id, refusal(o.file.place(at, vhd.FooterSize), "unsupported signature: the last 512 bytes are no footer")
	case vhd.FooterVersion.Get(f.rec) != vhd.Version:
		return nil, 0, id, refusal(f.of(o, vhd.FooterVersion.Field()), "unsupported format version")
	case f.kind() < vhd.Fixed || f.kind() > vhd.Differencing:
		return nil, 0, id, refusal(f.of(o, vhd.FooterType.Field()), "unsupported disk type")
	case f.kind() == vhd.Fixed && next != vhd.None, f.kind() != vhd.Fixed && int64(next) < vhd.FooterSize:
		return nil, 0, id, refusal(f.of(o, vhd.FooterDataOffset.Field()), "unsupported next offset")
	}
	if !f.sound() {
		o.note("footer-unchecked", f.of(o, vhd.FooterChecksum.Field()), "the footer's checksum is not looked at")
	}
	copy(id[:], f.raw()[vhd.FooterID.Offset():])
	original := vhd.FooterOriginalSize.Get(f.rec)
	if original != f.current() {
		o.note("original-size", f.of(o, vhd.FooterOriginalSize.Field()), "the size is original_size, that of the disk when it was made")
	}
	d := &vhdDisk{file: o.file, end: o.file.size, fixed: f.kind() == vhd.Fixed, rule: bitmapUnmasked, diff: f.kind() == vhd.Differencing, strict: true}
	if d.fixed {
		return d, int64(original), id, nil
	}
	err := o.dynamicLibyal(d, int64(next))
	return d, int64(original), id, err
}

func (o *opening) dynamicLibyal(d *vhdDisk, at int64) error {
	b, ok := o.file.all(at, vhd.HeaderSize)
	if !ok || !bytes.HasPrefix(b, []byte(vhd.HeaderMagic)) {
		return refusal(o.file.place(at, vhd.HeaderSize), "unable to read dynamic disk header")
	}
	h, _ := vhd.HeaderTable.Of(b)
	of := func(field *decode.Field) decode.Place {
		return o.file.place(at+int64(field.Offset()), int64(field.Size()))
	}
	d.block = int64(vhd.HeaderBlockSize.Get(h))
	switch {
	case vhd.HeaderVersion.Get(h) != vhd.Version:
		return refusal(of(vhd.HeaderVersion.Field()), "unsupported format version")
	case d.block == 0 || d.block%vhd.Sector != 0:
		return refusal(of(vhd.HeaderBlockSize.Field()), "unsupported block size: %d", d.block)
	case vhd.HeaderEntries.Get(h) == 0:
		return refusal(of(vhd.HeaderEntries.Field()), "invalid number of entries value zero")
	}
	if !sums(vhd.HeaderChecksum.Field(), b) {
		o.note("header-unchecked", of(vhd.HeaderChecksum.Field()), "the dynamic header's checksum is not looked at")
	}
	d.entries = math.MaxInt64 / vhd.EntrySize // it does not look at the number of entries
	d.table = int64(min(vhd.HeaderTableOffset.Get(h), math.MaxInt64/2))
	if d.bitmap = d.block / (8 * vhd.Sector); d.bitmap%vhd.Sector != 0 {
		d.bitmap = roundUp(d.bitmap, vhd.Sector)
	}
	if d.bitmap == 0 {
		return refusal(of(vhd.HeaderBlockSize.Field()), "invalid sector bitmap size value out of bounds: blocks of less than 4 KiB")
	}
	if d.diff {
		return o.parentLibyal(d, h)
	}
	return nil
}

// parentLibyal finds the parent as vhdimount does: the name in the header, without its
// path, in the image's folder.
func (o *opening) parentLibyal(d *vhdDisk, h decode.Record[vhd.Header]) error {
	at := o.file.place(0, 0)
	name := baseName(vhd.ParentName(h))
	f, err := o.exactly(name)
	var u unknown
	if errors.As(err, &u) {
		return err
	}
	if err != nil {
		return refusal(at, "the parent file %s is missing: nothing can be read", decode.InQuotes(name))
	}
	below := &opening{policy: o.policy, src: o.src, file: f, level: o.level + 1}
	if below.level >= maxLayers {
		return refusal(at, "the chain of parents has more than %d layers", maxLayers)
	}
	p, size, id, err := below.vhdLibyal()
	o.close = append(o.close, below.close...)
	switch {
	case err != nil:
		return fmt.Errorf("the parent: %w", err)
	case !bytes.Equal(id[:], h.Bytes()[vhd.HeaderParentID.Offset():][:vhd.HeaderParentID.Size()]):
		return refusal(at, "mismatch in identifier: the file %s is another disk", decode.InQuotes(name))
	}
	d.parent = &Reader{Policy: o.policy, Size: size, disk: p}
	return nil
}

// baseName is a name without its path, in the manner of Windows.
func baseName(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '\\' {
			return name[i+1:]
		}
	}
	return name
}
