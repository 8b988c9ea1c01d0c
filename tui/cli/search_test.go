package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

type searchDocument struct {
	Hits []struct {
		Plane          string
		Offset, Length int64
		Encoding       string
		ContextOffset  int64 `json:"context_offset"`
		Context        string
	}
	Complete   bool
	Unsearched []struct{ Offset, Length int64 }
}

// raw makes a disk of 1 MiB with something in it.
func raw(t *testing.T, name string, at int, what string) string {
	t.Helper()
	b := bytes.Repeat([]byte("."), 1<<20)
	copy(b[at:], what)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSearch(t *testing.T) {
	path := raw(t, "a.img", 5000, "say platter, p\x00l\x00a\x00t\x00t\x00e\x00r\x00 and \x1b[31mPLATTER")
	doc := document[searchDocument](t, "search", "--format", "raw", path, "platter", "-i")
	if len(doc.Hits) != 3 || !doc.Complete || len(doc.Unsearched) != 0 {
		t.Fatalf("%+v", doc)
	}
	h := doc.Hits[1]
	if h.Plane != "disk" || h.Offset != 5013 || h.Length != 14 || h.Encoding != "UTF-16LE" || !strings.HasPrefix(h.Context[5013-h.ContextOffset:], "p\x00l\x00a\x00") {
		t.Errorf("%+v", h)
	}
	for _, tt := range []struct {
		args []string
		want []int64
	}{
		{[]string{"platter"}, []int64{5004, 5013, 5037}}, // either case, as nobody said how
		{[]string{"platter", "--case-sensitive"}, []int64{5004, 5013}},
		{[]string{"PLATTER"}, []int64{5037}},
		{[]string{"PLATTER", "-i"}, []int64{5004, 5013, 5037}},
		{[]string{"platter", "--encoding", "utf16le"}, []int64{5013}},
		{[]string{"--hex", "70 6c ?? 74"}, []int64{5004}},
		{[]string{"--regex", `P[A-Z]+R`}, []int64{5037}},
		{[]string{"platter", "--offset", "0x1390"}, []int64{5013, 5037}},
		{[]string{"platter", "--length", "5011"}, []int64{5004}},
		{[]string{"platter", "--limit", "1"}, []int64{5004}},
		{[]string{"platter", "--backwards"}, []int64{5037, 5013, 5004}},
		{[]string{"platter", "--backwards", "--length", "5026"}, []int64{5004}},
		{[]string{"nothing"}, nil},
	} {
		args := append([]string{"search", "--format", "raw", path}, tt.args...)
		var got []int64
		for _, h := range document[searchDocument](t, args...).Hits {
			got = append(got, h.Offset)
		}
		if len(got) != len(tt.want) || len(got) > 0 && got[0] != tt.want[0] {
			t.Errorf("%q: %v, want %v", tt.args, got, tt.want)
		}
	}
	text := string(done(t, "search", "--format", "raw", path, "platter", "-i"))
	for _, want := range []string{"0x00001395      14  UTF-16LE   disk  ", "[platter]", ".[31m[PLATTER]", "3 hits"} {
		if !strings.Contains(text, want) || strings.Contains(text, "\x1b") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := string(done(t, "search", "--format", "raw", path, "nothing")); !strings.HasPrefix(text, "not found on the virtual disk, letters in either case; the container's own bytes were not searched") {
		t.Errorf("nothing found: %q", text)
	}
}

func TestSearchInFiles(t *testing.T) {
	doc := document[searchDocument](t, "search", "sample:vhd", "conectix", "--file")
	if len(doc.Hits) != 2 || doc.Hits[0].Offset != 0 || doc.Hits[0].Plane == "disk" {
		t.Errorf("%+v", doc)
	}
	if on := document[searchDocument](t, "search", "sample:vhd", "conectix"); len(on.Hits) != 0 {
		t.Errorf("the footer is on the disk: %+v", on)
	}
}

func TestSearchRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"search", "sample:vhd"},
		{"search", "sample:vhd", ""},
		{"search", "sample:vhd", "zz", "--hex"},
		{"search", "sample:vhd", "(", "--regex"},
		{"search", "sample:vhd", "x", "--encoding", "klingon"},
		{"search", "sample:vhd", "x", "--offset", "far"},
		{"search", "sample:vhd", "x", "--file=nothing"},
	} {
		if code, out, errs := run(t, args...); code != cli.ExitUsage || len(out) > 0 || len(errs) == 0 {
			t.Errorf("platter %q: exit code %d, %s%s", args, code, out, errs)
		}
	}
}

func TestCompare(t *testing.T) {
	type compareDocument struct {
		Sizes               []int64
		Ranges              []struct{ Start, Length int64 }
		Identical, Complete bool
		Uncompared          []any
	}
	a, b := raw(t, "a.img", 5000, "one"), raw(t, "b.img", 5000, "two")
	small := raw(t, "c.img", 5000, "one")
	if err := os.Truncate(small, 1<<19); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		other string
		code  int
		json  string
		text  string
	}{
		{a, 0, `"identical": true`, "identical\n"},
		{b, 1, `{"start": 5000, "length": 3}`, "3 bytes differ in 1 range\n"},
		{small, 1, `{"start": 524288, "length": 524288}`, "the first has 1 MiB (1 048 576 bytes), the second 512 KiB (524 288 bytes)\n"},
		{a + "x", 2, "", ""},
	} {
		code, out, errs := run(t, "compare", "--json", "--format", "raw", a, tt.other)
		if code != tt.code || !bytes.Contains(out, []byte(tt.json)) || (tt.code == 2) != (len(errs) > 0) {
			t.Errorf("%s: exit code %d\n%s%s", tt.other, code, out, errs)
		}
		code, out, _ = run(t, "compare", "--format", "raw", a, tt.other)
		if code != tt.code || !bytes.Contains(out, []byte(tt.text)) {
			t.Errorf("%s: exit code %d\n%s", tt.other, code, out)
		}
	}
	same := document[compareDocument](t, "compare", "sample:vhd", "sample:vhd", "--file")
	if !same.Identical || !same.Complete || len(same.Ranges) != 0 || len(same.Sizes) != 2 || same.Uncompared == nil {
		t.Errorf("%+v", same)
	}
	if code, _, _ := run(t, "compare", a); code != 2 {
		t.Errorf("one image: exit code %d", code)
	}
}

// TestSearchSaysWhatHoldsAHit puts the same text into both layers of a disk with a partition, and
// before it: each hit says which layer, partition or structure it lies in.
func TestSearchSaysWhatHoldsAHit(t *testing.T) {
	dir := t.TempDir()
	base, child, bytesOf := filepath.Join(dir, "base.vhdx"), filepath.Join(dir, "child.vhdx"), filepath.Join(dir, "mbr")
	mbr := make([]byte, 512)
	copy(mbr[446:], []byte{0, 0, 0, 0, 7, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0}) // from sector 2048 on, 1 MiB
	mbr[510], mbr[511] = 0x55, 0xAA
	put := func(image, at string, b []byte) {
		if err := os.WriteFile(bytesOf, b, 0o600); err != nil {
			t.Fatal(err)
		}
		done(t, "write", image, "--offset", at, "--from", bytesOf, "-q")
	}
	done(t, "create", base, "8M", "-q")
	put(base, "0", mbr)
	put(base, "1M", []byte("needle one"))
	done(t, "create", child, "--parent", base, "-q")
	put(child, "4096", []byte("needle two"))
	_, out, _ := run(t, "search", child, "needle")
	for _, want := range []string{"layer 0 child.vhdx, outside the partitions", "layer 1 base.vhdx, partition 1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no hit is held by %q:\n%s", want, out)
		}
	}
	for text, want := range map[string]string{"needle one": "disk 0x100000, partition 1", "regi": "region table"} {
		if _, out, _ := run(t, "search", base, text, "--file"); !strings.Contains(string(out), want) {
			t.Errorf("no hit of %q is held by %q:\n%s", text, want, out)
		}
	}
}
