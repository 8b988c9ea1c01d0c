package structure_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/keymap"
	"platter/views"
	"platter/views/structure"
	"platter/views/theme"
	"platter/views/viewtest"
)

type driver struct {
	t    *testing.T
	v    *structure.View
	w, h int
	up   []tea.Msg
}

func open(t *testing.T, img *viewtest.Image, w, h int) *driver {
	t.Helper()
	d := &driver{t: t, v: structure.New(views.Env{Image: img, Theme: viewtest.Theme(t)}), w: w, h: h}
	d.v.SetSize(w, h)
	d.run(d.v.Start())
	return d
}

// run runs a command and does what the frame would do with a Goto.
func (d *driver) run(cmd tea.Cmd) {
	for _, msg := range viewtest.Run(d.v, cmd) {
		d.up = append(d.up, msg)
		if g, ok := msg.(views.Goto); ok {
			d.run(d.v.Show(g.To))
		}
	}
}

func (d *driver) do(actions ...keymap.Action) *driver {
	for _, a := range actions {
		d.run(d.v.Do(a))
	}
	return d
}

func (d *driver) times(n int, a keymap.Action) *driver {
	for range n {
		d.do(a)
	}
	return d
}

func (d *driver) screen() string {
	return strings.Join(viewtest.Lines(d.t, d.v.View(), d.w, d.h), "\n")
}

func (d *driver) expect(parts ...string) {
	d.t.Helper()
	s := d.screen()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			d.t.Errorf("no %q in\n%s\n%s", p, s, d.v.Status())
		}
	}
}

func (d *driver) status(parts ...string) {
	d.t.Helper()
	for _, p := range parts {
		if !strings.Contains(d.v.Status(), p) {
			d.t.Errorf("no %q in %q", p, d.v.Status())
		}
	}
}

// header2 opens header 2 and goes to its checksum.
func header2(d *driver) *driver {
	return d.do(keymap.Down, keymap.Down, keymap.Down, keymap.Right, keymap.Right, keymap.Down)
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{79, 20}, {119, 36}, {199, 56}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		d := header2(open(t, viewtest.New(), size[0], size[1]))
		viewtest.Golden(t, "header-"+name, d.v.View(), d.w, d.h)
		d.do(keymap.ExplainPane)
		viewtest.Golden(t, "explain-"+name, d.v.View(), d.w, d.h)
		d.do(keymap.NextPane, keymap.Zoom)
		viewtest.Golden(t, "zoom-"+name, d.v.View(), d.w, d.h)
	}
}

func TestEverySizeIsExact(t *testing.T) {
	d := header2(open(t, viewtest.New(), 79, 20))
	for w := 0; w < 220; w += 7 {
		for _, h := range []int{1, 2, 5, 11, 20, 36, 56} {
			d.v.SetSize(w, h)
			d.run(d.v.Update(nil))
			viewtest.Lines(t, d.v.View(), w, h)
		}
	}
}

func TestTreeMovesFrameTheBytes(t *testing.T) {
	d := header2(open(t, viewtest.New(), 119, 36))
	d.status("fake.vhdx 0x2004", "header 2.Checksum", "field 2 of 7")
	d.expect("CRC-32C over the 4 KiB", "fake.md 2", "00002000  68 65 61 64", "4 bytes at 0x2004 (8196)")
}

func TestHexMovesNameTheField(t *testing.T) {
	d := open(t, viewtest.New(), 119, 36)
	d.run(d.v.Show(views.Spot{Place: decode.Place{File: "fake.vhdx", Offset: 0x2000}}))
	d.status("header 2")
	d.do(keymap.NextPane).times(0x10, keymap.Right)
	d.status("0x2010", "header 2.FileWriteGuid")
	d.do(keymap.NextField)
	d.status("0x2020", "header 2.LogLength")
	d.do(keymap.PrevField)
	d.status("0x2010", "header 2.FileWriteGuid")
	d.do(keymap.NextStruct)
	d.status("0x8000", "table")
	d.do(keymap.NextStruct)
	d.status("0x8008", "entry 1")
	d.run(d.v.Show(views.Spot{Place: decode.Place{File: "fake.vhdx", Offset: 0x3000}}))
	d.do(keymap.PrevStruct)
	d.status("0x2000 ")
	d.do(keymap.PrevStruct)
	d.status("0x1000 ")
	d.do(keymap.NextStruct)
	d.do(keymap.NextSector, keymap.NextSector, keymap.PrevSector)
	d.status("0x2200", "reserved")
}

func TestAutoOpenedBranchesCloseAgain(t *testing.T) {
	d := open(t, viewtest.New(), 119, 36)
	d.do(keymap.NextPane).times(3, keymap.NextSector)
	d.run(d.v.Show(views.Spot{Place: decode.Place{File: "fake.vhdx", Offset: 0x7FFF}}))
	d.do(keymap.Right)
	d.status("table.entry 0.FileOffset")
	d.times(8, keymap.Right)
	d.status("table.entry 1.FileOffset")
	if n := strings.Count(d.screen(), "  FileOffset"); n != 1 {
		t.Errorf("%d entries are open", n)
	}
}

func TestPointersTwinsAndWhyNot(t *testing.T) {
	d := header2(open(t, viewtest.New(), 119, 36))
	if d.v.Disabled(keymap.Follow) == "" {
		t.Error("a checksum can be followed")
	}
	d.do(keymap.SecondCopy)
	d.status("0x1004", "header 1.Checksum")
	d.expect("wrong", "CRC-32C: 0x")
	d.times(4, keymap.Down)
	if why := d.v.Disabled(keymap.Follow); why != "" {
		t.Errorf("a pointer can't be followed: %s", why)
	}
	d.do(keymap.Follow)
	d.status("0x8000", "table")
	if d.v.Disabled(keymap.SecondCopy) == "" {
		t.Error("the table has a second copy")
	}
	if len(d.up) != 2 {
		t.Errorf("%d jumps were told, want 2", len(d.up))
	}
}

func TestHistorySpotsComeBack(t *testing.T) {
	d := header2(open(t, viewtest.New(), 119, 36))
	before, here := d.v.Status(), d.v.Here()
	d.run(d.v.Show(views.Spot{Place: decode.Place{File: "fake.vhdx", Offset: 0x8010}}))
	d.status("entry 2")
	d.run(d.v.Show(here))
	if d.v.Status() != before {
		t.Errorf("back at %q, was %q", d.v.Status(), before)
	}
}

func TestTreeKeys(t *testing.T) {
	d := open(t, viewtest.New(), 119, 36)
	d.do(keymap.Last)
	d.status("table")
	d.do(keymap.Right, keymap.Last)
	d.status("entry 63")
	d.do(keymap.PrevSibling)
	d.status("entry 62")
	d.do(keymap.Left)
	d.status("table")
	d.do(keymap.FoldAll)
	if n := strings.Count(d.screen(), "  entry"); n != 0 {
		t.Errorf("%d entries show after folding all", n)
	}
	d.do(keymap.First, keymap.UnfoldAll)
	d.expect("SequenceNumber", "entry 0")
	d.do(keymap.First, keymap.Left)
	if strings.Contains(d.screen(), "identifier") {
		t.Error("the root did not fold")
	}
}

func TestSeveralFiles(t *testing.T) {
	img := viewtest.New()
	img.Parts = 3
	d := open(t, img, 119, 36)
	d.expect("fake-s001.vmdk", "fake-s002.vmdk", "(1 of 3)")
	d.do(keymap.NextFile)
	d.expect("fake-s001.vmdk (2 of 3)")
	d.status("fake-s001.vmdk 0x0")
	d.do(keymap.PrevFile, keymap.PrevFile)
	d.expect("fake-s002.vmdk (3 of 3)")
	if open(t, viewtest.New(), 119, 36).v.Disabled(keymap.NextFile) == "" {
		t.Error("one file can be switched")
	}
}

func TestViewOptions(t *testing.T) {
	d := header2(open(t, viewtest.New(), 119, 36))
	d.do(keymap.Endian)
	d.expect("big-endian")
	d.do(keymap.OffsetBase)
	d.expect("    8192  68 65")
	d.do(keymap.NextPane, keymap.TextColumn, keymap.FewerBytes)
	d.expect("CP437", "8 bytes/row")
	d.do(keymap.FoldZeros)
	if strings.Contains(d.screen(), "folded") {
		t.Error("zeros are still folded")
	}
}

func TestDamageIsShownNotFatal(t *testing.T) {
	img := viewtest.New()
	img.Break = errors.New("bad \x1b[2J sector")
	d := header2(open(t, img, 119, 36))
	d.expect("??", `bad \x1b[2J sector`, "wrong")
}

func TestImageTextIsEscaped(t *testing.T) {
	d := open(t, viewtest.New(), 119, 36)
	d.run(d.v.Show(views.Spot{Place: decode.Place{File: "fake.vhdx", Offset: 0x20000}}))
	if s := d.v.View(); strings.Contains(s, "\x1b[31m") {
		t.Error("an escape sequence of the image reaches the terminal")
	}
}

func TestReopenedImageIsReadAnew(t *testing.T) {
	d := header2(open(t, viewtest.New(), 119, 36))
	img := viewtest.New()
	img.Break = errors.New("gone")
	d.run(d.v.Update(views.Changed{Image: img}))
	d.status("header 2.Checksum")
	d.expect("gone")
}

func TestMouse(t *testing.T) {
	d := open(t, viewtest.New(), 119, 36)
	d.run(d.v.Mouse(6, 4, views.Click))
	d.status("header 2")
	d.run(d.v.Mouse(6, 4, views.DoubleClick))
	d.expect("SequenceNumber")
	d.run(d.v.Mouse(40+1+10, 1, views.Click))
	if d.v.Context() != keymap.Hex {
		t.Error("the click did not move the focus")
	}
	d.run(d.v.Mouse(6, 4, views.WheelDown))
	d.run(d.v.Mouse(60, 4, views.WheelDown))
	d.run(d.v.Mouse(60, 30, views.Click))
	if d.v.Context() != keymap.Explain {
		t.Error("the explanation can't be clicked")
	}
}

func TestSelectionShowsWithoutColour(t *testing.T) {
	d := header2(open(t, viewtest.New(), 119, 36))
	for _, l := range strings.Split(d.screen(), "\n") {
		if strings.Contains(l, "|>") && strings.Contains(l, "Checksum") {
			return
		}
	}
	t.Errorf("no row is marked in\n%s", d.screen())
}

// TestManyChildrenCostNothing walks a node with more children than could be
// held.
func TestManyChildrenCostNothing(t *testing.T) {
	img := giant{viewtest.New()}
	v := structure.New(views.Env{Image: img, Theme: viewtest.Theme(t)})
	v.SetSize(119, 36)
	d := &driver{t: t, v: v, w: 119, h: 36}
	d.run(v.Start())
	d.do(keymap.Right, keymap.Right, keymap.Last)
	d.status("entry 67108863")
	d.do(keymap.PageUp, keymap.NextPane, keymap.First)
}

type giant struct{ *viewtest.Image }

func (giant) Tree() decode.Node {
	n := decode.Node{Name: "BAT", Place: decode.Place{File: "fake.vhdx", Length: 8 * 1 << 26}}
	return decode.Node{Name: "root"}.WithNodes(decode.Repeat(n, 8, 1<<26, func(i int) decode.Node {
		return decode.Node{Name: fmt.Sprintf("entry %d", i), Place: decode.Place{File: "fake.vhdx", Offset: int64(i) * 8, Length: 8}}
	}))
}

func BenchmarkHexMove200x60(b *testing.B) {
	th, _ := theme.New("dark", theme.Colors256, theme.Unicode)
	v := structure.New(views.Env{Image: viewtest.New(), Theme: th})
	v.SetSize(199, 56)
	viewtest.Run(v, v.Start())
	viewtest.Run(v, v.Do(keymap.NextPane))
	b.ReportAllocs()
	for b.Loop() {
		v.Do(keymap.Right)
		_ = v.View()
	}
}

func TestFrameAllocations(t *testing.T) {
	th, _ := theme.New("dark", theme.Colors256, theme.Unicode)
	v := structure.New(views.Env{Image: viewtest.New(), Theme: th})
	v.SetSize(199, 56)
	viewtest.Run(v, v.Start())
	viewtest.Run(v, v.Do(keymap.NextPane))
	if n := testing.AllocsPerRun(50, func() { v.Do(keymap.Right); _ = v.View() }); n > 100 {
		t.Errorf("%v allocations for a move and its frame", n)
	}
}
