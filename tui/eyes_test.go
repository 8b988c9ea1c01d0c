package tui_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/eyes"
	"platter/tui"
)

// TestEyes goes to the screen of other readers, from there to the bytes and to the cause,
// and back; a raw disk and a program without readers say why there is no such screen.
func TestEyes(t *testing.T) {
	look := func(ctx context.Context, path, parent string) (*eyes.Eyes, error) {
		return engine.Eyes(ctx, path, engine.Options{Parent: parent})
	}
	img, err := engine.Open(t.Context(), "sample:damaged", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := tell(t, tui.Config{Image: img, Path: "sample:damaged", Eyes: look}, 80, 24)
	s.keys("8").expect("[8 Eyes]", "because dissect: ignores sector bitmaps", "virtualbox", "discutils")
	out := filepath.Join(t.TempDir(), "eyes.txt")
	s.keys("S").expect("as platter eyes prints it").keys("enter", "ctrl+u").keys(strings.Split(out, "")...).keys("enter")
	if b, err := os.ReadFile(out); err != nil || !strings.Contains(string(b), "the readers do not agree") {
		t.Errorf("the report is %s, %v", b, err)
	}
	s.keys("c").expect("SHA-256 (begins)").keys("esc")
	s.keys("j", "enter").expect("[6 Sectors]", "LBA 132")
	s.keys("[").expect("[8 Eyes]")
	s.keys("l", "l", "l", "l", "l", "l", "l", "f").expect("[2 Structure]", "0x80a01")
	through(t, s)
	if img, err = engine.Open(t.Context(), "sample:vhdx", engine.Options{}); err != nil {
		t.Fatal(err)
	}
	log := tell(t, tui.Config{Image: img, Path: "sample:vhdx", Eyes: look}, 80, 24)
	log.keys("6", "r").expect("AS QEMU", "4 Log").keys("?").keys(strings.Split("log", "")...).expect("Log").not("only a VHDX has a log")
	withImage(t).not("8 Eyes").keys("8").expect("built without other readers")
}

// through cycles through the readers in Sectors. What is not as the format says is marked,
// nothing can be changed, and hashes and the other screens are of what the reader sees.
func through(t *testing.T, s *story) {
	t.Helper()
	s.keys("8", "j", "enter").expect("[6 Sectors]", "Virtual disk  LBA 132").not("byte differs", "bytes differ")
	s.keys("r").expect("AS QEMU", "can't be read as qemu sees it", "points after the end")
	for range 9 {
		if !strings.Contains(s.screen(), "AS DISSECT") {
			s.keys("r")
		}
	}
	s.expect("as dissect sees it", "8 bytes differ here from the format")
	s.keys("e").expect("this is the disk as dissect sees it: esc")
	s.keys("P").expect("this is the disk as dissect sees it: esc")
	s.keys("1").expect("dissect.hypervisor", "AS DISSECT")
	s.keys("6", "esc").expect("Virtual disk  LBA 132").not("AS DISSECT", "bytes differ")
	s.keys("r").expect("AS QEMU")
	s.keys("esc").expect("LBA 132").not("AS QEMU")
}

// TestMapOfReaders marks the cells in which the readers disagree, as the screen of readers
// found them, and goes to the first byte and to the next such cell.
func TestMapOfReaders(t *testing.T) {
	look := func(ctx context.Context, path, parent string) (*eyes.Eyes, error) {
		return engine.Eyes(ctx, path, engine.Options{Parent: parent})
	}
	img, err := engine.Open(t.Context(), "sample:damaged", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := tell(t, tui.Config{Image: img, Path: "sample:damaged", Eyes: look}, 80, 24)
	s.keys("3", "a", "a", "a").expect("readers  15.9 MiB", "readers disagree in 2 ranges, first 0x10000 +512 B", "# readers disagree", "same to all readers")
	s.keys("l").expect(" the same to all readers |")
	s.keys(",").expect("readers disagree in 2 ranges")
	s.keys("enter").expect("[6 Sectors]", "LBA 128")
	s.keys("[", "a").expect("allocation  15.9 MiB")
	withImage(t).keys("3", "a", "a", "a").expect("allocation")
}
