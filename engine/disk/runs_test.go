package disk_test

import (
	"iter"
	"math"
	"testing"

	"platter/engine/disk"
)

// claimed is a disk of which one mebibyte is stored and the rest missing. It
// counts how often its map is asked for.
type claimed struct {
	disk.Image
	asked int
}

func (c *claimed) Map(off, n int64) iter.Seq2[disk.Span, error] {
	c.asked++
	return func(yield func(disk.Span, error) bool) {
		const stored = 1 << 20
		if off < stored && !yield(disk.Span{Start: off, Length: min(n, stored-off), State: disk.Data}, nil) {
			return
		}
		if from := max(off, stored); from < off+n {
			yield(disk.Span{Start: from, Length: off + n - from, State: disk.Missing}, nil)
		}
	}
}

// TestRunsOfClaimedSize walks a disk whose header claims all of 63 bits: how
// often the map is asked grows with the number of its digits, not with it.
func TestRunsOfClaimedSize(t *testing.T) {
	img := &claimed{}
	var runs []disk.Run
	for r, err := range disk.Runs(t.Context(), img, 0, math.MaxInt64) {
		if err != nil {
			t.Fatal(err)
		}
		if runs = append(runs, r); img.asked > 100 {
			t.Fatal("the map was asked more than 100 times")
		}
	}
	want := []disk.Run{{Start: 0, Length: 1 << 20, Content: disk.Stored}, {Start: 1 << 20, Length: math.MaxInt64 - 1<<20, Content: disk.Lost}}
	if len(runs) != 2 || runs[0] != want[0] || runs[1] != want[1] || img.asked > 100 {
		t.Errorf("%d questions, runs %v, want %v", img.asked, runs, want)
	}
}
