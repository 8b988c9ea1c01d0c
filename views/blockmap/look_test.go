package blockmap_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
)

// TestShareOfStoredBlocks holds that a cell looks as full as it is, however few
// blocks it has.
func TestShareOfStoredBlocks(t *testing.T) {
	const cells = 64 * 16 // at 80 by 24
	for per, want := range map[int64]string{1: "0#0#0#", 2: "0o#0o#", 4: "0:oo#0:oo#", 8: "0::ooooO#0::ooooO#"} {
		w := &world{blocks: cells * per, block: mib, natural: true, size: gib}
		w.state = func(b int64) [2]disk.Span {
			if stored := b / per % (per + 1); b%per < stored {
				return w.data(0, name, 4*mib+b*w.block)
			}
			return w.none(disk.Zero)
		}
		v := open(t, w, 79, 20)
		row := strings.Split(screen(v), "\n")[1][7:]
		if !strings.HasPrefix(row, want) {
			t.Errorf("%d blocks in a cell: %s, want %s..\n%s", per, row, want, screen(v))
		}
	}
}
