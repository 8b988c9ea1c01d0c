package vhd_test

import (
	"bytes"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

// TestDamagedCookie takes the cookies away, one byte or all of them: the disk reads as
// before, and the repair gives every byte back.
func TestDamagedCookie(t *testing.T) {
	for _, kind := range []uint32{layout.Fixed, layout.Dynamic} {
		for _, n := range []int64{1, 8} {
			f := build(t, plan{kind: kind, size: 1 << 20, block: 512 << 10, id: 1, stored: []int64{0}})
			whole := bytes.Clone(f.bytes)
			want := content512(t, openBytes(t, whole))
			for i := range n {
				f.bytes[f.tail+i] ^= 0x55
				if kind != layout.Fixed {
					f.bytes[i] ^= 0x55
				}
			}
			folder := files(map[string]*fixture{"disk.vhd": f})
			if _, ok := vhd.Probe(enginetest.Memory(t, folder, "disk.vhd", formats)); !ok {
				t.Errorf("kind %d is not recognised", kind)
			}
			w := store.NewWorkspace(folder, "disk.vhd")
			if got := content512(t, reopen(t, w, vhd.Open)); !bytes.Equal(got, want) {
				t.Errorf("kind %d, %d bytes of the cookie: other content", kind, n)
			}
			repair(t, w, vhd.Open, "vhd/V056", 0)
			file, err := w.Snapshot().Open("disk.vhd")
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(whole))
			if _, err := file.ReadAt(got, 0); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("kind %d, %d bytes of the cookie: not every byte is back, %v", kind, n, err)
			}
			w.Close()
		}
	}
}

// TestDamagedHeaderCookie takes the cookie of the dynamic header away, and those of the footers
// with it: the disk reads as before, and the repairs give every byte back.
func TestDamagedHeaderCookie(t *testing.T) {
	for _, footers := range []bool{false, true} {
		f := build(t, plan{kind: layout.Dynamic, size: 1 << 20, block: 512 << 10, id: 1, stored: []int64{0}})
		whole := bytes.Clone(f.bytes)
		want := content512(t, openBytes(t, whole))
		copy(f.bytes[512:], "XXXXXXXX")
		if footers {
			copy(f.bytes, "XXXXXXXX")
			copy(f.bytes[f.tail:], "XXXXXXXX")
		}
		w := store.NewWorkspace(files(map[string]*fixture{"disk.vhd": f}), "disk.vhd")
		if got := content512(t, reopen(t, w, vhd.Open)); !bytes.Equal(got, want) {
			t.Errorf("footers %v: other content", footers)
		}
		repair(t, w, vhd.Open, "vhd/V024", 0)
		if footers {
			repair(t, w, vhd.Open, "vhd/V056", 0)
		}
		file, err := w.Snapshot().Open("disk.vhd")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(whole))
		if _, err := file.ReadAt(got, 0); err != nil || !bytes.Equal(got, whole) {
			t.Errorf("footers %v: not every byte is back, %v", footers, err)
		}
		w.Close()
	}
}

// TestSumOfLostCookie recognises no footer whose checksum does not fit.
func TestSumOfLostCookie(t *testing.T) {
	f := build(t, plan{kind: layout.Fixed, size: 1 << 20, id: 1})
	copy(f.bytes[f.tail:], "XXXXXXXX")
	f.bytes[f.tail+70] ^= 1
	if how, ok := vhd.Probe(enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": f}), "disk.vhd", formats)); ok {
		t.Errorf("recognised %s", how)
	}
}
