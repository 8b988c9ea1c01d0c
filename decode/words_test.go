package decode_test

import (
	"testing"

	"platter/decode"
)

func TestNumbersInWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", -1234567: "-1 234 567", 41943040: "41 943 040"} {
		if got := decode.Grouped(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
	if a, b := decode.Plural(1, "entry", "entries"), decode.Plural(int64(2), "entry", "entries"); a != "1 entry" || b != "2 entries" {
		t.Errorf("%q and %q", a, b)
	}
	for path, want := range map[string]string{"a.vhd": "a.vhd", "/x/a.vhd": "a.vhd", `C:\x\a.vhd`: "a.vhd", "/x/a\x1b.vhd": `a\x1b.vhd`} {
		if got := decode.BaseName(path); got != want {
			t.Errorf("%q is %q", path, got)
		}
	}
}
