package vhd

import (
	"bytes"
	"math/bits"

	"platter/decode"
	"platter/decode/vhd"
)

// reversed reports whether the numbers of a footer are stored with the lowest byte
// first: type and version make sense only that way round (V055).
func reversed(f decode.Record[vhd.Footer]) bool {
	kind := bits.ReverseBytes32(vhd.FooterType.Get(f))
	return bits.ReverseBytes32(vhd.FooterVersion.Get(f)) == vhd.Version && kind >= vhd.Fixed && kind <= vhd.Differencing
}

// turned is a footer with the bytes of all its numbers the other way round.
func turned(f decode.Record[vhd.Footer]) decode.Record[vhd.Footer] {
	rec, _ := vhd.FooterTable.Of(bytes.Clone(f.Bytes()))
	for _, field := range []decode.Uint[vhd.Footer, uint32]{vhd.FooterFeatures, vhd.FooterVersion, vhd.FooterTimestamp, vhd.FooterCreatorVersion, vhd.FooterType, vhd.FooterChecksum} {
		field.Put(rec, bits.ReverseBytes32(field.Get(rec)))
	}
	for _, field := range []decode.Uint[vhd.Footer, uint64]{vhd.FooterDataOffset, vhd.FooterOriginalSize, vhd.FooterCurrentSize} {
		field.Put(rec, bits.ReverseBytes64(field.Get(rec)))
	}
	vhd.FooterCylinders.Put(rec, bits.ReverseBytes16(vhd.FooterCylinders.Get(rec)))
	return rec
}
