package cli

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/tui"
	"platter/views/theme"
)

func TestConfigFile(t *testing.T) {
	c, warnings := parseConfig([]byte("theme = 'light'\nmouse = false\npreset = 'gui'\nshiny = 1\n[keys]\nsearch = ['/', 'ctrl+f']\n"))
	if c.Theme != "light" || c.Mouse == nil || *c.Mouse || c.Preset != "gui" || len(c.Keys) != 1 {
		t.Errorf("reads %+v", c)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "line 4: shiny is unknown") {
		t.Errorf("warns %q", warnings)
	}
	if _, warnings := parseConfig([]byte("theme = [")); len(warnings) != 1 {
		t.Errorf("warns %q", warnings)
	}
	l, warnings := looks{theme: "mono"}.merge(config{Theme: "light", Color: "16", Mouse: c.Mouse})
	if want := (looks{"mono", "16", true}); l != want || warnings != nil {
		t.Errorf("%+v %q", l, warnings)
	}
	if l, warnings := (looks{}).merge(config{Theme: "pink", Color: "all"}); l != (looks{}) || len(warnings) != 2 {
		t.Errorf("%+v %q", l, warnings)
	}
}

// settle makes a folder the user's own and empty one for configuration.
func settle(t *testing.T, base string) {
	t.Helper()
	for _, name := range []string{"XDG_CONFIG_HOME", "HOME", "AppData"} {
		t.Setenv(name, base)
	}
	if err := os.MkdirAll(configDir(), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestConfigure(t *testing.T) {
	settle(t, t.TempDir())
	if l, warnings := configure(looks{}); l != (looks{}) || warnings != nil {
		t.Errorf("without a file: %+v %q", l, warnings)
	}
	if err := os.WriteFile(configPath(), []byte("theme = 'mono'\nx = 1\ncolor = 'all'\n[keys]\nsearch = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, warnings := configure(looks{})
	if l.theme != "mono" || len(warnings) != 3 {
		t.Errorf("%+v %q", l, warnings)
	}
	for _, w := range warnings {
		if !strings.HasPrefix(w, configPath()+": ") {
			t.Errorf("does not name the file: %s", w)
		}
	}
}

// TestWrongTypes gives values of wrong types: each costs only itself, and is
// told in words that people understand.
func TestWrongTypes(t *testing.T) {
	for _, tt := range [][2]string{
		{"keys = 'x'", "keys is the string \"x\"; expected a table: a line [keys]"},
		{"mouse = 'yes'", "mouse is the string \"yes\"; expected true or false"},
		{"theme = 4", "theme is the number 4; expected a string"},
		{"theme = dark", "line 2, column 9: "},
		{"[keys]\nsearch = 4", "keys.search is the number 4; expected a key in quotes, or a list of keys"},
		{"[keys]\nsearch = ['a', 1]", "keys.search: the number 1 is not a key name"},
		{"[keys.hex.next-field]\na = 1", "keys.hex.next-field is a table"},
	} {
		c, warnings := parseConfig([]byte("preset = 'nice'\n" + tt[0] + "\n"))
		if c.Preset != "nice" && !strings.Contains(tt[1], "line") {
			t.Errorf("%s: the rest is lost: %+v", tt[0], c)
		}
		c.Preset = ""
		warnings = append(warnings, c.bind()...)
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0], tt[1]) {
			t.Errorf("%s: %q", tt[0], warnings)
		}
	}
}

// TestBindWarns gives keys that can't be given: nothing changes, and each is
// told.
func TestBindWarns(t *testing.T) {
	before := keymap.All()
	c, _ := parseConfig([]byte("preset = 'vi'\n[keys]\nsearch = 4\nnonsense = 'x'\ncopy = 'ctrl+m'\nredo = 'super+hyper'\nquit = 'ctrl+c'\nhash = [1]\n[keys.hex]\nnothing = 'a'\n"))
	warnings := strings.Join(c.bind(), "\n")
	for _, part := range []string{"vi", "keys.search", "nonsense", "it is enter", "no terminal sends", "key \"ctrl+c\" for quit", "keys.hash", "hex.nothing"} {
		if !strings.Contains(warnings, part) {
			t.Errorf("no word of %s in:\n%s", part, warnings)
		}
	}
	if !reflect.DeepEqual(before, keymap.All()) {
		t.Error("the table has changed")
	}
}

// TestHelpNamesConfig holds that one can find out where the file is.
func TestHelpNamesConfig(t *testing.T) {
	settle(t, t.TempDir())
	for _, args := range [][]string{{"--help"}, {"keys", "--help"}} {
		var out strings.Builder
		if code := Run(t.Context(), args, &out, io.Discard); code != ExitDone || !strings.Contains(out.String(), configPath()) {
			t.Errorf("%v: %d\n%s", args, code, out.String())
		}
	}
}

// TestKeysOfTerminals holds that every key that the terminal library knows by
// a name of its own can be given.
func TestKeysOfTerminals(t *testing.T) {
	for k := tea.KeyF20; k <= tea.KeyBackspace; k++ {
		name := tea.KeyMsg{Type: k}.String()
		if k == tea.KeyRunes || k == tea.KeySpace || name == "" || slices.Contains([]string{"ctrl+c", "tab", "enter", "esc"}, name) {
			continue
		}
		_, err := keymap.Rebind("no-such-action", name)
		if err == nil || !strings.Contains(err.Error(), "no action") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestColorProfile(t *testing.T) {
	env := func(name string) string { return map[string]string{"NO_COLOR": "1", "TERM": "xterm-256color"}[name] }
	for mode, want := range map[string]theme.Profile{"": theme.NoColor, "auto": theme.NoColor, "16": theme.Colors16, "256": theme.Colors256, "never": theme.NoColor} {
		if got, err := profile(mode, env); got != want || err != nil {
			t.Errorf("%q: %v, %v", mode, got, err)
		}
	}
	if _, err := profile("many", env); err == nil {
		t.Error("an unknown mode is taken")
	}
}

func TestNotesAreKept(t *testing.T) {
	n := noteFolder{filepath.Join(t.TempDir(), "notes")}
	info := disk.Info{Format: "vhdx", ID: "5d1f2c9e", Path: "a.vhdx"}
	if list, err := n.Load(info); list != nil || err != nil {
		t.Fatalf("without a file: %v, %v", list, err)
	}
	want := []tui.Note{
		{Place: decode.Place{File: "a.vhdx", Offset: 1 << 40, Length: 4}, Text: "odd \x1b[2J\u202e"},
		{Place: decode.Place{File: disk.VirtualDisk, Length: 1}},
	}
	if err := n.Save(info, want); err != nil {
		t.Fatal(err)
	}
	info.Path = "elsewhere/b.vhdx" // a copy has the same identity
	if got, err := n.Load(info); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, other := range []disk.Info{{Format: "vhd", ID: "5d1f2c9e"}, {Format: "raw", Path: "a.vhdx"}} {
		if got, _ := n.Load(other); got != nil {
			t.Errorf("%+v has the notes of another image", other)
		}
	}
	if err := os.WriteFile(n.path(info), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Load(info); err == nil || !strings.Contains(err.Error(), n.path(info)) {
		t.Errorf("a broken file: %v", err)
	}
}

func TestClipboard(t *testing.T) {
	t.Chdir(t.TempDir())
	var out strings.Builder
	env := map[string]string{}
	copy := clipboard(&out, func(name string) string { return env[name] })
	if words, err := copy("68 65"); words != "" || err != nil || out.String() != "\x1b]52;c;NjggNjU=\x07" {
		t.Errorf("%q %q %v", out.String(), words, err)
	}
	out.Reset()
	env["TMUX"] = "/tmp/tmux"
	if _, err := copy("x"); err != nil || !strings.HasPrefix(out.String(), "\x1bPtmux;") {
		t.Errorf("in tmux: %q %v", out.String(), err)
	}
	out.Reset()
	words, err := copy(strings.Repeat("x", clipboardLimit+1))
	if err != nil || out.Len() > 0 || !strings.Contains(words, "65537 bytes are too many") {
		t.Errorf("too long: %q %v", words, err)
	}
	files, _ := filepath.Glob("platter-copy-*.txt")
	if len(files) != 1 {
		t.Errorf("files %v", files)
	}
}
