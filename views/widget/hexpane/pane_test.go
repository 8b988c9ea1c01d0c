package hexpane_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/keymap"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/hexpane"
)

func show(t testing.TB, data []byte, w, h int) *hexpane.Pane {
	t.Helper()
	p := &hexpane.Pane{Fold: true}
	p.SetSize(w, h)
	p.Show(hexpane.Source{Name: "f", Size: int64(len(data)), Data: bytes.NewReader(data)})
	fill(p)
	return p
}

// fill answers until nothing is asked.
func fill(p *hexpane.Pane) {
	for reqs := p.Take(); len(reqs) > 0; reqs = p.Take() {
		for _, r := range reqs {
			p.Fill(r.Do())
		}
	}
}

func lines(t testing.TB, p *hexpane.Pane, w, h int) []string {
	t.Helper()
	fill(p)
	th, err := theme.New("dark", theme.NoColor, theme.ASCII)
	if err != nil {
		t.Fatal(err)
	}
	var g grid.Grid
	g.Resize(w, h)
	p.Draw(g.Area(), true)
	out := strings.Split(ansi.Strip(g.String(th)), "\n")
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ")
	}
	return out
}

func sample() []byte {
	b := make([]byte, 0x400)
	copy(b, "head\x9a\x3c\x51\xe7")
	for i := range 16 {
		b[0x10+i] = byte(i * 17)
	}
	copy(b[0x200:], "sector")
	b[0x3FF] = 1
	return b
}

func TestRowsAndFolds(t *testing.T) {
	p := show(t, sample(), 78, 8)
	want := []string{
		"00000000  68 65 61 64 9a 3c 51 e7  00 00 00 00 00 00 00 00  head.<Q.........",
		`00000010  00 11 22 33 44 55 66 77  88 99 aa bb cc dd ee ff  .."3DUfw........`,
		"          * 30 zero rows folded (o to unfold)",
		"00000200  73 65 63 74 6f 72 00 00  00 00 00 00 00 00 00 00  sector..........",
		"          * 30 zero rows folded (o to unfold)",
		"000003f0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 01  ................",
		"", "",
	}
	got := lines(t, p, 78, 8)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d\n got %q\nwant %q", i, got[i], want[i])
		}
	}
	p.ToggleFold()
	if got := lines(t, p, 78, 8)[2]; !strings.HasPrefix(got, "00000020  00 00") {
		t.Errorf("unfolded row is %q", got)
	}
}

func TestMovesSkipFolds(t *testing.T) {
	p := show(t, sample(), 78, 8)
	var path []string
	step := func(do func()) { do(); fill(p); path = append(path, fmt.Sprintf("%x", p.Cursor())) }
	step(func() { p.Step(3) })
	step(func() { p.Down(1) })
	step(func() { p.Down(1) })
	step(func() { p.Down(1) })
	step(func() { p.Down(1) })
	step(func() { p.Down(-1) })
	step(func() { p.Down(-1) })
	step(func() { p.Do(keymap.RowEnd) })
	step(func() { p.Do(keymap.RowStart) })
	step(func() { p.Go(1 << 40) })
	step(func() { p.Step(-1 << 40) })
	if got, want := strings.Join(path, " "), "3 13 203 3f3 3f3 203 13 1f 10 3ff 0"; got != want {
		t.Errorf("cursor went %s, want %s", got, want)
	}
}

func TestCursorInsideZerosShows(t *testing.T) {
	p := show(t, sample(), 78, 8)
	p.Go(0x105)
	got := strings.Join(lines(t, p, 78, 8), "\n")
	if !strings.Contains(got, "00000100  00 00") || !strings.Contains(got, "* 14 zero rows") || !strings.Contains(got, "* 15 zero rows") {
		t.Errorf("got\n%s", got)
	}
}

// hole is a large file with a few bytes far apart.
type hole struct{ size int64 }

func (h hole) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	n := int(min(int64(len(b)), h.size-off))
	for _, at := range []int64{0, h.size - 1} {
		if at >= off && at < off+int64(n) {
			b[at-off] = 0xAB
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func TestLargeHolesFoldInBoundedTime(t *testing.T) {
	p := &hexpane.Pane{Fold: true}
	p.SetSize(100, 6)
	const size = 64 << 40
	p.Show(hexpane.Source{Name: "f", Size: size, Data: hole{size}})
	p.Go(size - 1)
	got := strings.Join(lines(t, p, 100, 6), "\n")
	if !strings.Contains(got, "3ffffffffff0  00") {
		t.Errorf("the end does not show:\n%s", got)
	}
	p.Go(0)
	got = strings.Join(lines(t, p, 100, 6), "\n")
	if !strings.Contains(got, "zeros for at least") {
		t.Errorf("the hole does not fold:\n%s", got)
	}
}

// TestProbesFindWhereZerosEnd has data right at the start of pages that are
// reached by looking ahead only.
func TestProbesFindWhereZerosEnd(t *testing.T) {
	data := make([]byte, 8<<16)
	for i := range 8 {
		copy(data[i<<16:], fmt.Sprintf("page %d", i))
	}
	p := show(t, data, 78, 30)
	got := strings.Join(lines(t, p, 78, 30), "\n")
	for i := range 8 {
		if !strings.Contains(got, fmt.Sprintf("page %d", i)) {
			t.Errorf("page %d does not show in\n%s", i, got)
		}
	}
}

type failing struct{}

func (failing) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	return 5, errors.New("bad sector")
}

func TestUnreadableBytesAreNoZeros(t *testing.T) {
	p := &hexpane.Pane{Fold: true}
	p.SetSize(78, 2)
	p.Show(hexpane.Source{Name: "f", Size: 32, Data: failing{}})
	got := lines(t, p, 78, 2)
	if want := "00000000! 00 00 00 00 00 ?? ?? ??  ?? ?? ?? ?? ?? ?? ?? ??  ....."; got[0] != want {
		t.Errorf("got  %q\nwant %q", got[0], want)
	}
	if p.Err() == nil {
		t.Error("no error is told")
	}
}

func TestWaitingShowsDots(t *testing.T) {
	p := &hexpane.Pane{}
	p.SetSize(78, 1)
	p.Show(hexpane.Source{Name: "f", Size: 16, Data: bytes.NewReader(make([]byte, 16))})
	var g grid.Grid
	g.Resize(78, 1)
	p.Draw(g.Area(), true)
	th, _ := theme.New("dark", theme.NoColor, theme.ASCII)
	if got := ansi.Strip(g.String(th)); !strings.HasPrefix(got, "00000000  .. .. ") {
		t.Errorf("got %q", got)
	}
}

func TestTextColumns(t *testing.T) {
	p := show(t, []byte("A\xe9\x1b\x9b\xe2\x82\xac\xe2\x80\xaeB\x00\xe4\x00"), 78, 1)
	for _, want := range []string{"A.........B...", "AΘ.¢Γé¼ΓÇ«B.Σ.", "Aé.›â‚¬â€®B.ä.", ". . . . . B ä", "A...€  .  B...", "00"} {
		got := lines(t, p, 78, 1)[0]
		if !strings.HasSuffix(got, "  "+want) && !strings.HasSuffix(got, " "+want) {
			t.Errorf("%s: got %q, want it to end in %q", p.Text(), got, want)
		}
		if strings.ContainsAny(got, "\x1b\u202e\u009b") {
			t.Errorf("%s lets control characters through: %q", p.Text(), got)
		}
		p.CycleText()
	}
}

func TestOffsetsInAllBases(t *testing.T) {
	p := show(t, bytes.Repeat([]byte{1}, 1024), 78, 4)
	p.Go(0x210)
	for _, want := range []string{"00000210 ", "     528 ", "   1+010 "} {
		if got := strings.Join(lines(t, p, 78, 4), "\n"); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
		p.Cycle()
	}
}

func TestBytesPerRowByWidth(t *testing.T) {
	for _, tt := range []struct{ w, want int }{{150, 32}, {137, 32}, {136, 16}, {76, 16}, {73, 16}, {72, 8}, {44, 8}, {20, 4}} {
		if got := show(t, sample(), tt.w, 4).PerRow(); got != tt.want {
			t.Errorf("%d columns: %d bytes, want %d", tt.w, got, tt.want)
		}
	}
	p := show(t, sample(), 150, 4)
	p.Widen(-1)
	if p.PerRow() != 24 {
		t.Errorf("one less is %d", p.PerRow())
	}
	p.Widen(1)
	p.Widen(1)
	if p.PerRow() != 32 {
		t.Errorf("more than fits: %d", p.PerRow())
	}
}

func TestClickFindsTheByteDrawnThere(t *testing.T) {
	p := show(t, sample(), 78, 8)
	for _, tt := range []struct {
		x, y int
		want int64
	}{{10, 0, 0}, {13, 0, 1}, {35, 1, 0x18}, {60, 3, 0x200}, {75, 5, 0x3FF}, {12, 2, 0x20}} {
		if _, ok := p.Click(tt.x, tt.y); !ok || p.Cursor() != tt.want {
			t.Errorf("%d,%d is %#x %v, want %#x", tt.x, tt.y, p.Cursor(), ok, tt.want)
		}
	}
	if _, ok := p.Click(10, 7); ok {
		t.Error("there is a byte below the last row")
	}
}

func frame(p *hexpane.Pane, g *grid.Grid, th *theme.Theme) {
	p.Step(1)
	g.Clear()
	p.Draw(g.Area(), true)
	_ = g.String(th)
}

func busy(t testing.TB) (*hexpane.Pane, *grid.Grid, *theme.Theme) {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	p := show(t, data, 199, 60)
	p.Frame(100, 900, false)
	var g grid.Grid
	g.Resize(199, 60)
	th, err := theme.New("dark", theme.Colors256, theme.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	frame(p, &g, th)
	return p, &g, th
}

func TestCursorMoveAllocations(t *testing.T) {
	p, g, th := busy(t)
	if n := testing.AllocsPerRun(50, func() { frame(p, g, th) }); n > 20 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkCursorMove200x60(b *testing.B) {
	p, g, th := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		frame(p, g, th)
	}
}

// TestRenewKeepsWhatShows holds that a pane whose bytes changed shows the old
// ones, and its cursor, until the new ones are read.
func TestRenewKeepsWhatShows(t *testing.T) {
	data := sample()
	p := show(t, data, 77, 10)
	p.Go(0x201)
	p.Patch(0x201, []byte("XY"))
	if got := string(p.Bytes(0x200, 4)); got != "sXYt" {
		t.Fatalf("patched to %q", got)
	}
	next := bytes.Clone(data)
	copy(next[0x200:], "SECTOR")
	p.Renew(hexpane.Source{Name: "f", Size: int64(len(next)), Data: bytes.NewReader(next)})
	if got := string(p.Bytes(0x200, 4)); got != "sXYt" || p.Cursor() != 0x201 {
		t.Errorf("shows %q at 0x%x before it is read again", got, p.Cursor())
	}
	fill(p)
	if got := string(p.Bytes(0x200, 6)); got != "SECTOR" || p.Cursor() != 0x201 {
		t.Errorf("shows %q at 0x%x", got, p.Cursor())
	}
}
