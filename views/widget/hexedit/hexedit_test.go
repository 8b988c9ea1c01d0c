package hexedit_test

import (
	"bytes"
	"testing"

	"platter/views/widget/hexedit"
)

func TestParseHex(t *testing.T) {
	for text, want := range map[string][]byte{
		"": nil, "00": {0}, "e8 FF\n00": {0xe8, 0xff, 0}, "0x12, 0x34": {0x12, 0x34}, "deadBEEF": {0xde, 0xad, 0xbe, 0xef}, `\x01:02-03`: {1, 2, 3},
	} {
		if got, err := hexedit.ParseHex(text); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %x, %v, want %x", text, got, err, want)
		}
	}
	for _, text := range []string{"0", "0x1", "zz", "12 3", "1é"} {
		if got, err := hexedit.ParseHex(text); err == nil {
			t.Errorf("%q gives %x", text, got)
		}
	}
}
