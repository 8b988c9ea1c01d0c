package tui_test

import "testing"

// TestStepsOfChanges lists what a write into a block that was not stored has done, with the
// writer's reasons; the same after it was written, and nothing of it once it is undone. What is
// on disk and undone is told as the step back that the next write makes.
func TestStepsOfChanges(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("Z").expect("Nothing was changed since the image was opened").keys("esc")
	b.keys("6", ":", "0x500010", "enter", "e", "5a", "esc", "Z")
	b.expect("What the changes do, step by step", "give the disk a new DataWriteGuid (staged)", "header 1.DataWriteGuid", "1 byte typed at LBA 10240 +0x10 (staged)", "length of the file")
	b.keys("G").expect("BAT[5] block 5.State", "0 (NOT_PRESENT) -> 6 (FULLY_PRESENT)", "for: block 5 is stored")
	b.keys("esc", "u", "Z").not("DataWriteGuid").keys("esc", "ctrl+r")
	b.write()
	b.keys("Z", "G").expect("(committed)")
	b.keys("esc", "esc", "u", "Z", "G").expect("undo: 1 byte typed at LBA 10240 +0x10 (staged)", "6 (FULLY_PRESENT) -> 0 (NOT_PRESENT)")
}
