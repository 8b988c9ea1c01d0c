// Package layer composes differencing chains: what a disk reads as when each
// layer stores some of it and leaves the rest to the one below. A format says
// what a layer stores ([Layer]); a [Stack] reads and maps the whole disk, and
// [FindParent] looks for the next layer.
package layer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"platter/decode"
	"platter/engine/disk"
)

// MaxDepth is how many layers a chain may have.
const MaxDepth = 256

// Layer is what a format tells of one layer alone. Offsets are bytes of the
// virtual disk; all that is asked for lies on the layer's own disk. All methods
// may be called from several goroutines.
type Layer interface {
	// Refused is why the layer can't be read at all; nil if it can.
	Refused() error

	// Absent reports whether the layer is known to leave the byte at off to the
	// one below, and how far below limit; if not, end is limit or a place before it
	// that Run would not go past. It is the fast way past layers that have
	// nothing, and answers by what is at hand; Run is the one that knows everything.
	Absent(off, limit int64) (end int64, known bool)

	// Run is the layer's answer for the start of [off, limit), as far as one
	// answer goes.
	Run(off, limit int64) (Run, error)

	// Fill reads the data of a run from its start on. It fills p, which is no
	// longer than the run, or fails.
	Fill(p []byte, r Run) (int, error)

	// Lost says why a run that is Missing, or FromParent where nothing is
	// below, has no bytes.
	Lost(r Run) error

	// Cursor goes through the layer for a map of depth layers.
	Cursor(depth int) Cursor

	// Trail adds to via what decided about the byte at off, which r holds,
	// outermost first. The stack says which layer it is.
	Trail(via []disk.Via, off int64, r *Run) ([]disk.Via, error)

	// Share gives the layer its part of the memory for tables when depth
	// layers share it.
	Share(depth int)

	// Errors finds what is wrong with the layer alone, as far as it concerns
	// reading. Left is how many table entries all layers together may still look
	// at, for formats that have such a bound.
	Errors(ctx context.Context, left *int) iter.Seq2[disk.Finding, error]
}

// Cursor finds the runs of a layer one after the other. It may know more than
// [Layer.Run], such as the holes of a file, and reads tables in larger pieces.
type Cursor interface {
	// Next puts the answer for the start of [off, limit) into r.
	Next(off, limit int64, r *Run) error
}

// Scatterer is an ability of cursors over tables of millions of blocks in no
// order.
type Scatterer interface {
	// Scattered hands on whole blocks that are stored, from off up to end at
	// most, as long as it decides nothing that Next would decide in another way.
	// It returns where it stopped, and whether to go on. It is asked where the
	// layer is the only one.
	Scattered(off, end int64, out *disk.Joiner) (next int64, more bool)
}

// Run is a range of the virtual disk with one answer. What it says of its first
// byte holds for the others too, with offsets that grow.
type Run struct {
	Start, End int64
	State      disk.State
	Offset     int64  // of data: bytes in the file; else -1
	File       string // that holds the data
	Packed     int64  // bytes of the compressed data in the file; 0 if it is stored plainly
	Skip       int64  // unpacked bytes in front of the run
	Why        string // of a run that is Missing
	Part       int    // which of the layer's parts answered, in the format's own count
	Whole      bool   // it goes as far as it can: its span is not joined with others

	Via  [3]Entry // what decided, outermost first
	Vias int      // how many of them there are
}

// Entry is a table entry or a bit that was looked at.
type Entry struct {
	Index int64  // number in its table, or of the bit
	At    int64  // bytes in the file
	Raw   uint64 // its value
}

// Decide adds an entry to those that decided.
func (r *Run) Decide(index, at int64, raw uint64) {
	r.Via[r.Vias] = Entry{index, at, raw}
	r.Vias++
}

// Stack is a chain of layers, the one that was opened first.
type Stack struct{ layers []member }

// member is a layer with what is asked of it most often.
type member struct {
	Layer
	name string
	size int64
}

// New makes the stack of one layer: the name of its file, and its size in bytes.
func New(l Layer, name string, size int64) Stack {
	l.Share(1)
	return Stack{[]member{{l, name, size}}}
}

// Over puts the stack over that of its parent. Below is nil for a parent without
// one: a raw disk.
func (s *Stack) Over(parent disk.Image, below *Stack) error {
	info := parent.Info()
	if info.Refused != nil {
		return fmt.Errorf("the parent can't be read: %w", Innermost(info.Refused))
	}
	rest := []member{{bottom{parent}, parent.Files()[0].Name, info.VirtualSize}}
	if below != nil {
		rest = below.layers
	}
	if len(s.layers)+len(rest) > MaxDepth {
		return disk.Errorf(disk.BadChain, decode.Place{File: rest[0].name}, "the chain has more than %d layers", MaxDepth)
	}
	s.layers = append(s.layers, rest...)
	for _, l := range s.layers {
		l.Share(len(s.layers))
	}
	return nil
}

// Depth is how many layers there are.
func (s *Stack) Depth() int { return len(s.layers) }

// Last is the layer at the bottom.
func (s *Stack) Last() Layer { return s.layers[len(s.layers)-1].Layer }

// Innermost is the last of a chain of the engine's errors: 256 layers would
// otherwise make 256 lines.
func Innermost(err error) error {
	for {
		var e *disk.Error
		if !errors.As(errors.Unwrap(err), &e) {
			return err
		}
		err = e
	}
}

// Below is a layer of a chain with an error of its own.
type Below struct {
	Depth int // 1 is the parent
	Name  string
	First disk.Finding // the first error
}

// FirstErrors finds the layers below that have errors: what the layers above
// leave to them can't be read. Each is gone through up to its first error only,
// so that a long chain of large tables takes bearable time. The codes in but are
// those that the image on top tells of itself, wherever in the chain they are.
func (s *Stack) FirstErrors(ctx context.Context, left *int, but ...string) iter.Seq2[Below, error] {
	return func(yield func(Below, error) bool) {
		for i, l := range s.layers[1:] {
			first, err := firstError(l.Errors(ctx, left), but)
			if err != nil {
				yield(Below{}, fmt.Errorf("layer %d, %s: %w", i+1, decode.InQuotes(l.name), err))
				return
			}
			if first != nil && !yield(Below{i + 1, l.name, *first}, nil) {
				return
			}
		}
	}
}

func firstError(findings iter.Seq2[disk.Finding, error], but []string) (*disk.Finding, error) {
	for f, err := range findings {
		switch {
		case err != nil:
			return nil, err
		case f.Severity == disk.SeverityError && !slices.Contains(but, f.Code):
			return &f, nil
		}
	}
	return nil, nil
}
