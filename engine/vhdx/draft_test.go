package vhdx_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
)

// TestDraftWithoutPlace gives a block that was stored the state 5, and no place that can hold a
// block: its content is offered first, and nothing gives it up without saying so. A block that
// never was stored may be taken for given up.
func TestDraftWithoutPlace(t *testing.T) {
	stored := plan{size: 6 * mib, id: 1, states: map[int64]uint64{0: 6, 1: 6, 2: 6}}
	for name, entry := range map[string]uint64{"no place": 0, "the log": logAt, "the BAT": batAt, "past the end": 100 * mib} {
		f := build(t, stored)
		f.batEntry(0, uint64(f.at[2])|6) // now the blocks lie in their order
		f.batEntry(2, uint64(f.at[0])|6)
		f.put(f.at[1]+4096, []byte("the block's"))
		f.batEntry(1, entry|5)
		list := undefined(t, f)
		if len(list) < 2 || !strings.HasPrefix(list[0].Title, "let the BAT place block 1 at ") {
			t.Errorf("%s: the block's content is not the first choice: %+v", name, list)
		}
		for _, r := range list {
			if r.Risk == "" {
				t.Errorf("%s: %q has no risk", name, r.Title)
			}
		}
	}
	f := build(t, stored)
	f.batEntry(4, 5)
	if list := undefined(t, f); len(list) != 1 || list[0].Risk != "" {
		t.Errorf("a block that was never stored: %+v", list)
	}
}

// undefined are the repairs of the state of a block that is none.
func undefined(t *testing.T, f *fixture) []disk.Repair {
	t.Helper()
	img := openFixture(t, f)
	for _, found := range checkAll(t, img) {
		if found.Code == "vhdx/38" {
			return repairsOf(t, img, found)
		}
	}
	t.Fatal("the state is not found")
	return nil
}
