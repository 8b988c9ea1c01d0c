package vhd_test

import (
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/enginetest"
)

// TestConditionsAreExplained holds that what a code says of other images is not said of a
// fixed disk.
func TestConditionsAreExplained(t *testing.T) {
	for _, c := range []struct {
		code, says string
		plan       plan
		plant      func(f *fixture)
	}{
		{"vhd/V013", "A fixed disk has no dynamic header", plan{kind: layout.Fixed, size: 1 << 20, id: 1}, func(f *fixture) {
			layout.FooterDataOffset.Put(f.footer(), 512)
			layout.FooterTable.Seal(f.footer().Bytes())
		}},
	} {
		f := build(t, c.plan)
		c.plant(f)
		found := false
		for _, g := range check(t, open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": f}), "disk.vhd", formats))) {
			if g.Code == c.code {
				if found = true; !strings.HasPrefix(g.Detail, c.says) {
					t.Errorf("%s: %s: %s", c.code, g.Text, g.Detail)
				}
			}
		}
		if !found {
			t.Errorf("no %s", c.code)
		}
	}
}
