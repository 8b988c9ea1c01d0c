package vhdx_test

import (
	"bytes"
	"strings"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
	"platter/engine/vhdx/writer"
)

// ascending is an image of four blocks that lie in their order.
func ascending(t *testing.T, fixed bool) *fixture {
	f := build(t, plan{size: 4 * mib, id: 1, fixed: fixed})
	for b := range int64(4) {
		at := batAt + mib + b*mib
		if !fixed {
			at = f.grow(mib)
		}
		f.batEntry(b, uint64(at)|layout.FullyPresent)
		block := make([]byte, mib)
		for s := int64(0); s < mib; s += 512 {
			fill(block[s:s+512], 1, b*mib+s)
		}
		f.put(at, block)
	}
	return f
}

// TestLostEntry takes the entry of each block away: what lies there is never
// called free, the check warns, and the repair brings the disk back.
func TestLostEntry(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		for lost := range int64(4) {
			f := ascending(t, fixed)
			want := all(t, openFixture(t, f))
			f.batEntry(lost, 0)
			folder := files(map[string]*fixture{"disk.vhdx": f})
			img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))
			for r, err := range img.Regions(t.Context()) {
				if err != nil || r.Kind == disk.KindFree || strings.Contains(r.Name, "free") {
					t.Errorf("block %d: called %s, %q, %v", lost, r.Kind, r.Name, err)
				}
			}
			var repairs []disk.Repair
			for _, found := range check(t, img) {
				if found.Code != "vhdx/50" {
					continue
				}
				if found.Severity < disk.SeverityWarning || strings.Contains(found.Text+found.Detail, "compacting") {
					t.Errorf("block %d: %s: %s %s", lost, found.Severity, found.Text, found.Detail)
				}
				list, err := writer.Repairs(t.Context(), img, found)
				if err != nil {
					t.Fatal(err)
				}
				repairs = append(repairs, list...)
			}
			if len(repairs) != 1 {
				t.Fatalf("block %d: %d repairs", lost, len(repairs))
			}
			w := store.NewWorkspace(folder, "disk.vhdx")
			if err := enginetest.Repair(t, w, repairs[0]); err != nil {
				t.Fatal(err)
			}
			again, err := vhdx.Open(t.Context(), enginetest.Staged(t, w, "disk.vhdx", formats))
			if err != nil {
				t.Fatal(err)
			}
			if got := all(t, again); !bytes.Equal(got, want) {
				t.Errorf("block %d: the disk is not as before", lost)
			}
			w.Close()
		}
	}
}

// all is the content of a small disk.
func all(t *testing.T, img disk.Image) []byte {
	t.Helper()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatalf("%d of %d bytes: %v", n, len(b), err)
	}
	return b
}
