package engine_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
)

func sampleImage(t *testing.T, name string) disk.Image {
	t.Helper()
	img, err := engine.Open(t.Context(), engine.SamplePrefix+name, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// TestFinderResolves goes from the file, the disk and a partition; each place
// is checked through the bytes that Stream fetches there.
func TestFinderResolves(t *testing.T) {
	img := sampleImage(t, "vhdx")
	file := img.Files()[0].Name
	parts, err := engine.Explorer{}.Partitions(t.Context(), img)
	if err != nil || len(parts) == 0 {
		t.Fatal(parts, err)
	}
	start := parts[0].Start
	inFile := disk.Standpoint{Image: img, At: decode.Place{File: file, Offset: 0x10000}, File: file}
	onDisk := disk.Standpoint{Image: img, At: decode.Place{File: disk.VirtualDisk, Offset: start + 8}, File: file}
	inPart := onDisk
	inPart.Partition = parts[0].Number
	for _, tt := range []struct {
		from   disk.Standpoint
		expr   string
		file   string
		offset int64
		bytes  string
	}{
		{inFile, "+0", file, 0x10000, "head"}, {inFile, "hdr2.signature", file, 0x20000, "head"},
		{inFile, "virt:0x200", disk.VirtualDisk, 512, "EFI PART"}, {inFile, "lba 1", disk.VirtualDisk, 512, "EFI PART"},
		{onDisk, "part1+0x36", disk.VirtualDisk, start + 0x36, "FAT16"}, {inPart, "0x36", disk.VirtualDisk, start + 0x36, "FAT16"},
		{inPart, "+0x2e", disk.VirtualDisk, start + 0x36, "FAT16"}, {onDisk, "0x200", disk.VirtualDisk, 512, "EFI PART"},
		{onDisk, "file:0", file, 0, "vhdxfile"},
	} {
		p, err := engine.Finder{}.Resolve(t.Context(), tt.from, tt.expr)
		if err != nil || p.File != tt.file || p.Offset != tt.offset {
			t.Errorf("%s: %+v, %v", tt.expr, p, err)
			continue
		}
		var got bytes.Buffer
		p.Length = int64(len(tt.bytes))
		err = engine.Finder{}.Stream(t.Context(), img, p, func(b []byte) error { got.Write(b); return nil })
		if err != nil || got.String() != tt.bytes {
			t.Errorf("%s: %q, %v", tt.expr, got.String(), err)
		}
	}
	if _, err := (engine.Finder{}).Resolve(t.Context(), inFile, "block 9999999"); err == nil {
		t.Error("a block past the end is found")
	}
	if list := (engine.Finder{}).Complete(t.Context(), inFile, "par"); len(list) == 0 || list[0].Text != "part1" {
		t.Errorf("completes %v", list)
	}
}

func TestFinderSearches(t *testing.T) {
	img := sampleImage(t, "vhd")
	for _, tt := range []struct {
		on      disk.Surface
		pattern disk.Pattern
		file    string
		hits    int
	}{
		{disk.DiskSurface(img), disk.Pattern{Text: "platter", FoldCase: true}, disk.VirtualDisk, -1},
		{disk.FileSurface(img.Files()[0]), disk.Pattern{Text: "63 6f 6e 65 63 74 69 ??", Reading: disk.AsHex, FoldCase: true}, img.Files()[0].Name, 2},
		{disk.FileSurface(img.Files()[0]), disk.Pattern{Text: "cone[c]tix", Reading: disk.AsRegexp}, img.Files()[0].Name, 2},
		{disk.FileSurface(img.Files()[0]), disk.Pattern{Text: "conectix", Reading: disk.AsUTF16}, "", 0},
	} {
		hits, err := engine.Finder{}.Search(t.Context(), tt.on, tt.pattern, disk.Stretch{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for h, err := range hits {
			if n++; err != nil || h.Place.File != tt.file {
				t.Errorf("%s: %+v, %v", tt.pattern.Text, h, err)
			}
			if _, match, _ := h.Parts(); !strings.EqualFold(match, "conectix") && !strings.EqualFold(match, "platter") {
				t.Errorf("%s: finds %q", tt.pattern.Text, match)
			}
		}
		if n != tt.hits && (tt.hits >= 0 || n == 0) {
			t.Errorf("%s: %d hits", tt.pattern.Text, n)
		}
	}
	if _, err := (engine.Finder{}).Search(t.Context(), disk.Surface{}, disk.Pattern{Text: "(", Reading: disk.AsRegexp}, disk.Stretch{}, nil); err == nil {
		t.Error("a broken pattern is taken")
	}
}

func TestFinderStreamsOnlyWhatThereIs(t *testing.T) {
	img := sampleImage(t, "vhd")
	for _, p := range []decode.Place{{File: "other"}, {File: disk.VirtualDisk, Offset: 1 << 40, Length: 1}, {File: img.Files()[0].Name, Offset: -1, Length: 1}} {
		if err := (engine.Finder{}).Stream(t.Context(), img, p, func([]byte) error { return nil }); err == nil {
			t.Errorf("%+v is streamed", p)
		}
	}
}
