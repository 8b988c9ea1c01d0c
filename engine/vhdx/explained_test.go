package vhdx_test

import (
	"slices"
	"strings"
	"testing"

	"platter/engine/enginetest"
)

// TestConditionsAreExplained holds that conditions which share a code have an explanation
// of their own each, true for what was found.
func TestConditionsAreExplained(t *testing.T) {
	for name, says := range map[string]string{
		"bitmap past the end":               "Which sectors of these blocks are the image's own",
		"anchor past the end":               "Nothing of the disk is lost",
		"block past the end":                "The content of the block is lost",
		"block cut off":                     "What of the block lies in the file can be read",
		"block cut off inside its last MiB": "What of the block lies in the file can be read",
		"old log entries":                   "Entries of earlier sessions",
		"hidden in the metadata region":     "No item of the metadata lies there",
	} {
		i := slices.IndexFunc(damages, func(d damage) bool { return d.name == name })
		d := damages[i]
		f := build(t, d.plan)
		d.plant(f)
		found := false
		folder := files(map[string]*fixture{"disk.vhdx": f, "base.vhdx": baseOf(t, d)})
		for _, g := range check(t, open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))) {
			if g.Code != "vhdx/"+d.code {
				continue
			}
			if found = true; !strings.HasPrefix(g.Detail, says) {
				t.Errorf("%s: %s", name, g.Detail)
			}
			if g.Needs > 1<<40 {
				t.Errorf("%s: the file is said to have had %d bytes", name, g.Needs)
			}
			if strings.HasPrefix(says, "Nothing") && g.Lost > 0 {
				t.Errorf("%s: %d bytes are said to be lost", name, g.Lost)
			}
		}
		if !found {
			t.Errorf("%s: no vhdx/%s", name, d.code)
		}
	}
}
