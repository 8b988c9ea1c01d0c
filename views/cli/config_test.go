package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

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
	if len(warnings) != 1 || !strings.Contains(warnings[0], "line 4: shiny is not known") {
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

func TestReadConfig(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"XDG_CONFIG_HOME", "HOME", "AppData"} {
		t.Setenv(name, base)
	}
	if c, warnings := readConfig(); c.Theme != "" || warnings != nil {
		t.Errorf("without a file: %+v %q", c, warnings)
	}
	dir := configDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte("theme = 'mono'\nx = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, warnings := readConfig(); c.Theme != "mono" || len(warnings) != 1 || !strings.Contains(warnings[0], "config.toml: line 2") {
		t.Errorf("%+v %q", c, warnings)
	}
}

// TestBindWarns gives keys that can't be given: nothing changes, and each is
// told.
func TestBindWarns(t *testing.T) {
	before := keymap.All()
	c, _ := parseConfig([]byte("preset = 'vi'\n[keys]\nsearch = 4\nnonsense = 'x'\ncopy = 'ctrl+m'\nhash = [1]\n[keys.hex]\nnothing = 'a'\n"))
	warnings := strings.Join(c.bind(), "\n")
	for _, part := range []string{"vi", "keys.search", "nonsense", "it is enter", "keys.hash", "hex.nothing"} {
		if !strings.Contains(warnings, part) {
			t.Errorf("no word of %s in:\n%s", part, warnings)
		}
	}
	if !reflect.DeepEqual(before, keymap.All()) {
		t.Error("the table has changed")
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
	if err != nil || out.Len() > 0 || !strings.Contains(words, "65537 bytes are too long") {
		t.Errorf("too long: %q %v", words, err)
	}
	files, _ := filepath.Glob("platter-copy-*.txt")
	if len(files) != 1 {
		t.Errorf("files %v", files)
	}
}
