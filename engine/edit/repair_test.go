package edit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/sample"
)

// TestRepairsReachTheDisk damages a copy of a structure in each sample, stages
// the repair and commits it: the file is what it was before, but for what marks
// that it was changed.
func TestRepairsReachTheDisk(t *testing.T) {
	for _, c := range []struct {
		sample, code string
		at           int64
	}{
		{"vhd", "vhd/V003", 70},
		{"vhd", "vhd/V024", 512 + 36},
		{"vhdx", "vhdx/13", 256<<10 + 9000},
		{"vmdk", "vmdk/H4", 75},
	} {
		path, good := sampleFile(t, c.sample)
		damaged := bytes.Clone(good)
		damaged[c.at] ^= 0x41
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := edit.Open(t.Context(), path, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		repairWith(t, s, c.code)
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if c.sample == "vhdx" { // both headers are updated with each change
			copy(b[64<<10:192<<10], good[64<<10:192<<10])
		}
		if err != nil || !bytes.Equal(b, good) {
			t.Errorf("%s: the file is not what it was before the damage, %v", c.code, err)
		}
	}
}

// TestReplayReachesTheDisk replays the real dirty log of the corpus in a copy of
// its file: the disk is what it was when replayed in memory, and QEMU, which
// refused to read the image before, agrees.
func TestReplayReachesTheDisk(t *testing.T) {
	const name = "vhdx/qemu-iotest-dirtylog-10G-4M.vhdx"
	path := enginetest.Copy(t, enginetest.Corpus(t, name))
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	repairWith(t, s, "vhdx/10")
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if img.Info().Dirty {
		t.Error("the image is still dirty")
	}
	enginetest.Clean(t, img, disk.SeverityError) // the crash left blocks that no entry names
	enginetest.Run(t, "qemu-img", "check", "-f", "vhdx", path)
	for _, want := range enginetest.Manifest(t, "vhdx") {
		if want.Name != name {
			continue
		}
		if got := enginetest.SHA256(t, img); got != want.SHA256 {
			t.Errorf("the disk has the SHA-256 %s, want %s", got, want.SHA256)
		}
	}
}

// sampleFile writes a sample into a folder of its own.
func sampleFile(t *testing.T, name string) (path string, content []byte) {
	t.Helper()
	s, ok := sample.Named(name)
	if !ok {
		t.Fatalf("no sample %s", name)
	}
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	f, err := files.Open(s.File)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	content = make([]byte, size)
	if _, err := f.ReadAt(content, 0); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(t.TempDir(), s.File), content
}

// repairWith stages the first repair of the first finding of a code.
func repairWith(t *testing.T, s *edit.Session, code string) {
	t.Helper()
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range disk.FullCheck(t.Context(), img, disk.ProfileStrict) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Code != code || !f.Repairable {
			continue
		}
		list, err := engine.Repairs(t.Context(), img, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Repair(t.Context(), list[0].Title, list[0]); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("no finding %s with a repair", code)
}
