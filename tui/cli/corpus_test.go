package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/tui/cli"
)

// limit is how large a disk may be, in bytes, to be hashed in every run.
const limit = 256 << 20

// corpus runs a test on every image of the corpus.
func corpus(t *testing.T, test func(t *testing.T, s enginetest.Sample, path string)) {
	for _, s := range enginetest.Manifest(t, "") {
		t.Run(s.Name, func(t *testing.T) { test(t, s, enginetest.Corpus(t, s.Name)) })
	}
}

// TestCorpusContent compares with what several other readers agree on.
func TestCorpusContent(t *testing.T) {
	corpus(t, func(t *testing.T, s enginetest.Sample, path string) {
		if s.VirtualSize > limit && !enginetest.Full() {
			t.Skip("over 256 MiB: only with -full")
		}
		if s.SHA256 == "-" {
			if code, out, errs := run(t, "hash", path); code != cli.ExitFailed || len(out) > 0 || len(errs) == 0 {
				t.Errorf("exit code %d, output %q, message %q: this image must be refused", code, out, errs)
			}
			return
		}
		hash := document[hashDocument](t, "hash", path)
		if hash.Bytes != s.VirtualSize || hash.Digests["sha256"] != s.SHA256 {
			t.Errorf("%d bytes with SHA-256 %s, want %d with %s", hash.Bytes, hash.Digests["sha256"], s.VirtualSize, s.SHA256)
		}
	})
}

// TestCorpusLayout holds that no byte of a file is unexplained or explained
// twice, and that the map covers the disk.
func TestCorpusLayout(t *testing.T) {
	corpus(t, func(t *testing.T, s enginetest.Sample, path string) {
		info := document[infoDocument](t, "info", path)
		layout := document[layoutDocument](t, "layout", path)
		at, pos := 0, int64(0)
		for _, r := range layout.Regions {
			for at < len(info.Files) && pos == info.Files[at].Size && r.File != info.Files[at].File {
				at, pos = at+1, 0
			}
			if at == len(info.Files) || r.File != info.Files[at].File || r.Offset != pos || r.Length <= 0 || r.Name == "" || r.Kind == "" {
				t.Fatalf("region %+v, expected offset %d of file %d", r, pos, at)
			}
			pos += r.Length
		}
		if len(info.Files) > 0 && (at != len(info.Files)-1 || pos != info.Files[at].Size) || layout.FileSize != info.FileSize {
			t.Errorf("regions end at %d of file %d; %d bytes in layout, %d in info", pos, at, layout.FileSize, info.FileSize)
		}
		if !info.Readable {
			return
		}
		pos = 0
		for _, e := range document[mapDocument](t, "map", path).Extents {
			if e.Start != pos || e.Length <= 0 {
				t.Fatalf("extent %+v, expected start %d", e, pos)
			}
			pos += e.Length
		}
		if pos != info.VirtualSize {
			t.Errorf("the map ends at %d of %d", pos, info.VirtualSize)
		}
	})
}

// TestCorpusHealth holds that images of real producers raise no error.
func TestCorpusHealth(t *testing.T) {
	corpus(t, func(t *testing.T, s enginetest.Sample, path string) {
		info := document[infoDocument](t, "info", path)
		if s.SHA256 != "-" && info.Findings["error"] > 0 {
			t.Errorf("errors on a healthy image: %+v", info.Notes)
		}
		if info.Format != s.Format {
			t.Errorf("recognised as %s, not %s", info.Format, s.Format)
		}
	})
}

// TestCorpusStaysUntouched holds that looking changes neither bytes nor times.
func TestCorpusStaysUntouched(t *testing.T) {
	picked := enginetest.Third(1)
	for _, s := range enginetest.Manifest(t, "") {
		if !picked() {
			continue
		}
		path := enginetest.Corpus(t, s.Name)
		before := snapshot(t, filepath.Dir(path))
		for _, verb := range []string{"info", "tree", "layout", "map"} {
			run(t, verb, path)
		}
		if after := snapshot(t, filepath.Dir(path)); before != after {
			t.Errorf("%s: the folder was\n%sand is\n%s", s.Name, before, after)
		}
	}
}

// snapshot is what a folder shows of its files: names, sizes, times.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		fi, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d %s\n", e.Name(), fi.Size(), fi.ModTime())
	}
	return b.String()
}

// TestMapAgreesWithQEMU compares with qemu-img what is data. Its driver for
// VHD ignores sector bitmaps and so knows whole blocks only; sparse VMDK must
// agree exactly. It is no witness for VHDX and for holes in flat files.
func TestMapAgreesWithQEMU(t *testing.T) {
	drivers := map[string]string{"vhd dynamic": "vpc", "vmdk monolithicSparse": "vmdk", "vmdk twoGbMaxExtentSparse": "vmdk", "vmdk streamOptimized": "vmdk"}
	compared := 0
	corpus(t, func(t *testing.T, s enginetest.Sample, path string) {
		driver := drivers[s.Format+" "+s.Subformat]
		if driver == "" || s.SHA256 == "-" {
			return
		}
		theirs, size := qemuMap(t, driver, path)
		if size != s.VirtualSize { // quirks that the references list: the geometry's size, rounded extents
			t.Logf("qemu-img shows %d bytes, not %d", size, s.VirtualSize)
		}
		var ours []span
		for _, e := range document[mapDocument](t, "map", path).Extents {
			if e.State == "data" {
				ours = append(ours, span{e.Start, e.Start + e.Length})
			}
		}
		compared++
		if driver == "vmdk" {
			if a, b := joined(ours, size), joined(theirs, size); !slices.Equal(a, b) {
				t.Errorf("data here %v, qemu-img %v", a, b)
			}
			return
		}
		for _, o := range joined(ours, size) {
			if !slices.ContainsFunc(joined(theirs, size), func(q span) bool { return q.from <= o.from && o.to <= q.to }) {
				t.Errorf("data at %v, which qemu-img does not have", o)
			}
		}
	})
	if compared < 10 && !t.Failed() {
		t.Errorf("only %d images compared", compared)
	}
}

type span struct{ from, to int64 }

// joined merges neighbours and cuts at size.
func joined(list []span, size int64) []span {
	var out []span
	for _, s := range list {
		s.to = min(s.to, size)
		switch n := len(out); {
		case s.from >= s.to:
		case n > 0 && out[n-1].to == s.from:
			out[n-1].to = s.to
		default:
			out = append(out, s)
		}
	}
	return out
}

func qemuMap(t *testing.T, driver, path string) (data []span, size int64) {
	t.Helper()
	var list []struct {
		Start, Length int64
		Data          bool
	}
	out := enginetest.Run(t, "qemu-img", "map", "--output=json", "-f", driver, path)
	if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&list); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, e := range list {
		size = e.Start + e.Length
		if e.Data {
			data = append(data, span{e.Start, size})
		}
	}
	return data, size
}
