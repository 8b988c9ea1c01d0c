package grid_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/views/grid"
	"platter/views/theme"
)

func look(t testing.TB, p theme.Profile, g theme.Glyphs) *theme.Theme {
	t.Helper()
	th, err := theme.New("dark", p, g)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func frame(t *testing.T, w, h int, draw func(grid.Area)) []string {
	t.Helper()
	var g grid.Grid
	g.Resize(w, h)
	draw(g.Area())
	return strings.Split(ansi.Strip(g.String(look(t, theme.Colors256, theme.ASCII))), "\n")
}

func TestTextIsCutAtTheEdges(t *testing.T) {
	got := frame(t, 6, 3, func(a grid.Area) {
		a.Text(-2, 0, "abcdefghij", theme.Plain)
		a.Sub(1, 1, 3, 1).Text(0, 0, "abcdef", theme.Error)
		a.Sub(1, 1, 3, 1).Text(0, 1, "below", theme.Error)
		a.TextRight(6, 2, "xyz", theme.Plain)
	})
	want := []string{"cdefgh", " abc  ", "   xyz"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

func TestWideAndZeroWidthRunes(t *testing.T) {
	got := frame(t, 5, 4, func(a grid.Area) {
		a.Text(0, 0, "a磁e\u0301\u200bb", theme.Plain)
		a.Text(0, 1, "abcd磁", theme.Plain)
		a.Text(0, 2, "磁磁", theme.Plain)
		a.Set(1, 2, 'x', theme.Plain)
		a.Text(0, 3, "磁磁", theme.Plain)
		a.Set(2, 3, 'y', theme.Plain)
	})
	want := []string{"a磁eb", "abcd ", " x磁 ", "磁y  "}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

func TestBox(t *testing.T) {
	got := frame(t, 12, 3, func(a grid.Area) {
		a.Box(look(t, theme.NoColor, theme.ASCII), "Header 2", true).Text(0, 0, "inside it is cut", theme.Plain)
	})
	want := []string{"+= Head.. =+", "|inside it |", "+==========+"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

// TestLinesAreAsWideAsAsked draws at random, with text of all kinds.
func TestLinesAreAsWideAsAsked(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	alphabet := []rune("abc 磁盘한é\u0301\u200b\u202e·█→\x00\x1b")
	th := look(t, theme.Colors16, theme.Unicode)
	var g grid.Grid
	for range 200 {
		w, h := rnd.IntN(40), rnd.IntN(5)
		g.Resize(w, h)
		for range 40 {
			text := ""
			for range rnd.IntN(8) {
				text += string(alphabet[rnd.IntN(len(alphabet))])
			}
			g.Area().Text(rnd.IntN(50)-5, rnd.IntN(7)-1, text, theme.Style(rnd.IntN(20)))
		}
		out := g.String(th)
		if h == 0 {
			continue
		}
		lines := strings.Split(out, "\n")
		if len(lines) != h {
			t.Fatalf("%d lines of %d", len(lines), h)
		}
		for _, l := range lines {
			if grid.Width(ansi.Strip(l)) != w {
				t.Fatalf("%q is not %d wide", l, w)
			}
		}
	}
}

func TestStyleIsSentOnChangeOnly(t *testing.T) {
	var g grid.Grid
	g.Resize(10, 1)
	g.Area().Text(0, 0, "aaaaa", theme.Error)
	if n := strings.Count(g.String(look(t, theme.Colors16, theme.ASCII)), "\x1b["); n != 2 {
		t.Errorf("%d sequences, want 2", n)
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		text        string
		w           int
		fit, atLeft string
	}{
		{"short", 5, "short", "short"},
		{"longer", 5, "lon..", "..ger"},
		{"磁磁磁", 5, "磁..", "..磁"},
		{"abc", 2, "ab", "ab"},
	} {
		if got := grid.Fit(tt.text, tt.w); got != tt.fit {
			t.Errorf("Fit(%q, %d) = %q", tt.text, tt.w, got)
		}
		if got := grid.FitLeft(tt.text, tt.w); got != tt.atLeft {
			t.Errorf("FitLeft(%q, %d) = %q", tt.text, tt.w, got)
		}
	}
}

func TestWrap(t *testing.T) {
	got := grid.Wrap("Two copies; the valid one rules.\nabcdefghijklmnop", 10)
	want := "Two|copies;|the valid|one rules.|abcdefghij|klmnop"
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
}

func TestScroll(t *testing.T) {
	var s grid.Scroll
	s.Fit(67_000_000, 10)
	steps := []struct {
		do          func()
		top, cursor int64
	}{
		{func() { s.Move(3) }, 0, 3},
		{func() { s.Page(1) }, 9, 12},
		{func() { s.Move(-5) }, 7, 7},
		{func() { s.To(66_999_999) }, 66_999_990, 66_999_999},
		{func() { s.Move(1) }, 66_999_990, 66_999_999},
		{func() { s.Wheel(-20) }, 66_999_970, 66_999_979},
		{func() { s.Center(1000) }, 995, 1000},
		{func() { s.Fit(5, 10) }, 0, 4},
		{func() { s.Fit(0, 10) }, 0, 0},
	}
	for i, st := range steps {
		st.do()
		if s.Top != st.top || s.Cursor != st.cursor {
			t.Errorf("step %d: top %d cursor %d, want %d %d", i, s.Top, s.Cursor, st.top, st.cursor)
		}
	}
	if _, ok := s.At(0); ok {
		t.Error("an empty list has a row")
	}
}

func draw(g *grid.Grid) {
	a := g.Area()
	for y := range a.H() {
		for x := range a.W() {
			a.Set(x, y, rune('a'+x%20), theme.ByteZero+theme.Style((x/3)%6))
		}
	}
}

func TestFrameCostsOneString(t *testing.T) {
	th := look(t, theme.Colors256, theme.Unicode)
	var g grid.Grid
	g.Resize(200, 60)
	_ = g.String(th)
	if n := testing.AllocsPerRun(20, func() { g.Clear(); draw(&g); _ = g.String(th) }); n > 1 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkFrame200x60(b *testing.B) {
	th := look(b, theme.Colors256, theme.Unicode)
	var g grid.Grid
	g.Resize(200, 60)
	b.ReportAllocs()
	for b.Loop() {
		g.Clear()
		draw(&g)
		_ = g.String(th)
	}
}

// TestTextWrapIsWrap draws texts and compares with the lines of Wrap.
func TestTextWrapIsWrap(t *testing.T) {
	th, err := theme.New("mono", theme.NoColor, theme.ASCII)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "a", "two words", "a longer text that takes some lines, one averyveryverylongword among them", "  blanks  around ", "\u4e16\u754c wide \u4e16\u754c\u4e16\u754c\u4e16\u754c"} {
		for w := 4; w < 30; w++ {
			var drawn, wrapped grid.Grid
			drawn.Resize(w+2, 40)
			wrapped.Resize(w+2, 40)
			want := grid.Wrap(text, w)
			for y, l := range want {
				wrapped.Area().Text(2, y, l, theme.Plain)
			}
			if n := drawn.Area().TextWrap(2, 0, text, theme.Plain); n != len(want) || drawn.String(th) != wrapped.String(th) {
				t.Errorf("%q in %d columns: %d lines, want %d:\n%s", text, w, n, len(want), drawn.String(th))
			}
		}
	}
}
