package sample_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"platter/engine/enginetest"
	"platter/engine/sample"
	"platter/engine/store"
)

// written puts a sample's files into a folder and returns the path of the one
// to open.
func written(t *testing.T, s sample.Sample) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents(t, s) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, s.File)
}

func contents(t *testing.T, s sample.Sample) map[string][]byte {
	t.Helper()
	files, err := s.Files()
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		all[name] = content(t, files, name)
	}
	return all
}

func content(t *testing.T, files *store.Mem, name string) []byte {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSamplesAreTheSameEveryTime(t *testing.T) {
	for _, s := range sample.All() {
		first, second := contents(t, s), contents(t, s)
		if len(first) == 0 || len(first[s.File]) == 0 {
			t.Errorf("%s has no file %s", s.Name, s.File)
		}
		for name := range first {
			if !bytes.Equal(first[name], second[name]) {
				t.Errorf("%s: %s differs from one time to the next", s.Name, name)
			}
		}
	}
}

// TestCommittedImages holds that the files in testdata are the samples.
func TestCommittedImages(t *testing.T) {
	for _, s := range sample.All() {
		for name, want := range contents(t, s) {
			path := filepath.Join("..", "..", "testdata", "images", name+".gz")
			if os.Getenv("PLATTER_UPDATE") == "1" {
				packed(t, path, want)
			}
			if got := unpacked(t, path); !bytes.Equal(got, want) {
				t.Errorf("%s is not what sample:%s makes now (PLATTER_UPDATE=1 writes it)", path, s.Name)
			}
		}
	}
}

func packed(t *testing.T, path string, content []byte) {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func unpacked(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOthersReadTheSamples has other people's programs judge the samples:
// they find no fault, and 7-Zip extracts the files of the volume.
func TestOthersReadTheSamples(t *testing.T) {
	drivers := map[string]string{"vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk", "stream": "vmdk", "split": "vmdk"}
	for _, s := range sample.All() {
		if drivers[s.Name] == "" {
			continue // see below, and the chain, which no program here can read
		}
		t.Run(s.Name, func(t *testing.T) {
			path := written(t, s)
			switch s.Name {
			case "vhd": // of which qemu-img has no check
				enginetest.Run(t, "vhdiinfo", path)
			case "split":
				enginetest.Run(t, "vmdkinfo", path)
			default:
				enginetest.Run(t, "qemu-img", "check", "-f", drivers[s.Name], path)
			}
			raw := filepath.Join(t.TempDir(), "disk.raw")
			enginetest.Run(t, "qemu-img", "convert", "-f", drivers[s.Name], "-O", "raw", path, raw)
			extracted(t, raw)
			if s.Name != "split" { // 7-Zip does not follow a descriptor
				extracted(t, path)
			}
		})
	}
}

// TestQEMUReplaysTheDirtySample has QEMU refuse the sample, replay its log, and find the
// files that only the log leads to.
func TestQEMUReplaysTheDirtySample(t *testing.T) {
	s, _ := sample.Named("dirty")
	path, raw := written(t, s), filepath.Join(t.TempDir(), "disk.raw")
	enginetest.Run(t, "qemu-img", "check", "-r", "all", "-f", "vhdx", path)
	enginetest.Run(t, "qemu-img", "convert", "-f", "vhdx", "-O", "raw", path, raw)
	extracted(t, raw)
}

// extracted has 7-Zip go through the image, its partition table and its file
// system to the files.
func extracted(t *testing.T, image string) {
	t.Helper()
	dir := t.TempDir()
	enginetest.Run(t, "7z", "x", "-y", "-o"+dir, image)
	for name, want := range map[string]string{
		"README.TXT": "This is a built-in sample", "UNICODE.TXT": "\xff\xfeU\x00T\x00F\x00", "FAR.TXT": "This file lies near the end",
		"PATTERN.BIN": "offset        0 0x00000 ....\noffset       29",
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("7z on %s: %v", filepath.Base(image), err)
		}
		if !bytes.HasPrefix(b, []byte(want)) {
			t.Errorf("7z on %s: %s starts with %.40q", filepath.Base(image), name, b)
		}
	}
}
