package cli

import (
	"bytes"
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

// readConfig reads the configuration file. One that is not there is empty. What
// it says that is not understood is a warning, never a reason not to start.
func readConfig() (config, []string) {
	dir := configDir()
	if dir == "" {
		return config{}, nil
	}
	path := filepath.Join(dir, "config.toml")
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return config{}, nil
	case err != nil:
		return config{}, []string{err.Error()}
	}
	c, warnings := parseConfig(b)
	for i := range warnings {
		warnings[i] = path + ": " + warnings[i]
	}
	return c, warnings
}

func parseConfig(b []byte) (config, []string) {
	var c config
	d := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	err := d.Decode(&c)
	var unknown *toml.StrictMissingError
	switch {
	case errors.As(err, &unknown):
		var warnings []string
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			warnings = append(warnings, fmt.Sprintf("line %d: %s is not known; there are theme, color, mouse, preset and keys", line, strings.Join(e.Key(), ".")))
		}
		return c, warnings
	case err != nil:
		return config{}, []string{err.Error()}
	}
	return c, nil
}

// bind gives the actions the keys that the file says.
func (c config) bind() []string {
	var warnings []string
	warn := func(err error) {
		if err != nil {
			warnings = append(warnings, err.Error())
		}
	}
	if c.Preset != "" {
		warn(keymap.UsePreset(c.Preset))
	}
	var names []string
	for name := range c.Keys {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch v := c.Keys[name].(type) {
		case map[string]any:
			warnings = append(warnings, config{Keys: nested(name, v)}.bind()...)
		default:
			keys, err := keyList(name, v)
			if err == nil {
				err = keymap.Rebind(name, keys...)
			}
			warn(err)
		}
	}
	return warnings
}

// nested spells a table of the file as keys with dots: [keys.hex].
func nested(ctx string, table map[string]any) map[string]any {
	flat := map[string]any{}
	for action, v := range table {
		if _, deeper := v.(map[string]any); !deeper {
			flat[ctx+"."+action] = v
		}
	}
	return flat
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
				return nil, fmt.Errorf("keys.%s: expected names of keys, not %v", name, k)
			}
			keys = append(keys, key)
		}
		return keys, nil
	}
	return nil, fmt.Errorf("keys.%s: expected a key or a list of keys, not %v", name, v)
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
