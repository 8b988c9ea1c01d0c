package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/transfer"
	"platter/keymap"
	"platter/views/report"
	"platter/views/viewtest"
)

// table is a partition table whose texts are hostile.
var table = disk.PartitionTable{
	Scheme: "GPT", Sector: 512,
	Partitions: []disk.Partition{
		{Number: 1, Start: 1 << 20, Length: 3 << 20, Type: "Basic data", GUID: "5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611", Name: "data\x1b[2J", System: "NTFS"},
		{Number: 2, Start: 4 << 20, Length: 512, Type: "type \u202e0x7f", Label: "a\nb"},
	},
	Findings: []disk.Finding{{Code: "guest/P10", Severity: disk.SeverityWarning, Where: []decode.Place{{File: disk.VirtualDisk, Offset: 1024, Length: 136}}, Text: "an ext2/3/4 volume called \"r\\x1bt\" began here", Detail: "Write nothing."}},
}

// reports are all reports on an image.
var reports = map[string]func(*testing.T, io.Writer, disk.Image, report.Form) error{
	"info": func(_ *testing.T, w io.Writer, img disk.Image, f report.Form) error {
		return report.Info(w, img, report.Guest{Table: table}, f)
	},
	"partitions": func(_ *testing.T, w io.Writer, _ disk.Image, f report.Form) error {
		return report.Partitions(w, table, f)
	},
	"unaccounted": func(t *testing.T, w io.Writer, img disk.Image, f report.Form) error {
		return report.Unaccounted(t.Context(), w, img, f)
	},
	"tree": func(t *testing.T, w io.Writer, img disk.Image, f report.Form) error {
		return report.Tree(t.Context(), w, img, report.TreeOptions{Group: 12}, f)
	},
	"layout": func(t *testing.T, w io.Writer, img disk.Image, f report.Form) error {
		return report.Layout(t.Context(), w, img, f)
	},
	"map": func(t *testing.T, w io.Writer, img disk.Image, f report.Form) error {
		return report.Map(t.Context(), w, img, f)
	},
	"log": func(t *testing.T, w io.Writer, _ disk.Image, f report.Form) error {
		return report.Log(t.Context(), w, viewtest.NewDirty(), report.LogOptions{Changes: true}, f)
	},
	"hash": func(_ *testing.T, w io.Writer, img disk.Image, f report.Form) error {
		return report.FileDigests(w, img.Info().Path, []report.Digest{{File: "a\x1b[2J.vmdk", Bytes: 3, Sums: []transfer.Digest{{Algorithm: "sha256", Hex: "0102" + strings.Repeat("00", 30)}}}}, f)
	},
	"keys": func(_ *testing.T, w io.Writer, _ disk.Image, f report.Form) error {
		return report.Keys(w, []keymap.Binding{
			{Context: keymap.Everywhere, Action: "help", Keys: []string{"?", "f1"}, Label: "help", Help: "Show the keys", Group: "program"},
			{Context: keymap.Hex, Action: "next", Keys: []string{"l"}, Help: `Next byte "\"`, Group: "moving"},
			{Context: keymap.Staging, Action: "write", Help: "Write", Group: "edit"},
		}, "/home/u/.config/platter/config.toml", f)
	},
}

// TestGolden holds every report, in both forms, on an image whose texts are
// hostile.
func TestGolden(t *testing.T) {
	for name, run := range reports {
		for form, ext := range map[report.Form]string{report.Text: ".txt", report.JSON: ".json"} {
			t.Run(name+ext, func(t *testing.T) {
				var out bytes.Buffer
				if err := run(t, &out, viewtest.New(), form); err != nil {
					t.Fatal(err)
				}
				safe(t, out.Bytes())
				if form == report.JSON {
					valid(t, name, out.Bytes())
				}
				golden(t, name+ext, out.Bytes())
			})
		}
	}
}

// golden compares with testdata/name.golden; -update, a flag of viewtest,
// writes the file instead.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("%s differs from the golden file (-update writes it):\n%s", name, got)
	}
}

// safe holds that nothing reaches the terminal but text.
func safe(t *testing.T, out []byte) {
	t.Helper()
	for _, line := range strings.Split(string(out), "\n") {
		if clean := decode.Printable(line); clean != line {
			t.Errorf("not printable: %q", line)
		}
	}
}

func valid(t *testing.T, verb string, out []byte) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	if doc["schema"] != "platter/"+verb+"/1" {
		t.Errorf("schema %v", doc["schema"])
	}
	for _, c := range out {
		if c > '~' || c < ' ' && c != '\n' {
			t.Fatalf("byte 0x%02x on the wire", c)
		}
	}
}

// TestTextsSurviveJSON holds that strings are exact: what JSON can't say comes
// as hex too.
func TestTextsSurviveJSON(t *testing.T) {
	for _, s := range []string{
		"", "plain", "Größe 漢字 \U0001F4BF", "\x00\x01\x1b\x7f\u0085\u202e\u2028", `"quoted" \ and /`, "line\nbreak\ttab",
	} {
		if got := creatorOf(t, s)["creator"]; got != any(s) && (s != "" || got != nil) {
			t.Errorf("%q came back as %q", s, got)
		}
	}
	bad := "abc\xff\xfe"
	if got := creatorOf(t, bad); got["creator_hex"] != "616263fffe" {
		t.Errorf("invalid UTF-8 came as %v", got["creator_hex"])
	}
	lone := decode.DecodeUTF16([]byte{0x41, 0x00, 0x3d, 0xd8, 0x42, 0x00}, decode.Little)
	raw := infoOf(t, lone)
	if !bytes.Contains(raw, []byte(`"creator": "A\ud83dB"`)) {
		t.Errorf("an unpaired surrogate is lost in %s", raw)
	}
	if r := utf16.Encode([]rune("\U0001F4BF")); len(r) != 2 || !bytes.Contains(infoOf(t, "\U0001F4BF"), []byte(`"\ud83d\udcbf"`)) {
		t.Error("a character beyond the first plane is not a pair")
	}
}

func infoOf(t *testing.T, creator string) []byte {
	t.Helper()
	img := viewtest.New()
	img.Describe = func(i *disk.Info) { i.Creator = creator }
	var out bytes.Buffer
	if err := report.Info(&out, img, report.Guest{Err: errors.New("no\x1b disk")}, report.JSON); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func creatorOf(t *testing.T, creator string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(infoOf(t, creator), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestFailuresSurface has images that break and receivers that are full.
func TestFailuresSurface(t *testing.T) {
	broken := errors.New("the medium is broken")
	for _, form := range []report.Form{report.Text, report.JSON} {
		img := viewtest.New()
		img.Break = broken
		if err := report.Map(t.Context(), io.Discard, img, form); !errors.Is(err, broken) {
			t.Errorf("map of a broken image: %v", err)
		}
		refused := errors.New("refused")
		img.Describe = func(i *disk.Info) { i.Refused = refused }
		if err := report.Map(t.Context(), io.Discard, img, form); !errors.Is(err, refused) {
			t.Errorf("map of an unreadable image: %v", err)
		}
		for name, run := range reports {
			if err := run(t, full{}, viewtest.New(), form); !errors.Is(err, errFull) {
				t.Errorf("%s to a full device: %v", name, err)
			}
		}
	}
}

var errFull = errors.New("no room left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestTreeBounds holds that tables are cut where asked, and say so.
func TestTreeBounds(t *testing.T) {
	out := func(opt report.TreeOptions, form report.Form) string {
		var b bytes.Buffer
		if err := report.Tree(t.Context(), &b, viewtest.New(), opt, form); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if s := out(report.TreeOptions{Group: 5}, report.Text); !strings.Contains(s, "... ") {
		t.Errorf("nothing tells that entries are left out:\n%s", s)
	}
	if s := out(report.TreeOptions{Group: 5}, report.JSON); !strings.Contains(s, `"more": `) {
		t.Errorf("nothing tells that entries are left out:\n%s", s)
	}
	if s := out(report.TreeOptions{}, report.Text); strings.Contains(s, "... ") || strings.Count(s, "\n") < 64 {
		t.Errorf("not all entries are there:\n%s", s)
	}
	if shallow, deep := out(report.TreeOptions{Depth: 1}, report.Text), out(report.TreeOptions{}, report.Text); len(shallow) >= len(deep) {
		t.Errorf("depth 1 has %d bytes, all have %d", len(shallow), len(deep))
	}
}
