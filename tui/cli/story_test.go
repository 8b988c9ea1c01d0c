package cli

import (
	"testing"

	"platter/views/grid"
)

// TestStoriesFit holds that what the start screen tells of a sample is never cut: in
// 80x24, and in the half of 120x40.
func TestStoriesFit(t *testing.T) {
	for _, s := range offered() {
		if n := len(grid.Wrap(s.Story, 73)); s.Story == "" || n > 3 {
			t.Errorf("%s: %d lines at 80 columns", s.Path, n)
		}
		if n := len(grid.Wrap(s.Story, 53)); n > 5 {
			t.Errorf("%s: %d lines at 120 columns", s.Path, n)
		}
	}
}
