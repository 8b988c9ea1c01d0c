package raw_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/raw"
	"platter/engine/store"
	"platter/engine/store/storetest"
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

// TestWhyReadingFails tells a file that became shorter from one that can't be read.
func TestWhyReadingFails(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(*storetest.FS)
		kind error
		want string
	}{
		"cut": {func(s *storetest.FS) {
			f, err := s.OpenWrite("disk.img")
			if err != nil || f.Truncate(1000) != nil {
				t.Fatal(err)
			}
		}, disk.ErrMissing, "the file ends before byte 0x600; it was 4096 bytes long when it was opened"},
		"bad sector": {func(s *storetest.FS) {
			s.FailReads("disk.img", store.Range{Offset: 1000, Length: 24}, errors.New("input/output error"))
		}, disk.ErrDamaged, "can't be read: input/output error"},
	} {
		s := storetest.New()
		s.PutFile("disk.img", make([]byte, 4096))
		f, err := s.Open("disk.img")
		if err != nil {
			t.Fatal(err)
		}
		img, err := raw.Open(t.Context(), disk.Source{Path: "disk.img", Name: "disk.img", File: f})
		if err != nil {
			t.Fatal(err)
		}
		c.harm(s)
		n, err := img.ReadAt(make([]byte, 1024), 512)
		if n != 488 || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "0x3e8") {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
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
