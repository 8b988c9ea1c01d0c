package keymap

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
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

// Loss is a key that a binding no longer has, because another one was given it.
type Loss struct {
	Key      string
	From, To Binding
}

// leave is the key that gets one out of everything. It stays what it is: a
// file must not lock its owner in.
const leave = "ctrl+c"

// Is reports whether a name means the binding: that of its action, or the
// context's and the action's: "search", "hex.next-field".
func (b Binding) Is(name string) bool {
	return name == string(b.Action) || name == string(b.Context)+"."+string(b.Action)
}

// Rebind gives the bindings that a name means other keys, and returns which
// keys others lost by that.
func Rebind(name string, keys ...string) ([]Loss, error) {
	refuse := func(key, why string) ([]Loss, error) {
		return nil, fmt.Errorf("key %q for %s: %s", key, name, why)
	}
	for _, k := range keys {
		if why := unusable(k); why != "" {
			return refuse(k, why)
		}
	}
	rows := meant(name)
	leaves := func(i int) bool { return slices.Contains(table[i].Keys, leave) }
	switch {
	case len(rows) == 0:
		return nil, fmt.Errorf("no action is called %q; `platter keys` lists them", name)
	case slices.Contains(keys, leave) && !slices.ContainsFunc(rows, leaves):
		return refuse(leave, "it stops what runs and leaves what is open, nothing else")
	}
	var losses []Loss
	changed := false
	for _, i := range rows {
		fit := table[i].fitting(keys)
		if len(fit) == 0 && len(keys) > 0 {
			continue
		}
		if leaves(i) {
			fit = append(fit, leave)
		}
		losses, changed = append(losses, assign(i, fit)...), true
	}
	if !changed {
		return refuse(keys[0], "there it types a character")
	}
	return losses, nil
}

// meant are the rows that a name means.
func meant(name string) (rows []int) {
	for i := range table {
		if table[i].Is(name) {
			rows = append(rows, i)
		}
	}
	return rows
}

// fitting are the keys that the binding can have: none that types where text
// is typed.
func (b Binding) fitting(keys []string) (fit []string) {
	for _, k := range keys {
		if k != leave && !(b.Context.takesText() && (k == "space" || utf8.RuneCountInString(k) == 1)) {
			fit = append(fit, k)
		}
	}
	return fit
}

// assign gives row i of the table its keys and takes them from the others.
func assign(i int, keys []string) (losses []Loss) {
	for k := range table {
		if k == i || table[k].Action == table[i].Action || !together(table[k].Context, table[i].Context) {
			continue
		}
		taken := func(key string) bool { return slices.Contains(keys, key) }
		for _, key := range table[k].Keys {
			if taken(key) {
				losses = append(losses, Loss{key, table[k], table[i]})
			}
		}
		if slices.ContainsFunc(table[k].Keys, taken) {
			table[k].Keys = slices.DeleteFunc(slices.Clone(table[k].Keys), taken)
			table[k].hint = ""
		}
	}
	table[i].Keys, table[i].hint = slices.Clone(keys), ""
	return losses
}

// together reports whether keys of both contexts are live at the same time
// anywhere.
func together(a, b Context) bool {
	return slices.ContainsFunc(contexts(), func(c Context) bool { return live(a, c) && live(b, c) })
}
