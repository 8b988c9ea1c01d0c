package vmdk_test

import (
	"fmt"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// TestUnequalExtents writes across the borders of eight flat extents, of which no two are as
// long and some begin within their files.
func TestUnequalExtents(t *testing.T) {
	b := enginetest.Bed{Name: "eight", Image: "d.vmdk", Files: map[string]*store.MemFile{}, Read: readBed, Write: writeBed(disk.WriteOptions{Renew: true})}
	var lines []string
	left, size := int64(diskSectors), int64(0)
	for i := range int64(8) {
		n := 100 + 331*i
		if i == 7 {
			n = left
		}
		left -= n
		size += n
		name, base := fmt.Sprintf("d-f%d.vmdk", i), i%3*7
		lines = append(lines, fmt.Sprintf(`RW %d FLAT "%s" %d`, n, name, base))
		b.Files[name] = store.NewMemFile((base + n) * sector)
	}
	b.Files["d.vmdk"] = memFile([]byte(text("twoGbMaxExtentFlat", strings.Join(lines, "\n"))))
	for _, steps := range enginetest.Workloads(size*sector, 331*sector, 80) {
		enginetest.RandomWrites(t, b, steps)
	}
}
