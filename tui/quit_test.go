package tui_test

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
)

// TestWritingTurnsOffAtOnce holds that W asks only before it turns writing on,
// and that the name is asked for once in a session.
func TestWritingTurnsOffAtOnce(t *testing.T) {
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc").expect("RO", "* 1 staged")
		b.keys("W").expect("[ Cancel ]").keys("enter").expect("RO").keys("W", "t").expect("RW").keys("W").expect("RO", "writing is off")
		b.keys("s", "w").expect("press W to turn it on first").keys("W", "t").expect("RW").keys("w").expect("Type the file's name")
		b.keys("enter").expect("nothing was written").keys("w", "sample.vh", "enter").expect("that is not sample.vhd").keys("d").expect("[ Write ]").keys("enter").expect("written and read back")
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
	for _, key := range []tea.KeyMsg{special["ctrl+c"], key("q"), key("q"), special["ctrl+c"]} {
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

// TestEnterPressesWhatHasTheFocus types the name that a commit asks for, and goes
// back to the safe button; pasted, the name moves the focus as typed.
func TestEnterPressesWhatHasTheFocus(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", "e", "41", "esc", "W", "t", "s", "w", "sample.vhd").expect("[ Write ]")
	b.send(tea.KeyMsg{Type: tea.KeyLeft})
	b.expect("[ Keep staged ]").keys("enter").expect("nothing was written")
	if len(b.differing()) > 0 {
		t.Error("enter on the safe button writes to disk")
	}
	b.keys("w").send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("sample.vhd"), Paste: true})
	b.expect("[ Write ]").keys("enter").expect("written and read back")
}

// TestQuitBehindTypingAsks quits before the program has heard that a byte was
// typed. What is kept then has the byte in it.
func TestQuitBehindTypingAsks(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", "e")
	b.m.Update(key("4"))
	b.m.Update(key("1"))
	b.m.Update(special["esc"])
	_, stage := b.m.Update(key("q"))
	if b.expect("Changes are staged", "1 change of"); b.quit {
		t.Fatal("the program quits without a question")
	}
	_, keep := b.m.Update(special["enter"])
	b.run(keep)
	if b.quit {
		t.Error("the program quits before the byte is staged")
	}
	if b.run(stage); !b.quit || b.kept.Len() == 0 {
		t.Errorf("quit: %v, kept: %d bytes", b.quit, b.kept.Len())
	}
}

// TestCommitWritesWhatItAskedAbout stages something between question and answer.
func TestCommitWritesWhatItAskedAbout(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc", "W", "t", "s", "w").expect("Write 1 byte in 1 place of 1 file?")
	b.send(views.Stage{Title: "late", Edits: []disk.Edit{{File: "sample.vhd", Offset: 0x40, Data: []byte{0xee, 0xee}}}})
	b.keys("sample.vhd", "enter").expect("nothing was written", "review them again")
	if len(b.differing()) > 0 {
		t.Errorf("bytes %v were written", b.differing())
	}
	b.keys("w").expect("Write 3 bytes in 2 places").expect("[ Keep staged ]").keys("enter").expect("the changes stay staged")
}

// TestQuitWaitsForAQueuedCommit has a commit wait for another work.
func TestQuitWaitsForAQueuedCommit(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc", "W", "t", "s", "w", "sample.vhd")
	_, first := b.m.Update(views.Revert{Title: "nothing", Place: decode.Place{File: "sample.vhd", Offset: 0x50, Length: 1}})
	b.m.Update(special["enter"])
	_, commit := b.m.Update(first())
	b.m.Update(special["esc"])
	b.m.Update(key("q"))
	b.expect("wait until it is done").run(commit)
	if b.quit || len(b.differing()) != 1 {
		t.Errorf("quit: %v, bytes %v differ", b.quit, b.differing())
	}
}

// TestAskingAgainStopsALeave discards what is staged while a byte is on its way,
// and thinks better of it.
func TestAskingAgainStopsALeave(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	_, stage := b.m.Update(views.Stage{Title: "a byte", Edits: []disk.Edit{{File: "sample.vhd", Offset: 0x40, Data: []byte{1}}}})
	b.m.Update(key("q"))
	b.m.Update(key("d"))
	b.expect("quitting once")
	b.m.Update(key("q"))
	b.m.Update(special["esc"])
	if b.run(stage); b.quit || b.staged() != 1 {
		t.Errorf("quit: %v, %d staged", b.quit, b.staged())
	}
}

// TestLeavingTellsWhatFailed keeps what is staged while something is on its way
// that can't be.
func TestLeavingTellsWhatFailed(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	_, stage := b.m.Update(views.Stage{Title: "too far", Edits: []disk.Edit{{File: "sample.vhd", Offset: 1 << 40, Data: []byte{1}}}})
	b.m.Update(key("q"))
	b.m.Update(key("k"))
	if b.run(stage); b.quit {
		t.Error("the program quits over an error that nobody has seen")
	}
	b.expect("past the end").keys("q")
	if !b.quit {
		t.Error("q does not quit where nothing is staged")
	}
}

// TestFaultsInAChangeAreTold has the program fail at a change: others and the way
// out stay open.
func TestFaultsInAChangeAreTold(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.broken = true
	b.send(views.Stage{Title: "a byte", Edits: []disk.Edit{{File: "sample.vhd", Offset: 0x40, Data: []byte{1}}}})
	b.expect("out of luck")
	b.broken = false
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc").expect("* 1 staged").keys("q", "d")
	if !b.quit {
		t.Error("the program can't be left")
	}
}

// TestRevertOverABorder reverts bytes that lie in two places of the file: one
// undo brings all of them back.
func TestRevertOverABorder(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	at := decode.Place{File: disk.VirtualDisk, Offset: 0x100000 - 4, Length: 8}
	read := func() string {
		got := make([]byte, at.Length)
		if _, err := b.image().ReadAt(got, at.Offset); err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	first := read()
	b.send(views.Stage{Title: "eight", Edits: []disk.Edit{{File: at.File, Offset: at.Offset, Data: []byte("12345678")}}})
	b.send(views.Revert{Title: "back", Place: at})
	if read() != first {
		t.Errorf("reverted to %q", read())
	}
	if b.keys("u"); read() != "12345678" {
		t.Errorf("undone to %q", read())
	}
}
