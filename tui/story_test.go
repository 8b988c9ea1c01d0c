package tui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
	"platter/views"
	"platter/views/start"
	"platter/views/viewtest"
)

// story drives the whole program: keys in, screens out, commands in line.
type story struct {
	t    *testing.T
	m    *tui.Program
	w, h int
	quit bool
}

func tell(t *testing.T, cfg tui.Config, w, h int) *story {
	t.Helper()
	cfg.Theme = viewtest.Theme(t)
	if cfg.Finder == nil {
		cfg.Finder, cfg.Explorer = engine.Finder{}, engine.Explorer{}
	}
	s := &story{t: t, m: tui.New(t.Context(), cfg)}
	s.run(s.m.Init())
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

// withImage opens the fake image at 120x40.
func withImage(t *testing.T) *story {
	t.Helper()
	return tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx"}, 120, 40)
}

func (s *story) send(msg tea.Msg) {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		s.w, s.h = size.Width, size.Height
	}
	_, cmd := s.m.Update(msg)
	s.run(cmd)
}

func (s *story) run(cmd tea.Cmd) {
	queue := []tea.Cmd{cmd}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if next == nil {
			continue
		}
		switch msg := next().(type) {
		case nil:
		case tea.QuitMsg:
			s.quit = true
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			_, cmd := s.m.Update(msg)
			queue = append(queue, cmd)
		}
	}
}

var special = map[string]tea.KeyMsg{
	"enter": {Type: tea.KeyEnter}, "esc": {Type: tea.KeyEsc}, "tab": {Type: tea.KeyTab}, "up": {Type: tea.KeyUp}, "down": {Type: tea.KeyDown},
	"ctrl+p": {Type: tea.KeyCtrlP}, "ctrl+g": {Type: tea.KeyCtrlG}, "ctrl+c": {Type: tea.KeyCtrlC}, "ctrl+h": {Type: tea.KeyCtrlH}, "f1": {Type: tea.KeyF1},
	"ctrl+l": {Type: tea.KeyCtrlL}, "f5": {Type: tea.KeyF5}, "f6": {Type: tea.KeyF6}, "f7": {Type: tea.KeyF7}, "f8": {Type: tea.KeyF8}, "f9": {Type: tea.KeyF9}, "f10": {Type: tea.KeyF10}, "ctrl+r": {Type: tea.KeyCtrlR}, "ctrl+z": {Type: tea.KeyCtrlZ}, "backspace": {Type: tea.KeyBackspace}, "pgdown": {Type: tea.KeyPgDown},
}

// keys presses keys by name; what has no name is typed as it is, in one burst.
func (s *story) keys(names ...string) *story {
	for _, n := range names {
		s.send(key(n))
	}
	return s
}

func key(name string) tea.KeyMsg {
	if msg, ok := special[name]; ok {
		return msg
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// staged is how many changes the title says are staged.
func (s *story) staged() (n int) {
	s.t.Helper()
	title, _, _ := strings.Cut(s.screen(), "\n")
	if _, badge, ok := strings.Cut(title, "* "); ok {
		fmt.Sscanf(badge, "%d staged", &n)
	}
	return n
}

// status is the line over the hints.
func (s *story) status() string { return strings.Split(s.screen(), "\n")[s.h-2] }

func (s *story) screen() string {
	return strings.Join(viewtest.Lines(s.t, s.m.View(), s.w-1, s.h), "\n")
}

func (s *story) expect(parts ...string) *story {
	s.t.Helper()
	screen := s.screen()
	for _, p := range parts {
		if !strings.Contains(screen, p) {
			s.t.Errorf("no %q in\n%s", p, screen)
		}
	}
	return s
}

func (s *story) not(parts ...string) *story {
	s.t.Helper()
	screen := s.screen()
	for _, p := range parts {
		if strings.Contains(screen, p) {
			s.t.Errorf("there is %q in\n%s", p, screen)
		}
	}
	return s
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx"}, size[0], size[1])
		golden := func(screen string) {
			viewtest.Golden(t, screen+"-"+name, s.m.View(), size[0]-1, size[1])
		}
		golden("overview")
		s.keys("2", "jjj", "l", "j")
		golden("structure")
		s.keys("?")
		golden("help")
		s.keys("esc", ":", "hdr1.chk")
		golden("prompt")
	}
}

// TestNewcomer finds the second copy of a header, what its fields mean, and
// which offset a field has, with ? alone.
func TestNewcomer(t *testing.T) {
	s := withImage(t)
	s.expect("2 Structure", "? help").keys("?").expect("Keys: Overview", "Structure", "Go to an address")
	s.keys("esc", "2", "?").keys("what the field means").expect("Show or hide what the field means").keys("esc", "second copy").expect("%", "Go to the second copy").not("Next pane")
	s.keys("esc", "esc", "jj", "%").expect("header 2", "current", "second copy at 0x1000")
	s.keys("l", "jjj").expect("SequenceNumber", "Grows with every header update.", "8 bytes at 0x2008 (8200)")
}

// TestWordsInTheHelp types words of the formats into the help, on each screen.
func TestWordsInTheHelp(t *testing.T) {
	for word, says := range map[string]string{
		"chunk": "shares one sector bitmap", "soft anchor": "The room is kept for that block", "sector bitmap": "A bit for each sector", "grain": "the unit in which room is given",
		"extent": "a run of the disk's sectors", "bat": "Block allocation table", "log sequence": "ascending numbers", "parent locator": "paths and IDs", "cid": "content ID",
	} {
		s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx"}, 80, 24).keys("?").keys(strings.Split(word, "")...)
		if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(s.screen(), "|", " ")), " "), says) {
			t.Errorf("%q in the help finds\n%s", word, s.screen())
		}
	}
}

// TestStructuresAndFieldsInTheHelp types the name of a field, and looks up the one under the
// cursor.
func TestStructuresAndFieldsInTheHelp(t *testing.T) {
	s := withImage(t).keys("?").not("dynamic header.block_size").keys("max_table_entries").
		expect("VHD: structures and fields", "dynamic header.max_table_entries", "Number of entries in the BAT").not("VHDX: ", "Mouse", "Words")
	s.keys("esc").keys("sequnce number").expect("Names that are near", "VHDX header.SequenceNumber").keys("esc", "xylophone").expect("no key matches, and no word")
	s.keys("esc", "commit").expect("Review the staged changes").keys("esc")
	withImage(t).keys("2", "?", "change-bytes").expect("paste a file").keys("esc", "explain").expect("Show or hide what the field means")
	s.keys("esc", "esc", "2", "jj", "K").expect("filter: header", "Called header", "VHDX header ", "The root of the file")
	withImage(t).keys("2", "ctrl+g", "hdr2.checksum", "enter", "K").expect("filter: header.Checksum", "VHDX header.Checksum", "CRC-32C over the 4096 bytes")
}

func TestJumpsAndHistory(t *testing.T) {
	s := withImage(t).keys("2", "ctrl+g", "hdr2.table_offset", "enter").expect("header 2.TableOffset", "0x2024")
	s.keys("f").expect("fake.vhdx 0x8000", "table", "history 2/2")
	s.keys("[").expect("header 2.TableOffset").keys("[").expect("fake.vhdx 0x0").keys("[").expect("no further jumps")
	s.keys("]").expect("header 2.TableOffset").keys("]").expect("fake.vhdx 0x8000").keys("]").expect("no further jumps")
	s.keys("ctrl+h").expect("header 2.TableOffset")
}

func TestGoToOffsets(t *testing.T) {
	s := withImage(t)
	for _, tt := range []struct{ typed, where string }{
		{"0x1f00", "0x1f00"}, {"8k", "0x2000"}, {"+0x10", "0x2010"}, {"-16", "0x2000"}, {"sec+3", "0x2600"}, {"100s", "0xc800"},
		{"end-512", "0xffe00"}, {"end", "0xfffff"}, {"4096", "0x1000"}, {"file:0x20", "0x20"}, {"table[5]", "0x8028"},
	} {
		s.keys(":")
		s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(tt.typed)}) // "end" is typed, and no key
		s.keys("enter").expect("fake.vhdx " + tt.where + " ")
	}
	s.keys(":", "0x7fffffffffffffff", "enter").expect("past the end at 0x100000")
	s.keys(":", "end-2m", "enter").expect("before the start")
	s.keys(":", "nonsense", "enter").expect(`nothing called "nonsense"`)
}

func TestPromptEditsCompletesAndRemembers(t *testing.T) {
	s := withImage(t).keys("2", ":", "xx", "ctrl+h", "backspace", "header 2.C", "tab").expect("go to: header 2.checksum")
	s.keys("enter").expect("0x2004").keys(":", "up").expect("go to: header 2.checksum").keys("down", "esc").not("go to: ")
	s.keys(":")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("0x\x1b[2J10\n"), Paste: true})
	s.expect("go to: 0x[2J10").keys("q").expect("go to: 0x[2J10q").keys("ctrl+c").not("go to: ")
	if s.quit {
		t.Error("typing q in a prompt quits")
	}
}

func TestBurstsAndAltSplits(t *testing.T) {
	s := withImage(t).keys("2", "jjj").expect("| header 2")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("z")})
	s.expect("Structure").not("+- Hex")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("k"), Alt: true}) // escape, then k
	s.expect("+- Hex", "| header 1")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jjj"), Paste: true})
	s.expect("pasted text is ignored", "header 1")
}

func TestEscapeNeverQuitsAndQuitDoes(t *testing.T) {
	s := withImage(t).keys("esc", "esc", "?", "esc", "esc")
	if s.quit {
		t.Fatal("escape quits")
	}
	if s.keys("?", "q"); s.quit {
		t.Fatal("q in the help quits")
	}
	if s.keys("q"); !s.quit {
		t.Error("q does not quit")
	}
	if s = withImage(t).keys("ctrl+c"); !s.quit {
		t.Error("ctrl+c does not quit when nothing runs")
	}
}

func TestRunningJobsStopFirst(t *testing.T) {
	s := &story{t: t, m: tui.New(t.Context(), tui.Config{Image: viewtest.New(), Theme: viewtest.Theme(t)})}
	cmd := s.m.Init()
	s.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	s.keys("ctrl+c").expect("stopped", "...")
	s.run(cmd)
	if s.quit {
		t.Error("ctrl+c quits although a job was running")
	}
	s.keys("R")
	if s.keys("ctrl+c"); !s.quit {
		t.Error("the second ctrl+c does not quit")
	}
}

func TestDisabledActionsSayWhy(t *testing.T) {
	withImage(t).keys("2", "f").expect("there is nothing to follow").keys("%").expect("no second copy").keys("j").not("no second copy")
}

func TestFindingsInTheTitle(t *testing.T) {
	withImage(t).expect("RO", "!! 3 findings").not("3 findings ...").keys("j", "enter").expect("[2 Structure]", "history 1/1")
}

func TestSmallTerminals(t *testing.T) {
	s := tell(t, tui.Config{Image: viewtest.New()}, 59, 14).expect("needs 60 x 15", "this is 59 x 14")
	s.send(tea.WindowSizeMsg{Width: 60, Height: 15})
	s.expect("Overview").keys("2").not("+- Hex").keys("tab").expect("= Hex")
	for w := range 8 {
		for h := range 5 {
			s.send(tea.WindowSizeMsg{Width: w, Height: h})
			s.m.View()
		}
	}
	if s.keys("q"); !s.quit {
		t.Error("q does not quit a small terminal")
	}
}

func TestStartScreenOpensAndFails(t *testing.T) {
	img, remembered := viewtest.New(), ""
	cfg := tui.Config{
		Samples: []start.Sample{{Name: "bad", About: "does not open", Path: "sample:bad"}, {Name: "fake", About: "opens", Path: "sample:fake"}},
		Folder:  t.TempDir(),
		Opened:  func(path string) { remembered = path },
		Open: func(_ context.Context, path, _ string) (disk.Image, tui.Editing, error) {
			if path == "sample:bad" {
				return nil, tui.Editing{}, errors.New("no \x1b[2J image")
			}
			return img, tui.Editing{}, nil
		},
	}
	s := tell(t, cfg, 80, 24).expect("Built-in samples", "opens").keys(":").expect("open an image first")
	s.keys("enter").expect(`no \x1b[2J image`).keys("?").not("jump history").keys("esc")
	s.keys("j", "enter").expect("[1 Overview]", "fake.vhdx")
	if remembered != "sample:fake" {
		t.Errorf("remembers %q", remembered)
	}
	s.m.Close()
	if !img.Closed {
		t.Error("the image stays open")
	}
}

func TestReload(t *testing.T) {
	second := viewtest.New()
	second.Describe = func(i *disk.Info) { i.Creator = "written meanwhile" }
	cfg := tui.Config{Image: viewtest.New(), Path: "fake.vhdx", Open: func(context.Context, string, string) (disk.Image, tui.Editing, error) {
		return second, tui.Editing{}, nil
	}}
	s := tell(t, cfg, 120, 40).keys("2", "jjj", "l", "jjj").expect("header 2.SequenceNumber")
	s.keys("R").expect("read again").keys("j", "k").expect("header 2.SequenceNumber").keys("1").expect("written meanwhile")
}

func TestMouseOnTabsAndPanes(t *testing.T) {
	s := withImage(t)
	s.send(tea.MouseMsg{X: 15, Y: 1, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	s.expect("[2 Structure]")
	s.send(tea.MouseMsg{X: 6, Y: 6, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	s.expect("| header 2")
	s.send(tea.MouseMsg{X: 6, Y: 6, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	s.expect("SequenceNumber")
	s.send(tea.MouseMsg{X: 60, Y: 6, Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	s.keys("?")
	s.send(tea.MouseMsg{X: 6, Y: 6, Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	s.expect("Keys: ")
	if tui.Filter(nil, tea.MouseMsg{Action: tea.MouseActionMotion}) != nil {
		t.Error("mouse moves get through")
	}
}

func TestPanicInACommandIsAMessage(t *testing.T) {
	copy := func(string) (string, error) { panic("index out of range") }
	s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx", Copy: copy}, 120, 40)
	s.keys("2", "y").expect("internal error: index out of range")
}

func TestSuspendAndRedrawInOverlays(t *testing.T) {
	s := withImage(t).keys("?")
	for _, k := range []string{"ctrl+z", "ctrl+l"} {
		_, cmd := s.m.Update(special[k])
		if cmd == nil {
			t.Errorf("%s does nothing in the help", k)
		}
	}
}

func TestHeldKeysAreCheap(t *testing.T) {
	s := withImage(t).keys("2", "tab")
	s.m.View()
	n := testing.AllocsPerRun(600, func() {
		s.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("l")})
		s.m.View()
	})
	if n > 400 {
		t.Errorf("%v allocations for a key and its frame", n)
	}
}

func BenchmarkHeldKey(b *testing.B) {
	m := tui.New(b.Context(), tui.Config{Image: viewtest.New(), Theme: viewtest.Theme(b)})
	s := &story{m: m}
	s.run(m.Init())
	s.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	s.keys("2", "tab")
	b.ReportAllocs()
	for b.Loop() {
		m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("l")})
		_ = m.View()
	}
}

// TestLongMessagesTakeTheHintsToo has a message that one row has no room for.
func TestLongMessagesTakeTheHintsToo(t *testing.T) {
	s := tell(t, tui.Config{Image: viewtest.New(), Path: "fake.vhdx"}, 80, 24)
	x, y := s.at("? help")
	s.send(views.Failed{Err: errors.New(strings.Repeat("so many words ", 8) + "until the end")})
	s.expect("so many", "until the end").not("? help")
	s.press(x, y).not("Keys: ").keys("j").expect("? help").not("until the end")
}
