package vmdk_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

// caseFiles unpacks a case of the public reports, as they lie beside the project; without
// them the test skips.
func caseFiles(t *testing.T, name string) map[string][]byte {
	t.Helper()
	f, err := os.Open("../../../shared/cases/vmdk/" + name + "/files.tar.gz")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if files[path.Base(h.Name)], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// The disks that the cases hold.
const (
	caseDisk     = "45b8d4eedd134be12be86f73e554533f90b84e6ed6e4df87a93638c25d5cbfeb"
	caseSnapshot = "2d47245305f61132af1772d7602835095f7e5d615a7a485a60ee94f68f781e13"
)

// TestCases opens the cases as the person of each story would: what is said, whether the
// disk is the right one, or can't be read, and what the first repair gives.
func TestCases(t *testing.T) {
	for _, c := range []struct {
		name, file string
		code, text string // a finding; empty: none of warning or above
		disk       string // its digest; empty: not all of it can be read
		repaired   string // its digest after the first repair of the finding
	}{
		{"c01-chunked-ova", "disk-0.vmdk.000000000", "S1", "the file is cut at byte 0x20000, inside the grain of sector", "", ""},
		{"c01-chunked-ova", "whole.vmdk", "", "", caseDisk, ""},
		{"c03-appended-descriptor", "appliance.vmdk", "D17", "descriptor text, which nobody reads; 2 of its lines", caseDisk, ""},
		{"c03-appended-descriptor", "appliance-stream.vmdk", "S8", "1024 bytes follow the end of the stream", caseDisk, caseDisk},
		{"c04-sesparse-as-flat", "right.vmdk", "", "", caseSnapshot, ""},
		{"c04-sesparse-as-flat", "srv-000001.vmdk", "X6", "begins with the whole header of a seSparse extent", "raw", caseSnapshot},
		{"c04-sesparse-as-flat", "srv-000001-sesparse.vmdk", "L8", "can't be read", "", ""},
		{"c05-descriptor-digit", "web.vmdk", "X2", "the geometry goes with the file", "", caseDisk},
		{"c05-descriptor-digit", "bytes.vmdk", "X2", "the line counts bytes", "", caseDisk},
		{"c06-delta-missing", "mail-000002.vmdk", "L7", "is there, but can't be read", "", ""},
		{"c06-delta-missing", "mail.vmdk", "", "", caseDisk, ""},
		{"c07-first-64k", "stream64k.vmdk", "S1", "there are no data of the disk in it", "", ""},
		{"c10-textmode-crlf", "up.vmdk", "H4", "exactly what it was", "", caseDisk},
		{"c10-textmode-crlf", "up-sparse.vmdk", "H4", "exactly what it was", "", caseDisk},
		{"c10-textmode-crlf", "down.vmdk", "H4", "get the file again", "", ""},
		{"c11-vbox-uuid-over-gd", "vm.vmdk", "G2", "the grain table lies outside", "", caseDisk},
		{"c11-vbox-uuid-over-gd", "vm-one.vmdk", "G2", "the grain table lies outside", "", caseDisk},
		{"c11-vbox-uuid-over-gd", "vm-rgd.vmdk", "D8", "the text goes on after its room over the redundant grain directory, up to byte", caseDisk, ""},
		{"c12-aws-createtype", "export-ami.vmdk", "D5", "monolithicSparse", caseDisk, caseDisk},
		{"c15-sed-shift", "kiwi.vmdk", "D11", "pvscsi", caseDisk, caseDisk},
		{"c15-sed-shift", "sed5.vmdk", "H15", "5 bytes after their place", "", ""},
		{"c15-sed-shift", "sed-stream.vmdk", "H15", "5 bytes after their place", "", ""},
	} {
		t.Run(c.name+"/"+c.file, func(t *testing.T) {
			files := caseFiles(t, c.name)
			img := openMem(t, files, c.file)
			said := false
			for f := range img.Check(t.Context()) {
				said = said || f.Code == "vmdk/"+c.code && strings.Contains(f.Text, c.text)
				if c.code == "" && f.Severity >= disk.SeverityWarning {
					t.Errorf("said %s: %s", f.Code, f.Text)
				}
			}
			if c.code != "" && !said {
				t.Errorf("no finding %s with %q", c.code, c.text)
			}
			b := make([]byte, img.Info().VirtualSize)
			switch _, err := img.ReadAt(b, 0); {
			case c.disk == "" && err == nil:
				t.Error("all of the disk can be read")
			case c.disk != "" && err != nil:
				t.Error(err)
			case len(c.disk) > 10 && enginetest.SHA256(t, img) != c.disk:
				t.Error("the disk is another one")
			}
			if c.repaired == "" {
				return
			}
			if after := repairedAt(t, files, c.file, "vmdk/"+c.code); enginetest.SHA256(t, after) != c.repaired {
				t.Error("the first repair gives another disk")
			}
		})
	}
}

// repairedAt carries out the first repair of the first finding of a code, in copies, and
// opens what comes out.
func repairedAt(t *testing.T, files map[string][]byte, name, code string) disk.Image {
	t.Helper()
	img := openMem(t, files, name)
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if list := repairs(t, img, f); f.Code == code && len(list) > 0 {
			out, err := carryOut(t, files, list[0])
			if err != nil {
				t.Fatal(err)
			}
			return openMem(t, out, name)
		}
	}
	t.Fatalf("there is no repair of %s", code)
	return nil
}
