package inspect_test

import (
	"bytes"
	"errors"
	"testing"

	"platter/decode"
	"platter/decode/inspect"
)

// TestEncodeIsTheInverse writes back what each reading of some bytes says.
func TestEncodeIsTheInverse(t *testing.T) {
	b := []byte{0x42, 0x1c, 0x5d, 0x5b, 0x88, 0xdd, 0xdb, 0x01, 9, 10, 11, 12, 13, 14, 15, 16}
	seen := 0
	for _, o := range []decode.Order{decode.Little, decode.Big} {
		for _, r := range inspect.Readings(b, o) {
			got, err := inspect.Encode(r.Name, r.Text, o)
			if err != nil {
				continue
			}
			if seen++; !bytes.Equal(got, b[:r.Size]) {
				t.Errorf("%s %q: % x, want % x", r.Name, r.Text, got, b[:r.Size])
			}
		}
	}
	if least := len(inspect.Writable()); seen < 2*least-6 { // some bytes are no date in one order
		t.Errorf("only %d of 2 x %d readings could be written back", seen, least)
	}
}

func TestEncodeRefusesWhatDoesNotFit(t *testing.T) {
	for _, c := range [][2]string{
		{"u8", "256"}, {"i8", "128"}, {"u16", "-1"}, {"u32", "x"}, {"f32", "1e99"}, {"GUID (Windows)", "12"}, {"FILETIME", "1600-01-01"},
		{"VHD time", "1999-12-31"}, {"DOS time", "2020-01-01 00:00:01"}, {"Unix time 32", "2039-01-01"}, {"u8", ""},
	} {
		if b, err := inspect.Encode(c[0], c[1], decode.Little); !errors.Is(err, inspect.ErrInput) {
			t.Errorf("%s %q: % x, %v", c[0], c[1], b, err)
		}
	}
	if _, err := inspect.Encode("UTF-8", "a", decode.Little); err == nil {
		t.Error("a text has no width")
	}
}

func TestEncodeDates(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []byte
	}{
		{"FILETIME", "1601-01-01 00:00:01", []byte{0x80, 0x96, 0x98, 0, 0, 0, 0, 0}},
		{"VHD time", "2000-01-01 00:01", []byte{60, 0, 0, 0}},
		{"DOS time", "1980-01-01", []byte{0, 0, 0x21, 0}},
		{"Unix time 32", "1970-01-01 00:00:02 UTC", []byte{2, 0, 0, 0}},
		{"u16", "0x1234", []byte{0x34, 0x12}},
	} {
		if b, err := inspect.Encode(c.name, c.text, decode.Little); err != nil || !bytes.Equal(b, c.want) {
			t.Errorf("%s %q: % x, %v, want % x", c.name, c.text, b, err, c.want)
		}
	}
}
