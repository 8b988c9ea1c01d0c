package eyes

import (
	"bytes"
	"math"

	"platter/decode"
	"platter/decode/vhd"
)

// vhdTail is what programs make of a VHD that take the footer at the end: they differ in
// what they demand of it, and are known by documents and by their code alone.
func (o *opening) vhdTail() (virtual, int64, error) {
	f, err := o.tailFooter()
	if err != nil {
		return nil, 0, err
	}
	size := f.current()
	if o.policy.Name == HyperV && size > 2040<<30 {
		return nil, 0, refusal(f.of(o, vhd.FooterCurrentSize.Field()), "the disk is larger than 2040 GiB (0xC03A0012)")
	}
	if size > math.MaxInt64 {
		return nil, 0, refusal(f.of(o, vhd.FooterCurrentSize.Field()), "the size is over all bounds")
	}
	d := &vhdDisk{file: o.file, end: o.file.size, fixed: f.kind() == vhd.Fixed, diff: f.kind() == vhd.Differencing}
	if d.fixed {
		if length := uint64(o.file.size - vhd.FooterSize); o.policy.Name == DiscUtils && length != size {
			o.note("length-size", f.of(o, vhd.FooterCurrentSize.Field()), "the size of a fixed disk is the file's length without the footer")
			size = length
		}
		return d, int64(size), nil
	}
	err = o.dynamicTail(d, f, int64(size))
	return d, int64(size), err
}

// tailFooter chooses the footer.
func (o *opening) tailFooter() (footer, error) {
	at := o.file.size - vhd.FooterSize
	b, ok := o.file.all(at, vhd.FooterSize)
	if !ok {
		return footer{}, refusal(o.file.place(0, o.file.size), "the file is shorter than a footer")
	}
	f := footerIn(b, at)
	if f.marked() && vhd.FooterFeatures.Get(f.rec)&2 == 0 && o.policy.Name == Dissect {
		return footer{}, unknown("dissect looks for a footer of 511 bytes where the reserved feature bit is clear, and what it makes of it is not known")
	}
	front, _ := o.file.all(0, vhd.FooterSize)
	first := footerIn(front, 0)
	switch o.policy.Name {
	case DiscUtils, HyperV:
		if f.marked() && f.sound() {
			return f, usable(o, f)
		}
		if first.marked() && first.sound() && first.kind() != vhd.Fixed {
			o.note("front-instead", o.file.place(0, vhd.FooterSize), "the footer at the end is missing or wrong, so that the one at the start rules")
			return first, usable(o, first)
		}
		return f, refusal(o.file.place(at, vhd.FooterSize), "neither the end nor the start of the file has a footer with a right checksum")
	}
	if !f.marked() {
		return f, refusal(o.file.place(at, vhd.FooterSize), "the last 512 bytes of the file are no footer")
	}
	if !f.sound() {
		o.note("footer-unchecked", f.of(o, vhd.FooterChecksum.Field()), "the footer's checksum is not looked at")
	}
	return f, usable(o, f)
}

// usable refuses a type that is none.
func usable(o *opening, f footer) error {
	if f.kind() < vhd.Fixed || f.kind() > vhd.Differencing {
		return refusal(f.of(o, vhd.FooterType.Field()), "the disk type %d is none that is supported", f.kind())
	}
	return nil
}

func (o *opening) dynamicTail(d *vhdDisk, f footer, size int64) error {
	at := vhd.FooterDataOffset.Get(f.rec)
	b, ok := o.file.all(int64(min(at, math.MaxInt64)), vhd.HeaderSize)
	if !ok || !bytes.HasPrefix(b, []byte(vhd.HeaderMagic)) {
		return refusal(f.of(o, vhd.FooterDataOffset.Field()), "there is no dynamic header where the footer says")
	}
	h, _ := vhd.HeaderTable.Of(b)
	of := func(field *decode.Field) decode.Place {
		return o.file.place(int64(at)+int64(field.Offset()), int64(field.Size()))
	}
	sound := sums(vhd.HeaderChecksum.Field(), b)
	switch {
	case !sound && o.policy.Name == HyperV:
		return refusal(of(vhd.HeaderChecksum.Field()), "the dynamic header's checksum is wrong (0xC03A0006)")
	case !sound && o.policy.Name == DiscUtils:
		return refusal(of(vhd.HeaderChecksum.Field()), "the dynamic header's checksum is wrong")
	case !sound:
		o.note("header-unchecked", of(vhd.HeaderChecksum.Field()), "the dynamic header's checksum is not looked at")
	}
	d.block, d.entries = int64(vhd.HeaderBlockSize.Get(h)), int64(vhd.HeaderEntries.Get(h))
	if d.block < vhd.Sector || d.block&(d.block-1) != 0 {
		return refusal(of(vhd.HeaderBlockSize.Field()), "a block size of %d bytes is none", d.block)
	}
	if size > 0 && d.entries < (size-1)/d.block+1 {
		return refusal(of(vhd.HeaderEntries.Field()), "the BAT has %d entries, fewer than the disk has blocks", d.entries)
	}
	d.bitmap = vhd.BitmapBytes(d.block)
	if o.policy.Name == VirtualBox && d.block < 8*vhd.Sector {
		d.bitmap = 0
	}
	d.table = int64(min(vhd.HeaderTableOffset.Get(h), math.MaxInt64/2))
	if d.hole = o.policy.Name == Dissect; d.hole {
		d.rule = bitmapIgnored
	}
	if !d.diff {
		return nil
	}
	if o.policy.Name == Dissect {
		return unknown("what dissect reads through a differencing VHD is not known")
	}
	var err error
	d.parent, err = o.specParent()
	return err
}
