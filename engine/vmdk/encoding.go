package vmdk

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/unicode/norm"

	"platter/decode"
	"platter/engine/disk"
)

// legacy are the encodings that VMware writes into descriptors (vmdk.md 2.3),
// by their names in lower case.
var legacy = map[string]encoding.Encoding{
	"windows-1252": charmap.Windows1252,
	"gbk":          simplifiedchinese.GBK,
	"cp936":        simplifiedchinese.GBK,
	"gb18030":      simplifiedchinese.GB18030,
	"big5":         traditionalchinese.Big5,
	"cp950":        traditionalchinese.Big5,
	"shift_jis":    japanese.ShiftJIS,
	"cp932":        japanese.ShiftJIS,
	"windows-932":  japanese.ShiftJIS,
	"windows-936":  simplifiedchinese.GBK,
	"windows-950":  traditionalchinese.Big5,
	"windows-949":  korean.EUCKR, // as browsers read it: with the additions of code page 949
	"cp949":        korean.EUCKR,
	"euc-kr":       korean.EUCKR,
	"euc-jp":       japanese.EUCJP,
	"windows-874":  charmap.Windows874,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"windows-1253": charmap.Windows1253,
	"windows-1254": charmap.Windows1254,
	"windows-1255": charmap.Windows1255,
	"windows-1256": charmap.Windows1256,
	"windows-1257": charmap.Windows1257,
	"windows-1258": charmap.Windows1258,
	"iso-8859-1":   charmap.ISO8859_1,
	"iso-8859-2":   charmap.ISO8859_2,
	"iso-8859-15":  charmap.ISO8859_15,
}

// knownEncoding reports whether an encoding is one that can be read.
func knownEncoding(name string) bool {
	return strings.EqualFold(name, "utf-8") || legacy[strings.ToLower(name)] != nil
}

// encoding is what the descriptor says that its names are written in.
func (m *Image) encoding() string {
	if m.text == nil {
		return ""
	}
	name, _ := m.text.Get("encoding")
	return name
}

// decoded reads a name of the descriptor in its encoding. Without one it is
// UTF-8, or windows-1252 if it can't be that. ASCII is the same in all of them: a
// descriptor of thousands of extents is not searched for its encoding with each.
func (m *Image) decoded(name string) string {
	if isASCII(name) {
		return name
	}
	enc := legacy[strings.ToLower(m.encoding())]
	if enc == nil && !utf8.ValidString(name) {
		enc = charmap.Windows1252
	}
	if enc == nil {
		return name
	}
	if s, err := enc.NewDecoder().String(name); err == nil {
		return s
	}
	return name
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// spellings are the names that a name in the descriptor may have on the host: hosts
// write letters with accents as one sign or as two.
func (m *Image) spellings(name string) (list []string) {
	decoded := m.decoded(name)
	for _, s := range []string{decoded, norm.NFC.String(decoded), norm.NFD.String(decoded), name} {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// Encoded is a name in the encoding of the descriptor. It fails for one that can't be
// written in that.
func (t Text) Encoded(name string) (string, error) {
	enc := legacy[strings.ToLower(t.image.encoding())]
	if isASCII(name) || enc == nil {
		return name, nil
	}
	s, err := enc.NewEncoder().String(name)
	if err != nil {
		return "", disk.Errorf(disk.Unsupported, t.Place(), "%s can't be written in %s, which the descriptor says its names are in", decode.InQuotes(name), decode.InQuotes(t.image.encoding()))
	}
	return s, nil
}
