package vhd_test

import (
	"bytes"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestFooterFarFromTheEnd has bytes after the footer, more than any sniffing reads: the
// footer is found, the disk reads as before, and the bytes are said to follow it. A footer
// that the guest stores, or of another image, is not taken.
func TestFooterFarFromTheEnd(t *testing.T) {
	dynamic := build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{3, 0}, id: 5})
	fixed := build(t, plan{kind: layout.Fixed, size: mib, id: 3})
	for name, f := range map[string]*fixture{"fixed": fixed, "dynamic": dynamic} {
		for _, more := range []int{512, 70 << 10, 3<<20 + 100} {
			want := enginetest.SHA256(t, openBytes(t, f.bytes))
			long := *f
			long.bytes = append(bytes.Clone(f.bytes), bytes.Repeat([]byte("after"), more/5)...)
			img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": &long}), "disk.vhd", formats))
			if got := enginetest.SHA256(t, img); got != want {
				t.Errorf("%s, %d bytes more: the disk reads otherwise", name, more)
			}
			if worst(check(t, img), "vhd/V009") != disk.SeverityWarning {
				t.Errorf("%s, %d bytes more: %v", name, more, check(t, img))
			}
		}
	}
	nested := *dynamic
	nested.bytes = append(bytes.Clone(dynamic.bytes[:dynamic.tail]), fixed.bytes...) // its own footer is gone
	nested.bytes = append(nested.bytes, make([]byte, 80<<10)...)
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": &nested}), "disk.vhd", formats))
	if worst(check(t, img), "vhd/V002") != disk.SeverityError {
		t.Errorf("the footer of another image is taken: %v", check(t, img))
	}
}
