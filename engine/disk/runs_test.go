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

// endless is a disk all of whose blocks lie in the same mebibyte of a small file.
type endless struct{ disk.Image }

func (endless) Parent() disk.Image { return nil }
func (endless) Files() []disk.File { return []disk.File{{Name: "a", Size: 1 << 20}} }
func (endless) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		for at := off; at < off+n; at += 1 << 20 {
			if !yield(disk.Span{Start: at, Length: 1 << 20, State: disk.Data, File: "a"}, nil) {
				return
			}
		}
	}
}

// TestRunsWithoutEnd: what a small file can't hold is not gone through for terabytes.
func TestRunsWithoutEnd(t *testing.T) {
	read := int64(0)
	var fault error
	for r, err := range disk.Runs(t.Context(), endless{}, 0, 1<<40) {
		read, fault = read+r.Length, err
	}
	if fault == nil || read > 100<<20 {
		t.Errorf("%d bytes, error %v", read, fault)
	}
	for _, err := range disk.Runs(t.Context(), endless{}, 0, 32<<20) {
		if err != nil {
			t.Errorf("a few blocks that share their place: %v", err)
		}
	}
}
