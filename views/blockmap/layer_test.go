package blockmap_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/keymap"
)

// child is a world with a parent.
type child struct{ *world }

func (child) Parent() disk.Image { return &world{} }

// TestLayers holds the overlay that tells which layer data come from: ranges
// of four blocks, and one block of which two layers have a part.
func TestLayers(t *testing.T) {
	const block = 1 << 20
	w := &world{blocks: 64, block: block, natural: true, size: 1 << 30}
	w.state = func(b int64) [2]disk.Span {
		switch {
		case b == 0:
			half := func(layer int, start int64) disk.Span {
				return disk.Span{Start: start, Length: block / 2, Layer: layer, File: name, Offset: start}
			}
			return [2]disk.Span{half(0, 0), half(2, block/2)}
		case b < 20:
			return w.data(int(b/4), name, b*block)
		case b < 24:
			return w.data(40, name, b*block)
		case b < 28:
			return w.none(disk.Zero)
		case b < 32:
			return w.none(disk.FromParent)
		}
		return w.none(disk.Unallocated)
	}
	v := open(t, child{w}, 79, 20)
	press(v, keymap.Overlay, keymap.Overlay)
	if got, want := cells(screen(v)), "+0001111222233334444****zzzz!!!!................................"; got != want {
		t.Errorf("cells %q, want %q\n%s", got, want, screen(v))
	}
	for _, want := range []string{"layer  64 MiB", "this image", "its parent", "several layers", "deeper layers"} {
		if !strings.Contains(screen(v), want) {
			t.Errorf("no %q in\n%s", want, screen(v))
		}
	}
}

// cells are the signs of a map whose cells are several columns wide.
func cells(screen string) (out string) {
	for _, line := range strings.Split(screen, "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) < 3 || len(fields[1]) < 2 {
			return out
		}
		for _, f := range fields[1:] {
			out += f[:1]
		}
	}
	return out
}

func TestNoLayersWithoutAParent(t *testing.T) {
	v := open(t, archive(), 79, 20)
	for range 4 {
		if press(v, keymap.Overlay); strings.Contains(screen(v), "layer  ") {
			t.Errorf("an image without a parent shows its layers:\n%s", screen(v))
		}
	}
}
