package sectors_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/sectors"
	"platter/views/viewtest"
)

// screen is a view of w by h on an image, with all that it asks for answered.
type screen struct {
	t    testing.TB
	v    *sectors.View
	w, h int
	up   []tea.Msg
}

func open(t testing.TB, img disk.Image, w, h int) *screen {
	t.Helper()
	s := &screen{t: t, v: sectors.New(views.Env{Image: img, Theme: viewtest.Theme(t), Explorer: explorer{}}), w: w, h: h}
	s.v.SetSize(w, h)
	s.run(s.v.Start())
	return s
}

func (s *screen) run(cmd tea.Cmd) { s.up = append(s.up, viewtest.Run(s.v, cmd)...) }

func (s *screen) do(actions ...keymap.Action) *screen {
	for _, a := range actions {
		s.run(s.v.Do(a))
	}
	return s
}

func (s *screen) show(off int64) *screen {
	s.run(s.v.Show(views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: off}}))
	return s
}

func (s *screen) lines() []string { return viewtest.Lines(s.t, s.v.View(), s.w, s.h) }

func (s *screen) text() string { return strings.Join(s.lines(), "\n") }

func (s *screen) at() int64 { return s.v.Here().Place.Offset }

// expect fails unless all texts are on the screen.
func (s *screen) expect(texts ...string) *screen {
	s.t.Helper()
	screen := s.text()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			s.t.Errorf("%q does not show in\n%s", text, screen)
		}
	}
	return s
}

// sizes are those of the terminals less the frame around the views.
var sizes = [][2]int{{79, 20}, {119, 36}, {199, 56}}

func TestGolden(t *testing.T) {
	for _, size := range sizes {
		w, h := size[0], size[1]
		for name, off := range map[string]int64{"mbr": 446 + 4, "states": 12*block + 5} {
			s := open(t, small(), w, h).show(off)
			viewtest.Golden(t, fmt.Sprintf("%s_%dx%d", name, w+1, h+4), s.v.View(), w, h)
		}
		s := open(t, giant(), w, h).show(48 << 40)
		viewtest.Golden(t, fmt.Sprintf("giant_%dx%d", w+1, h+4), s.v.View(), w, h)
	}
}

// TestAnySize draws in all sorts of sizes; Lines checks the widths.
func TestAnySize(t *testing.T) {
	for w := 0; w < 210; w += 13 {
		for _, h := range []int{0, 1, 2, 3, 5, 8, 19, 20, 28, 60} {
			s := open(t, small(), w, h)
			if w > 0 && h > 0 {
				s.show(13 * block).lines()
			}
			s.do(keymap.NextPane, keymap.Zoom, keymap.PageDown, keymap.NextPane, keymap.Last, keymap.Up)
		}
	}
}

// TestWalk goes down line by line and back, and meets every state.
func TestWalk(t *testing.T) {
	s := open(t, small(), 79, 20).do(keymap.FoldZeros)
	var seen []int64
	for range 30_000 {
		before := s.at()
		seen = append(seen, before)
		if s.do(keymap.Down).at() == before {
			break
		}
	}
	stored := int64(1+2+2+1) * block / 16
	folds := int64(1 + 1 + 1 + 1 + 1 + 1) // two unallocated, zero, missing, parent, unmapped
	if int64(len(seen)) != stored+folds {
		t.Errorf("%d lines, want %d", len(seen), stored+folds)
	}
	for i := len(seen) - 1; i >= 0; i-- {
		if s.at() != seen[i] {
			t.Fatalf("back at line %d: %#x, want %#x", i, s.at(), seen[i])
		}
		s.do(keymap.Up)
	}
}

func TestPagesKeepOneLine(t *testing.T) {
	s := open(t, small(), 79, 20).do(keymap.FoldZeros)
	first := s.lines()
	s.do(keymap.PageDown)
	second := s.lines()
	if last, top := first[12], second[1]; last != top {
		t.Errorf("the last line before\n%s\nis not the first one after\n%s", last, top)
	}
	if s.do(keymap.PageUp); s.at() != 0 || s.text() != strings.Join(first, "\n") {
		t.Errorf("a page down and up ends at %#x:\n%s\nnot\n%s", s.at(), s.text(), strings.Join(first, "\n"))
	}
}

func TestMissingIsNeverZeros(t *testing.T) {
	s := open(t, small(), 119, 36).show(12*block + 1000)
	s.expect("MISSING: can't be read  64 KiB", "missing: can't be read")
	for _, l := range s.lines() {
		if strings.Contains(l, "MISSING") && strings.Contains(l, "00 00") {
			t.Errorf("missing data show as zeros: %q", l)
		}
	}
}

func TestBrokenSector(t *testing.T) {
	f := small()
	f.broken = block + 1024
	s := open(t, f, 79, 20).show(f.broken)
	s.expect("00010400! ?? ?? ??")
	s.show(block)
	s.expect("FAT16")
}

func TestTextsAreHarmless(t *testing.T) {
	for _, size := range sizes {
		s := open(t, small(), size[0], size[1])
		for _, off := range []int64{0, block, 13 * block} {
			s.show(off)
			for _, r := range s.v.View() + s.v.Status() {
				if r == '\u202e' {
					t.Fatal("an override of the reading direction reaches the terminal")
				}
			}
			if strings.Contains(s.v.View(), "\x1b[31m") || strings.Contains(s.v.View(), "\x1b[2J") {
				t.Fatal("an escape sequence from the image reaches the terminal")
			}
		}
	}
}

// TestGiant holds that 64 TiB cost no more than what shows.
func TestGiant(t *testing.T) {
	s := open(t, giant(), 79, 20)
	s.do(keymap.Last)
	if s.at() != 64<<40-1 {
		t.Fatalf("the last byte is %#x", s.at())
	}
	s.expect("the end..!")
	s.do(keymap.First, keymap.NextRun)
	if s.at() != 32<<40 {
		t.Fatalf("the next data start at %#x", s.at())
	}
	s.expect("the middle", "unallocated  31.9 TiB")
	s.do(keymap.PrevRun)
	if s.at() != 0 {
		t.Errorf("the previous data start at %#x", s.at())
	}
	s.show(40<<40 + 7)
	if s.at() != 40<<40+7 {
		t.Errorf("at %#x", s.at())
	}
	s.expect("unallocated", "0x28000000000")
}

func TestRuns(t *testing.T) {
	s := open(t, small(), 79, 20)
	var starts []int64
	for range 8 {
		s.do(keymap.NextRun)
		starts = append(starts, s.at()/block)
	}
	if got := fmt.Sprint(starts); got != "[13 63 63 63 63 63 63 63]" {
		t.Errorf("next data at blocks %s", got)
	}
	s.do(keymap.PrevRun)
	if s.at() != 13*block {
		t.Errorf("the data before start at %#x", s.at())
	}
	s.do(keymap.PrevRun)
	if s.at() != 0 {
		t.Errorf("the first data start at %#x", s.at())
	}
}

func TestSectorsAndFields(t *testing.T) {
	s := open(t, small(), 119, 36)
	steps := []struct {
		action keymap.Action
		want   int64
	}{
		{keymap.NextSector, 512}, {keymap.NextSector, 1024}, {keymap.Right, 1025}, {keymap.PrevSector, 1024}, {keymap.PrevSector, 512},
		{keymap.NextField, 516}, {keymap.PrevField, 512}, {keymap.PrevField, 508}, {keymap.First, 0}, {keymap.NextField, 440},
		{keymap.NextField, 444}, {keymap.RowEnd, 447}, {keymap.RowStart, 432},
	}
	for _, st := range steps {
		if s.do(st.action); s.at() != st.want {
			t.Fatalf("%s leads to %d, want %d", st.action, s.at(), st.want)
		}
	}
}

func TestFieldIsExplained(t *testing.T) {
	s := open(t, small(), 119, 36).show(446 + 4)
	s.expect("master boot record", "0x0e (FAT16 LBA)", "hint to the operating system", "BAT[0] = 0x109")
	s.show(440).do(keymap.Follow)
	if len(s.up) != 1 || s.up[0].(views.Goto).To.Place.Offset != 63*block {
		t.Errorf("following the pointer sends %v", s.up)
	}
}

// TestExplainEverywhere holds that t shows the explanation in every layout,
// and hides it again.
func TestExplainEverywhere(t *testing.T) {
	for _, size := range sizes {
		for _, zoom := range []bool{false, true} {
			s := open(t, small(), size[0], size[1]).show(446 + 4)
			if zoom {
				s.do(keymap.Zoom)
			}
			const doc = "It is a hint to the operating system"
			before := strings.Contains(s.text(), doc)
			if s.do(keymap.ExplainPane); strings.Contains(s.text(), doc) == before {
				t.Errorf("%v, zoom %v: t changes nothing in\n%s", size, zoom, s.text())
			}
			if s.do(keymap.ExplainPane); strings.Contains(s.text(), doc) != before {
				t.Errorf("%v, zoom %v: t twice is not as before", size, zoom)
			}
		}
	}
}

func TestThreeAddresses(t *testing.T) {
	s := open(t, small(), 119, 36).show(block + 0x200).do(keymap.FoldZeros)
	s.expect("0x10200", "0x200 of partition 1", "fake.vhd 0x1400", "BAT[1] = 0x9")
	s.do(keymap.OtherSpace)
	s.expect("00000200 ", "offsets from")
	s.show(block).expect("-------- ").show(block + 0x200)
	s.do(keymap.OtherSpace)
	want := views.Goto{To: views.Spot{Place: decode.Place{File: "fake.vhd", Offset: 0x1400, Length: 1}}}
	if len(s.up) != 1 || !s.up[0].(views.Goto).To.Same(want.To) {
		t.Errorf("x sends %v, want %v", s.up, want)
	}
	s.show(5*block).do(keymap.OtherSpace, keymap.OtherSpace)
	if len(s.up) != 1 {
		t.Errorf("a byte that is stored nowhere leads to a file: %v", s.up[1:])
	}
}

func TestPartitionsPane(t *testing.T) {
	for _, size := range sizes {
		s := open(t, small(), size[0], size[1]).do(keymap.NextPane)
		if s.v.Context() != keymap.Partitions {
			t.Fatalf("the context is %s", s.v.Context())
		}
		s.expect("FAT16", "Linux", "6144").do(keymap.Down, keymap.Open)
		if len(s.up) != 1 || s.up[0].(views.Goto).To.Place.Offset != 3<<20 {
			t.Errorf("opening the partition sends %v", s.up)
		}
		s.run(s.v.Show(s.up[0].(views.Goto).To))
		if s.v.Context() != keymap.Sectors || s.at() != 3<<20 || !strings.Contains(s.text(), "- Where -") {
			t.Errorf("the bytes do not show in\n%s", s.text())
		}
	}
}

func TestSelection(t *testing.T) {
	s := open(t, small(), 119, 36).show(100).do(keymap.FoldZeros)
	s.do(keymap.Select, keymap.Right, keymap.Right, keymap.Down)
	if got := s.v.Status(); !strings.Contains(got, "19 bytes selected") {
		t.Errorf("status %q", got)
	}
	s.do(keymap.Escape)
	s.do(keymap.ExtendLeft, keymap.ExtendLeft)
	if got := s.v.Status(); !strings.Contains(got, "3 bytes selected") {
		t.Errorf("status %q", got)
	}
}

func TestRefusedDisk(t *testing.T) {
	f := small()
	f.refused = errors.New("the BAT lies past the end\x1b[31m of the file")
	for _, size := range sizes {
		s := open(t, f, size[0], size[1])
		s.expect("can't be read", "past the end")
		s.do(keymap.Down, keymap.PageDown, keymap.Last, keymap.NextRun, keymap.OtherSpace, keymap.Follow, keymap.Select)
		if s.v.Disabled(keymap.Down) == "" || s.v.Disabled(keymap.Zoom) != "" {
			t.Error("moving is not disabled, or zooming is")
		}
	}
}

func TestChangedStaysAndReadsAnew(t *testing.T) {
	f := small()
	s := open(t, f, 119, 36).show(block + 3)
	g := small()
	g.content[block] = append([]byte("xxxSOMETHING ELSE"), make([]byte, 495)...)
	s.run(s.v.Update(views.Changed{Image: g}))
	if s.at() != block+3 {
		t.Errorf("the cursor is at %#x", s.at())
	}
	s.expect("xxxSOMETHING ELS")
}

func TestLateAnswersAreDropped(t *testing.T) {
	s := open(t, small(), 119, 36)
	late := s.v.Do(keymap.Last)
	s.run(s.v.Update(views.Changed{Image: giant()}))
	before := s.text()
	s.run(late)
	if got := s.text(); got != before {
		t.Errorf("a late answer changed\n%s\nto\n%s", before, got)
	}
}

// TestHeldKey holds that keys cost no more than moving numbers.
func TestHeldKey(t *testing.T) {
	s := open(t, small(), 199, 56)
	n := testing.AllocsPerRun(100, func() {
		s.v.Do(keymap.Down)
		s.v.View()
	})
	if n > 300 {
		t.Errorf("a key costs %v allocations", n)
	}
	s.v.View()
	if n := testing.AllocsPerRun(100, func() { s.v.View() }); n > 0 {
		t.Errorf("a frame that did not change costs %v allocations", n)
	}
}

func TestFrameAllocations(t *testing.T) {
	s := open(t, small(), 199, 56).show(446)
	n := testing.AllocsPerRun(50, func() {
		s.v.SetSize(199, 56)
		s.v.View()
	})
	if n > 100 {
		t.Errorf("a frame costs %v allocations", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	s := open(b, small(), 199, 56).show(446)
	for b.Loop() {
		s.v.SetSize(199, 56)
		s.v.View()
	}
}

func TestMouse(t *testing.T) {
	s := open(t, small(), 119, 36)
	s.do(keymap.FoldZeros).run(s.v.Mouse(1+8+2+3*4, 3, views.Click)) // fifth byte of the second row under the ruler
	if s.at() != 16+4 {
		t.Errorf("a click leads to %#x", s.at())
	}
	s.run(s.v.Mouse(10, 10, views.WheelDown))
	s.run(s.v.Mouse(100, 3, views.Click))
	if s.v.Context() != keymap.Partitions {
		t.Errorf("a click on the list leaves the focus in %s", s.v.Context())
	}
}

func TestPointing(t *testing.T) {
	s := open(t, small(), 119, 36).show(446 + 4)
	p, ok := s.v.Pointed()
	if n, _ := p.Node(); !ok || n.Name != "type" || p.Place() != n.Place || p.Partition != 0 || p.File != "fake.vhd" {
		t.Errorf("points at %+v", p)
	}
	s.show(block+600).do(keymap.OtherSpace, keymap.Select, keymap.Right)
	want := decode.Place{File: disk.VirtualDisk, Offset: block + 600, Length: 2}
	if p, _ := s.v.Pointed(); p.Selection != want || p.Place() != want || p.Partition != 1 {
		t.Errorf("points at %+v", p)
	}
}

func TestMarksShow(t *testing.T) {
	s := open(t, small(), 119, 36).show(block + 43)
	before := s.v.View()
	s.run(s.v.Update(views.Marks{
		Hits:  []decode.Place{{File: disk.VirtualDisk, Offset: block + 54, Length: 3}},
		Signs: []views.Sign{{Place: decode.Place{File: disk.VirtualDisk, Offset: block + 43}, Rune: '#'}},
	}))
	s.expect("00010020# ")
	if s.v.View() == before {
		t.Error("a hit does not show")
	}
}

// TestValueComesBeforeTheWay holds that a small screen shows the value of the
// field under the cursor, whatever way leads there.
func TestValueComesBeforeTheWay(t *testing.T) {
	open(t, small(), 79, 20).show(446 + 4).expect("> type = 0x0e (FAT16 LBA)")
	open(t, small(), 119, 24).show(446 + 4).expect("master boot record > partition entries > partition entry 1 > type = 0x0e (FAT16 LBA)")
}

func TestSelectionGrows(t *testing.T) {
	for name, tt := range map[string]struct {
		at, unit int64
		byHand   int // bytes by hand, before
		want     []int
	}{
		"field":                       {at: 446 + 9, want: []int{1, 4, 16, 64, 512, block, 4 << 20}},
		"partition across blocks":     {at: block + 1100, unit: 1 << 20, want: []int{1, 512, 1 << 20, 2 << 20, 4 << 20}},
		"partition in a block":        {at: block + 1100, unit: 4 << 20, want: []int{1, 512, 2 << 20, 4 << 20}},
		"partition of several blocks": {at: block + 1100, want: []int{1, 512, block, 2 << 20, 4 << 20}},
		"after the partition":         {at: 3 << 20, unit: 1 << 20, want: []int{1, 512, 1 << 20, 4 << 20}},
		"what is selected by hand":    {at: block + 1000, unit: 1 << 20, byHand: 100, want: []int{1 << 20, 2 << 20, 4 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			f := small()
			f.unit = tt.unit
			s := open(t, f, 119, 36).show(tt.at)
			for range tt.byHand {
				s.do(keymap.ExtendRight)
			}
			for _, n := range tt.want {
				s.do(keymap.GrowSelect)
				want := fmt.Sprintf("| %d bytes selected", n)
				if n == 1 {
					want = "| 1 byte selected"
				}
				if got := s.v.Status(); !strings.Contains(got, want) {
					t.Fatalf("status %q, want %q", got, want)
				}
				p, _ := s.v.Pointed()
				if sel := p.Selection; sel.Offset > tt.at || sel.End() <= tt.at {
					t.Errorf("%+v does not hold the byte where it began", sel)
				}
			}
			s.do(keymap.GrowSelect)
			if got := s.v.Status(); !strings.Contains(got, fmt.Sprintf("| %d bytes selected", 4<<20)) {
				t.Errorf("more than the disk: %q", got)
			}
		})
	}
}

func BenchmarkKey(b *testing.B) {
	s := open(b, small(), 199, 56)
	for i := 0; b.Loop(); i++ {
		if i%600 == 0 {
			s.v.Do(keymap.First)
		}
		s.run(s.v.Do(keymap.Down))
		s.v.View()
	}
}
