package blockmap_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/theme"
	"platter/views/viewtest"
)

func screen(v *blockmap.View) string { return ansi.Strip(v.View()) }

// stateLines finds what the cell panel says: "688 present" and the like.
var stateLines = regexp.MustCompile(`([0-9][0-9 ]*) (not present|zero|in parent|present|partial|unmapped|no parent|missing|overlap)\b`)

// shownCounts reads the counts of the cell under the cursor off the screen.
func shownCounts(t *testing.T, v *blockmap.View) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	in := false
	for _, line := range strings.Split(screen(v), "\n") {
		_, panel, ok := strings.Cut(line, "||")
		if strings.Contains(panel, "state ") {
			in = true
		} else if in && !strings.HasPrefix(strings.TrimRight(panel, "| "), "          ") {
			break
		}
		if !ok || !in {
			continue
		}
		for _, m := range stateLines.FindAllStringSubmatch(panel, -1) {
			n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(m[1]), " ", ""), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			counts[m[2]] += n
		}
	}
	return counts
}

// walked counts the blocks of a range by a walk over the map of its own.
func walked(t *testing.T, img disk.Image, block, first, n int64) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for b := first; b < first+n; b++ {
		seen := map[string]bool{}
		length := min(block, img.Info().VirtualSize-b*block)
		for s, err := range img.Map(b*block, length) {
			if err != nil {
				t.Fatal(err)
			}
			word := map[disk.State]string{
				disk.Data: "present", disk.Zero: "zero", disk.Unallocated: "not present", disk.FromParent: "no parent",
				disk.Unmapped: "unmapped", disk.Missing: "missing",
			}[s.State]
			if s.State == disk.Data && s.Layer > 0 {
				word = "in parent"
			}
			seen[word] = true
		}
		counts[worded(seen)]++
	}
	return counts
}

func worded(seen map[string]bool) string {
	for _, word := range []string{"missing", "no parent"} {
		if seen[word] {
			return word
		}
	}
	if seen["present"] && len(seen) > 1 {
		return "partial"
	}
	for _, word := range []string{"present", "unmapped", "in parent", "zero"} {
		if seen[word] {
			return word
		}
	}
	return "not present"
}

func TestCellsAgreeWithAWalkOfTheMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 1))
	states := []disk.State{disk.Data, disk.Zero, disk.Unallocated, disk.Unmapped, disk.FromParent, disk.Missing}
	fake := enginetest.NewFake(rnd, 70_001, 512, states...)
	v := open(t, fake, 199, 56)
	for level := 0; ; level++ {
		for range 6 {
			press(v, keymap.First)
			for range rnd.IntN(40) {
				press(v, []keymap.Action{keymap.Right, keymap.Down, keymap.LeapRight, keymap.LeapDown}[rnd.IntN(4)])
			}
			first, n := shownRange(t, v)
			if got, want := shownCounts(t, v), walked(t, fake, 512, first, n); !same(got, want) {
				t.Fatalf("blocks %d + %d: %v, want %v\n%s", first, n, got, want, screen(v))
			}
		}
		if v.Disabled(keymap.ZoomIn) != "" {
			if level < 4 {
				t.Fatalf("only %d levels", level)
			}
			return
		}
		press(v, keymap.ZoomIn)
	}
}

func same(a, b map[string]int64) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

var blockRange = regexp.MustCompile(`\|\| (?:blocks|grains|units ) +([0-9 ]+?)(?: \.\. ([0-9 ]+?) \(([0-9 ]+)\))? *\|`)

// shownRange reads off the screen which blocks the cell has.
func shownRange(t *testing.T, v *blockmap.View) (first, n int64) {
	t.Helper()
	m := blockRange.FindStringSubmatch(screen(v))
	if m == nil {
		t.Fatalf("no blocks in\n%s", screen(v))
	}
	number := func(s string) int64 {
		n, _ := strconv.ParseInt(strings.ReplaceAll(s, " ", ""), 10, 64)
		return n
	}
	if m[3] == "" {
		return number(m[1]), 1
	}
	return number(m[1]), number(m[3])
}

func TestZoomFollowsWhatMatters(t *testing.T) {
	v := open(t, archive(), 119, 36)
	for range 200 { // to the cell with the overlap
		press(v, keymap.NextMark)
		if shownCounts(t, v)["overlap"] > 0 {
			break
		}
	}
	if got := shownCounts(t, v)["overlap"]; got != 2 {
		t.Fatalf("the marks do not lead to the overlap\n%s", screen(v))
	}
	for v.Disabled(keymap.ZoomIn) == "" {
		press(v, keymap.ZoomIn)
	}
	if first, n := shownRange(t, v); first != twice || n != 1 {
		t.Errorf("zoomed to blocks %d + %d, want %d", first, n, twice)
	}
	if s := v.Status(); !strings.Contains(s, "block 92 725 overlap") || !strings.Contains(s, "BAT[92747]") {
		t.Errorf("status %q", s)
	}
	press(v, keymap.NextMark)
	if first, _ := shownRange(t, v); first != twice+2 {
		t.Errorf("the next change is block %d, want %d", first, twice+2)
	}
	press(v, keymap.NextMark)
	if first, _ := shownRange(t, v); first != lost {
		t.Errorf("the next change is block %d, want %d: the missing one", first, lost)
	}
	press(v, keymap.PrevMark)
	if first, _ := shownRange(t, v); first != lost-1 {
		t.Errorf("the change before is at block %d, want %d", first, lost-1)
	}
	for v.Disabled(keymap.ZoomOut) == "" {
		press(v, keymap.ZoomOut)
	}
	if first, n := shownRange(t, v); first > lost-1 || first+n <= lost-1 {
		t.Errorf("zooming out leads to blocks %d + %d", first, n)
	}
}

func TestStopAndReload(t *testing.T) {
	w := archive()
	v := blockmap.New(views.Env{Image: w, Theme: viewtest.Theme(t)})
	v.SetSize(119, 36)
	cmd := v.Start()
	if w.asked.Load() != 0 || !strings.Contains(screen(v), "not scanned") {
		t.Errorf("before any command ran, %d blocks were asked for:\n%s", w.asked.Load(), screen(v))
	}
	if !v.Stop() || v.Stop() {
		t.Error("there was one scan to stop")
	}
	viewtest.Run(v, cmd)
	if !strings.Contains(screen(v), "stopped at 0 %") {
		t.Errorf("a stopped scan went on:\n%s", screen(v))
	}
	viewtest.Run(v, v.Update(views.Changed{Image: w}))
	if got := screen(v); strings.Contains(got, "not scanned") || !strings.Contains(got, "13 278") {
		t.Errorf("after a reload:\n%s", got)
	}
}

func TestChangesShow(t *testing.T) {
	w := archive()
	v := open(t, w, 119, 36)
	before := screen(v)
	state := w.state
	w.state = func(b int64) [2]disk.Span {
		if b == 5 {
			return w.none(disk.Missing)
		}
		return state(b)
	}
	viewtest.Run(v, v.Update(views.Changed{Image: w}))
	if got := screen(v); got == before || shownCounts(t, v)["missing"] != 1 {
		t.Errorf("a change does not show:\n%s", got)
	}
}

func TestAFaultStaysWhereItIs(t *testing.T) {
	w := archive()
	w.broken = 125_000
	v := open(t, w, 119, 36)
	got := screen(v)
	if !strings.Contains(got, "X") || strings.Count(v.Status(), "can't be read") != 1 || strings.Contains(v.Status(), "\x1b") {
		t.Errorf("status %q\n%s", v.Status(), got)
	}
	press(v, keymap.Last)
	if shownCounts(t, v)["not present"] != 128 {
		t.Errorf("after the fault nothing is counted:\n%s", got)
	}
}

func TestARefusedImageStillShowsItsFiles(t *testing.T) {
	w := archive()
	w.refused = disk.Errorf(disk.Damaged, decode.Place{File: name, Offset: tables, Length: 8}, "the table is \x1b[31m cut")
	for _, s := range sizes {
		v := open(t, w, s.w, s.h)
		viewtest.Golden(t, "refused-"+terminal(s.w, s.h), v.View(), s.w, s.h)
		for _, a := range []keymap.Action{keymap.Down, keymap.ZoomIn, keymap.ZoomOut, keymap.NextMark, keymap.Open, keymap.TableEntry, keymap.Overlay, keymap.Last} {
			press(v, a)
			v.View()
		}
	}
}

// Whatever the cells show is in the legend, in every overlay.
func TestTheLegendExplainsEveryMark(t *testing.T) {
	for _, s := range sizes {
		v := open(t, archive(), s.w, s.h)
		for range 3 {
			lines := strings.Split(screen(v), "\n")
			at, width := 17, s.w
			switch s.w {
			case 119:
				at, width = 33, 74
			case 199:
				at, width = 33, 138
			}
			legend := lines[at][:width] + lines[at+1][:width]
			for _, line := range lines[1:17] {
				for _, r := range line[8:72] {
					if r != ' ' && !strings.Contains(legend, " "+string(r)+" ") {
						t.Fatalf("%dx%d: %q is not explained in %q", s.w, s.h, r, legend)
					}
				}
			}
			press(v, keymap.Overlay)
		}
	}
}

func TestLooksDifferWithoutColour(t *testing.T) {
	for _, glyphs := range []theme.Glyphs{theme.ASCII, theme.Unicode} {
		th, err := theme.New("dark", theme.NoColor, glyphs)
		if err != nil {
			t.Fatal(err)
		}
		v := blockmap.New(views.Env{Image: archive(), Theme: th})
		v.SetSize(199, 56)
		viewtest.Run(v, v.Start())
		legend := string([]rune(strings.Split(screen(v), "\n")[33])[2:136])
		seen := map[rune]string{}
		for _, item := range strings.Split(strings.TrimSpace(legend), "  ") {
			r, words := []rune(item)[0], string([]rune(item)[1:])
			if other, ok := seen[r]; ok {
				t.Errorf("%q means %s and %s", r, words, other)
			}
			seen[r] = words
		}
		if len(seen) < 12 {
			t.Errorf("only %d looks: %q", len(seen), legend)
		}
	}
}

func TestTheFilePlaceIsMirrored(t *testing.T) {
	v := open(t, archive(), 119, 36)
	plain := v.View()
	press(v, keymap.NextMark)
	at := func(s string) int { return strings.Count(s, "\x1b[0;7m") }
	if at(v.View()) != at(plain)+1 {
		t.Errorf("the strip does not show where the block lies:\n%s", v.View())
	}
}

func TestOrderInTheFile(t *testing.T) {
	v := open(t, archive(), 119, 36)
	press(v, keymap.Overlay)
	lines := strings.Split(screen(v), "\n")
	for _, tt := range []struct {
		row, col int
		want     string
	}{{2, 31, ".="}, {3, 31, "<>"}, {4, 31, "<."}, {5, 31, "=."}, {6, 31, ".."}, {7, 31, ".."}, {12, 20, "<"}} {
		if got := lines[tt.row][8+tt.col:][:len(tt.want)]; got != tt.want {
			t.Errorf("row %d from cell %d: %q, want %q\n%s", tt.row, tt.col, got, tt.want, lines[tt.row])
		}
	}
}

// The question is: which blocks are stored, but hold only zeros?
func TestContentFindsStoredZeros(t *testing.T) {
	w := &world{blocks: 512, block: mib, natural: true, size: 1 * gib}
	w.state = func(b int64) [2]disk.Span {
		if b%2 == 0 {
			return w.data(0, name, 2*mib+b*mib)
		}
		return w.none(disk.Unallocated)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, mib)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	w.byteAt = func(off int64) byte {
		switch b := off / mib; {
		case b == 66 || b == 68 && off%mib != mib-3:
			return 0
		case b < 100:
			return "some text and some more of it. "[off%31]
		}
		return noise[off%mib]
	}
	v := open(t, w, 119, 36)
	press(v, keymap.Overlay, keymap.Overlay)
	lines := strings.Split(screen(v), "\n")
	if got := lines[2][8 : 8+10]; got != "o.0.:.o.o." {
		t.Errorf("row of block 64: %q\n%s", got, screen(v))
	}
	if !strings.Contains(lines[3], "#.#.#") {
		t.Errorf("noise does not look dense:\n%s", screen(v))
	}
	press(v, keymap.Down, keymap.NextMark, keymap.NextMark)
	if first, _ := shownRange(t, v); first != 66 {
		t.Errorf("the marks lead to block %d, want 66", first)
	}
	if !strings.Contains(screen(v), "stored, all zero") {
		t.Errorf("block 66:\n%s", screen(v))
	}
}

func TestSamplingStops(t *testing.T) {
	w := archive()
	v := open(t, w, 79, 20)
	press(v, keymap.Overlay)
	cmd := v.Do(keymap.Overlay)
	if !strings.Contains(v.Status(), "sampling 0 of 1 024") {
		t.Errorf("status %q", v.Status())
	}
	if !v.Stop() {
		t.Error("there was a job to stop")
	}
	viewtest.Run(v, cmd)
	if strings.Contains(v.Status(), "sampling") {
		t.Errorf("status %q", v.Status())
	}
}

func TestDisksOfOddSizes(t *testing.T) {
	for _, w := range []*world{
		{blocks: 1, block: 64 << 10, tail: 512},
		{blocks: 3, block: 1000, natural: true, tail: 1},
		{blocks: 4097, block: 3 * mib, natural: true, tail: 5},
		{blocks: 0, block: 512, natural: true},
	} {
		w.size = 10
		w.state = func(b int64) [2]disk.Span { return w.none(disk.Zero) }
		for _, s := range append(sizes, struct{ w, h int }{0, 0}, struct{ w, h int }{20, 5}, struct{ w, h int }{59, 11}) {
			v := open(t, w, s.w, s.h)
			for _, a := range []keymap.Action{keymap.Last, keymap.ZoomIn, keymap.PageUp, keymap.Down, keymap.RowEnd, keymap.First, keymap.NextMark, keymap.NextPane, keymap.Last, keymap.Open} {
				press(v, a)
				viewtest.Lines(t, v.View(), s.w, max(s.h, 1))
			}
		}
	}
}

// A disk of 8 EiB whose map is one span is a matter of arithmetic.
func TestTheLargestDisk(t *testing.T) {
	v := open(t, vast{}, 119, 36)
	for v.Disabled(keymap.ZoomIn) == "" {
		press(v, keymap.ZoomIn)
	}
	press(v, keymap.Last)
	if first, n := shownRange(t, v); n != 1 || first != (1<<63-1)/512 {
		t.Errorf("the last block is %d + %d", first, n)
	}
	if shownCounts(t, v)["zero"] != 1 {
		t.Errorf("\n%s", screen(v))
	}
}
