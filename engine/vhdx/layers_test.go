package vhdx_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestLayersWithErrors: the check of a child names the layers below that have
// errors of their own, each once, with the first error.
func TestLayersWithErrors(t *testing.T) {
	middle := plan{size: 4 * mib, id: 2, parent: 3, name: "root.vhdx", here: odd, states: map[int64]uint64{1: 6}}
	root := plan{size: 4 * mib, id: 3, states: map[int64]uint64{0: 6, 1: 6}}
	lose := func(f *fixture) { f.batEntry(2, 1<<40|6); f.batEntry(3, 4) }
	for name, c := range map[string]struct {
		middle, root func(*fixture)
		want         []string
	}{
		"healthy":             {nil, nil, nil},
		"damaged parent":      {lose, nil, []string{"layer 1, base.vhdx, has errors, the first: vhdx/42: block 2"}},
		"damaged grandparent": {nil, lose, []string{"layer 2, root.vhdx, has errors, the first: vhdx/42: block 2"}},
		"both":                {lose, lose, []string{"layer 1,", "layer 2,"}},
		"only a warning":      {func(f *fixture) { f.batEntry(2, uint64(f.grow(mib))|2) }, nil, nil},
		"overlap in a parent": {nil, func(f *fixture) { f.batEntry(2, uint64(f.at[1])|6) }, []string{"layer 2, root.vhdx, has errors, the first: vhdx/44"}},
		"parent without its own": {func(f *fixture) {
			relocate(f, "parent_linkage", linkageTo(9), "relative_path", "root.vhdx")
		}, nil, nil}, // 34 tells of it
	} {
		t.Run(name, func(t *testing.T) {
			top, below, bottom := build(t, derived), build(t, middle), build(t, root)
			if c.middle != nil {
				c.middle(below)
			}
			if c.root != nil {
				c.root(bottom)
			}
			folder := files(map[string]*fixture{"disk.vhdx": top, "base.vhdx": below, "root.vhdx": bottom})
			var got []disk.Finding
			for _, f := range check(t, open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))) {
				if f.Code == "vhdx/L1" {
					got = append(got, f)
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d findings, want %q: %+v", len(got), c.want, got)
			}
			for i, f := range got {
				if !strings.Contains(f.Text, c.want[i]) || f.Severity != severe || len(f.Where) == 0 || f.Where[0].File != "disk.vhdx" || f.Detail == "" {
					t.Errorf("%+v, want %q", f, c.want[i])
				}
			}
		})
	}
}
