package sectors_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
	"platter/views/sectors"
	"platter/views/viewtest"
)

// editor knows what is staged: the byte at 0x21200+450 of the file, which is
// byte 450 of the small disk.
type editor struct {
	disk.Staging
	dirty []store.Range
}

func (e editor) Dirty(file string) []store.Range {
	if file == "fake.vhd" {
		return e.dirty
	}
	return nil
}

func (e editor) Original(context.Context) (disk.Image, error) { return sevens{}, nil }

// sevens is a disk whose bytes are all 77.
type sevens struct{ disk.Image }

func (sevens) ReadAt(p []byte, _ int64) (int, error) {
	return copy(p, bytes.Repeat([]byte{0x77}, len(p))), nil
}

func edit(t *testing.T, f *fake, ed disk.Staging, off int64) *screen {
	t.Helper()
	s := &screen{t: t, v: sectors.New(views.Env{Image: f, Theme: viewtest.Theme(t), Explorer: explorer{}, Editor: ed}), w: 119, h: 36}
	s.v.SetSize(s.w, s.h)
	s.run(s.v.Start())
	return s.show(off)
}

// keys types into the view; names are those of tea.KeyMsg.
func (s *screen) keys(keys ...string) *screen {
	s.t.Helper()
	special := map[string]tea.KeyType{"tab": tea.KeyTab, "esc": tea.KeyEsc, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "left": tea.KeyLeft, "ctrl+u": tea.KeyCtrlU}
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		if typ, ok := special[k]; ok {
			msg = tea.KeyMsg{Type: typ}
		}
		if !s.v.Typing() {
			s.t.Fatalf("%q is typed while nobody listens", k)
		}
		s.run(s.v.Type(msg))
	}
	return s
}

// staged is the bytes that the last message asks to stage, and where.
func (s *screen) staged() (int64, []byte) {
	s.t.Helper()
	if len(s.up) == 0 {
		s.t.Fatal("nothing was asked for")
	}
	st, ok := s.up[len(s.up)-1].(views.Stage)
	if !ok || len(st.Edits) != 1 || st.Edits[0].File != disk.VirtualDisk || st.Title+st.Typed == "" {
		s.t.Fatalf("asked for %+v", s.up[len(s.up)-1])
	}
	return st.Edits[0].Offset, st.Edits[0].Data
}

func TestTypingDigits(t *testing.T) {
	s := edit(t, small(), editor{}, 450).do(keymap.EditBytes)
	if s.v.Context() != keymap.Edit {
		t.Fatalf("the context is %s", s.v.Context())
	}
	s.expect("EDIT overwrite, hex column").keys("0").expect("0_")
	if len(s.up) != 0 {
		t.Fatalf("half a byte asks for %v", s.up)
	}
	s.keys("7")
	if off, b := s.staged(); off != 450 || !bytes.Equal(b, []byte{7}) {
		t.Errorf("stages %x at %d", b, off)
	}
	if s.at() != 451 {
		t.Errorf("the cursor is at %d", s.at())
	}
	s.expect("000001c0  00 00 07").keys("esc")
	if s.v.Typing() {
		t.Error("esc does not leave the mode")
	}
}

func TestTypingText(t *testing.T) {
	s := edit(t, small(), editor{}, block+43).do(keymap.EditBytes).keys("tab", "P", "L")
	if off, b := s.staged(); off != block+44 || string(b) != "L" {
		t.Errorf("stages %q at %#x", b, off)
	}
	s.expect("PLKE ")
	s.run(s.v.Type(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("long text"), Paste: true}))
	if off, b := s.staged(); off != block+45 || string(b) != "long text" {
		t.Errorf("pastes %q at %#x", b, off)
	}
	s.keys("é")
	if _, ok := s.up[len(s.up)-1].(views.Failed); !ok {
		t.Errorf("a character that ASCII lacks asks for %v", s.up[len(s.up)-1])
	}
}

// TestPasteAsksBeforeItLeavesTheSelection holds both answers, wherever in the
// selection the cursor is.
func TestPasteAsksBeforeItLeavesTheSelection(t *testing.T) {
	for _, move := range []keymap.Action{keymap.Left, keymap.Right} {
		for choice, want := range map[int]int{1: 3, 2: 4} {
			from := map[keymap.Action]int64{keymap.Left: 18, keymap.Right: 16}[move]
			s := edit(t, small(), editor{}, from).do(keymap.Select, move, move, keymap.EditBytes)
			s.run(s.v.Type(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("01 02 03 04"), Paste: true}))
			ask, ok := s.up[len(s.up)-1].(views.Ask)
			if !ok || ask.Choices[0].Do != nil {
				t.Fatalf("%v", s.up[len(s.up)-1])
			}
			s.run(ask.Choices[choice].Do())
			if off, b := s.staged(); off != 16 || !bytes.Equal(b, []byte{1, 2, 3, 4}[:want]) {
				t.Errorf("pastes %x at %d", b, off)
			}
		}
	}
	s := edit(t, small(), editor{}, 16).do(keymap.Select, keymap.Right, keymap.EditBytes)
	s.run(s.v.Type(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("01 02"), Paste: true}))
	if off, b := s.staged(); off != 16 || len(b) != 2 {
		t.Errorf("pastes %x at %d", b, off)
	}
}

func TestFillAndRevert(t *testing.T) {
	s := edit(t, small(), editor{}, 32).do(keymap.Select, keymap.Right, keymap.Right, keymap.FillBytes)
	s.expect("FILL").keys("a", "b")
	if off, b := s.staged(); off != 32 || !bytes.Equal(b, []byte{0xab, 0xab, 0xab}) || s.v.Typing() {
		t.Errorf("fills %x at %d", b, off)
	}
	s.do(keymap.Left, keymap.Left, keymap.Select, keymap.Right, keymap.Right, keymap.RevertBytes)
	want := decode.Place{File: disk.VirtualDisk, Offset: 32, Length: 3}
	if r, ok := s.up[len(s.up)-1].(views.Revert); !ok || r.Place != want {
		t.Errorf("reverting asks for %+v", s.up[len(s.up)-1])
	}
}

func TestBackspaceRevertsAndUndoIsAsked(t *testing.T) {
	s := edit(t, small(), editor{}, 100).do(keymap.EditBytes).keys("1", "backspace")
	if len(s.up) != 0 || s.at() != 100 {
		t.Fatalf("undoing one digit asks for %v", s.up)
	}
	s.keys("1", "2", "backspace")
	if r, ok := s.up[len(s.up)-1].(views.Revert); !ok || r.Place.Offset != 100 || s.at() != 100 {
		t.Errorf("backspace asks for %+v", s.up[len(s.up)-1])
	}
	s.keys("ctrl+u")
	if a, ok := s.up[len(s.up)-1].(views.Act); !ok || a.Action != keymap.Undo {
		t.Errorf("ctrl+u asks for %+v", s.up[len(s.up)-1])
	}
}

func TestWhatCanNotBeEditedSaysWhy(t *testing.T) {
	for off, why := range map[int64]string{4 * block: "", 12 * block: "can't be read (missing)", 13*block + 5000: "", 14 * block: ""} {
		s := edit(t, small(), editor{}, off)
		if got := s.v.Disabled(keymap.EditBytes); !strings.Contains(got, why) || why == "" && got != "" {
			t.Errorf("at %#x: %q, want %q", off, got, why)
		}
		if s.do(keymap.EditBytes); s.v.Typing() != (why == "") {
			t.Errorf("at %#x the mode is on: %v", off, s.v.Typing())
		}
	}
	s := edit(t, small(), nil, 0)
	if got := s.v.Disabled(keymap.EditBytes); !strings.Contains(got, "open read-only") {
		t.Errorf("without an editor: %q", got)
	}
}

func TestStagedBytesShow(t *testing.T) {
	f := small()
	s := edit(t, f, editor{dirty: []store.Range{{Offset: 0x21200 + 450, Length: 1}}}, 450)
	s.expect("000001c0* 00 00 0e", "on disk  77 (staged: 0e)")
	s.run(s.v.Update(views.Changed{Image: f}))
	s.expect("000001c0* 00 00 0e")
}

func TestGoldenEdit(t *testing.T) {
	for _, size := range sizes {
		s := edit(t, small(), editor{dirty: []store.Range{{Offset: 0x21200 + 448, Length: 3}}}, 449)
		s.w, s.h = size[0], size[1]
		s.v.SetSize(s.w, s.h)
		s.run(s.v.Update(tea.WindowSizeMsg{}))
		s.do(keymap.EditBytes).keys("7")
		viewtest.Golden(t, fmt.Sprintf("edit_%dx%d", s.w+1, s.h+4), s.v.View(), s.w, s.h)
	}
}
