package writer_test

import (
	"testing"

	"platter/engine/enginetest"
)

func TestRandomWrites(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			for _, steps := range enginetest.Workloads(size, small, 500) {
				enginetest.RandomWrites(t, b, steps)
			}
		})
	}
}

func TestPowerCuts(t *testing.T) {
	total := 0
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			points := enginetest.PowerCuts(t, b, enginetest.Steps(1, size, small, 1, enginetest.Scale(30, 120), true), enginetest.Scale(200, 10_000))
			t.Logf("%d crash points", points)
			total += points
		})
	}
	t.Logf("%d crash points in all", total)
}

func TestFailingWrites(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			enginetest.FailingWrites(t, b, enginetest.Steps(2, size, small, 1, enginetest.Scale(5, 20), false))
		})
	}
}

func TestSyncsAreNeeded(t *testing.T) {
	if !enginetest.Full() {
		t.Skip("takes a minute")
	}
	enginetest.SyncsAreNeeded(t, beds(t), enginetest.Steps(1, size, small, 1, 60, true), 8, nil)
}
