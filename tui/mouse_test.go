package tui_test

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/tui"
	"platter/views/viewtest"
)

// at finds a text on the screen: the cell of its first rune.
func (s *story) at(text string) (x, y int) {
	s.t.Helper()
	for y, line := range strings.Split(s.screen(), "\n") {
		if i := strings.Index(line, text); i >= 0 {
			return len([]rune(line[:i])), y
		}
	}
	s.t.Fatalf("no %q in\n%s", text, s.screen())
	return 0, 0
}

// press presses the left button on a cell.
func (s *story) press(x, y int) *story {
	s.m.Unclick()
	s.send(tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	return s
}

// click presses the left button where a text begins.
func (s *story) click(text string) *story {
	s.t.Helper()
	return s.press(s.at(text))
}

// drag moves the mouse with the button held.
func (s *story) drag(x, y int) *story {
	msg := tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionMotion}
	if tui.Filter(nil, msg) == nil {
		s.t.Error("dragging does not get through")
	}
	s.send(msg)
	return s
}

// wheel turns the wheel over a cell.
func (s *story) wheel(x, y int, button tea.MouseButton) *story {
	s.send(tea.MouseMsg{X: x, Y: y, Button: button, Action: tea.MouseActionPress})
	return s
}

var sizes = [][2]int{{80, 24}, {160, 50}}

func TestDraggingSelectsBytes(t *testing.T) {
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		for screen, start := range map[string]string{"2": "conectix....", "6": "....talP"} {
			b.keys(screen, ":", map[string]string{"2": "0x0", "6": "0x1b4"}[screen], "enter")
			x, y := b.at(start)
			b.press(x, y).drag(x+1, y).drag(x+3, y).keys("y")
			first := b.clip
			b.press(x, y).keys("#").not("selection").keys("esc")
			b.press(x+5, y).drag(x+2, y).keys("y")
			b.press(x+2, y).drag(x+5, y).keys("#").expect("selection", "4 B")
			if b.keys("esc"); first != map[string]string{"2": "63 6f 6e 65", "6": "00 00 00 00"}[screen] || len(b.clip) != 11 {
				t.Errorf("screen %s: copied %q, then %q", screen, first, b.clip)
			}
		}
		b.keys("2", ":", "0", "enter")
		x, y := b.at("conectix....")
		b.press(x, y).drag(x, size[1]).drag(x, size[1]).keys("F", "77").expect("1 staged", "staged: fill")
	}
}

func TestDraggingNeedsAPressInTheView(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0", "enter")
	x, y := b.at("conectix....")
	b.click("[2 Structure]").drag(x+3, y).keys("esc").expect("sample.vhd 0x0")
	b.keys("?")
	b.press(x, y).drag(x+3, y).keys("esc", "esc", "y").not("4 bytes")
}

func TestClicksInDialogs(t *testing.T) {
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc")
		b.click("RO").expect("Turn writing on").click("Turn writing on").expect("Turn writing on").click("Cancel").expect("RO")
		b.click("RO").click("2 Structure").expect("Turn writing on").click("Turn on  ").expect("RW")
		b.click("* 1 staged").expect("Staged changes  1").click("w write  ").expect("Write to disk")
		b.click("Write  ").expect("type sample.vhd first").keys("sample.vhd").click("Write ]").expect("written and read back")
		b.keys("esc", "e", "11", "esc", "q").expect("Changes are staged").click("Review").expect("Staged changes  1").keys("esc", "q").click("Discard")
		if !b.quit {
			t.Error("a click on Discard does not quit")
		}
	}
}

func TestClicksOnHintsAndCrumbs(t *testing.T) {
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", ":", "footer.disktype", "enter").expect("disk_type")
		x, y := b.at("h/l fold")
		b.press(x, y).expect("> ").press(x+2, y)
		b.keys(":", "footer.disktype", "enter").expect("footer.disk_type")
		line := strings.Split(b.screen(), "\n")[size[1]-2]
		b.press(strings.Index(line, "footer."), size[1]-2)
		if line = strings.Split(b.screen(), "\n")[size[1]-2]; !strings.Contains(line, "footer") || strings.Contains(line, "disk_type") {
			t.Errorf("a click on a crumb leads to %q", line)
		}
		b.keys("[").expect("footer.disk_type").click("e edit").expect("EDIT field").click("esc cancel").not("EDIT field")
		b.keys("tab").click("e edit").expect("EDIT overwrite").click("esc done").not("EDIT overwrite")
		b.click("? help").expect("Keys: ").click("esc close").not("Keys: ")
	}
}

func TestClicksInMenusListsAndHelp(t *testing.T) {
	for _, size := range sizes {
		s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx"}, size[0], size[1]).keys("2")
		s.keys("ctrl+p").expect("Commands: ").keys("offset-b").click("offset-base").not("Commands: ").expect("Hex")
		s.keys("?", "next pane").expect("Next pane").click("Next pane").not("Keys: ").expect("= Hex")
		s.keys("ctrl+l", "m", "'").expect("Bookmarks and notes").click("#").expect("Bookmarks and notes")
		x, y := s.at("#")
		s.send(tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
		s.not("Bookmarks and notes")
	}
}

func TestClicksInPrompts(t *testing.T) {
	s := withImage(t).keys("2", ":", "hdr2.si").expect("hdr2.signature").click("hdr2.signature").expect("go to: hdr2.signature")
	x, y := s.at("hdr2.signature")
	s.press(x+4, y).keys("backspace", "1").expect("hdr1.signature").click("enter go").expect("header 1.Signature")
	s.keys(":").click("esc cancel").not("go to: ")
}

func TestClicksInTheFieldEditor(t *testing.T) {
	b := onFile(t, "vhd", 80, 24)
	b.keys("2", ":", "footer.disktype", "enter", "e").expect("EDIT field").click("fixed,").expect("= 2 (fixed").click("[x] checksum").expect("[ ] checksum")
	x, y := b.at("new  ")
	b.press(x+5, y).keys("1").expect("! ").keys("esc")
}

func TestWheelScrollsWhatCovers(t *testing.T) {
	s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx"}, 80, 24).keys("2", "?")
	first := s.screen()
	if s.wheel(10, 10, tea.MouseButtonWheelDown); s.screen() == first {
		t.Error("the help does not scroll")
	}
	if s.wheel(10, 10, tea.MouseButtonWheelUp); s.screen() != first {
		t.Error("the help does not scroll back")
	}
	s.keys("esc", "ctrl+p")
	first = s.screen()
	if s.wheel(10, 10, tea.MouseButtonWheelDown); s.screen() == first {
		t.Error("the palette does not scroll")
	}
}

// TestWheelZoomsTheMap holds that the wheel with ctrl does what + and - do; on
// this image both say why they can't.
func TestWheelZoomsTheMap(t *testing.T) {
	s := onFile(t, "vmdk", 80, 24).keys("3")
	for key, button := range map[string]tea.MouseButton{"+": tea.MouseButtonWheelUp, "-": tea.MouseButtonWheelDown} {
		want := s.keys(key).status()
		s.keys("a", "a", "a")
		s.send(tea.MouseMsg{X: 10, Y: 10, Ctrl: true, Button: button, Action: tea.MouseActionPress})
		if s.status() != want {
			t.Errorf("%q instead of %q", s.status(), want)
		}
	}
}

func TestTabsCloseWhatCovers(t *testing.T) {
	withImage(t).keys("2", "ctrl+p").expect("Commands").click("3 Map").expect("[3 Map]").not("Commands").keys("?").click("1 Overview").expect("[1 Overview]").not("Keys: ")
}
