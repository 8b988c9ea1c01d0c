package store

import (
	"bytes"
	"math"
	"slices"
)

// State is where a change stands between the screen and the disk.
type State uint8

// The states of a change.
const (
	Staged    State = iota // visible, not on disk
	Committed              // visible and on disk
	Undone                 // neither; Redo brings it back
	Reverting              // on disk, but undone: the next commit undoes it
	Dropped                // taken out by a later change
)

// String is the state in one word.
func (s State) String() string {
	return [...]string{"staged", "committed", "undone", "reverting", "dropped"}[s]
}

// Change is an entry of the history: everything that one Do did.
type Change struct {
	ID    int // unique within the workspace, growing
	Title string
	State State
	Edits []Edit // in the order they were made
}

// Edit is one run of bytes that a change replaced, or a resized file. The slices
// must not be modified.
type Edit struct {
	File   string
	Offset int64  // bytes
	Before []byte // what was visible before; may be cut off, then After is empty
	After  []byte // may be brought back by growing, then Before is empty
	// Sizes of the file in bytes, where the edit resizes it; else both 0.
	SizeBefore, SizeAfter int64
	Why                   string // what it is for, in a few words; may be empty
}

// Resizes tells whether the edit changes the length of the file.
func (e Edit) Resizes() bool { return e.SizeBefore != e.SizeAfter }

// touched is the range on which another edit depends on this one.
func (e Edit) touched() (off, end int64) {
	if e.Resizes() {
		return min(e.SizeBefore, e.SizeAfter), math.MaxInt64
	}
	return e.Offset, e.Offset + int64(max(len(e.Before), len(e.After)))
}

// change is a Change at work. Its splices are how it was last moved, forward or
// back; they hold while nothing is committed (the same epoch). After that, moving
// it means staging its edits again.
type change struct {
	id        int
	title     string
	splices   []splice
	applied   bool    // the splices are in force
	epoch     int     // number of commits before its last move
	settled   []Edit  // the edits, once the splices hold no longer
	undone    bool    // stands behind the cursor
	committed bool    // its effect is on disk
	drops     *change // the change that this one takes out
	dropped   bool
	weight    int64 // bytes held
}

func (c *change) state() State {
	switch {
	case c.dropped:
		return Dropped
	case c.committed && c.undone:
		return Reverting
	case c.committed:
		return Committed
	case c.undone:
		return Undone
	}
	return Staged
}

// takeEffect marks what c takes out as dropped, or as back if c is taken back. If
// that is a drop itself, the change that it took out comes back, and so on.
func (c *change) takeEffect(dropped bool) {
	for gone := c.drops; gone != nil; gone = gone.drops {
		gone.dropped = dropped
		dropped = !dropped
	}
}

// heading is the title of what the change's extents do.
func (c *change) heading() string {
	if c.undone {
		return "undo: " + c.title
	}
	return c.title
}

// edits tells in bytes what the change did when it was made.
func (c *change) edits() []Edit {
	if c.settled != nil {
		return c.settled
	}
	var list []Edit
	for _, s := range c.splices {
		list = append(list, s.edits()...)
	}
	return list
}

// settle keeps the edits in bytes, before a commit voids the splices.
func (c *change) settle() {
	c.settled = c.edits()
	c.splices = nil
}

func (s splice) edits() []Edit {
	if !s.resizes() {
		return s.writes()
	}
	resize := Edit{File: s.o.name, Offset: s.off, SizeBefore: s.was.size, SizeAfter: s.made.size, Why: s.why}
	if s.made.size < s.was.size {
		return append(s.lost(), resize)
	}
	list := []Edit{resize}
	for _, e := range s.inverse().lost() {
		if len(bytes.TrimLeft(e.Before, "\x00")) > 0 {
			list = append(list, e.Inverse())
		}
	}
	return list
}

// writes are the edits of a splice that keeps the size.
func (s splice) writes() []Edit {
	var list []Edit
	for _, p := range s.pieces() {
		n := p.end - p.off
		e := Edit{File: p.o.name, Offset: p.off, Before: make([]byte, n), After: make([]byte, n), Why: p.why}
		for _, x := range slices.Concat(p.removed, p.inserted) {
			copy(e.Before[x.off-p.off:], x.base)
			copy(e.After[x.off-p.off:], x.base)
		}
		overwrite(e.Before, p.off, p.removed)
		overwrite(e.After, p.off, p.inserted)
		list = append(list, e)
	}
	return list
}

// overwrite lays the extents over p, which lies at off, as far as they meet it.
func overwrite(p []byte, off int64, list []extent) {
	end := off + int64(len(p))
	for _, e := range list {
		if e.off < end && e.end() > off {
			c := e.clip(off, end)
			copy(p[c.off-off:], c.data)
		}
	}
}

// lost are the bytes that a cut takes away. Bytes past the end of the file on disk
// that were never staged are zeros, which growing brings back.
func (s splice) lost() []Edit {
	var list []Edit
	kept := slices.Clone(s.made.cut[:min(int64(len(s.made.cut)), s.was.size-s.off)])
	overwrite(kept, s.off, s.removed)
	if len(kept) > 0 {
		list = append(list, Edit{File: s.o.name, Offset: s.off, Before: kept})
	}
	end := s.off + int64(len(kept))
	for _, e := range s.removed {
		if e.end() > end {
			c := e.clip(max(e.off, end), e.end())
			list = append(list, Edit{File: s.o.name, Offset: c.off, Before: c.data})
		}
	}
	return list
}

// overlaps tells whether b builds on a.
func overlaps(a, b []Edit) bool {
	for _, x := range a {
		xo, xe := x.touched()
		for _, y := range b {
			yo, ye := y.touched()
			if x.File == y.File && xo < ye && yo < xe {
				return true
			}
		}
	}
	return false
}
