package keymap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// named are the keys that a terminal reports by a name.
var named = func() map[string]bool {
	names := map[string]bool{}
	add := func(prefix, list string) {
		for _, name := range strings.Fields(list) {
			names[prefix+name] = true
		}
	}
	const arrows = "up down left right home end"
	add("", arrows+" pgup pgdown insert delete backspace enter tab esc space shift+tab")
	add("", "f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20")
	add("shift+", arrows)
	add("ctrl+shift+", arrows)
	add("ctrl+", arrows+" pgup pgdown")
	add("ctrl+", `a b c d e f g h j k l n o p q r s t u v w x y z @ \ ] ^ _`)
	return names
}()

// unusable says why no terminal sends a key, or can't tell it from another
// one; empty if it does.
func unusable(key string) string {
	switch key {
	case "ctrl+i":
		return "it is tab"
	case "ctrl+m":
		return "it is enter"
	case "ctrl+[":
		return "it is esc"
	case "", " ":
		return "it has no name; the space bar is called space"
	case "alt+space":
		return "it is space"
	}
	bare := strings.TrimPrefix(key, "alt+")
	if r, n := utf8.DecodeRuneInString(bare); named[bare] || n > 0 && n == len(bare) && unicode.IsGraphic(r) {
		return ""
	}
	return "no terminal sends such a key; there are single characters, and names like ctrl+f, alt+x, shift+up, f5, pgdown, space"
}
