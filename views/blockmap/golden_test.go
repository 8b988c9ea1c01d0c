package blockmap_test

import (
	"fmt"
	"testing"

	"platter/keymap"
	"platter/views/viewtest"
)

var sizes = []struct{ w, h int }{{79, 20}, {119, 36}, {199, 56}}

// terminal names a size as the terminal has it that leaves so much to a view.
func terminal(w, h int) string { return fmt.Sprintf("%dx%d", w+1, h+4) }

func TestScreens(t *testing.T) {
	for _, s := range sizes {
		v := open(t, archive(), s.w, s.h)
		viewtest.Golden(t, "whole-"+terminal(s.w, s.h), v.View(), s.w, s.h)
		press(v, keymap.ZoomIn, keymap.NextMark, keymap.ZoomIn, keymap.ZoomIn)
		viewtest.Golden(t, "zoomed-"+terminal(s.w, s.h), v.View(), s.w, s.h)
	}
}
