package foreign

import (
	"platter/decode"
	"platter/decode/vhd"
	"platter/decode/vhdx"
)

// unmarked recognises a VHD or VHDX in which nothing but the signature is damaged. It
// is not opened as one unasked: a raw disk holds what its guest has put there.
func (f *file) unmarked() (Content, bool) {
	const advice = " opens it, and its check offers to put it back"
	if at := f.size - vhd.FooterSize; at >= 0 {
		if b, err := f.read(at, vhd.FooterSize); err == nil && vhd.Unmarked(b) {
			return Content{"by its footer a VHD whose cookie \"conectix\" is damaged", "--format vhd" + advice, at}, true
		}
	}
	if vhd.Unmarked(f.head) {
		return Content{What: "by the footer at its start a VHD whose cookie \"conectix\" is damaged", Advice: "--format vhd" + advice}, true
	}
	if f.vhdxInside() {
		return Content{What: "by its headers and region tables a VHDX whose signature \"vhdxfile\" is damaged", Advice: "--format vhdx" + advice}, true
	}
	return Content{}, false
}

// vhdxInside reports whether a header or a region table of a VHDX is in its place.
func (f *file) vhdxInside() bool {
	for i := range 2 {
		if b, err := f.read(vhdx.HeaderOffset(i), vhdx.HeaderSize); err == nil && len(b) == vhdx.HeaderSize {
			if mark, _ := vhdx.HeaderChecksum.Field().Verdict(b); mark == decode.Good && f.signed(b, vhdx.HeaderSignature) {
				return true
			}
		}
		if b, err := f.read(vhdx.RegionOffset(i), vhdx.RegionTableSize); err == nil && len(b) == vhdx.RegionTableSize {
			if mark, _ := vhdx.RegionChecksum.Field().Verdict(b); mark == decode.Good && f.signed(b, vhdx.RegionSignature) {
				return true
			}
		}
	}
	return false
}

func (f *file) signed(b []byte, signature string) bool {
	return string(b[:len(signature)]) == signature
}
