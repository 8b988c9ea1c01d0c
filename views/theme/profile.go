package theme

import "strings"

// Profile is how many colours may be sent.
type Profile uint8

// The profiles. Attributes (bold, underline, reverse) are sent in all of them.
const (
	NoColor Profile = iota
	Colors16
	Colors256
)

// DetectProfile reads the environment: NO_COLOR (any content) wins, then TERM
// and COLORTERM. getenv is os.Getenv in the program.
func DetectProfile(getenv func(string) string) Profile {
	term, deep := strings.ToLower(getenv("TERM")), strings.ToLower(getenv("COLORTERM"))
	switch {
	case getenv("NO_COLOR") != "", term == "dumb", strings.HasPrefix(term, "vt1"), strings.HasPrefix(term, "vt2"):
		return NoColor
	case deep == "truecolor", deep == "24bit", strings.Contains(term, "256"), strings.Contains(term, "direct"):
		return Colors256
	case getenv("WT_SESSION") != "", strings.Contains(term, "kitty"), strings.Contains(term, "alacritty"), strings.Contains(term, "ghostty"):
		return Colors256
	}
	return Colors16
}

// DetectGlyphs chooses Unicode where the locale can show it.
func DetectGlyphs(getenv func(string) string) Glyphs {
	if getenv("TERM") == "linux" {
		return ASCII
	}
	if getenv("WT_SESSION") != "" {
		return Unicode
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			if strings.Contains(v, "utf-8") || strings.Contains(v, "utf8") {
				return Unicode
			}
			return ASCII
		}
	}
	return ASCII
}
