package foreign_test

import (
	"strings"
	"testing"
)

// TestHeadless names a sparse VMDK whose first sector is lost by the descriptor in the next
// one, and does not call it a raw disk.
func TestHeadless(t *testing.T) {
	b := make([]byte, 64<<10)
	for i := range 512 {
		b[i] = byte(i * 7)
	}
	copy(b[512:], "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\nRW 81920 SPARSE \"d.vmdk\"\n")
	c, ok := look(t, "d.vmdk", map[string][]byte{"d.vmdk": b})
	if !ok || !strings.Contains(c.What, "monolithicSparse") || !strings.Contains(c.What, "40 MiB") || strings.Contains(c.String(), "raw") {
		t.Errorf("%v %s", ok, c)
	}
}

// TestFooterless says of a file that is named like a VHD and holds a disk how it gets a footer.
func TestFooterless(t *testing.T) {
	boot := make([]byte, 64<<10)
	copy(boot[1024:], "data of a guest")
	boot[510], boot[511], boot[446], boot[450], boot[454], boot[458] = 0x55, 0xAA, 0x80, 7, 8, 16
	full := make([]byte, 64<<10)
	for i := range full {
		full[i] = byte(1 + i*7)
	}
	for _, c := range []struct {
		name   string
		bytes  []byte
		told   bool
		length bool
	}{
		{"d.vhd", boot, true, true},
		{"d.VHD", full, true, false},
		{"d.img", boot, false, false},
		{"d.vhd", full[:1000], false, false},
	} {
		got, _ := look(t, c.name, map[string][]byte{c.name: c.bytes})
		if told, length := strings.Contains(got.Advice, "--format raw FILE NEW.vhd --type fixed"), strings.Contains(got.Advice, "--length 65024"); told != c.told || length != c.length {
			t.Errorf("%s of %d bytes: %s", c.name, len(c.bytes), got)
		}
	}
}
