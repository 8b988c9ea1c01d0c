package keymap_test

import (
	"slices"
	"strings"
	"testing"

	"platter/keymap"
)

var all = []keymap.Context{
	keymap.Everywhere, keymap.Start, keymap.Overview, keymap.Bytes, keymap.Structure,
	keymap.Hex, keymap.Explain, keymap.Sectors, keymap.Partitions, keymap.Edit, keymap.Paste, keymap.Field, keymap.Staging, keymap.Dialog, keymap.Findings, keymap.Repairs, keymap.Map, keymap.Log, keymap.Chain, keymap.Readers, keymap.Compare, keymap.Help, keymap.Prompt,
	keymap.Find, keymap.Results, keymap.Menu,
}

func TestNoKeyMeansTwoThings(t *testing.T) {
	for _, ctx := range all {
		seen := map[string]keymap.Action{}
		for _, b := range keymap.Bindings(ctx) {
			for _, k := range b.Keys {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %q is bound to %s and %s", ctx, k, other, b.Action)
				}
				seen[k] = b.Action
			}
		}
	}
}

func TestEveryBindingIsComplete(t *testing.T) {
	for _, b := range keymap.All() {
		if len(b.Keys) == 0 || b.Help == "" || b.Group == "" || b.Action == "" || !slices.Contains(all, b.Context) {
			t.Errorf("incomplete: %+v", b)
		}
		for _, k := range b.Keys {
			if slices.Contains([]string{"ctrl+i", "ctrl+m", "ctrl+[", " ", ""}, k) {
				t.Errorf("%s: %q can't be told apart by terminals", b.Action, k)
			}
		}
	}
}

func TestAllGoesContextByContext(t *testing.T) {
	done := map[keymap.Context]bool{}
	last := keymap.Context("")
	for _, b := range keymap.All() {
		if b.Context != last && done[b.Context] {
			t.Errorf("%s comes a second time with %s", b.Context, b.Action)
		}
		done[b.Context], last = true, b.Context
	}
	if len(done) != len(all)-1 { // Explain has no keys of its own
		t.Errorf("%d contexts", len(done))
	}
}

func TestLookup(t *testing.T) {
	for _, tt := range []struct {
		ctx  keymap.Context
		key  string
		want keymap.Action
	}{
		{keymap.Structure, "f", keymap.Follow},
		{keymap.Structure, "w", keymap.NextSibling},
		{keymap.Hex, "w", keymap.NextField},
		{keymap.Hex, "?", keymap.ShowHelp},
		{keymap.Overview, "f", keymap.Open},
		{keymap.Overview, "%", ""},
		{keymap.Prompt, "q", ""},
		{keymap.Help, "up", keymap.Up},
	} {
		if got, ok := keymap.Lookup(tt.ctx, tt.key); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %q: %q, want %q", tt.ctx, tt.key, got, tt.want)
		}
	}
}

func TestHintsFitAndEndWithHelpAndQuit(t *testing.T) {
	for _, ctx := range []keymap.Context{keymap.Structure, keymap.Hex, keymap.Overview, keymap.Start} {
		for _, width := range []int{40, 79, 119, 199} {
			hints := keymap.Hints(ctx, width, nil)
			sum := 0
			for _, h := range hints {
				sum += h.Width() + 2
			}
			if sum > width {
				t.Errorf("%s at %d: %d columns", ctx, width, sum)
			}
			n := len(hints)
			if n < 2 || hints[n-2].Action != keymap.ShowHelp || hints[n-1].Action != keymap.Quit {
				t.Errorf("%s at %d ends without help and quit: %v", ctx, width, hints)
			}
		}
	}
}

func TestHintsSkip(t *testing.T) {
	skip := func(a keymap.Action) bool { return a == keymap.SecondCopy }
	for _, h := range keymap.Hints(keymap.Structure, 199, skip) {
		if h.Action == keymap.SecondCopy {
			t.Error("a skipped action is hinted")
		}
	}
}

func TestMarkdownHoldsEveryKey(t *testing.T) {
	md := keymap.Markdown()
	for _, b := range keymap.All() {
		if !strings.Contains(md, b.Help) || !strings.Contains(md, "`"+b.Keys[0]+"`") {
			t.Errorf("%s %v is missing", b.Action, b.Keys)
		}
	}
}
