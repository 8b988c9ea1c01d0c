package raw_test

import (
	"bytes"
	"errors"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/raw"
	"platter/engine/store"
)

func source(t *testing.T, content []byte) disk.Source {
	t.Helper()
	fs := store.NewMem()
	fs.PutFile("disk.img", content)
	f, err := fs.Open("disk.img")
	if err != nil {
		t.Fatal(err)
	}
	return disk.Source{Path: "disk.img", Name: "disk.img", File: f}
}

func TestRawIsItsBytes(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	img, err := raw.Open(t.Context(), source(t, content))
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, img)
	got := make([]byte, len(content))
	if n, err := img.ReadAt(got, 0); n != len(content) || err != nil || !bytes.Equal(got, content) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	var codes []string
	for f := range img.Check(t.Context()) {
		codes = append(codes, f.Code)
	}
	if len(codes) != 1 || codes[0] != "raw/1" {
		t.Errorf("a disk of 31.25 sectors has the findings %v", codes)
	}
}

func TestUnknownIsNoDisk(t *testing.T) {
	img, err := raw.OpenUnknown(t.Context(), source(t, []byte("just a text")))
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, img)
	if _, err := img.ReadAt(make([]byte, 4), 0); !errors.Is(err, disk.ErrNotThisFormat) {
		t.Errorf("reading unrecognised content as a disk: %v", err)
	}
	if img.Info().Readable() || img.Info().Format != "unknown" {
		t.Errorf("info %+v", img.Info())
	}
}

func TestEmptyFile(t *testing.T) {
	img, err := raw.Open(t.Context(), source(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, img)
}
