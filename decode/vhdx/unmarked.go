package vhdx

import (
	"bytes"

	"platter/decode"
)

// UnmarkedHeader reports whether nothing but the signature of a header is damaged:
// with it the checksum is right.
func UnmarkedHeader(b []byte) bool {
	return unmarked(b, HeaderSize, HeaderSignature, HeaderChecksum.Field())
}

// UnmarkedRegions reports the same of a region table.
func UnmarkedRegions(b []byte) bool {
	return unmarked(b, RegionTableSize, RegionSignature, RegionChecksum.Field())
}

func unmarked(b []byte, size int, signature string, sum *decode.Field) bool {
	if len(b) < size || bytes.HasPrefix(b, []byte(signature)) {
		return false
	}
	raw := bytes.Clone(b[:size])
	copy(raw, signature)
	mark, _ := sum.Verdict(raw)
	return mark == decode.Good
}
