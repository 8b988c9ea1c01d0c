package tui_test

import (
	"context"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/tui"
	"platter/views"
	"platter/views/viewtest"
)

const stagedStays = "1 change is staged: s reviews it; commit or drop it first"

// TestOtherImageLeavesStagedChanges opens another image on all ways while a
// change is staged.
func TestOtherImageLeavesStagedChanges(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc").expect("* 1 staged")
	b.send(views.OpenPath{Path: b.path})
	b.expect("* 1 staged", stagedStays)
	b.keys("R").expect("* 1 staged", "1 kept change is staged again")
	b.write()
	b.send(views.OpenPath{Path: b.path})
	b.not("staged")
}

// TestLateImageLeavesStagedChanges stages a change while the image is read
// again, or another one opened.
func TestLateImageLeavesStagedChanges(t *testing.T) {
	for name, ask := range map[string]tea.Msg{
		"reload": tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("R")},
		"open":   views.OpenPath{},
	} {
		b := onFile(t, "vhd", 120, 40)
		if _, opens := ask.(views.OpenPath); opens {
			ask = views.OpenPath{Path: b.path}
		}
		b.keys("2", "tab", ":", "0x30", "enter")
		_, late := b.m.Update(ask)
		b.keys("e", "7f", "esc").expect("* 1 staged")
		b.run(late)
		if b.staged() != 1 {
			t.Errorf("%s: the change is gone", name)
		}
		b.expect("* 1 staged", stagedStays)
	}
}

// TestUnstagedTypingStaysWithItsImage has an image come while what was typed
// waits to be staged.
func TestUnstagedTypingStaysWithItsImage(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter")
	_, late := b.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("R")})
	b.keys("e")
	b.m.Update(key("4"))
	b.m.Update(key("1"))
	b.run(late)
	if b.staged() != 1 {
		t.Error("the image was replaced under what is to be staged")
	}
}

// paste pastes text.
func (b *bench) paste(text string) *bench {
	b.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
	return b
}

// TestPasteEndsTheSelection pastes into a selection and goes on: no byte
// after what was selected changes, and a second paste follows the first.
func TestPasteEndsTheSelection(t *testing.T) {
	for name, keys := range map[string][]string{"structure": {"2", "tab", ":", "0x40", "enter"}, "sectors": {"6", ":", "0x40", "enter"}} {
		b := onFile(t, "vhd", 120, 40)
		b.keys(keys...).keys("v", "lll", "e")
		b.paste("aa bb cc dd").not("selected")
		b.paste("11 22")
		b.keys("esc").expect("aa bb cc dd 11 22")
		if name == "sectors" {
			b.keys(":", "0x50", "enter", "v", "ll", "F", "99").not("selected")
		}
	}
}

// TestPasteThatDoesNotFitStays keeps the line, to be corrected.
func TestPasteThatDoesNotFitStays(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "end-1", "enter", "p", "77 11 22", "enter").expect("don't fit", "PASTE", "77 11 22_")
	b.keys("backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "enter").expect("* 1 staged").not("PASTE")
}

// TestAnswersWaitForTheTyping has answers come while a dialog and a prompt
// take what is typed.
func TestAnswersWaitForTheTyping(t *testing.T) {
	answer := views.Answer{Title: "Entry 7", Rows: []views.AnswerRow{{Cells: []string{"a rule"}}}}
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc", "W", "t", "s", "w").expect("Type the file's name")
	b.send(answer)
	b.expect("Type the file's name").not("Entry 7")
	b.keys("esc").expect("Entry 7", "a rule").keys("esc").expect("Staged changes")
	b.keys("esc", ":")
	b.send(answer)
	b.not("Entry 7").keys("0x10").expect("go to: 0x10").keys("esc").expect("Entry 7")
	b.keys("esc")
	answer.Image = viewtest.New()
	b.send(answer)
	b.not("Entry 7")
}

// TestDragBeginsOnAByte presses the button on a frame and in another pane.
func TestDragBeginsOnAByte(t *testing.T) {
	b := onFile(t, "vhd", 160, 50)
	b.keys("6", ":", "0x1b4", "enter")
	x, y := b.at("....talP")
	fx, fy := b.at("Inspector")
	b.press(fx+1, fy+2).drag(x+4, y+1).keys("#").not("selection").keys("esc")
	b.press(x, y).drag(x+4, y).keys("#").expect("selection").keys("esc")
	b.keys("esc", "2", "tab", ":", "0x0", "enter")
	x, y = b.at("conectix....")
	b.press(x, y-1).drag(x+4, y+1).keys("#").not("selection").keys("esc")
	b.press(x, y).drag(x+4, y).keys("#").expect("selection")
}

// TestMarkOnDemand asks for a mark after one was dropped.
func TestMarkOnDemand(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("M").expect("* 1 staged").keys("M").expect("* 1 staged", "already staged")
	b.keys("s", "D").not("* 1 staged")
	b.keys("esc", "M").expect("* 1 staged")
}

// TestReloadLeavesTheImageToItsJob reads the image again twice while a job
// reads the first one.
func TestReloadLeavesTheImageToItsJob(t *testing.T) {
	first := viewtest.New()
	s := tell(t, tui.Config{Image: first, Path: "fake.vhdx", Open: func(context.Context, string, string) (disk.Image, tui.Editing, error) {
		return viewtest.New(), tui.Editing{}, nil
	}}, 120, 40)
	_, work := s.keys("#", "virtual disk").m.Update(key("enter"))
	if s.keys("R", "R"); first.Closed {
		t.Error("the image is closed under the job")
	}
	s.run(work)
	s.not("SHA-256").keys("R")
	if !first.Closed {
		t.Error("the image stays open without need")
	}
}

// TestHelpOfTheStart lists no key that needs an image.
func TestHelpOfTheStart(t *testing.T) {
	tell(t, tui.Config{}, 120, 60).keys("?", "Stage a new content ID").expect("no key matches")
}

// TestFilesOfASecondImageStay names the second image as where to save.
func TestFilesOfASecondImageStay(t *testing.T) {
	s := besides(t, 120, 40).keys("=", "two.raw", "enter").expect("[9 Compare]")
	s.keys("6", "S", "virtual disk", "enter").send(key("ctrl+u"))
	s.keys("two.raw", "enter").expect("is a file of an open image")
}

// TestLateJumpsWait has a screen lead elsewhere while the user types, and while a
// question wants an answer.
func TestLateJumpsWait(t *testing.T) {
	to := views.Goto{To: views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: 0x200, Length: 1}}}
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", "e", "8")
	b.send(to)
	b.keys("3").expect("[6 Sectors]", "* 1 staged", "EDIT").keys("esc").expect("LBA 1 ")
	b.keys("q")
	b.send(to)
	b.expect("Changes are staged")
}

// TestRepairFromTheList breaks the footer's copy, and repairs it from the list of
// findings.
func TestRepairFromTheList(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.send(views.Stage{Title: "broken", Edits: []disk.Edit{{File: "sample.vhd", Offset: 70, Data: []byte{0xee}}}})
	b.keys("5").expect("vhd/V003", "1 repair: press f", "write the footer from the end of the file to its start")
	b.keys("f").expect("Repairs of vhd/V003", "no risk").keys("enter").expect("staged: repair vhd/V003").not("1 finding")
}

// TestRepairsNeedTheImageTheyWereMadeFor stages edits that were worked out from
// an image before another one took its place.
func TestRepairsNeedTheImageTheyWereMadeFor(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	late := views.Stage{Image: b.image(), Title: "a repair", Edits: []disk.Edit{{File: "sample.vhd", Offset: 0x40, Data: []byte{0xee}}}}
	b.keys("R").expect("read again").send(late)
	b.expect("a repair: not staged").not("* 1 staged")
	late.Image = b.image()
	b.send(late)
	b.expect("* 1 staged").send(late)
	b.expect("a repair: not staged")
}

// TestBookmarksWaitForTheKept puts a bookmark before those of before are there.
func TestBookmarksWaitForTheKept(t *testing.T) {
	d := &notebook{kept: []tui.Note{{Place: decode.Place{File: disk.VirtualDisk, Offset: 512, Length: 1}, Text: "precious"}}}
	cfg := tui.Config{Image: viewtest.New(), Path: "fake.vhdx", Theme: viewtest.Theme(t), Finder: engine.Finder{}, Notes: d}
	d.story = &story{t: t, m: tui.New(t.Context(), cfg)}
	load := d.m.Init()
	d.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	d.keys("6", "m").expect("still being read")
	d.run(load)
	if d.keys("m").expect("bookmarked"); len(d.kept) != 2 {
		t.Errorf("%v are kept", d.kept)
	}
}

// TestBookmarksInAPartition puts two far from each other, and a note.
func TestBookmarksInAPartition(t *testing.T) {
	d := atDesk(t, "vhd")
	d.keys("6", ":", "part1+0x3004", "enter", "m").expect("0x13004").keys(":", "part1+0x5004", "enter", "m")
	if len(d.kept) != 2 || d.kept[0].Place.Length != 1 || d.kept[1].Place.Offset-d.kept[0].Place.Offset != 0x2000 {
		t.Errorf("%v are kept", d.kept)
	}
}

// TestReplayTakesNoEdits types bytes in the middle of a replay.
func TestReplayTakesNoEdits(t *testing.T) {
	s := tell(t, tui.Config{Image: viewtest.NewDirty(), Path: "fake.vhdx"}, 120, 40)
	s.keys("4", "r").expect("REPLAY").keys("2", "tab", "e").expect("middle of a replay").not("EDIT").not("e edit")
}

// TestTheMarkGoesWithItsEdit undoes the one edit of a disk that has a content ID,
// and redoes both.
func TestTheMarkGoesWithItsEdit(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("6", ":", "0x1c2", "enter", "e", "83", "esc").expect("* 2 staged")
	b.keys("u").expect("undone: 1 byte typed", "and before it: give the disk a new").not("staged:").not("* 1 staged")
	b.keys("ctrl+r").expect("* 2 staged", "redone: give the disk", "and 1 byte typed")
	b.keys(":", "0x100", "enter", "e", "84", "esc").expect("* 3 staged").keys("u").expect("* 2 staged")
}

// TestNotesKeepTheirOrder runs the commands that keep two lists the wrong way
// round, and empties a note.
func TestNotesKeepTheirOrder(t *testing.T) {
	d := atDesk(t, "vhd")
	d.keys("6", ":", "part1+0x3004", "enter")
	_, first := d.m.Update(key("m"))
	d.m.Update(key("j"))
	_, second := d.m.Update(key("m"))
	d.run(second)
	if d.run(first); len(d.kept) != 2 {
		t.Errorf("%v are kept", d.kept)
	}
	d.keys("j", ";", "words", "enter").expect("; words")
	if d.keys(";"); len(d.kept) != 3 {
		t.Errorf("%v are kept", d.kept)
	}
	d.send(tea.KeyMsg{Type: tea.KeyCtrlU})
	if d.keys("enter"); len(d.kept) != 2 {
		t.Errorf("%v are kept", d.kept)
	}
}

// TestReviewThatIsOverStaysSo has a list of hits over the review, and again when
// that is closed.
func TestReviewThatIsOverStaysSo(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc")
	_, search := b.m.Update(key("*"))
	b.keys("s").expect("Staged changes").run(search)
	b.expect("context").keys("esc").expect("Staged changes").keys("esc", "u", "ctrl+n").expect("context").keys("esc").not("Staged changes")
}

// TestStagedChangesAreKeptAtOnce kills the program after a change was staged: the next one
// has it again. What was taken back, discarded or written is not kept.
func TestStagedChangesAreKeptAtOnce(t *testing.T) {
	stage := func(t *testing.T) *bench {
		b := onFileWith(t, "vhd", func(c *tui.Config) { c.KeepAfter = 1 })
		if b.keys("2", "tab", ":", "0x30", "enter"); b.kept.Len() > 0 {
			t.Error("something is kept though nothing is staged")
		}
		b.keys("e", "7f", "esc").expect("* 1 staged")
		return b
	}
	t.Run("staged", func(t *testing.T) {
		b := stage(t)
		s, err := edit.Open(t.Context(), b.path, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Load(t.Context(), &b.kept); err != nil || s.Staged() != 1 {
			t.Errorf("%d changes staged again, %v", s.Staged(), err)
		}
	})
	for name, end := range map[string]func(*bench){
		"undone":    func(b *bench) { b.keys("u").not("staged") },
		"written":   func(b *bench) { b.write() },
		"discarded": func(b *bench) { b.keys("q", "d") },
	} {
		t.Run(name, func(t *testing.T) {
			b := stage(t)
			if end(b); b.kept.Len() > 0 {
				t.Error("it is kept all the same")
			}
		})
	}
}
