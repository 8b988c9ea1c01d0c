//go:build unix

package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/store"
)

// taken is how much room the files of a folder take on the host, in bytes.
func taken(t *testing.T, dir string) int64 {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, e := range list {
		var s syscall.Stat_t
		if err := syscall.Stat(filepath.Join(dir, e.Name()), &s); err != nil {
			t.Fatal(err)
		}
		total += int64(s.Blocks) * 512
	}
	return total
}

// TestPreallocated holds how much room a new file takes at once: N13 of the peers' cases.
func TestPreallocated(t *testing.T) {
	const size = 16 * mib
	for _, k := range []kindMade{{"raw", values()}, {"vhd", values("type", "fixed")}, {"vhdx", values("type", "fixed")}, {"vmdk", values("type", "monolithicFlat")}, {"vmdk", values("type", "twoGbMaxExtentFlat", "split", "5M")}} {
		for _, how := range []string{"off", "reserve", "full"} {
			dir := t.TempDir()
			_, err := engine.Create(t.Context(), filepath.Join(dir, "a."+k.format), engine.CreateOptions{Values: with(k.opt, "size", "16M", "preallocate", how)})
			if errors.Is(err, store.ErrNoReserve) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := taken(t, dir); how == "off" && got > size/4 || how != "off" && got < size {
				t.Errorf("%s, %s: %d bytes are taken", k, how, got)
			}
		}
	}
}
