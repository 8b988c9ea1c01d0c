package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGiantsWritten makes the largest disks of each format, writes the last sector, reads
// it back and checks the image, each time with the program as a process of its own: none
// takes more than [giantMemory], and the check has no more than notes. How long it takes depends on the machine, and is printed.
func TestGiantsWritten(t *testing.T) {
	dir := giantFolder(t)
	for _, c := range []struct{ name, size, last, more string }{
		{"dynamic.vhd", "2040G", "2190433320448", ""},
		{"fixed.vhd", "2040G", "2190433320448", "--type fixed"},
		{"dynamic.vhdx", "64T", "70368744177152", ""},
		{"small.vhdx", "64T", "70368744177152", "--block-size 1M"},
		{"fixed.vhdx", "64T", "70368744177152", "--type fixed --block-size 256M"},
		{"sparse.vmdk", "2T", "2199023255040", ""},
		{"flat.vmdk", "62T", "68169720921600", "--type monolithicFlat"},
		{"vmfs.vmdk", "62T", "68169720921600", "--type vmfs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.name)
			writesLast(t, path, c.last, append([]string{"create", path, c.size, "-q"}, strings.Fields(c.more)...))
		})
	}
}

// writesLast carries the steps out.
func writesLast(t *testing.T, path, last string, create []string) {
	t.Helper()
	whole, most := time.Duration(0), int64(0)
	for _, args := range [][]string{
		create,
		{"write", path, "--offset", last, "--length", "512", "--fill", "5a", "-q"},
		{"read", path, "--offset", last, "--length", "512"},
		{"check", path},
	} {
		out, resident, took := measured(t, args...)
		whole, most = whole+took, max(most, resident)
		t.Logf("platter %s: %d ms, %d MiB resident", args[0], took.Milliseconds(), resident>>20)
		if resident > giantMemory {
			t.Errorf("platter %s takes %d MiB, at most %d are allowed", args[0], resident>>20, giantMemory>>20)
		}
		if args[0] == "read" && !strings.Contains(out, strings.Repeat("Z", 512)) {
			t.Errorf("the last sector reads %.80q", out)
		}
	}
	t.Logf("all of it: %d ms, %d MiB resident at most", whole.Milliseconds(), most>>20)
}

// giantFolder is a folder in memory: other file systems stop at 16 TiB.
func giantFolder(t *testing.T) string {
	t.Helper()
	if free(t, "/dev/shm") < 512<<20 {
		t.Skip("not enough memory in /dev/shm")
	}
	dir, err := os.MkdirTemp("/dev/shm", "platter-giants-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
