package compact

import (
	"bytes"
	"context"
	"hash/maphash"

	"platter/engine/layer"
)

// sector is what a power cut leaves old or new, in bytes.
const sector = 512

// stray is data that no entry leads to: perhaps a copy of what one leads to, or a part
// of such a copy.
type stray struct {
	at, length int64 // in the file
	skip       int64 // whole sectors of zeros in front
	explained  bool
}

// Bounds of the search for what strays are copies of: how many there are, at how many
// places their first bytes lie, and how many comparisons are made.
const (
	maxStrays      = 1 << 18
	maxSkips       = 64
	maxComparisons = 1 << 20
)

// mark is the first sector of a stray that is not zero.
type mark struct{ length, skip, hash uint64 }

// explaining looks for what strays are copies of.
type explaining struct {
	*run
	seed  maphash.Seed
	marks map[mark][]*stray
	skips map[int64][]int64 // by length
	left  int               // comparisons
	a, b  []byte
}

// source reads a piece, from its start on.
type source func(p []byte, off int64) error

// explain finds the strays of which the disk holds the same, sector by sector, in one of
// its blocks: those that were copied in part have zeros for the rest.
func (r *run) explain(ctx context.Context, list []leftover) error {
	e := explaining{run: r, seed: maphash.MakeSeed(), marks: map[mark][]*stray{}, skips: map[int64][]int64{}, left: maxComparisons,
		a: make([]byte, compareBytes), b: make([]byte, compareBytes)}
	for _, l := range list {
		for _, w := range l.ways {
			for _, s := range w {
				if err := e.add(s); err != nil {
					return err
				}
			}
		}
	}
	if len(e.marks) == 0 {
		return nil
	}
	err := r.each(ctx, func(p Piece) error {
		head := r.headOf(p.Length)
		if p.Kind == Anchor || p.At+p.Length > r.Shape.End {
			return nil
		}
		return e.try(p.Length-head, func(b []byte, off int64) error { return layer.ReadFull(r.Shape.File, b, p.At+head+off) })
	})
	if err != nil {
		return err
	}
	return r.Beneath(ctx, func(n int64, read func(p []byte, off int64) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return e.try(n, read)
	})
}

// add notes how a stray begins.
func (e *explaining) add(s *stray) error {
	known := false
	for _, k := range e.skips[s.length] {
		known = known || k == s.skip
	}
	if !known && len(e.skips[s.length]) == maxSkips {
		return nil // it stays unexplained
	}
	if !known {
		e.skips[s.length] = append(e.skips[s.length], s.skip)
	}
	m, err := e.mark(s.length, s.skip, func(b []byte, off int64) error { return layer.ReadFull(e.Shape.File, b, s.at+off) })
	e.marks[m] = append(e.marks[m], s)
	return err
}

func (e *explaining) mark(length, skip int64, read source) (mark, error) {
	b := e.a[:min(sector, length-skip)]
	err := read(b, skip)
	return mark{uint64(length), uint64(skip), maphash.Bytes(e.seed, b)}, err
}

// try compares what the disk holds with the strays that begin alike.
func (e *explaining) try(length int64, read source) error {
	for _, skip := range e.skips[length] {
		m, err := e.mark(length, skip, read)
		if err != nil {
			return err
		}
		for _, s := range e.marks[m] {
			if s.explained || e.left == 0 {
				continue
			}
			e.left--
			if s.explained, err = e.copied(s, read); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareBytes is how much is compared at once.
const compareBytes = 64 << 10

// copied reports whether each sector of a stray is that of a piece, or zeros.
func (e *explaining) copied(s *stray, read source) (bool, error) {
	for off := s.skip; off < s.length; off += compareBytes {
		n := min(compareBytes, s.length-off)
		one, two := e.a[:n], e.b[:n]
		if err := layer.ReadFull(e.Shape.File, one, s.at+off); err != nil {
			return false, err
		}
		if err := read(two, off); err != nil {
			return false, err
		}
		if bytes.Equal(one, two) {
			continue
		}
		for at := int64(0); at < n; at += sector {
			end := min(at+sector, n)
			if !bytes.Equal(one[at:end], two[at:end]) && !bytes.Equal(one[at:end], zeros[:end-at]) {
				return false, nil
			}
		}
	}
	return true, nil
}

var zeros [sector]byte
