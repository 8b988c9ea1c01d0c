package vhdx_test

import (
	"strings"
	"testing"

	layout "platter/decode/vhdx"
)

// TestWipedTotal wipes the BAT of an image whose blocks lie in two ranges: each says how much there
// is in all. An entry of a sector bitmap that leads onto a structure is not offered a copy of that.
func TestWipedTotal(t *testing.T) {
	f := build(t, plan{size: 6 * mib, id: 1})
	f.put(f.grow(mib), []byte("a block"))
	bat := f.grow(mib)
	f.put(f.grow(mib), []byte("another"))
	for i := range 2 {
		f.regions(i, entry{layout.RegionBAT, uint64(bat), mib, 1}, entry{layout.RegionMetadata, metadataAt, mib, 1})
	}
	said := 0
	for _, x := range checkAll(t, openFixture(t, f)) {
		if x.Code == "vhdx/50" && strings.Contains(x.Text, "; in all 3 MiB in 2 ranges") {
			said++
		}
	}
	if said != 2 {
		t.Errorf("%d ranges say how much there is in all", said)
	}
	f = build(t, plan{size: 6 * mib, id: 1, parent: 2, states: map[int64]uint64{1: layout.PartiallyPresent}, here: odd})
	f.u64(batAt+f.geo.BitmapIndex(0)*layout.EntrySize, logAt|6)
	img := openFixture(t, f)
	for _, x := range checkAll(t, img) {
		if x.Code != "vhdx/44" {
			continue
		}
		for _, r := range repairsOf(t, img, x) {
			if strings.Contains(r.Title, "copy") {
				t.Errorf("a structure is taken for a sector bitmap: %s", r.Title)
			}
		}
		return
	}
	t.Error("the entry is not found")
}
