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
// before once the format is said, and the repair gives every byte back. Nothing but
// a dynamic header says unasked what the file is.
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
			if _, ok := vhd.Probe(enginetest.Memory(t, folder, "disk.vhd", formats)); ok != (kind == layout.Dynamic) {
				t.Errorf("kind %d is recognised unasked: %v", kind, ok)
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
