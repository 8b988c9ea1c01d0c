package layer

import (
	"cmp"
	"context"
	"slices"

	"platter/engine/store"
)

// Room is where a writer puts what is new in a file: past its end, several at once,
// or where something was that nothing names any more. Offsets and lengths are in
// bytes.
//
// Only what was given up since the image was opened is used again. To find what earlier
// sessions, or other programs, have left would take a survey of all that claims the file
// at each opening, and a block that has lost its entry looks the same. What Close leaves
// in the middle of a file is zeros, mostly a hole that takes no room on the host; what lies
// at the end is cut off; a copy of the disk has neither.
type Room struct {
	next  int64 // where the next thing goes, at the earliest
	end   int64 // of the file
	ahead int64 // bytes to make room for at once

	free     []freed // that nothing names
	released []freed // the same, once the tables without them are durable
}

// freed is room that was given up: pieces of one length, one after the other.
type freed struct{ at, length, count int64 }

func (p freed) end() int64 { return p.at + p.length*p.count }

// mostFreed bounds how many runs of pieces are remembered. What is given up past that is
// not used again, and not made zeros: only a very large trim of a very scattered file
// comes there, and what it leaves belongs to nothing.
const mostFreed = 1 << 20

// NewRoom is the room of a file of size bytes, from next on, which may lie before or
// past the end. Ahead is how much the file grows at once, at least.
func NewRoom(next, size, ahead int64) Room { return Room{next: next, end: size, ahead: ahead} }

// Next is where the next thing goes, at the earliest.
func (r *Room) Next() int64 { return r.next }

// End is the length of the file.
func (r *Room) End() int64 { return r.end }

// Take finds room of a length, at a multiple of align. Used is whether it has held
// something before; else it is zeros.
func (r *Room) Take(f store.File, length, align int64) (at int64, used bool, err error) {
	for i := range r.free {
		p := &r.free[i]
		if p.length != length {
			continue
		}
		at, p.at, p.count = p.at, p.at+length, p.count-1
		if p.count == 0 {
			r.free = slices.Delete(r.free, i, i+1)
		}
		return at, true, nil
	}
	at = (r.next + align - 1) / align * align
	if at+length > r.end {
		end := at + max(length, r.ahead)
		if err := f.Truncate(end); err != nil {
			return 0, false, err
		}
		r.end = end
	}
	r.next = at + length
	return at, false, nil
}

// Release gives up room. Nobody gets it before Settle.
func (r *Room) Release(at, length int64) {
	if n := len(r.released); n > 0 && r.released[n-1].length == length && r.released[n-1].end() == at {
		r.released[n-1].count++
	} else if n+len(r.free) < mostFreed {
		r.released = append(r.released, freed{at, length, 1})
	}
}

// Settle is told that the tables are durable.
func (r *Room) Settle() {
	r.free = append(r.free, r.released...)
	r.released = nil
}

// Recede forgets what was given up at the end of the file.
func (r *Room) Recede() {
	slices.SortFunc(r.free, func(a, b freed) int { return cmp.Compare(a.at, b.at) })
	for n := len(r.free) - 1; n >= 0 && r.free[n].end() == r.next; n-- {
		r.next, r.free = r.free[n].at, r.free[:n]
	}
}

// Vacate makes what was given up, and is not at the end of the file, zeros. The tables
// are durable by then.
func (r *Room) Vacate(ctx context.Context, f store.File) error {
	for _, p := range r.free {
		if err := Vacate(ctx, f, p.at, p.end()-p.at, "zeros where nothing is stored any more"); err != nil {
			return err
		}
	}
	return nil
}

// GiveBack cuts off what was taken in advance, and what Recede has found.
func (r *Room) GiveBack(f store.File) error {
	if r.next >= r.end {
		return nil
	}
	if err := f.Truncate(r.next); err != nil {
		return err
	}
	r.end = r.next
	return f.Sync()
}
