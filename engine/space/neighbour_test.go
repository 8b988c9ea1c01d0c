package space_test

import (
	"testing"

	"platter/engine/space"
)

// TestExpected: a lost block lies where the order of its neighbours puts it.
func TestExpected(t *testing.T) {
	for _, c := range []struct {
		before, after, step, want int64
		ok                        bool
	}{
		{100, 140, 20, 120, true},
		{100, 160, 20, 0, false}, // room for two
		{100, 90, 20, 0, false},  // in another order
		{100, -1, 20, 120, true},
		{-1, 140, 20, 120, true},
		{-1, 10, 20, 0, false}, // before the start of the file
		{-1, -1, 20, 0, false},
	} {
		got, ok := space.Expected(c.before, c.after, c.step)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("Expected(%d, %d, %d) = %d, %v", c.before, c.after, c.step, got, ok)
		}
	}
}
