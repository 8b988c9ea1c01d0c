package engine_test

import (
	"runtime"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
)

// maxHeld is how much of memory a writer may hold, in bytes, with what a rehearsal keeps.
const maxHeld = 64 << 20

// TestScatteredWritesHoldLittle writes all over the largest disks without a sync: what
// waits to be made durable is bounded all the same.
func TestScatteredWritesHoldLittle(t *testing.T) {
	for _, c := range []struct {
		layered
		writes int64
	}{
		{layered{"vhd", "vhd", values("size", "2040G"), nil, 0, disk.WriteOptions{}}, 90_000},
		{layered{"vmdk", "vmdk", values("size", "2T"), nil, 0, disk.WriteOptions{}}, 60_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, name := store.NewMem(), "base."+c.format
			c.layer(t, files, name, "")
			tried := store.Rehearse(files)
			b := make([]byte, 512)
			c.write(t, tried, name, func(w disk.Writer) error {
				step := w.Size() / c.writes / 512 * 512
				for i := range c.writes {
					if _, err := w.WriteAt(b, i*step); err != nil {
						return err
					}
				}
				var m runtime.MemStats
				runtime.GC()
				if runtime.ReadMemStats(&m); m.HeapAlloc > maxHeld {
					t.Errorf("%d MiB are held after %d writes", m.HeapAlloc>>20, c.writes)
				}
				return nil
			})
		})
	}
}
