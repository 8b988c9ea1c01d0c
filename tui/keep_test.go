package tui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
)

const stagedStays = "1 change is staged: s reviews it; commit or drop it first"

// TestOtherImageLeavesStagedChanges opens another image on all ways while a
// change is staged.
func TestOtherImageLeavesStagedChanges(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc").expect("* 1 staged")
	b.send(views.OpenPath{Path: b.path})
	b.expect("* 1 staged", stagedStays)
	b.keys("R").expect("* 1 staged", stagedStays)
	b.run(b.m.adopt(b.path))
	b.expect("* 1 staged", stagedStays)
	b.write()
	b.send(views.OpenPath{Path: b.path})
	b.not("staged")
}

// TestLateImageLeavesStagedChanges stages a change while the image is read
// anew, or another one opened.
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
		if b.m.edits.staged != 1 {
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
	b.m.edits.queue.Send(views.Stage{Title: "typed", Edits: nil})
	was := b.m.edits.Editor
	b.run(late)
	if b.m.edits.Editor != was {
		t.Error("the image was replaced under what is to be staged")
	}
}
