package foreign

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// textBytes is how much of a text is looked at.
const textBytes = 4096

// descriptorMark is how the descriptor of a VMDK starts.
const descriptorMark = "# disk descriptorfile"

// text recognises what people get in place of an image: the page of a login, a
// pointer to a file that was not fetched, a descriptor in another encoding.
func (f *file) text() (Content, bool) {
	b := f.head[:min(len(f.head), textBytes)]
	if s, ok := wide(b); ok {
		return wideText(s), true
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	s := strings.ToLower(strings.TrimLeft(string(b), " \t\r\n"))
	for _, t := range []struct{ start, what, advice string }{
		{"<!doctype html", "an HTML page", "a download that ended at a login or error page; get the file again"},
		{"<html", "an HTML page", "a download that ended at a login or error page; get the file again"},
		{"version https://git-lfs.github.com/spec/", "a pointer of Git LFS, not the file itself", "fetch the file with git lfs pull"},
		{"version https://hawser.github.com/spec/", "a pointer of Git LFS, not the file itself", "fetch the file with git lfs pull"},
	} {
		if strings.HasPrefix(s, t.start) {
			return Content{What: t.what, Advice: t.advice}, true
		}
	}
	if strings.HasPrefix(s, "<?xml") || strings.HasPrefix(s, "<envelope") {
		return markup(s), true
	}
	return Content{}, false
}

func markup(s string) Content {
	switch {
	case strings.Contains(s, "schemas.dmtf.org/ovf"):
		return Content{What: "an OVF descriptor: it describes a machine", Advice: "open the disk that it names"}
	case strings.Contains(s, "<error>"):
		return Content{What: "the error message of a storage service, as XML", Advice: "get the file again"}
	}
	return Content{What: "an XML document"}
}

// wide is a text in UTF-16 with a byte order mark.
func wide(b []byte) (string, bool) {
	big := bytes.HasPrefix(b, []byte("\xfe\xff"))
	if !big && !bytes.HasPrefix(b, []byte("\xff\xfe")) {
		return "", false
	}
	b = b[2:]
	units := make([]uint16, len(b)/2)
	for i := range units {
		lo, hi := b[2*i], b[2*i+1]
		if big {
			lo, hi = hi, lo
		}
		units[i] = uint16(lo) | uint16(hi)<<8
	}
	s := string(utf16.Decode(units))
	plain := len(s) > 0 && !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || r == 0 })
	return s, plain
}

func wideText(s string) Content {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(s)), descriptorMark) {
		return Content{What: "the descriptor of a VMDK, saved as UTF-16", Advice: "save it as plain text (UTF-8 without a byte order mark): no program reads it like this"}
	}
	return Content{What: "a text in UTF-16"}
}
