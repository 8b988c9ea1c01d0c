package tui_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
)

// TestSectorsEditsAnything types where nothing is stored, where zeros are, in a parent's
// sectors and in a compressed grain: what that takes is staged with it, undo takes all of it
// back, and after a write the disk holds what was typed and what was there before. The
// parent stays as it is.
func TestSectorsEditsAnything(t *testing.T) {
	for name, at := range map[string]struct {
		sample, offset string
		off            int64
		file           string // that must not change; empty for none
	}{
		"unallocated, VHD":                {"vhd", "0x500010", 0x500010, ""},
		"unallocated in a block, VHD":     {"vhd", "0x17010", 0x17010, ""},
		"unallocated, VHDX":               {"vhdx", "0x500010", 0x500010, ""},
		"zero, VHDX":                      {"vhdx", "0x200000", 0x200000, ""},
		"unmapped, VHDX":                  {"vhdx", "0xa00000", 0xa00000, ""},
		"unallocated, VMDK":               {"vmdk", "0x500010", 0x500010, ""},
		"compressed, VMDK":                {"stream", "0x40", 0x40, ""},
		"stored in the parent":            {"chain", "0x1800000", 0x1800000, "server.vhdx"},
		"unallocated in all of the chain": {"chain", "0x500000", 0x500000, "server.vhdx"},
	} {
		t.Run(name, func(t *testing.T) {
			b := onFile(t, at.sample, 120, 40)
			was := diskOf(t, b.path)
			var other []byte
			if at.file != "" {
				other, _ = os.ReadFile(filepath.Join(filepath.Dir(b.path), at.file))
			}
			b.keys("6", ":", at.offset, "enter", "e", "5a5b").expect("EDIT overwrite", "staged")
			b.keys("esc", "s").expect("Staged changes")
			if !bytes.Equal(b.file(), b.first) {
				t.Fatal("the file changed before it was committed")
			}
			b.keys("u", "esc")
			if b.staged() != 0 {
				t.Errorf("%d changes are left after undo", b.staged())
			}
			b.keys("6", ":", at.offset, "enter", "e", "5a5b", "esc")
			b.write()
			is := diskOf(t, b.path)
			copy(was[at.off:], []byte{0x5a, 0x5b})
			if !bytes.Equal(is, was) {
				t.Error("the disk does not hold what was typed, or something else changed")
			}
			if at.file != "" {
				if now, err := os.ReadFile(filepath.Join(filepath.Dir(b.path), at.file)); err != nil || !bytes.Equal(now, other) {
					t.Errorf("the parent has changed, or %v", err)
				}
			}
		})
	}
}

// diskOf is what the disk of an image holds.
func diskOf(t *testing.T, path string) []byte {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	p := make([]byte, img.Info().VirtualSize)
	if _, err := img.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRevertShowsTheParentAgain takes typed bytes back in a sector that the parent answered
// for, and one that was only copied along: the disk reads as it did, not as the bytes that
// the file held there by chance.
func TestRevertShowsTheParentAgain(t *testing.T) {
	for _, sample := range []string{"chain", "stream"} {
		at, off := "0x1800000", int64(0x1800000)
		if sample == "stream" {
			at, off = "0x40", 0x40
		}
		b := onFile(t, sample, 120, 40)
		was := diskOf(t, b.path)
		b.keys("6", ":", at, "enter", "e", "5a5b5c", "backspace", "backspace", "backspace", "esc", ":", at, "enter", "l", "l", "l", "l", "D")
		p := make([]byte, 16)
		if _, err := b.image().ReadAt(p, off); err != nil || !bytes.Equal(p, was[off:off+16]) {
			t.Errorf("%s: the disk reads % x, expected % x, %v", sample, p, was[off:off+16], err)
		}
	}
}

// TestTypingStopsAtTheEnd types one byte more than there is room for.
func TestTypingStopsAtTheEnd(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	size := b.image().Info().VirtualSize
	b.keys("6", "G", "$", "e", "01").keys("0").expect("this is the end")
	p := make([]byte, 1)
	if _, err := b.image().ReadAt(p, size-1); err != nil || p[0] != 1 {
		t.Errorf("the last byte is %x, %v", p, err)
	}
}
