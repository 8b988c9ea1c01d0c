package vhd

import (
	"bytes"

	"platter/decode"
)

// Unmarked reports whether the start of b is a footer in which nothing but the cookie
// is damaged: version and type are possible, and the checksum is right once the
// cookie is back, or most of the cookie is there.
func Unmarked(b []byte) bool {
	if len(b) < FooterSize || bytes.HasPrefix(b, []byte(Cookie)) {
		return false
	}
	raw := bytes.Clone(b[:FooterSize])
	rec, ok := FooterTable.Of(raw)
	if !ok || FooterVersion.Get(rec) != Version || usableType(uint64(FooterType.Get(rec))) != "" {
		return false
	}
	same := 0
	for i := range Cookie {
		if raw[i] == Cookie[i] {
			same++
		}
	}
	copy(raw, Cookie)
	mark, _ := FooterChecksum.Field().Verdict(raw)
	return mark == decode.Good || same > len(Cookie)/2
}
