package vhd_test

import (
	"strings"
	"testing"

	"platter/decode"
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

// TestParentFieldsLeft points to each field of a parent that a dynamic image still has, and to
// no other.
func TestParentFieldsLeft(t *testing.T) {
	for field, plant := range map[*decode.Field]func(f *fixture){
		layout.HeaderParentID.Field():   func(f *fixture) { f.header().Bytes()[layout.HeaderParentID.Offset()] = 1 },
		layout.HeaderParentTime.Field(): func(f *fixture) { layout.HeaderParentTime.Put(f.header(), 1) },
		layout.HeaderParentName.Field(): func(f *fixture) { layout.HeaderParentName.Put(f.header(), "old.vhd") },
	} {
		f := build(t, dynamicPlan)
		plant(f)
		layout.HeaderTable.Seal(f.header().Bytes())
		found := false
		for _, g := range check(t, open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": f}), "disk.vhd", formats))) {
			if g.Code != "vhd/V039" {
				continue
			}
			if found = true; len(g.Where) != 1 || g.Where[0].Offset != 512+int64(field.Offset()) || g.Where[0].Length != int64(field.Size()) {
				t.Errorf("%s: points to %v", field.Name(), g.Where)
			}
		}
		if !found {
			t.Errorf("%s: no V039", field.Name())
		}
	}
}
