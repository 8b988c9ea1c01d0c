package vhd_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// TestEntryLedAstray has the entry of each block in turn lead past the end, or into
// the table: as only one range can be its block's, the first repair brings the disk
// back, be the block where its neighbours say or not.
func TestEntryLedAstray(t *testing.T) {
	for _, order := range [][]int64{{0, 1, 2, 3}, {3, 1, 0, 2}, {2}} {
		p := plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: order}
		for _, lost := range order {
			for value, code := range map[uint32]string{0x7FFFFFFF: "vhd/V032", 3: "vhd/V031"} {
				f := build(t, p)
				folder := files(map[string]*fixture{"disk.vhd": f})
				want := content512(t, open(t, enginetest.Memory(t, folder, "disk.vhd", formats)))
				f.setEntry(lost, value)
				folder = files(map[string]*fixture{"disk.vhd": f})
				w := store.NewWorkspace(folder, "disk.vhd")
				repair(t, w, vhd.Open, code, 0)
				if got := content512(t, reopen(t, w, vhd.Open)); !bytes.Equal(got, want) {
					t.Errorf("%v: block %d, entry 0x%x: the disk is not as before", order, lost, value)
				}
				w.Close()
			}
		}
	}
}

// TestStrayThatNothingTells has two entries that lead nowhere, two ranges, or two
// blocks in one place: which block is whose nobody can tell, so that none is offered.
func TestStrayThatNothingTells(t *testing.T) {
	p := plan{kind: layout.Dynamic, size: 3 << 20, block: 512 << 10, id: 1, stored: []int64{5, 1, 3, 0}}
	for name, plant := range map[string]func(f *fixture){
		"two entries": func(f *fixture) { f.setEntry(1, 0x7FFFFFFF); f.setEntry(4, 0x7FFFFFFE) },
		"two ranges":  func(f *fixture) { f.setEntry(1, 0x7FFFFFFF); f.setEntry(0, layout.Unallocated) },
		"shared room": func(f *fixture) { f.setEntry(1, 0x7FFFFFFF); f.setEntry(2, uint32(f.blocks[3]/512)) },
	} {
		f := build(t, p)
		plant(f)
		img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": f}), "disk.vhd", formats))
		for _, found := range check(t, img) {
			if found.Code != "vhd/V032" {
				continue
			}
			list, err := writer.Repairs(t.Context(), img, found)
			if err != nil || slices.ContainsFunc(list, func(r disk.Repair) bool { return strings.HasPrefix(r.Title, "let entry") }) {
				t.Errorf("%s: %v %v", name, list, err)
			}
		}
	}
}

// TestCutIsOneCause cuts a file in the middle of a block: the blocks that are lost are the
// cause of all else that is found, with what is lost of how many.
func TestCutIsOneCause(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3}})
	f.bytes = f.bytes[:f.blocks[1]+1000]
	list := disk.Arrange(disk.Merge(check(t, openBytes(t, f.bytes))))
	if list[0].Code != "vhd/V032" || list[0].Count != 3 || !strings.HasPrefix(list[0].Sum(), "3 of 4 blocks that are stored; 1.4 MiB") {
		t.Errorf("%s: %s", list[0].Code, list[0].Sum())
	}
	for _, found := range list[1:] {
		if found.Severity == disk.SeverityError && found.Cause != "vhd/V032" {
			t.Errorf("%s is not explained: %s", found.Code, found.Text)
		}
	}
}
