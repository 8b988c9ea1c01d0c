package engine_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"platter/engine"
	"platter/engine/disk"
)

// caseFile says what is expected of an image among the cases: parts of findings'
// texts, of titles of the first repair of a code, and codes that there must not be.
type caseFile struct {
	file    string
	parents map[string]int64 // files beside it whose time of change has to be set, in seconds since 1970
	says    []string
	first   map[string]string
	none    string
}

var caseFiles = []caseFile{
	{file: "01-expanded-under-snapshot/foo.vhd", says: []string{"expanded from 8388608 bytes"}, first: map[string]string{"vhd/V046": "set the size back to the 8388608 bytes"}},
	{file: "01-expanded-under-snapshot/foo_snap.avhd", says: []string{"the parent was expanded from 8388608 bytes"}},
	{file: "02-dst-hour-off/child.vhd", parents: map[string]int64{"base.vhd": 1678600000}, says: []string{"exactly one hour apart, as daylight saving"},
		first: map[string]string{"vhd/V045": "store the time of the parent's file, 2023-03-12T05:46:40Z"}, none: "vhd/V050"},
	{file: "04-xen-lv-primary-footer/lv.vhd", says: []string{"20400 bytes are not zero from 0xbf6000"}, first: map[string]string{"vhd/V002": "write the footer from the start of the file into its last sector"}},
	{file: "05-lost-bitmap-update/nt31.vhd", says: []string{"in all 192 sectors of 3 blocks"}, first: map[string]string{"vhd/V033": "set the bits of all sectors"}},
	{file: "08-type-says-differencing/a.vhd", first: map[string]string{"vhd/V002": "write the footer from the start of the file to its end"}, none: "vhd/V040"},
	{file: "08-type-says-differencing/b.vhd", says: []string{"the type is probably wrong"}, first: map[string]string{"vhd/V040": "set the type to dynamic (3)"}, none: "vhd/V043"},
	{file: "08-type-says-differencing/c.vhd", says: []string{"the type is probably wrong"}, first: map[string]string{"vhd/V040": "set the type to dynamic (3)"}, none: "vhd/V048"},
	{file: "09-fixed-with-surplus/disk.vhd", says: []string{"2097152 bytes lie between its end and the footer: zeros"}, first: map[string]string{"vhd/V015": "write the footer right after the disk"}},
	{file: "10-simh-drive-type/d1.vhd", says: []string{`"RD53" with sectors of 512 bytes, device "RQ", made by "MicroVAX 3900"`}, first: map[string]string{"vhd/V022": "", "vhd/V017": ""}},
	{file: "13-parent-compacted/RW.VHDX", says: []string{"5a1f3c2e-1111-4222-8333-94a1b2c3d4e5", "77777777-1234-4321-8abc-0123456789ab"}},
	{file: "13-parent-compacted/child.avhd", says: []string{"unique_id is 090a0b0c0d0e0f101112131415161718, wanted 3c3d3e3f404142434445464748494a4b"}, none: "vhd/V043"},
	{file: "16-handmade-footer/a.vhd", first: map[string]string{"vhd/V004": "recompute the checksum"}},
	{file: "16-handmade-footer/b.vhd", says: []string{"stored in the reversed byte order"}, first: map[string]string{"vhd/V055": "write the footer with its numbers"}, none: "vhd/V012"},
}

// TestCases looks at images of people who asked for help, where they are at hand.
func TestCases(t *testing.T) {
	const folder = "../../shared/cases/vhd"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the cases are not here")
	}
	for _, c := range caseFiles {
		t.Run(c.file, func(t *testing.T) {
			dir := t.TempDir()
			packed, err := filepath.Glob(filepath.Join(folder, filepath.Dir(c.file), "*.gz"))
			if err != nil {
				t.Fatal(err)
			}
			for _, from := range packed {
				unpack(t, from, filepath.Join(dir, strings.TrimSuffix(filepath.Base(from), ".gz")))
			}
			for name, seconds := range c.parents {
				at := time.Unix(seconds, 0)
				if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
					t.Fatal(err)
				}
			}
			img, err := engine.Open(t.Context(), filepath.Join(dir, filepath.Base(c.file)), engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			c.verify(t, img)
		})
	}
}

func (c caseFile) verify(t *testing.T, img disk.Image) {
	t.Helper()
	var texts []string
	seen := map[string]bool{}
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, f.Text)
		if want, ok := c.first[f.Code]; ok && !seen[f.Code] {
			list, err := engine.Repairs(t.Context(), img, f)
			if err != nil || want == "" && len(list) > 0 || want != "" && (len(list) == 0 || !strings.HasPrefix(list[0].Title, want)) {
				t.Errorf("%s: want %q first, %d repairs, %v: %+v", f.Code, want, len(list), err, list)
			}
		}
		seen[f.Code] = true
		if f.Code == c.none {
			t.Errorf("%s: %s", f.Code, f.Text)
		}
	}
	for _, want := range c.says {
		if !strings.Contains(strings.Join(texts, "\n"), want) {
			t.Errorf("nothing says %q:\n%s", want, strings.Join(texts, "\n"))
		}
	}
	for code, want := range c.first {
		if want != "" && !seen[code] {
			t.Errorf("no finding %s", code)
		}
	}
}

func unpack(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
