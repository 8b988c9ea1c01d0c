package vhd_test

import (
	"bytes"
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

// TestLostEntry takes the entry of each block away: what lies there is never
// called free, the check warns, and the first repair brings the disk back. An entry
// of zeros can't be right, so the disk can't be read there.
func TestLostEntry(t *testing.T) {
	p := plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3}}
	for _, value := range []uint32{layout.Unallocated, 0} {
		for lost := range p.stored {
			f := build(t, p)
			folder := files(map[string]*fixture{"disk.vhd": f})
			want := content512(t, open(t, enginetest.Memory(t, folder, "disk.vhd", formats)))
			f.setEntry(int64(lost), value)
			folder = files(map[string]*fixture{"disk.vhd": f})
			img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
			code := "vhd/V035"
			if _, err := img.ReadAt(make([]byte, 512), int64(lost)*p.block); value == 0 {
				if code = "vhd/V031"; err == nil {
					t.Errorf("block %d, whose entry is zero, can be read", lost)
				}
			}
			for r, err := range img.Regions(t.Context()) {
				if err != nil || r.Kind == disk.KindFree || strings.Contains(r.Name, "free") {
					t.Errorf("block %d, entry 0x%x: called %s, %q, %v", lost, value, r.Kind, r.Name, err)
				}
			}
			if least := worst(check(t, img), code); least < disk.SeverityWarning {
				t.Errorf("block %d, entry 0x%x: %s is a %s", lost, value, code, least)
			}
			w := store.NewWorkspace(folder, "disk.vhd")
			repair(t, w, vhd.Open, code, 0)
			if got := content512(t, reopen(t, w, vhd.Open)); !bytes.Equal(got, want) {
				t.Errorf("block %d, entry 0x%x: the disk is not as before", lost, value)
			}
			w.Close()
		}
	}
}

// TestLostEntryUnknown has two entries lost side by side, or blocks in another order:
// which block is whose nobody can tell, and no repair guesses.
func TestLostEntryUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		stored, lost []int64
	}{
		"two in a row":     {[]int64{0, 1, 2, 3}, []int64{1, 2}},
		"in another order": {[]int64{3, 1, 0, 2}, []int64{1}},
	} {
		f := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: c.stored})
		for _, n := range c.lost {
			f.setEntry(n, layout.Unallocated)
		}
		img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": f}), "disk.vhd", formats))
		for _, found := range check(t, img) {
			if found.Code == "vhd/V035" && (found.Severity < disk.SeverityWarning || len(c.lost) == 1 && found.Repairable) {
				t.Errorf("%s: %s, repairable %v: %s", name, found.Severity, found.Repairable, found.Text)
			}
		}
	}
}

// content512 is all of a small disk.
func content512(t *testing.T, img disk.Image) []byte {
	t.Helper()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatalf("%d of %d bytes: %v", n, len(b), err)
	}
	return b
}

// worst is the gravest severity of a code.
func worst(list []disk.Finding, code string) (s disk.Severity) {
	for _, f := range list {
		if f.Code == code {
			s = max(s, f.Severity)
		}
	}
	return s
}
