package cli_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
)

// deleted makes a raw disk with an ext4 from which a file of 12 MiB was deleted, with its
// bytes still there, and one of 3 MiB that stays. Options are those of mkfs.ext4.
func deleted(t *testing.T, options ...string) (raw string, kept []byte) {
	t.Helper()
	for _, tool := range []string{"mkfs.ext4", "debugfs", "e2fsck"} {
		enginetest.Tool(t, tool)
	}
	dir := t.TempDir()
	raw = filepath.Join(dir, "disk.raw")
	kept = make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{1}).Read(kept)
	gone := bytes.Repeat([]byte("deleted "), 12<<17)
	for name, b := range map[string][]byte{"kept": kept, "gone": gone} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	enginetest.Run(t, "mkfs.ext4", append(append([]string{"-q"}, options...), raw, "40M")...)
	for _, do := range []string{"write " + filepath.Join(dir, "gone") + " gone", "write " + filepath.Join(dir, "kept") + " kept", "rm gone"} {
		enginetest.Run(t, "debugfs", "-w", "-R", do, raw)
	}
	enginetest.Run(t, "e2fsck", "-fn", raw)
	return raw, kept
}

// TestCompactFreeInTheGuest gives up what an ext4 calls free: the file becomes shorter than
// without, the file system is whole, and the files in it are as they were.
func TestCompactFreeInTheGuest(t *testing.T) {
	for i, c := range []struct{ options, kinds []string }{
		{[]string{"-b", "1024"}, []string{"d.vhd --block-size 512K", "f.vhd --type fixed"}},
		{[]string{"-b", "4096", "-O", "^64bit,^metadata_csum"}, []string{"d.vhdx --block-size 1M"}},
		{[]string{"-b", "4096", "-O", "metadata_csum,64bit"}, []string{"d.vmdk"}},
	} {
		raw, kept := deleted(t, c.options...)
		dir := filepath.Dir(raw)
		for _, kind := range c.kinds {
			args := strings.Fields(kind)
			image, out := filepath.Join(dir, args[0]), filepath.Join(dir, "out.raw")
			done(t, append([]string{"convert", raw, image, "--force"}, args[1:]...)...)
			fixed := strings.Contains(kind, "fixed")
			if !fixed {
				done(t, "compact", image)
			}
			verb := []string{"compact", image, "--guest-free"}
			if fixed {
				verb = append(verb, "--punch-only")
			}
			dry := document[compactDocument](t, append(verb, "-n")...)
			doc := document[compactDocument](t, verb...)
			if dry.Done || dry.FileSize != doc.FileSize || dry.Dropped != doc.Dropped || dry.Moved != doc.Moved {
				t.Errorf("%d %s: a dry run says %+v, then it was %+v", i, kind, dry, doc)
			}
			if !doc.Done || doc.OnHost.Before-*doc.OnHost.After < 10<<20 || !fixed && doc.Dropped.Free == 0 {
				t.Errorf("%d %s: %+v", i, kind, doc)
			}
			if code, text, _ := run(t, "check", image); code > 1 {
				t.Errorf("%s: %s", kind, text)
			}
			done(t, "convert", image, out, "--force")
			enginetest.Run(t, "e2fsck", "-fn", out)
			if got := enginetest.Run(t, "debugfs", "-R", "cat kept", out); !strings.Contains(got, string(kept)) {
				t.Errorf("%s: the file in the disk has changed", kind)
			}
		}
	}
}

// TestCompactFreeIsBelievedOnlyWhole damages what says what is free: nothing is given up.
func TestCompactFreeIsBelievedOnlyWhole(t *testing.T) {
	raw, _ := deleted(t, "-b", "1024", "-O", "^metadata_csum")
	whole, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	const super = 1024
	bitmap := 1024 * (int(whole[2048]) | int(whole[2049])<<8) // the first descriptor lies in block 2
	for _, c := range []struct {
		name string
		at   int
		to   byte
	}{
		{"mounted", super + 58, 0},
		{"with errors", super + 58, 3},
		{"journal to be replayed", super + 96, whole[super+96] | 4},
		{"a feature of the future", super + 99, 0x40},
		{"big allocation", super + 101, whole[super+101] | 2},
		{"a bit of the bitmap", bitmap + 10, whole[bitmap+10] ^ 1},
		{"free blocks of a group", 2048 + 12, whole[2048+12] ^ 1},
		{"free blocks of the volume", super + 12, whole[super+12] ^ 1},
		{"more blocks than the disk", super + 6, 0xFF},
		{"no blocks in a group", super + 33, 0x21},
		{"a bitmap past the end", 2048 + 3, 0x7F},
	} {
		b := bytes.Clone(whole)
		b[c.at] = c.to
		if err := os.WriteFile(raw, b, 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, errs := run(t, "compact", raw, "--format", "raw", "--punch-only", "--guest-free")
		got, err := os.ReadFile(raw)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: the disk was changed, %v", c.name, err)
		}
		if code != 1 || !strings.Contains(string(errs), "the volume at byte 0x0") {
			t.Errorf("%s: code %d, %s", c.name, code, errs)
		}
	}
}
