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
