package tui_test

import (
	"bytes"
	"testing"

	"platter/engine/enginetest"
)

// TestBackspaceTakesBackWhatHungOnIt types into a hole and takes all of it back with the
// backspace: nothing is staged any more, neither the block nor the new mark.
func TestBackspaceTakesBackWhatHungOnIt(t *testing.T) {
	for _, sample := range []string{"vhd", "vhdx", "vmdk"} {
		b := onFile(t, sample, 120, 40)
		b.keys("6", ":", "0x500010", "enter", "e", "5a5b5c").expect("staged", "3 bytes typed")
		b.keys("backspace").keys("esc", "s").expect("Staged changes").keys("esc")
		p := make([]byte, 3)
		if _, err := b.image().ReadAt(p, 0x500010); err != nil || !bytes.Equal(p, []byte{0x5a, 0x5b, 0}) {
			t.Errorf("%s: % x, %v", sample, p, err)
		}
		b.keys("e", "backspace", "backspace").expect("taken back, with all that it took")
		if b.staged() != 0 {
			t.Errorf("%s: %d changes are left", sample, b.staged())
		}
		b.keys("00").expect("the disk holds these bytes already")
		if b.staged() != 0 {
			t.Errorf("%s: zeros are stored in a hole", sample)
		}
	}
}

// TestDirtyLogNamesTheWayOut types into a disk whose log was not replayed: the message names
// the key, and then the byte can be typed.
func TestDirtyLogNamesTheWayOut(t *testing.T) {
	b := editFile(t, enginetest.Copy(t, enginetest.Corpus(t, "vhdx/qemu-iotest-dirtylog-10G-4M.vhdx")), 160, 50)
	b.keys("6", ":", "0x200", "enter", "e", "5a").expect("alt+c stages").keys("alt+c").expect("staged: the replay of the log in the file", "* 1 staged")
	b.keys("5a").expect("byte typed at", "staged")
	if b.staged() < 2 {
		t.Error("the byte is not staged")
	}
}

// TestStepsTellTheirReasonsWhole lists the steps of a write into a hole in 80 columns.
func TestStepsTellTheirReasonsWhole(t *testing.T) {
	b := onFile(t, "vhdx", 80, 24)
	b.keys("6", ":", "0x500010", "enter", "e", "5a", "esc", "Z").expect("What the changes do, step by step", "for: ").not("(for")
}
