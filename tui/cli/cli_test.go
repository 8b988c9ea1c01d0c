package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/sample"
	"platter/tui/cli"
)

// run executes a command line and returns the exit code and both outputs.
func run(t *testing.T, args ...string) (code int, out, errs []byte) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Run(t.Context(), args, &o, &e)
	return code, o.Bytes(), e.Bytes()
}

// done executes a command line that must succeed and say nothing on the side.
func done(t *testing.T, args ...string) []byte {
	t.Helper()
	code, out, errs := run(t, args...)
	if code != cli.ExitDone || len(errs) > 0 {
		t.Fatalf("platter %q: exit code %d, %s", args, code, errs)
	}
	return out
}

// document executes a command line that prints a JSON document.
func document[T any](t *testing.T, args ...string) T {
	t.Helper()
	var doc T
	out := done(t, append(args, "--json")...)
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("platter %q: %v in %.200s", args, err, out)
	}
	return doc
}

// samples are the built-in images that can be read whole, as the user names them.
func samples() []string {
	var list []string
	for _, s := range sample.All() {
		if s.Name == "damaged" {
			continue
		}
		list = append(list, "sample:"+s.Name)
	}
	return list
}

// TestDocuments holds the members that every JSON document has from the start.
func TestDocuments(t *testing.T) {
	members := map[string]string{
		"info":   "path format type virtual_size file_size block_size logical_sector_size physical_sector_size creator id parent dirty readable findings findings_complete",
		"tree":   "nodes",
		"layout": "file_size regions",
		"map":    "extents",
		"log":    "entries dirty",
		"chain":  "layers",
		"hash":   "digests bytes",

		"partitions": "scheme sector_size system label partitions findings",
	}
	items := map[string][2]string{
		"chain":  {"layers", "path format id link own_bytes"},
		"tree":   {"nodes", "name offset length value raw doc ok children"},
		"layout": {"regions", "file offset length kind name"},
		"map":    {"extents", "start length state layer file offset"},

		"partitions": {"partitions", "number start length type guid name system label"},
	}
	for _, image := range samples() {
		for verb, want := range members {
			doc := document[map[string]any](t, verb, image)
			if doc["schema"] != "platter/"+verb+"/1" {
				t.Errorf("%s: schema %v", verb, doc["schema"])
			}
			has(t, verb, doc, want)
			if item, ok := items[verb]; ok {
				list, _ := doc[item[0]].([]any)
				if len(list) == 0 {
					t.Fatalf("%s %s has no %s", verb, image, item[0])
				}
				has(t, verb, list[0].(map[string]any), item[1])
			}
		}
	}
	doc := document[map[string]any](t, "keys")
	has(t, "keys", doc["bindings"].([]any)[0].(map[string]any), "context action keys label help group")
}

func has(t *testing.T, verb string, doc map[string]any, members string) {
	t.Helper()
	for _, m := range strings.Fields(members) {
		if _, ok := doc[m]; !ok {
			t.Errorf("%s: no member %q", verb, m)
		}
	}
}

type mapDocument struct {
	Extents []struct {
		Start, Length int64
		State         string
		Layer         int
		File          *string
		Offset        *int64
		Compressed    int64
	}
}

type layoutDocument struct {
	FileSize int64 `json:"file_size"`
	Regions  []struct {
		File           string
		Offset, Length int64
		Kind, Name     string
	}
}

type infoDocument struct {
	Format      string
	Type        string
	BlockSize   int64 `json:"block_size"`
	VirtualSize int64 `json:"virtual_size"`
	FileSize    int64 `json:"file_size"`
	Readable    bool
	Files       []struct {
		File string
		Size int64
	}
	Findings map[string]int
	Notes    []struct{ Code, Severity, Message string }
}

type hashDocument struct {
	Bytes   int64
	Digests map[string]string
	Files   []struct {
		File    string
		Bytes   int64
		Digests map[string]string
	}
}

// TestUnaccounted finds the note that was hidden in the damaged sample.
func TestUnaccounted(t *testing.T) {
	type ranges struct {
		Ranges []struct {
			File        string
			Offset      int64
			Length      int64
			Empty       bool
			NotZeroFrom int64  `json:"not_zero_from"`
			Text        string `json:"text"`
			TextOffset  int64  `json:"text_offset"`
		}
	}
	doc := document[ranges](t, "layout", "--unaccounted", "sample:damaged")
	last := doc.Ranges[len(doc.Ranges)-1]
	if last.File != "damaged.vhd" || last.Empty || last.NotZeroFrom != 0x201200 || last.TextOffset != 0x201200 || !strings.Contains(last.Text, "swordfish") {
		t.Errorf("the last range is %+v", last)
	}
	if text := string(done(t, "layout", "--unaccounted", "sample:damaged")); !strings.Contains(text, "text at 0x201200: \"To whom") {
		t.Errorf("as text:\n%s", text)
	}
	if text := string(done(t, "layout", "--unaccounted", "sample:vhd")); !strings.HasPrefix(text, "Every byte lies in a structure") {
		t.Errorf("of a whole image:\n%s", text)
	}
}

// TestPlainReports holds that the text forms are there and harmless.
func TestPlainReports(t *testing.T) {
	for _, image := range samples() {
		for _, verb := range []string{"info", "tree", "layout", "map", "hash", "partitions"} {
			out := string(done(t, verb, image))
			if strings.Count(out, "\n") < 1 {
				t.Errorf("%s %s prints %q", verb, image, out)
			}
			for line := range strings.Lines(out) {
				if line = strings.TrimSuffix(line, "\n"); decode.Printable(line) != line {
					t.Errorf("%s %s prints %q", verb, image, line)
				}
			}
		}
		if bare, info := done(t, image), done(t, "info", image); !bytes.Equal(bare, info) {
			t.Errorf("platter %s without a terminal prints\n%s", image, bare)
		}
	}
}

// TestReadAndHashAgree has three ways to the same bytes.
func TestReadAndHashAgree(t *testing.T) {
	for _, image := range samples() {
		disk := done(t, "read", image)
		info := document[infoDocument](t, "info", image)
		sum := sha256.Sum256(disk)
		hash := document[hashDocument](t, "hash", image)
		if int64(len(disk)) != info.VirtualSize || hash.Bytes != info.VirtualSize || hash.Digests["sha256"] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %d bytes read, %d hashed, %d in info, SHA-256 %x and %s", image, len(disk), hash.Bytes, info.VirtualSize, sum, hash.Digests)
		}
		part := done(t, "read", image, "--offset", "128s", "--length", "0x1234")
		if !bytes.Equal(part, disk[128*512:128*512+0x1234]) {
			t.Errorf("%s: a part of the disk differs", image)
		}
		if tail := done(t, "read", image, "--offset=1M"); !bytes.Equal(tail, disk[1<<20:]) {
			t.Errorf("%s: the disk's tail differs", image)
		}
		files := document[hashDocument](t, "hash", "--file", image)
		for _, f := range files.Files {
			bytes := done(t, "read", image, "--file="+f.File)
			if sum := sha256.Sum256(bytes); int64(len(bytes)) != f.Bytes || f.Digests["sha256"] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: file %s has %d bytes and SHA-256 %x, reported %d and %s", image, f.File, len(bytes), sum, f.Bytes, f.Digests)
			}
		}
		if b := done(t, "read", image, "--file"); int64(len(b)) != info.Files[0].Size {
			t.Errorf("%s: read --file gives %d bytes of %d", image, len(b), info.Files[0].Size)
		}
	}
}

// TestReadParts exports what a person points at.
func TestReadParts(t *testing.T) {
	disk := done(t, "read", "sample:vhd")
	file := done(t, "read", "sample:vhd", "--file")
	same := func(want []byte, args ...string) {
		t.Helper()
		if got := done(t, append([]string{"read", "sample:vhd"}, args...)...); !bytes.Equal(got, want) {
			t.Errorf("read %q gives %d bytes, other ones than expected", args, len(got))
		}
	}
	const first = 128 * 512 // where the partition starts
	same(disk[first:], "--partition", "1")
	same(disk[first+54:first+62], "--partition=1", "--offset", "54", "--length", "8")
	same(disk[29*512<<10:30*512<<10], "--block", "29")
	same(disk[31*512<<10:], "--block", "31") // the last one is cut
	same(file[:512], "--region", "footer copy")
	same(file[0x600:0x680], "--region", "BAT")
	same(file[0x601:0x603], "--region", "BAT", "--file", "--offset=1", "--length=2")
	for _, args := range [][]string{
		{"--partition", "2"}, {"--block", "32"}, {"--region", "nothing"}, {"--block", "1", "--file"}, {"--partition", "1", "--block", "1"},
	} {
		if code, out, errs := run(t, append([]string{"read", "sample:vhd"}, args...)...); code != cli.ExitUsage || len(out) > 0 || len(errs) == 0 {
			t.Errorf("read %q: exit code %d, %s", args, code, errs)
		}
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk\x1b[31m.bin")
	if err := os.WriteFile(junk, bytes.Repeat([]byte("no image "), 100), 0o600); err != nil {
		t.Skip(err) // hosts that forbid such names
	}
	tests := []struct {
		code int
		args []string
	}{
		{cli.ExitDone, []string{"--help"}},
		{cli.ExitDone, []string{"help", "read"}},
		{cli.ExitDone, []string{"completion", "bash"}},
		{cli.ExitDone, []string{"info", junk}},
		{cli.ExitDone, []string{"layout", junk}},
		{cli.ExitDone, []string{"tree", junk}},
		{cli.ExitDone, []string{"read", junk, "--file"}},
		{cli.ExitDone, []string{"read", junk, "--format", "raw"}},
		{cli.ExitFailed, []string{"read", junk}},
		{cli.ExitFailed, []string{"hash", junk}},
		{cli.ExitFailed, []string{"map", junk}},
		{cli.ExitFailed, []string{"info", filepath.Join(dir, "absent")}},
		{cli.ExitFailed, []string{"info", dir}},
		{cli.ExitFailed, []string{"info", "sample:absent"}},
		{cli.ExitFailed, []string{"info", "--format", "vhdx", junk}},
		{cli.ExitFailed, []string{"read", "sample:vhd", "--offset", "1P"}},
		{cli.ExitFailed, []string{"read", "sample:vhd", "--length", "1P"}},
		{cli.ExitUsage, nil},
		{cli.ExitUsage, []string{"frobnicate", junk}},
		{cli.ExitUsage, []string{"info"}},
		{cli.ExitUsage, []string{"info", junk, junk}},
		{cli.ExitUsage, []string{"info", "--frob", junk}},
		{cli.ExitUsage, []string{"info", "--format", "qcow2", junk}},
		{cli.ExitUsage, []string{"read", junk, "--file", "--offset", "ten"}},
		{cli.ExitUsage, []string{"read", junk, "--file=other"}},
	}
	for _, test := range tests {
		code, out, errs := run(t, test.args...)
		if code != test.code {
			t.Errorf("platter %q: exit code %d, want %d\n%s", test.args, code, test.code, errs)
		}
		if code != cli.ExitDone && len(errs) == 0 {
			t.Errorf("platter %q fails without a word", test.args)
		}
		if code == cli.ExitDone && len(out) == 0 {
			t.Errorf("platter %q succeeds without a word", test.args)
		}
		if bytes.ContainsRune(errs, 0x1b) || bytes.Count(errs, []byte("\n")) > 1 {
			t.Errorf("platter %q says %q", test.args, errs)
		}
	}
}

// TestInterrupted holds that a run that is stopped says nothing more, and does
// not claim success.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, verb := range []string{"tree", "layout", "map", "hash", "read", "check"} {
		var out, errs bytes.Buffer
		if code := cli.Run(ctx, []string{verb, "sample:vhdx"}, &out, &errs); code != cli.ExitFailed {
			t.Errorf("%s: exit code %d, %d bytes of output, %q", verb, code, out.Len(), errs.String())
		}
	}
}

// TestSampleTrees holds the structures of the samples, with all their fields.
func TestSampleTrees(t *testing.T) {
	for _, s := range sample.All() {
		got := done(t, "tree", "sample:"+s.Name)
		path := filepath.Join("..", "..", "testdata", "tree", s.Name+".txt")
		if os.Getenv("PLATTER_UPDATE") == "1" {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
			t.Errorf("platter tree sample:%s differs from %s (PLATTER_UPDATE=1 writes it):\n%s", s.Name, path, got)
		}
	}
}
