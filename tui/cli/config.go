package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"platter/keymap"
	"platter/views/theme"
)

// config is what the user's configuration file says.
type config struct {
	Theme  string         `toml:"theme"`
	Color  string         `toml:"color"`
	Mouse  *bool          `toml:"mouse"`
	Preset string         `toml:"preset"`
	Keys   map[string]any `toml:"keys"` // action, or context.action: one key or several
}

// configDir is the user's folder for configuration, bookmarks and notes; empty
// if there is none.
func configDir() string {
	base, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "platter")
}

// configPath is the configuration file, whether it is there or not; empty if
// the user has no folder for it.
func configPath() string {
	if dir := configDir(); dir != "" {
		return filepath.Join(dir, "config.toml")
	}
	return ""
}

// configure reads the configuration file, gives the actions its keys, and
// returns the looks that flags and file ask for. What it says that is not
// understood is a warning, never a reason not to start.
func configure(l looks) (looks, []string) {
	path := configPath()
	if path == "" {
		return l, nil
	}
	c, warnings := readConfig(path)
	l, more := l.merge(c)
	warnings = slices.Concat(warnings, more, c.bind())
	for i := range warnings {
		warnings[i] = path + ": " + warnings[i]
	}
	return l, warnings
}

// readConfig reads a configuration file. One that is not there is empty.
func readConfig(path string) (config, []string) {
	b, err := os.ReadFile(path)
	var inner *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return config{}, nil
	case errors.As(err, &inner):
		return config{}, []string{"can't be read: " + inner.Err.Error()}
	case err != nil:
		return config{}, []string{"can't be read: " + err.Error()}
	}
	return parseConfig(b)
}

// document is the file as it stands there: a value of the wrong type is to
// cost itself only.
type document struct {
	Theme  any `toml:"theme"`
	Color  any `toml:"color"`
	Mouse  any `toml:"mouse"`
	Preset any `toml:"preset"`
	Keys   any `toml:"keys"`
}

func parseConfig(b []byte) (config, []string) {
	var doc document
	var warnings []string
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(&doc)
	var unknown *toml.StrictMissingError
	var broken *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			warnings = append(warnings, fmt.Sprintf("line %d: %s is unknown; expected theme, color, mouse, preset or keys", line, strings.Join(e.Key(), ".")))
		}
	case errors.As(err, &broken):
		line, column := broken.Position()
		return config{}, []string{fmt.Sprintf("line %d, column %d: %s; the file is ignored", line, column, strings.TrimPrefix(broken.Error(), "toml: "))}
	case err != nil:
		return config{}, []string{err.Error()}
	}
	c := config{
		Theme:  take[string](&warnings, "theme", doc.Theme, "a string"),
		Color:  take[string](&warnings, "color", doc.Color, "a string"),
		Preset: take[string](&warnings, "preset", doc.Preset, "a string"),
		Keys:   take[map[string]any](&warnings, "keys", doc.Keys, `a table: a line [keys], and below it lines like search = "/"`),
	}
	if on := take[bool](&warnings, "mouse", doc.Mouse, "true or false"); doc.Mouse != nil {
		c.Mouse = &on
	}
	return c, warnings
}

// take is a value of the file as what it should be; what it is not is warned
// of and left out.
func take[T any](warnings *[]string, name string, v any, want string) T {
	got, ok := v.(T)
	if v != nil && !ok {
		*warnings = append(*warnings, fmt.Sprintf("%s is %s; expected %s", name, found(v), want))
	}
	return got
}

// found words a value of the wrong type.
func found(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the string %q", v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprint(v)
}

// entry is a line of the table of keys.
type entry struct {
	name  string // of a [keymap.Binding]
	value any
}

// entries are the lines of the table of keys and of those below it, as
// [keys.hex] is. Those for all contexts come first: what is said of one wins.
func (c config) entries() (list []entry) {
	for name, v := range c.Keys {
		table, ok := v.(map[string]any)
		if !ok {
			list = append(list, entry{name, v})
		}
		for action, v := range table {
			list = append(list, entry{name + "." + action, v})
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(strings.Count(a.name, ".")-strings.Count(b.name, "."), strings.Compare(a.name, b.name))
	})
	return list
}

// bind gives the actions the keys that the file says.
func (c config) bind() []string {
	var warnings []string
	var losses []keymap.Loss
	warn := func(err error) {
		if err != nil {
			warnings = append(warnings, err.Error())
		}
	}
	if c.Preset != "" {
		warn(keymap.UsePreset(c.Preset))
	}
	list := c.entries()
	for _, e := range list {
		keys, err := keyList(e.name, e.value)
		if err != nil {
			warn(err)
			continue
		}
		lost, err := keymap.Rebind(e.name, keys...)
		warn(err)
		// What the file gives keys again does not miss those that it had.
		losses = slices.DeleteFunc(losses, func(l keymap.Loss) bool { return l.From.Is(e.name) })
		losses = append(losses, lost...)
	}
	return append(warnings, clashes(list, losses)...)
}

// clashes words which keys the file takes from actions that it does not name,
// or gives to two actions at once.
func clashes(list []entry, losses []keymap.Loss) (warnings []string) {
	type taking struct {
		key   string
		by    keymap.Action
		twice bool
	}
	from := map[taking][]string{}
	var order []taking
	for _, l := range losses {
		twice := slices.ContainsFunc(list, func(e entry) bool { return l.From.Is(e.name) })
		t := taking{l.Key, l.To.Action, twice}
		if from[t] == nil {
			order = append(order, t)
		}
		from[t] = append(from[t], fmt.Sprintf("%s.%s", l.From.Context, l.From.Action))
	}
	for _, t := range order {
		names := strings.Join(from[t], ", ")
		if t.twice {
			warnings = append(warnings, fmt.Sprintf("keys: %s is bound to %s as well as to %s, which has it now", t.key, names, t.by))
			continue
		}
		warnings = append(warnings, fmt.Sprintf("keys: %s is now %s, no longer %s; if that is meant, rebind that too", t.key, t.by, names))
	}
	return warnings
}

// keyList is one key, or several.
func keyList(name string, v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case []any:
		var keys []string
		for _, k := range v {
			key, ok := k.(string)
			if !ok {
				return nil, fmt.Errorf("keys.%s: %s is not a key name; write key names in quotes", name, found(k))
			}
			keys = append(keys, key)
		}
		return keys, nil
	}
	return nil, fmt.Errorf("keys.%s is %s; expected a key in quotes, or a list of keys", name, found(v))
}

// colorModes are what --color takes.
var colorModes = []string{"auto", "never", "16", "256"}

// profile is how many colours to send: what the user says, or else the
// environment.
func profile(color string, getenv func(string) string) (theme.Profile, error) {
	switch color {
	case "", "auto":
		return theme.DetectProfile(getenv), nil
	case "never":
		return theme.NoColor, nil
	case "16":
		return theme.Colors16, nil
	case "256":
		return theme.Colors256, nil
	}
	return 0, fmt.Errorf("color %q: expected one of %s", color, strings.Join(colorModes, ", "))
}

// merge makes the looks of the flags and the file; flags win. What the file
// says wrongly is a warning.
func (l looks) merge(c config) (looks, []string) {
	var warnings []string
	if l.theme == "" && c.Theme != "" {
		if slices.Contains(theme.Names(), c.Theme) {
			l.theme = c.Theme
		} else {
			warnings = append(warnings, fmt.Sprintf("theme %q: expected one of %s", c.Theme, strings.Join(theme.Names(), ", ")))
		}
	}
	if l.color == "" && c.Color != "" {
		if slices.Contains(colorModes, c.Color) {
			l.color = c.Color
		} else {
			warnings = append(warnings, fmt.Sprintf("color %q: expected one of %s", c.Color, strings.Join(colorModes, ", ")))
		}
	}
	if c.Mouse != nil && !*c.Mouse {
		l.noMouse = true
	}
	return l, warnings
}
