package vhd

import (
	"bytes"
	"net/url"
	"strings"

	"platter/decode"
)

// Space is the room of a locator in bytes, whichever unit was stored (vhd.md
// 7); false if the value makes sense in neither.
func Space(stored uint32) (int64, bool) {
	switch {
	case stored < Sector:
		return int64(stored) * Sector, true
	case stored%Sector == 0:
		return int64(stored), true
	}
	return int64(stored), false
}

// CodeName is the four letters of a platform code, or its number.
func CodeName(platform uint32) string {
	b := []byte{byte(platform >> 24), byte(platform >> 16), byte(platform >> 8), byte(platform)}
	return strings.TrimRight(string(b), " \x00")
}

// LocatorPath reads the path that a locator's data holds; ok is false for
// aliases and unknown codes. The text is as found, not yet safe to print.
func LocatorPath(platform uint32, data []byte) (path string, ok bool) {
	switch platform {
	case RelativeWindows, AbsoluteWindows:
		order := decode.Little
		if bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
			order = decode.Big
		}
		return trimPath(decode.DecodeUTF16(data, order)), true
	case RelativeANSI, AbsoluteANSI:
		return trimPath(string(data)), true
	case MacURL:
		return trimPath(fileURL(string(data))), true
	}
	return "", false
}

// ParentName is the parent's name from a dynamic header. Early tapdisk put a
// byte order mark before it, and may have meant the other order.
func ParentName(h decode.Record[Header]) string {
	name := HeaderParentName.Get(h)
	if strings.HasPrefix(name, "\uFFFE") {
		raw := h.Bytes()[HeaderParentName.Offset():][:HeaderParentName.Size()]
		name = decode.DecodeUTF16(raw, decode.Little)
	}
	return trimPath(name)
}

// trimPath drops a byte order mark and everything from a NUL on.
func trimPath(s string) string {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "\uFEFF"), "\x00")
	return s
}

// fileURL is the path of a file:// URL. tapdisk stores a plain path there.
func fileURL(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	rest, ok := strings.CutPrefix(s, "file://")
	if !ok {
		return s
	}
	rest = strings.TrimPrefix(rest, "localhost")
	if path, err := url.PathUnescape(rest); err == nil {
		return path
	}
	return rest
}

// IsRelative reports whether a file name, with slashes, stays relative to the
// child's folder on every system, as the paths of W2ru have to.
func IsRelative(name string) bool {
	return name != "" && !strings.HasPrefix(name, "/") && !strings.Contains(name, ":")
}

// RelativePath is the data of a W2ru locator for a file name with slashes.
func RelativePath(name string) []byte {
	return decode.EncodeUTF16(`.\`+strings.ReplaceAll(name, "/", `\`), decode.Little)
}
