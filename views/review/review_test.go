package review_test

import (
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
	"platter/views/review"
	"platter/views/viewtest"
)

// editor has a plan and nothing else.
type editor struct {
	disk.Staging
	steps []store.Step
}

func (e editor) Plan() []store.Step { return e.steps }

func (e editor) Staged() int { return len(e.steps) }

func open(t *testing.T, w, h int, steps ...store.Step) (*review.View, func(tea.Cmd) []tea.Msg, func() string) {
	t.Helper()
	v := review.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t), Editor: editor{steps: steps}})
	v.SetSize(w, h)
	run := func(cmd tea.Cmd) []tea.Msg { return viewtest.Run(v, cmd) }
	run(v.Start())
	return v, run, func() string { return strings.Join(viewtest.Lines(t, v.View(), w, h), "\n") }
}

func steps() []store.Step {
	return []store.Step{
		{File: "fake.vhdx", Offset: 0x2008, Old: []byte{28}, New: []byte{29}, Change: 7, Title: "a \x1b[31m title"},
		{File: "fake.vhdx", Offset: 0x20000, Old: []byte("block 0 was here"), New: []byte("BLOCK 0 IS HERE!"), Change: 9, Title: "typed"},
	}
}

func TestEachStepIsNamed(t *testing.T) {
	v, run, screen := open(t, 119, 36, steps()...)
	for _, want := range []string{"Staged changes  2: 17 bytes in 2 places of 1 file", "1c -> 1d", "header 2.SequenceNumber", "28 -> 29", `a \x1b[31m title`} {
		if !strings.Contains(screen(), want) {
			t.Errorf("no %q in\n%s", want, screen())
		}
	}
	run(v.Do(keymap.Down))
	if s := screen(); !strings.Contains(s, "block 0 was here") || !strings.Contains(s, "BLOCK 0 IS HERE!") {
		t.Errorf("both sides do not show in\n%s", s)
	}
	var dropped bool
	for _, msg := range run(v.Do(keymap.Drop)) {
		d, ok := msg.(views.Drop)
		dropped = dropped || ok && d.ID == 9
	}
	if !dropped {
		t.Error("the change under the cursor is not the one to drop")
	}
	for _, msg := range run(v.Do(keymap.Open)) {
		if g, ok := msg.(views.Goto); !ok || g.To.Place.Offset != 0x20000 {
			t.Errorf("goes to %+v", msg)
		}
	}
}

func TestNothingStagedSaysSo(t *testing.T) {
	v, _, screen := open(t, 79, 20)
	if !strings.Contains(screen(), "Nothing is staged") || v.Disabled(keymap.Write) == "" {
		t.Errorf("%q\n%s", v.Disabled(keymap.Write), screen())
	}
}

func TestEverySizeIsExact(t *testing.T) {
	v, _, _ := open(t, 79, 20, steps()...)
	for w := 0; w < 220; w += 9 {
		for _, h := range []int{1, 3, 8, 20, 56} {
			v.SetSize(w, h)
			viewtest.Lines(t, v.View(), w, h)
		}
	}
}

func TestLongPlansAreCut(t *testing.T) {
	var many []store.Step
	for i := range 3000 {
		many = append(many, store.Step{File: "fake.vhdx", Offset: int64(0x20000 + 2*i), Old: []byte{0}, New: []byte{1}, Change: i + 1, Title: fmt.Sprint(i)})
	}
	_, _, screen := open(t, 119, 36, many...)
	if !strings.Contains(screen(), "1000 places that are not listed") {
		t.Errorf("nothing says that there is more:\n%s", screen())
	}
}

// resizes are the steps of two repairs: one that cuts what lies past the end,
// and one that makes room for a structure and writes it.
func resizes() []store.Step {
	tail := []byte("left behind by another program\x00\x01\x02 and more of it, in all forty-eight bytes..")
	return []store.Step{
		{File: "fake.vhdx", Offset: 0x2008, Old: []byte{28}, New: []byte{29}, Change: 7, Title: "repair fake/C1"},
		{File: "fake.vhdx", Offset: 1 << 20, Old: tail, SizeBefore: 1<<20 + int64(len(tail)), SizeAfter: 1 << 20, Change: 8, Title: "repair fake/T1: cut what follows the end"},
		{File: "fake.vhdx", Offset: 1<<20 + 512, SizeBefore: 1 << 20, SizeAfter: 1<<20 + 512, Change: 9, Title: "repair fake/F2: put a footer at the end"},
	}
}

func TestResizesSayWhatTheyDo(t *testing.T) {
	for _, size := range [][2]int{{79, 20}, {119, 36}} {
		v, run, screen := open(t, size[0], size[1], resizes()...)
		want := func(parts ...string) {
			t.Helper()
			for _, p := range parts {
				if !strings.Contains(screen(), p) {
					t.Errorf("no %q in\n%s", p, screen())
				}
			}
		}
		want("1 byte in 1 place of 1 file, 2 new lengths", "file is cut by 76 bytes", "file grows by 512 bytes of zeros")
		run(v.Do(keymap.Down))
		want("loses", "76 bytes from 0x100000 to the end", "6c 65 66 74", "left beh", "1048652 (0x10004c) -> 1048576 (0x100000) bytes")
		viewtest.Golden(t, fmt.Sprintf("cut-%dx%d", size[0], size[1]), v.View(), size[0], size[1])
		run(v.Do(keymap.Down))
		want("gains", "512 bytes, all zero, at 0x100000")
		viewtest.Golden(t, fmt.Sprintf("grow-%dx%d", size[0], size[1]), v.View(), size[0], size[1])
	}
}

func TestResizesFitEverySize(t *testing.T) {
	v, run, _ := open(t, 79, 20, resizes()...)
	for range resizes() {
		for w := 0; w < 220; w += 9 {
			for _, h := range []int{1, 3, 8, 20, 56} {
				v.SetSize(w, h)
				viewtest.Lines(t, v.View(), w, h)
			}
		}
		run(v.Do(keymap.Down))
	}
}

// TestWhatIsCutShows holds that a list longer than its pane says where in it
// one is, and that the lower pane says when it has no room for everything.
func TestWhatIsCutShows(t *testing.T) {
	var many []store.Step
	for i := range 30 {
		many = append(many, store.Step{File: "fake.vhdx", Offset: int64(0x20000 + 64*i), Old: []byte{1}, New: []byte{2}, Change: i + 1, Title: "typed"})
	}
	v, run, screen := open(t, 79, 20, many...)
	if s := screen(); !strings.Contains(s, " 1-8 of 30 ") {
		t.Errorf("the list does not tell how long it is:\n%s", s)
	}
	run(v.Do(keymap.Last))
	if s := screen(); !strings.Contains(s, " 23-30 of 30 ") {
		t.Errorf("the list does not tell where one is:\n%s", s)
	}
	_, _, screen = open(t, 79, 20, store.Step{File: "fake.vhdx", Offset: 0x2000, Old: make([]byte, 64), New: make([]byte, 64), Change: 1, Title: "typed"})
	if s := screen(); !strings.Contains(s, "more than fits here") && !strings.Contains(s, "more bytes than shown") {
		t.Errorf("nothing tells that bytes are cut:\n%s", s)
	}
	_, _, screen = open(t, 79, 11, steps()...)
	if s := screen(); !strings.Contains(s, "more than fits here") {
		t.Errorf("nothing tells that the explanation is cut:\n%s", s)
	}
}

// TestWhatALongerFileGains holds that it goes on in a second line where one is too short.
func TestWhatALongerFileGains(t *testing.T) {
	_, _, screen := open(t, 60, 24, resizes()[2])
	if s := screen(); !strings.Contains(s, "may write") || !strings.Contains(s, "there") {
		t.Errorf("what the file gains is cut:\n%s", s)
	}
}
