package keymap

import (
	"fmt"
	"slices"
	"strings"
)

// presets are sets of further keys for those who are used to other programs.
var presets = map[string][]struct {
	action Action
	key    string
}{
	"default": nil,
	"gui":     {{Undo, "ctrl+z"}, {Redo, "ctrl+y"}, {Search, "ctrl+f"}, {Review, "f2"}},
}

// Presets lists the names of the presets, the default one first.
func Presets() []string { return []string{"default", "gui"} }

// UsePreset adds the keys of a preset. Like [Rebind] it is for the start of
// the program, before any key is pressed.
func UsePreset(name string) error {
	keys, ok := presets[name]
	if !ok {
		return fmt.Errorf("preset %q: expected one of %s", name, strings.Join(Presets(), ", "))
	}
	for _, k := range keys {
		for i := range table {
			if table[i].Action == k.action {
				assign(i, append([]string{k.key}, table[i].Keys...))
			}
		}
	}
	return nil
}

// Rebind gives an action other keys, wherever it has some. The name is that of
// the action, or the context's and the action's: "search", "hex.next-field".
// The keys are taken away from the actions that have them there.
func Rebind(name string, keys ...string) error {
	ctx, action, one := strings.Cut(name, ".")
	if !one {
		action = ctx
	}
	for _, k := range keys {
		if why := unusable(k); why != "" {
			return fmt.Errorf("key %q for %s: %s", k, name, why)
		}
	}
	found := false
	for i := range table {
		if string(table[i].Action) == action && (!one || string(table[i].Context) == ctx) {
			assign(i, keys)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("no action is called %q; `platter keys` lists them", name)
	}
	return nil
}

// unusable says why a terminal can't tell a key from another one.
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
	}
	return ""
}

// assign gives row i of the table its keys and takes them from the others.
func assign(i int, keys []string) {
	for k := range table {
		if k == i || !together(table[k].Context, table[i].Context) {
			continue
		}
		taken := func(key string) bool { return slices.Contains(keys, key) }
		if slices.ContainsFunc(table[k].Keys, taken) {
			table[k].Keys = slices.DeleteFunc(slices.Clone(table[k].Keys), taken)
			table[k].hint = ""
		}
	}
	table[i].Keys, table[i].hint = slices.Clone(keys), ""
}

// together reports whether keys of both contexts are live at the same time
// anywhere.
func together(a, b Context) bool {
	return slices.ContainsFunc(contexts(), func(c Context) bool { return live(a, c) && live(b, c) })
}
