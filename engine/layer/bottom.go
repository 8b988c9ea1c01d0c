package layer

import (
	"context"
	"io"
	"iter"

	"platter/engine/disk"
)

// bottom is an image of another format below all layers: a raw disk.
type bottom struct{ disk.Image }

func (b bottom) Refused() error                      { return nil }
func (b bottom) Absent(_, limit int64) (int64, bool) { return limit, false }
func (b bottom) Cursor(int) Cursor                   { return b }
func (b bottom) Share(int)                           {}

// Run leaves it to the image to say what can't be read.
func (b bottom) Run(off, limit int64) (Run, error) {
	return Run{Start: off, End: limit, State: disk.Data, Offset: off}, nil
}

func (b bottom) Fill(p []byte, r Run) (int, error) {
	n, err := b.ReadAt(p, r.Start)
	if n == len(p) {
		err = nil
	}
	return n, err
}

func (b bottom) Lost(Run) error { return io.ErrUnexpectedEOF }

func (b bottom) Trail(via []disk.Via, _ int64, _ *Run) ([]disk.Via, error) { return via, nil }

// Next passes on what the image's own map says.
func (b bottom) Next(off, limit int64, r *Run) error {
	for s, err := range b.Map(off, limit-off) {
		*r = Run{Start: s.Start, End: s.Start + s.Length, State: s.State, Offset: s.Offset, File: s.File, Packed: s.Packed}
		return err
	}
	return io.ErrUnexpectedEOF
}

func (b bottom) Errors(context.Context, *int) iter.Seq2[disk.Finding, error] {
	return func(func(disk.Finding, error) bool) {}
}
