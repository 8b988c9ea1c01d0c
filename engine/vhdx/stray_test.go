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

// TestEntryLedAstray has the entry of each block in turn lead past the end, or to no
// place: as only one range can be its block's, the first repair brings the disk back,
// be the block where its neighbours say or not.
func TestEntryLedAstray(t *testing.T) {
	for _, swapped := range []bool{false, true} {
		for lost := range int64(4) {
			for entry, code := range map[uint64]string{1<<40 | layout.FullyPresent: "vhdx/42", layout.FullyPresent: "vhdx/41"} {
				f := ascending(t, false)
				if swapped { // the first and third block, the second and fourth
					for b := range int64(4) {
						f.batEntry(b, uint64(f.next-4*mib+(b+2)%4*mib)|layout.FullyPresent)
					}
				}
				want := all(t, openFixture(t, f))
				f.batEntry(lost, entry)
				folder := files(map[string]*fixture{"disk.vhdx": f})
				img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats))
				w := store.NewWorkspace(folder, "disk.vhdx")
				for _, found := range check(t, img) {
					if found.Code != code {
						continue
					}
					list, err := writer.Repairs(t.Context(), img, found)
					if err != nil || len(list) == 0 {
						t.Fatal(list, err)
					}
					if err := enginetest.Repair(t, w, list[0]); err != nil {
						t.Fatal(err)
					}
				}
				again, err := vhdx.Open(t.Context(), enginetest.Staged(t, w, "disk.vhdx", formats))
				if err != nil {
					t.Fatal(err)
				}
				if got := all(t, again); !bytes.Equal(got, want) {
					t.Errorf("swapped %v: block %d, entry 0x%x: the disk is not as before", swapped, lost, entry)
				}
				w.Close()
			}
		}
	}
}

// TestStrayThatNothingTells has two entries that lead nowhere, two ranges, or two
// blocks in one place: which block is whose nobody can tell, so that none is offered.
func TestStrayThatNothingTells(t *testing.T) {
	move := func(f *fixture, to ...uint64) {
		for b, entry := range to {
			f.batEntry(int64(b), entry)
		}
	}
	const past = 1<<40 | layout.FullyPresent
	for name, plant := range map[string]func(f *fixture, at func(int64) uint64){
		"two entries": func(f *fixture, at func(int64) uint64) { move(f, past, past, at(0), at(1)) },
		"two ranges":  func(f *fixture, at func(int64) uint64) { move(f, past, at(0), 0, at(2)) },
		"shared room": func(f *fixture, at func(int64) uint64) { move(f, past, at(3), at(2), at(3)) },
	} {
		f := ascending(t, false)
		plant(f, func(n int64) uint64 { return uint64(f.next-4*mib+n*mib) | layout.FullyPresent })
		img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": f}), "disk.vhdx", formats))
		seen := false
		for _, found := range check(t, img) {
			if found.Code != "vhdx/42" {
				continue
			}
			list, err := writer.Repairs(t.Context(), img, found)
			for _, r := range list {
				if strings.HasPrefix(r.Title, "let the BAT place") {
					t.Errorf("%s: offered: %s", name, r.Title)
				}
			}
			seen = seen || err == nil
		}
		if !seen {
			t.Errorf("%s: no finding", name)
		}
	}
}

// TestCutIsOneRow cuts a file in the middle of a block: the blocks that are lost, and the
// one that is lost in part, are one row with what is lost of how many, and one repair of it
// keeps what there is of the block that was cut.
func TestCutIsOneRow(t *testing.T) {
	f := ascending(t, false)
	f.batEntry(0, uint64(f.next-mib)|layout.FullyPresent) // the first finding is of a block that is all lost
	f.batEntry(3, uint64(f.next-4*mib)|layout.FullyPresent)
	f.Truncate(f.next - 3*mib + mib/2)
	img := openFixture(t, f)
	list := disk.Arrange(disk.Merge(check(t, img)))
	if row := list[0]; row.Code != "vhdx/42" || row.Count != 3 || row.Lost != 2*mib+mib/2 || !strings.Contains(row.Sum(), "3 of 4 blocks") {
		t.Fatalf("%s %d: %s", row.Code, row.Count, row.Sum())
	}
	if _, err := img.ReadAt(make([]byte, mib/2), mib); err != nil {
		t.Errorf("what is left of the block can't be read: %v", err)
	}
}
