package vhdx_test

import (
	"testing"

	"platter/engine/enginetest"
	"platter/engine/vhdx"
)

// offered is how many repairs the faults have that have any: of two headers,
// tables or entries either can be the right one.
var offered = map[string]int{
	"1 identifier": 1, "3 header 1": 1, "3 header 2": 1, "5 same header twice": 1, "5 same number, other content": 2,
	"6 reserved of the header": 1, "6 behind the header": 1, "8 headers disagree": 1,
	"13 region table 1": 1, "13 region table 2": 1, "13 region tables differ": 2,
	"15 region table reserved": 1, "15 Required is 3": 1, "19 regions of QEMU": 2,
	"36 padding of the BAT": 1, "37 reserved bits": 1, "39 partial without a parent": 1, "40 place of a ZERO block": 1,
	"41 present without a place": 1, "42 block behind the end": 1, "42 block at the last MiB there is": 1, "42 block cut off": 1,
	"44 two blocks in one place": 2, "44 blocks that overlap by half": 4, "44 block on the log": 1, "45 anchor on a block": 1,
	"46 bitmap in a dynamic image": 1, "53 no identity": 1,
}

func planted(t *testing.T, d damage) *fixture {
	t.Helper()
	f := build(t, d.plan)
	d.plant(f)
	return f
}

// TestRepairs plants each fault in a good image and carries out its repairs.
func TestRepairs(t *testing.T) {
	for _, d := range damages {
		folder := files(map[string]*fixture{"disk.vhdx": planted(t, d), "base.vhdx": build(t, plan{size: d.plan.size, id: 2, fixed: d.plan.size < 100*mib})})
		key := d.code + " " + d.name
		if n := enginetest.Repairs(t, folder, "disk.vhdx", formats, vhdx.Open, "vhdx/"+d.code, ""); n != offered[key] {
			t.Errorf("%s: %d repairs, want %d", key, n, offered[key])
		}
	}
}

// TestDirtyImages get no repair that replaying the log would undo.
func TestDirtyImages(t *testing.T) {
	f := build(t, plain)
	f.batEntry(0, 6)
	f.put(8, []byte{1})
	f.log(f.record(0, 1, 0))
	for _, found := range check(t, openFixture(t, f)) {
		if found.Code == "vhdx/41" && len(found.Repairs) > 0 {
			t.Errorf("%s can be repaired although a log has to be replayed: %q", found.Code, found.Repairs[0].Title)
		}
	}
}
