package theme_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"platter/views/theme"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestDetectProfile(t *testing.T) {
	for _, tt := range []struct {
		env  []string
		want theme.Profile
	}{
		{[]string{"TERM", "xterm"}, theme.Colors16},
		{[]string{"TERM", "xterm-256color"}, theme.Colors256},
		{[]string{"TERM", "tmux", "COLORTERM", "truecolor"}, theme.Colors256},
		{[]string{"TERM", "xterm-256color", "NO_COLOR", "1"}, theme.NoColor},
		{[]string{"TERM", "dumb"}, theme.NoColor},
		{[]string{"TERM", "vt100"}, theme.NoColor},
		{nil, theme.Colors16},
	} {
		if got := theme.DetectProfile(env(tt.env...)); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.env, got, tt.want)
		}
	}
}

func TestDetectGlyphs(t *testing.T) {
	for _, tt := range []struct {
		env  []string
		want theme.Glyphs
	}{
		{[]string{"LANG", "de_DE.UTF-8"}, theme.Unicode},
		{[]string{"LC_ALL", "C", "LANG", "de_DE.UTF-8"}, theme.ASCII},
		{[]string{"LANG", "en_US.utf8", "TERM", "linux"}, theme.ASCII},
		{nil, theme.ASCII},
	} {
		if got := theme.DetectGlyphs(env(tt.env...)); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.env, got, tt.want)
		}
	}
}

func TestNoColorKeepsAttributes(t *testing.T) {
	for _, name := range theme.Names() {
		th, err := theme.New(name, theme.NoColor, theme.ASCII)
		if err != nil {
			t.Fatal(err)
		}
		for s := theme.Plain; s <= theme.StateMissing; s++ {
			for _, code := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(th.SGR(s), "\x1b["), "m"), ";") {
				if !strings.Contains("01247", code) {
					t.Errorf("%s: style %d sends %q", name, s, th.SGR(s))
				}
			}
		}
		plain := th.SGR(theme.Plain)
		for _, s := range []theme.Style{theme.Cursor, theme.CursorIdle, theme.Selected, theme.TabActive, theme.ByteZero.Field(), theme.Failure} {
			if th.SGR(s) == plain {
				t.Errorf("%s: style %d can't be seen without colour", name, s)
			}
		}
		seen := map[string]theme.Style{}
		for _, s := range []theme.Style{theme.ByteHigh, theme.ByteText.Field(), theme.Cursor, theme.CursorIdle, theme.ByteStaged, theme.ByteSelected, theme.ByteHit} {
			if other, ok := seen[th.SGR(s)]; ok {
				t.Errorf("%s: without colour, style %d of bytes looks like style %d", name, s, other)
			}
			seen[th.SGR(s)] = s
		}
	}
}

func TestUnknownThemeSaysWhichThereAre(t *testing.T) {
	_, err := theme.New("plaid", theme.Colors16, theme.ASCII)
	if err == nil || !strings.Contains(err.Error(), "high-contrast") {
		t.Errorf("error %v", err)
	}
}

func TestStatesDifferWithoutColour(t *testing.T) {
	for _, g := range []theme.Glyphs{theme.ASCII, theme.Unicode} {
		seen := map[rune]string{}
		for _, s := range g.States() {
			if other, ok := seen[s.Glyph]; ok {
				t.Errorf("%s and %s are both %c", other, s.Name, s.Glyph)
			}
			seen[s.Glyph] = s.Name
		}
		for part := 1; part < 4; part++ {
			if name, ok := seen[g.Density(part)]; ok {
				t.Errorf("density %d looks like %s", part, name)
			}
		}
	}
}

func TestClasses(t *testing.T) {
	for b, want := range map[byte]theme.Style{
		0: theme.ByteZero, 0xFF: theme.ByteFF, 'A': theme.ByteText, '~': theme.ByteText, ' ': theme.ByteSpace,
		'\n': theme.ByteSpace, 1: theme.ByteControl, 0x7F: theme.ByteControl, 0x80: theme.ByteHigh,
	} {
		if got := theme.Class(b); got != want {
			t.Errorf("%#x: %d, want %d", b, got, want)
		}
	}
	if theme.ByteHigh.Field() == theme.ByteHigh || theme.Plain.Field() != theme.Plain {
		t.Error("Field marks the wrong styles")
	}
}

var color256 = regexp.MustCompile(`([34])8;5;(\d+)`)

// TestContrast holds text to a luminance contrast of 4.5, as it is seen and
// as simulated for the two commoner kinds of colour blindness.
func TestContrast(t *testing.T) {
	text := []theme.Style{
		theme.Title, theme.Tab, theme.TabActive, theme.Status, theme.Hint, theme.HintKey, theme.FrameTitle, theme.Label, theme.Value,
		theme.Link, theme.Good, theme.Note, theme.Warn, theme.Error, theme.Selected, theme.Message, theme.Failure, theme.Mark,
		theme.ByteText, theme.ByteHigh, theme.ByteHigh.Field(), theme.ByteText.Field(), theme.Cursor, theme.StateFull,
	}
	for _, name := range theme.Names() {
		th, _ := theme.New(name, theme.Colors256, theme.Unicode)
		for _, s := range text {
			fg, bg := 255, 16
			if name == "light" {
				fg, bg = 16, 231
			}
			for _, m := range color256.FindAllStringSubmatch(th.SGR(s), -1) {
				n, _ := strconv.Atoi(m[2])
				if m[1] == "3" {
					fg = n
				} else {
					bg = n
				}
			}
			for kind, see := range sight {
				if c := contrast(see(rgb(fg)), see(rgb(bg))); c < 4.5 {
					t.Errorf("%s: style %d has contrast %.1f (%s)", name, s, c, kind)
				}
			}
		}
	}
}
