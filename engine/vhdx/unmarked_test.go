package vhdx_test

import (
	"bytes"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
	"platter/engine/vhdx/writer"
)

// TestDamagedSignatures takes the signature of one structure after the other away, of
// both copies where there are two: the first repair puts it back and touches nothing
// else that counts, so that the disk reads as before.
func TestDamagedSignatures(t *testing.T) {
	for _, c := range []struct {
		code string
		at   []int64
	}{
		{"vhdx/1", []int64{0}},
		{"vhdx/4", []int64{layout.HeaderOffset(0), layout.HeaderOffset(1)}},
		{"vhdx/14", []int64{layout.RegionOffset(0), layout.RegionOffset(1)}},
		{"vhdx/20", []int64{metadataAt}},
	} {
		f := build(t, plan{size: 4 * mib, id: 1, states: map[int64]uint64{0: layout.FullyPresent, 2: layout.FullyPresent}})
		want := all(t, openFixture(t, f))
		for _, at := range c.at {
			f.put(at, []byte("XXXX"))
		}
		folder := files(map[string]*fixture{"disk.vhdx": f})
		if _, ok := vhdx.Probe(enginetest.Memory(t, folder, "disk.vhdx", formats)); !ok {
			t.Errorf("%s: not recognised", c.code)
		}
		img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))
		w := store.NewWorkspace(folder, "disk.vhdx")
		done := false
		for _, found := range check(t, img) {
			if found.Code != c.code || done {
				continue
			}
			list, err := writer.Repairs(t.Context(), img, found)
			if err != nil || len(list) == 0 || !bytes.Contains([]byte(list[0].Title), []byte("signature")) {
				t.Fatalf("%s: %d repairs, %v", c.code, len(list), err)
			}
			if err := enginetest.Repair(t, w, list[0]); err != nil {
				t.Fatal(err)
			}
			done = true
		}
		again, err := vhdx.Open(t.Context(), enginetest.Staged(t, w, "disk.vhdx", formats))
		if err != nil || !done {
			t.Fatalf("%s: found %v, %v", c.code, done, err)
		}
		if got := all(t, again); !bytes.Equal(got, want) {
			t.Errorf("%s: the disk is not as before", c.code)
		}
		if img.(*vhdx.Image).DataWriteGUID() != again.(*vhdx.Image).DataWriteGUID() && c.code != "vhdx/4" {
			t.Errorf("%s: a new DataWriteGuid", c.code)
		}
		w.Close()
	}
}
