package vmdk_test

import (
	"strings"
	"testing"

	"platter/decode"
	"platter/decode/decodetest"
	"platter/decode/vmdk"
)

const sample = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=1a2b3c4d
parentCID=ffffffff
createType="custom"
what is this
mystery = "kept"

# Extent description
RW 63 FLAT "d pt.vmdk" 0
  RDONLY	100 SPARSE "d-s001.vmdk"
NOACCESS 5 ZERO 
rw 7 vmfs "x.vmdk"

# The Disk Data Base
#DDB

ddb.adapterType="ide"
ddb.comment = "a \"quoted\" word"
`

func TestParseDescriptor(t *testing.T) {
	d := vmdk.ParseDescriptor([]byte(sample + "\x00after the end"))
	if d.Size != len(sample) || d.Fault != "" {
		t.Fatalf("size %d, fault %q, want %d", d.Size, d.Fault, len(sample))
	}
	for key, want := range map[string]string{
		"version": "1", "ENCODING": "UTF-8", "CID": "1a2b3c4d", "parentCID": "ffffffff", "createType": "custom",
		"mystery": "kept", "ddb.adapterType": "ide", "ddb.comment": `a \"quoted\" word`,
	} {
		if got, ok := d.Get(key); got != want || !ok {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if v, _ := d.Database("adapterType"); v != "ide" {
		t.Errorf("database entry adapterType is %q", v)
	}
	if _, ok := d.Get("id"); ok {
		t.Error("a key is found by a part of its name")
	}
	var got []string
	for _, l := range d.Extents() {
		e := *l.Extent
		got = append(got, strings.Join([]string{e.Access, e.Type, e.Name, l.Fault}, "|"))
		if !e.Sized {
			t.Errorf("extent %q has no size", l.Text)
		}
	}
	want := "RW|FLAT|d pt.vmdk|;RDONLY|SPARSE|d-s001.vmdk|;NOACCESS|ZERO||;RW|VMFS|x.vmdk|"
	if s := strings.Join(got, ";"); s != want {
		t.Errorf("extents are %s\nwant %s", s, want)
	}
	if e := d.Extents()[0].Extent; !e.HasOffset || e.Offset != 0 || e.Sectors != 63 {
		t.Errorf("first extent is %+v", e)
	}
}

// TestPartsLieWhereTheySay reads every part back from the text.
func TestPartsLieWhereTheySay(t *testing.T) {
	text := "\xEF\xBB\xBF" + strings.ReplaceAll(sample, "\n", "\r\n") + `RW 63 FLAT "\\.\PhysicalDrive0" 17 6f2a-55 dev`
	d := vmdk.ParseDescriptor([]byte(text))
	at := func(p vmdk.Part) string { return text[p.Offset : p.Offset+p.Length] }
	end := 0
	for i, l := range d.Lines {
		if l.At.Offset != end {
			t.Errorf("line %d starts at %d, want %d", i, l.At.Offset, end)
		}
		end = l.At.Offset + l.At.Length
		if got := l.Text + l.Ending; at(l.At) != got {
			t.Errorf("line %d: %q in the text, %q", i, at(l.At), got)
		}
		if l.Kind == vmdk.LineSetting && (at(l.KeyAt) != l.Key || at(l.ValueAt) != l.Value) {
			t.Errorf("line %d: key %q at %q, value %q at %q", i, l.Key, at(l.KeyAt), l.Value, at(l.ValueAt))
		}
		if e := l.Extent; e != nil {
			if e.Named && at(e.NameAt) != e.Name || !strings.EqualFold(at(e.AccessAt), e.Access) || !strings.EqualFold(at(e.TypeAt), e.Type) || at(e.RestAt) != e.Rest {
				t.Errorf("line %d: extent %+v", i, e)
			}
		}
	}
	if end != len(text) {
		t.Errorf("lines end at %d of %d", end, len(text))
	}
	last := d.Extents()[4].Extent
	if last.Name != `\\.\PhysicalDrive0` || last.Offset != 17 || last.Rest != "6f2a-55 dev" {
		t.Errorf("device extent is %+v", last)
	}
}

func TestExtentFaults(t *testing.T) {
	for text, want := range map[string]string{
		`RW many FLAT "a" 0`:               "the number of sectors can't be read",
		`RW 99999999999999999999 FLAT "a"`: "the number of sectors can't be read",
		`RW -1 FLAT "a"`:                   "the number of sectors can't be read",
		`RW 5 `:                            "the type of the extent is missing",
		`RW 5 FLAT`:                        "the quoted file name is missing",
		`RW 5 FLAT a.vmdk`:                 "the file name is not in quotes",
		`RW 5 FLAT "a.vmdk`:                "the closing quote of the file name is missing",
		`RW 5 FLAT "a.vmdk" x`:             "the offset can't be read",
		`RW 5 ZERO`:                        "",
		"RW 5 FLAT \"a\x1bb\"":             "contains control bytes",
	} {
		d := vmdk.ParseDescriptor([]byte(text))
		if l := d.Lines[0]; l.Kind != vmdk.LineExtent || l.Fault != want {
			t.Errorf("%q: kind %d, fault %q, want %q", text, l.Kind, l.Fault, want)
		}
	}
	d := vmdk.ParseDescriptor([]byte("RW = 5\nname=\"x"))
	if d.Lines[0].Kind != vmdk.LineSetting || d.Lines[1].Fault == "" || d.Lines[1].Value != "x" {
		t.Errorf("lines are %+v", d.Lines)
	}
}

func TestIsDescriptor(t *testing.T) {
	for text, want := range map[string]bool{
		"# Disk DescriptorFile\n":              true,
		"#Disk Descriptor File\r\nCID=1":       true,
		"\xEF\xBB\xBF# Disk DescriptorFile":    true,
		"# whatever\n\n  \r\nversion=1\n":      true,
		"version=3":                            true,
		"version=x":                            false,
		"# a shell script\necho version=1\n":   false,
		"#!/bin/sh\n# Disk DescriptorFile\nls": false,
		"":                                     false,
		"\x00\x00\x00":                         false,
		"[InternetShortcut]\nversion=1":        false,
	} {
		if got := vmdk.IsDescriptor([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestDescriptorBounds(t *testing.T) {
	d := vmdk.ParseDescriptor([]byte(strings.Repeat("a=1\n", vmdk.MaxLines+7)))
	if len(d.Lines) != vmdk.MaxLines+1 || d.Fault == "" {
		t.Errorf("%d lines, fault %q", len(d.Lines), d.Fault)
	}
	d = vmdk.ParseDescriptor([]byte("a=" + strings.Repeat("x", vmdk.MaxLine) + "\nb=2\n"))
	if d.Lines[0].Fault == "" || d.Lines[0].Text != "" || d.Lines[1].Value != "2" {
		t.Errorf("after a long line: %+v", d.Lines[1])
	}
	if d = vmdk.ParseDescriptor(make([]byte, 3)); d.Size != 0 || len(d.Lines) != 0 {
		t.Errorf("a text of NULs has %d bytes", d.Size)
	}
}

func TestDescriptorNode(t *testing.T) {
	d := vmdk.ParseDescriptor([]byte(sample))
	to := &decode.Target{Place: decode.Place{File: "other"}, What: "extent file"}
	n := d.Node("d.vmdk", 512, func(line int) *decode.Target {
		if line == 10 {
			return to
		}
		return nil
	})
	decodetest.Walk(t, n, 1000)
	off := 512 + int64(strings.Index(sample, "d pt.vmdk"))
	path := n.Find("d.vmdk", off)
	if len(path) != 2 {
		t.Fatalf("the file name is found by %v", path)
	}
	if part := n.Child(path[0]).Child(path[1]); part.Name != "file name" || part.Value != "d pt.vmdk" || part.Target != to {
		t.Errorf("found %+v", part)
	}
}

func FuzzParseDescriptor(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("RW 5 FLAT \"a\" 0 x y\n\x00"))
	f.Add([]byte("=\r\n\"=\"\"\r\nRW\t9\tZERO"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := vmdk.ParseDescriptor(b)
		vmdk.IsDescriptor(b)
		end := 0
		for _, l := range d.Lines {
			if l.At.Offset != end || l.At.Length <= 0 {
				t.Fatalf("line at %+v, expected one at %d", l.At, end)
			}
			end += l.At.Length
		}
		if end != d.Size || end > len(b) {
			t.Fatalf("lines end at %d, the text at %d of %d", end, d.Size, len(b))
		}
		decodetest.Walk(t, d.Node("f", 0, nil), 2000)
	})
}
