package engine_test

import (
	"testing"

	"platter/engine/enginetest"
)

// TestEightGoroutines has eight of them write disjoint and overlapping ranges of an image
// of every kind: W17 and Z7 of the peers' cases. The gate runs it under the race detector.
func TestEightGoroutines(t *testing.T) {
	for _, l := range append(alone(), chains()...) {
		t.Run(l.name, func(t *testing.T) {
			enginetest.Goroutines(t, l.made(t), l.block, enginetest.Scale(5, 60))
		})
	}
}
