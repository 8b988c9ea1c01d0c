package keymap

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// fresh puts the table back when the test is over.
func fresh(t *testing.T) {
	old := slices.Clone(table)
	t.Cleanup(func() { table = old })
}

func is(t *testing.T, ctx Context, key string, want Action) {
	t.Helper()
	if got, _ := Lookup(ctx, key); got != want {
		t.Errorf("%s in %s is %q, want %q", key, ctx, got, want)
	}
}

func TestRebind(t *testing.T) {
	fresh(t)
	losses, err := Rebind("search", "ctrl+f", "/")
	if err != nil {
		t.Fatal(err)
	}
	if len(losses) != 1 || losses[0].Key != "ctrl+f" || !losses[0].From.Is("everywhere.page-down") || !losses[0].To.Is("search") {
		t.Errorf("lost: %+v", losses)
	}
	is(t, Hex, "ctrl+f", Search)
	is(t, Hex, "pgdown", PageDown)
	is(t, Results, "ctrl+f", PageDown) // where search has no key
	if _, err := Rebind("hex.next-field", "q"); err != nil {
		t.Fatal(err)
	}
	is(t, Hex, "q", NextField)
	is(t, Sectors, "w", NextField)
	if got := Key(Structure, Quit); got != "" {
		t.Errorf("quit still has %q", got)
	}
	for _, h := range Hints(Structure, 200, nil) {
		if h.Keys == "" {
			t.Errorf("%s is hinted without a key", h.Action)
		}
	}
	noConflicts(t)
}

// TestRebindRefuses gives keys that can't be given; nothing changes.
func TestRebindRefuses(t *testing.T) {
	fresh(t)
	before := All()
	for _, tt := range [][3]string{
		{"nonsense", "a", "no action"},
		{"map.search", "a", "no action"},
		{"search", "ctrl+i", "it is tab"},
		{"search", "super+hyper", "no terminal sends"},
		{"search", "ctrl+1", "no terminal sends"},
		{"search", "ab", "no terminal sends"},
		{"search", "f21", "no terminal sends"},
		{"search", "alt+", "no terminal sends"},
		{"search", "\x1b", "no terminal sends"},
		{"search", "ctrl+c", "nothing else"},
		{"prompt.accept", "o", "types a character"},
	} {
		if _, err := Rebind(tt[0], tt[1]); err == nil || !strings.Contains(err.Error(), tt[2]) {
			t.Errorf("%v: %v", tt, err)
		}
	}
	if !reflect.DeepEqual(before, All()) {
		t.Error("the table has changed")
	}
}

// TestRebindLeavesWaysOut holds that ctrl+c and the typing of text survive.
func TestRebindLeavesWaysOut(t *testing.T) {
	fresh(t)
	for name, keys := range map[string][]string{"cancel": {"ctrl+x"}, "interrupt": {"ctrl+c", "f9"}, "help": {"h"}, "accept": {"alt+o", "ü"}} {
		if _, err := Rebind(name, keys...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	is(t, Prompt, "ctrl+c", Cancel)
	is(t, Dialog, "ctrl+x", Cancel)
	is(t, Hex, "ctrl+c", Interrupt)
	is(t, Hex, "f9", Interrupt)
	is(t, Structure, "h", ShowHelp)
	is(t, Prompt, "h", "")
	is(t, Prompt, "f1", ShowHelp)
	is(t, Prompt, "alt+o", Accept)
	is(t, Prompt, "ü", "")
	is(t, Repairs, "ü", Accept)
	noConflicts(t)
}

func TestPresets(t *testing.T) {
	for _, p := range Presets() {
		t.Run(p, func(t *testing.T) {
			fresh(t)
			if err := UsePreset(p); err != nil {
				t.Fatal(err)
			}
			noConflicts(t)
		})
	}
	fresh(t)
	if err := UsePreset("emacs"); err == nil || !strings.Contains(err.Error(), "default, gui") {
		t.Errorf("an unknown preset: %v", err)
	}
	if err := UsePreset("gui"); err != nil {
		t.Fatal(err)
	}
	is(t, Hex, "ctrl+z", Undo)
	is(t, Edit, "ctrl+z", Undo)
	is(t, Hex, "ctrl+y", Redo)
	is(t, Hex, "ctrl+f", Search)
	is(t, Hex, "/", Search)
	is(t, Hex, "f2", Review)
}

func noConflicts(t *testing.T) {
	t.Helper()
	for _, ctx := range contexts() {
		seen := map[string]Action{}
		for _, b := range Bindings(ctx) {
			for _, k := range b.Keys {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %q is bound to %s and %s", ctx, k, other, b.Action)
				}
				seen[k] = b.Action
			}
		}
	}
}
