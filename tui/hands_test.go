package tui_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
)

// holds fails unless the disk holds bytes at an offset.
func (b *bench) holds(off int64, want ...byte) {
	b.t.Helper()
	p := make([]byte, len(want))
	if _, err := b.image().ReadAt(p, off); err != nil || !bytes.Equal(p, want) {
		b.t.Errorf("at 0x%x the disk holds % x, %v, want % x", off, p, err, want)
	}
}

// TestPasteAFile overwrites with a file's bytes, and refuses one that has no room.
func TestPasteAFile(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	path := filepath.Join(t.TempDir(), "four")
	if err := os.WriteFile(path, []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.keys("6", ":", "0x10040", "enter", "P", "paste", "enter", "ctrl+u", path, "enter").expect("4 bytes of")
	b.holds(0x10040, 'a', 'b', 'c', 'd')
	b.keys(":", "end-2", "enter", "P", "paste", "enter", "ctrl+u", path, "enter").expect("at most 2 fit")
	b.keys("P", "paste", "enter", "ctrl+u", filepath.Dir(path), "enter").expect("no ordinary file")
}

// TestFromAnotherImage takes the selection's bytes from the disk of another format.
func TestFromAnotherImage(t *testing.T) {
	other := sampleFile(t, "vhdx")
	b := onFileWith(t, "vhd", func(c *tui.Config) {
		c.Look = func(ctx context.Context, path, _ string) (disk.Image, error) {
			return engine.Open(ctx, path, engine.Options{})
		}
	})
	img, err := engine.Open(t.Context(), other, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	want := make([]byte, 8)
	if _, err := img.ReadAt(want, 0x1b8); err != nil {
		t.Fatal(err)
	}
	b.keys("6", ":", "0x1b8", "enter", "e", "ffffffffffffffff", "esc", ":", "0x1b8", "enter", "v", "lllllll", "P", "another", "enter", "ctrl+u", other, "enter").expect("8 bytes of the disk in")
	b.holds(0x1b8, want...)
	b.keys("esc", "P", "another", "enter").expect("select the bytes first")
}

// TestCopySwapAndValues copies a selection, turns it round, and types numbers, a date and a GUID.
func TestCopySwapAndValues(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", ":", "0x10040", "enter", "e", "01020304", "esc", ":", "0x10040", "enter", "v", "lll", "P", "copy", "enter", "lba 129", "enter").expect("copy 4 bytes")
	b.holds(129*512, 1, 2, 3, 4)
	b.keys("P", "order, 2", "enter").expect("swap the byte order")
	b.holds(0x10040, 2, 1, 4, 3)
	b.keys("P", "order, 8", "enter").expect("no multiple of 8")
	b.keys("P", "copy", "enter", "end-2", "enter").expect("2 are left")
	b.keys("esc", ":", "0x10060", "enter", "P", "value", "enter", "u32 big", "enter", "ctrl+u", "0x11223344", "enter").expect("u32 big-endian")
	b.holds(0x10060, 0x11, 0x22, 0x33, 0x44, 0)
	b.keys("P", "value", "enter", "VHD time little", "enter", "ctrl+u", "2000-01-01 00:01:00", "enter")
	b.holds(0x10060, 60, 0, 0, 0, 0)
	b.keys("P", "value", "enter", "u8", "enter", "ctrl+u", "256").expect("expected a number from 0 to 255").keys("esc")
	b.keys("u")
	b.holds(0x10060, 0x11, 0x22, 0x33, 0x44)
}

// TestFieldOfTheGuest gives a partition another type by its name.
func TestFieldOfTheGuest(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("6", ":", "0x1c2", "enter", "P", "field", "enter", "ctrl+u", "0x83", "enter").expect("0x83")
	b.holds(0x1c2, 0x83)
	b.keys(":", "0x10000", "enter", "P", "field", "enter").expect("no field")
}

// TestZeroAndTrimABlock gives a block up, and takes that back.
func TestZeroAndTrimABlock(t *testing.T) {
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		for _, way := range []string{"zero block", "trim block"} {
			b := onFile(t, name, 120, 40)
			was := make([]byte, 16)
			if _, err := b.image().ReadAt(was, 0x1b8); err != nil {
				t.Fatal(err)
			}
			b.keys("6", ":", "0x1b8", "enter", "P", way, "enter")
			t.Log(name, way, b.screen())
			b.holds(0x1b8, make([]byte, 16)...)
			b.expect("guest reads zeros")
			b.keys("u")
			b.holds(0x1b8, was...)
			if !bytes.Equal(b.file(), b.first) {
				t.Error("the file changed before it was written")
			}
		}
	}
}
