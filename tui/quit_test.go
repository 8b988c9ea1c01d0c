package tui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// TestWritingTurnsOffAtOnce holds that W asks only before it turns writing on,
// and that the name is asked for once in a session.
func TestWritingTurnsOffAtOnce(t *testing.T) {
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc").expect("RO", "* 1 staged")
		b.keys("W").expect("[ Cancel ]").keys("enter").expect("RO").keys("W", "t").expect("RW").keys("W").expect("RO", "writing is off")
		b.keys("s", "w").expect("press W to turn it on first").keys("W", "t").expect("RW").keys("w").expect("Type the file's name")
		b.keys("enter").not("written").keys("w", "sample.vh", "enter").expect("that is not sample.vhd").keys("d").expect("[ Write ]").keys("enter").expect("written and read back")
		b.keys("esc", "e", "7e", "esc", "s", "w").expect("[ Keep staged ]").not("Type the file's name").keys("esc").expect("Staged changes  1")
		if len(b.differing()) != 1 {
			t.Errorf("bytes %v differ", b.differing())
		}
	}
}

// TestQuitWaitsForAWrite holds that a write is not left half done.
func TestQuitWaitsForAWrite(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc", "W", "t", "s", "w", "sample.vhd")
	_, write := b.m.Update(special["enter"])
	for _, key := range []tea.KeyMsg{special["ctrl+c"], keyMsg("q"), keyMsg("q"), special["ctrl+c"]} {
		b.send(key)
	}
	if b.expect("wait until it is done"); b.quit || len(b.differing()) > 0 {
		t.Fatal("the program quits while it writes")
	}
	b.run(write)
	b.expect("written and read back").keys("q")
	if !b.quit || b.kept.Len() > 0 {
		t.Error("q does not quit once all is written")
	}
}

// TestQuitWithNothingStagedAsksNothing also holds that what was undone does not
// count.
func TestQuitWithNothingStagedAsksNothing(t *testing.T) {
	b := onFile(t, "vhd", 80, 24)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc", "esc", "esc")
	if b.quit {
		t.Fatal("escape quits")
	}
	if b.keys("u", "q"); !b.quit {
		t.Error("q asks though nothing is staged")
	}
}
