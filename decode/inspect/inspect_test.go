package inspect_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"platter/decode"
	"platter/decode/inspect"
)

func reading(t *testing.T, b []byte, o decode.Order, name string) string {
	t.Helper()
	for _, r := range inspect.Readings(b, o) {
		if r.Name == name {
			if (r.Size > 0) != (r.Text != "") {
				t.Errorf("%s: %d bytes read as %q", name, r.Size, r.Text)
			}
			return r.Text
		}
	}
	t.Fatalf("no reading is called %q", name)
	return ""
}

func TestReadings(t *testing.T) {
	tests := []struct {
		hex   string
		name  string
		order decode.Order
		want  string
	}{
		{"9a", "binary", decode.Little, "1001 1010"},
		{"9a", "u8", decode.Little, "154 0x9a"},
		{"9a", "i8", decode.Big, "-102"},
		{"9a3c", "u16", decode.Little, "15514 0x3c9a"},
		{"9a3c", "u16", decode.Big, "39484 0x9a3c"},
		{"9a3c", "i16", decode.Big, "-26052"},
		{"9a3c51e7", "u32", decode.Little, "3880860826 0xe7513c9a"},
		{"9a3c51e7", "i32", decode.Little, "-414106470"},
		{"0102030405060708", "u64", decode.Big, "72623859790382856 0x0102030405060708"},
		{"ffffffffffffffff", "i64", decode.Big, "-1"},
		{"0000803f", "f32", decode.Little, "1"},
		{"3ff8000000000000", "f64", decode.Big, "1.5"},
		{"a2a0d0ebe5b9334487c068b6b72699c7", "GUID (Windows)", decode.Big, "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
		{"a2a0d0ebe5b9334487c068b6b72699c7", "GUID (RFC 4122)", decode.Little, "a2a0d0eb-e5b9-3344-87c0-68b6b72699c7"},
		{"0080 3ed5 deb1 9d01", "FILETIME", decode.Little, "1970-01-01 00:00:00 UTC"},
		{"ffffffffffffffff", "FILETIME", decode.Little, ""},
		{"00000001", "Unix time 32", decode.Big, "1970-01-01 00:00:01 UTC"},
		{"ffffffff", "Unix time 32", decode.Big, "1969-12-31 23:59:59 UTC"},
		{"00000000ffffffff", "Unix time 64", decode.Big, "2106-02-07 06:28:15 UTC"},
		{"7fffffffffffffff", "Unix time 64", decode.Big, ""},
		{"00000000", "VHD time", decode.Big, "2000-01-01 00:00:00 UTC"},
		{"ffffffff", "VHD time", decode.Big, "2136-02-07 06:28:15 UTC"},
		{"7d6c 5a58", "DOS time", decode.Little, "2024-02-26 13:35:58"},
		{"00000000", "DOS time", decode.Little, ""},
		{"feffff", "CHS", decode.Little, "1023/254/63"},
		{"202100", "CHS", decode.Little, "0/32/33"},
		{"00080000", "LBA (little-endian)", decode.Big, "2048 = byte 0x100000"},
		{"00000800", "LBA (big-endian)", decode.Little, "2048 = byte 0x100000"},
		{"61c3a41b00", "UTF-8", decode.Little, `"aä\x1b"`},
		{"ff", "UTF-8", decode.Little, `"\xff"`},
		{"0061", "UTF-8", decode.Little, ""},
		{"6100 3d04 0000 6200", "UTF-16", decode.Little, `"aн"`},
		{"0061043d", "UTF-16", decode.Big, `"aн"`},
		{"0100", "u32", decode.Little, ""},
		{"", "u8", decode.Little, ""},
	}
	for _, tt := range tests {
		b, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := reading(t, b, tt.order, tt.name); got != tt.want {
			t.Errorf("%s of %s, %v: %q, want %q", tt.name, tt.hex, tt.order, got, tt.want)
		}
	}
	if got := reading(t, []byte(strings.Repeat("x", 100)), decode.Little, "UTF-8"); got != `"`+strings.Repeat("x", 24)+`"...` {
		t.Errorf("a long text reads %s", got)
	}
}

func TestReadingsAreAlwaysTheSame(t *testing.T) {
	names := func(b []byte) string {
		s := ""
		for _, r := range inspect.Readings(b, decode.Little) {
			s += r.Name + ","
			if decode.Printable(r.Text) != r.Text {
				t.Errorf("%s is not safe to print: %q", r.Name, r.Text)
			}
		}
		return s
	}
	want := names(nil)
	for n := range 80 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(37 * (i + n))
		}
		if got := names(b); got != want {
			t.Errorf("%d bytes: %s", n, got)
		}
	}
}

func TestCopy(t *testing.T) {
	b := []byte("\x00\x1b\"A")
	want := map[inspect.Format]string{
		inspect.SpacedHex: "00 1b 22 41",
		inspect.Hex:       "001b2241",
		inspect.C:         "unsigned char data[4] = {0x00, 0x1b, 0x22, 0x41};",
		inspect.Go:        "[]byte{0x00, 0x1b, 0x22, 0x41}",
		inspect.Python:    `b"\x00\x1b\x22\x41"`,
		inspect.Base64:    "ABsiQQ==",
		inspect.Hexdump:   `00001000  00 1b 22 41                                       |.."A|`,
		inspect.GUID:      "",
		inspect.JSON:      `{"offset":4096,"length":4,"hex":"001b2241","text":"..\"A"}`,
		inspect.Markdown:  "4 bytes at 0x1000:\n\n```text\n" + `00001000  00 1b 22 41                                       |.."A|` + "\n```",
	}
	if len(inspect.Formats()) != len(want) {
		t.Errorf("%d formats", len(inspect.Formats()))
	}
	for _, f := range inspect.Formats() {
		if got := inspect.Copy(f, b, 0x1000); got != want[f] {
			t.Errorf("%s: %s, want %s", f, got, want[f])
		}
	}
	if got := inspect.Copy("nothing", b, 0); got != "" {
		t.Errorf("no format: %q", got)
	}
}

// TestCopyManyBytes reads the long forms back.
func TestCopyManyBytes(t *testing.T) {
	b := make([]byte, 48)
	for i := range b {
		b[i] = byte(i * 5)
	}
	pairs := regexp.MustCompile(`(?:0x|\\x)([0-9a-f]{2})\b`)
	for _, f := range []inspect.Format{inspect.C, inspect.Go, inspect.Python} {
		text := inspect.Copy(f, b, 0)
		if lines := strings.Count(text, "\n"); lines != 4 {
			t.Errorf("%s has %d line breaks:\n%s", f, lines, text)
		}
		digits := ""
		for _, m := range pairs.FindAllStringSubmatch(strings.ReplaceAll(text, `\x`, ` \x`), -1) {
			digits += m[1]
		}
		if digits != hex.EncodeToString(b) {
			t.Errorf("%s: %s", f, digits)
		}
	}
	if raw, err := base64.StdEncoding.DecodeString(inspect.Copy(inspect.Base64, b, 0)); err != nil || string(raw) != string(b) {
		t.Errorf("base64: %v", err)
	}
	var j struct {
		Offset, Length int
		Hex            string
	}
	if err := json.Unmarshal([]byte(inspect.Copy(inspect.JSON, b, 7)), &j); err != nil || j.Offset != 7 || j.Length != 48 || j.Hex != hex.EncodeToString(b) {
		t.Errorf("JSON: %+v, %v", j, err)
	}
	if got := strings.Count(inspect.Copy(inspect.GUID, b, 0), "\n"); got != 2 {
		t.Errorf("three GUIDs on %d lines", got+1)
	}
	dump := strings.Split(inspect.Copy(inspect.Hexdump, b, 0x7ffffff0), "\n")
	if len(dump) != 3 || !strings.HasPrefix(dump[1], "80000000  50 55 5a") {
		t.Errorf("hexdump %q", dump)
	}
}
