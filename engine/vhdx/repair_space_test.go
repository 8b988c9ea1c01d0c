package vhdx_test

import (
	"errors"
	"strings"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestMovedBehindReach: room at the end of the file starts behind a block that
// reaches past it, as QEMU writes them.
func TestMovedBehindReach(t *testing.T) {
	d := damage{code: "44", plan: plan{size: 5 * mib, block: 2 * mib, states: map[int64]uint64{1: 6, 2: 6}}, plant: func(f *fixture) {
		shared, last := uint64(f.at[2]), uint64(f.at[1]) // the disk ends inside block 2
		f.batEntry(0, shared|6)
		f.batEntry(1, shared|6)
		f.batEntry(2, last|6)
		f.Truncate(f.at[1] + mib)
	}}
	before := planted(t, d)
	expectCodes(t, check(t, openFixture(t, before)), "vhdx/43", "vhdx/44")
	after := mendedBy(t, d, firstRepair(t, before, d))
	if was, is := disks(t, before, d), disks(t, after, d); was != is {
		t.Errorf("%s before, %s after", was, is)
	}
	expectCodes(t, check(t, openFixture(t, after)))
}

// TestNamedEmptyBAT takes a BAT without blocks where a damaged region table
// puts it.
func TestNamedEmptyBAT(t *testing.T) {
	d := damage{code: "14", plan: plan{size: 6 * mib}, plant: func(f *fixture) {
		for i := range 2 {
			f.put(layout.RegionOffset(i)+4, []byte{1, 2})
		}
	}}
	after := mendedBy(t, d, firstRepair(t, planted(t, d), d))
	expectCodes(t, check(t, openFixture(t, after)))
}

// TestLongFileIsARisk: what the image claims may make the file much longer, and
// the risk says how long.
func TestLongFileIsARisk(t *testing.T) {
	for _, c := range []struct {
		last uint64
		want string
	}{{32 * mib, ""}, {10 << 30, "the file gets 10 GiB long"}} {
		d := damage{code: "10", plan: plan{size: 100 << 30, block: 32 * mib}, plant: func(f *fixture) {
			r := f.record(0, 1, 0)
			r.last = c.last
			f.log(r)
		}}
		if r := firstRepair(t, planted(t, d), d); !strings.HasPrefix(r.Risk, c.want) || c.want == "" && r.Risk != "" {
			t.Errorf("0x%x: risk %q", c.last, r.Risk)
		}
	}
}

// TestNoCycle: a file that has this image below it can't be its parent.
func TestNoCycle(t *testing.T) {
	child := derived
	child.locator = []string{layout.KeyLinkage, linkageTo(3), layout.KeyRelativePath, "base.vhdx"}
	base := derived
	base.id, base.parent, base.name = 2, 1, "disk.vhdx"
	folder := files(map[string]*fixture{"disk.vhdx": build(t, child), "base.vhdx": build(t, base)})
	img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))
	for _, f := range check(t, img) {
		if f.Code != "vhdx/34" || !f.Repairable {
			continue
		}
		if r := repairsOf(t, img, f)[0]; !errors.Is(r.Apply(t.Context(), folder), disk.ErrChain) {
			t.Errorf("%q has the child for its parent", r.Title)
		}
		return
	}
	t.Error("no such repair")
}
