package tui_test

import (
	"strings"
	"testing"

	"platter/engine"
	"platter/tui"
)

// onDisk opens a built-in sample, with the real engine, at its sectors.
func onDisk(t *testing.T, name string) *story {
	t.Helper()
	path := engine.SamplePrefix + name
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tell(t, tui.Config{Image: img, Path: path, Explorer: engine.Explorer{}}, 120, 40).keys("6")
}

// TestSectorsOfSamples asks what a newcomer would: where is the boot sector,
// in which partition am I, where in the file?
func TestSectorsOfSamples(t *testing.T) {
	for _, name := range []string{"vhd", "vhdx", "vmdk", "stream", "split"} {
		s := onDisk(t, name).expect("[6 Sectors]", "LBA 0", "master boot record", "FAT16 \"PLAT", "zero rows folded")
		s.keys("tab", "enter").expect("FAT16 boot sector", "0x0 of partition 1", "FAT16")
		s.keys("w", "w").expect("bytes per sector", "Sector size of the volume")
		s.keys("[").expect("LBA 0 ")
		s.keys("}").not("reading the map")
	}
}

// TestByteInTheFile goes from a byte of the disk to the same byte of the file
// and back.
func TestByteInTheFile(t *testing.T) {
	s := onDisk(t, "vhd")
	s.keys("w").expect("disk signature", "talP")
	s.keys("x").expect("[2 Structure]", "talP")
	s.keys("[").expect("[6 Sectors]", "disk signature")
}

// TestSectorsUnfold walks into what is folded and out again.
func TestSectorsUnfold(t *testing.T) {
	s := onDisk(t, "vhd").expect("zero rows folded").keys("o").not("zero rows folded")
	s.keys("o", "}", "k").expect("unallocated")
	if line := s.m.View(); strings.Contains(line, "\x1b[31m") {
		t.Error("an escape from the image")
	}
}
