package decode_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"platter/decode"
)

func TestPrintable(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain text", "plain text"},
		{"Größe 漢字", "Größe 漢字"},
		{"\x1b[31mred", `\x1b[31mred`},
		{"a\x00b\x7f", `a\x00b\x7f`},
		{"\u009b31m", `\u009b31m`},
		{"ab\u202ecd", `ab\u202ecd`},
		{"zero\u200bwidth\ufeff", `zero\u200bwidth\ufeff`},
		{"e\u0301", `e\u0301`},
		{"bad\xff\xc3", `bad\xff\xc3`},
		{"line\nbreak\tand tab", `line\x0abreak\x09and tab`},
		{"tag\U000e0041", `tag\U000e0041`},
		{"\u2800blank\u3164", `\u2800blank\u3164`},
	}
	for _, tt := range tests {
		if got := decode.Printable(tt.in); got != tt.want {
			t.Errorf("Printable(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]0;x\a", "\xed\xa0\x80x", `a"b\c`, "\u202e\U0001f600"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range decode.Printable(s) {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar && !strings.ContainsRune(s, r) {
				t.Fatalf("%q printed as %q", s, decode.Printable(s))
			}
		}
		q := decode.Quote(s)
		if back, err := decode.Unquote(q); err != nil || back != s {
			t.Fatalf("%q quoted as %s came back as %q, %v", s, q, back, err)
		}
		if decode.Printable(q) != q {
			t.Fatalf("quoted %q is not printable: %s", s, q)
		}
	})
}

func FuzzUTF16(f *testing.F) {
	f.Add([]byte("p\x00l\x00"), true)
	f.Add([]byte{0x00, 0xd8, 0x41, 0x00, 0x3d, 0xd8, 0x00, 0xde}, false)
	f.Fuzz(func(t *testing.T, b []byte, big bool) {
		order := map[bool]decode.Order{true: decode.Big}[big]
		s := decode.DecodeUTF16(b, order)
		if got := decode.EncodeUTF16(s, order); string(got) != string(b[:len(b)&^1]) {
			t.Fatalf("% x read as %q written as % x", b, s, got)
		}
	})
}

func TestInQuotes(t *testing.T) {
	for text, want := range map[string]string{
		`C:\vhd\x.avhdx`:   `"C:\vhd\x.avhdx"`,
		"":                 `""`,
		"a\x1b[31m\u202eb": `"a\x1b[31m\u202eb"`,
	} {
		if got := decode.InQuotes(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	tests := []struct {
		in   string
		want uint64
	}{
		{"512", 512}, {"0x200", 512}, {"64K", 65536}, {"64k", 65536}, {"2MiB", 2 << 20}, {"1.5G", 3 << 29},
		{"127 GiB", 127 << 30}, {"100s", 51200}, {"0x10s", 8192}, {"64T", 64 << 40}, {"0", 0}, {"1_000", 1000}, {"0xb", 11},
	}
	for _, tt := range tests {
		if got, err := decode.ParseSize(tt.in); err != nil || got != tt.want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "K", "-1", "+1", "1e9", "inf", "nan", "99999999999T", "0xzz", "12Q", "\x1b"} {
		if got, err := decode.ParseSize(in); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", in, got)
		} else if strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("ParseSize(%q) repeats a control byte: %q", in, err)
		}
	}
	for in, want := range map[string]bool{"18446744073709551616": true, "0x10000000000000000": true, "16777216T": true, "1e30": false, "12Q": false} {
		if _, err := decode.ParseSize(in); errors.Is(err, decode.ErrTooLarge) != want {
			t.Errorf("ParseSize(%q): %v", in, err)
		}
	}
}

func TestFormatSize(t *testing.T) {
	tests := map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 2 << 20: "2 MiB", 1<<40 - 1: "1023.9 GiB", 64 << 40: "64 TiB", 1<<64 - 1: "15.9 EiB"}
	for in, want := range tests {
		if got := decode.FormatSize(in); got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", in, got, want)
		}
	}
}
