package keymap

import (
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
	if err := Rebind("search", "ctrl+f", "/"); err != nil {
		t.Fatal(err)
	}
	is(t, Hex, "ctrl+f", Search)
	is(t, Hex, "pgdown", PageDown)
	is(t, Results, "ctrl+f", PageDown) // where search has no key
	if err := Rebind("hex.next-field", "q"); err != nil {
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
	for _, tt := range [][3]string{{"nonsense", "a", "no action"}, {"map.search", "a", "no action"}, {"search", "ctrl+i", "it is tab"}} {
		if err := Rebind(tt[0], tt[1]); err == nil || !strings.Contains(err.Error(), tt[2]) {
			t.Errorf("%v: %v", tt, err)
		}
	}
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
