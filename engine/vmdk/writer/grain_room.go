package writer

import (
	"cmp"
	"slices"

	"platter/engine/store"
)

// grainRoom is where new grains and tables go: past the end of the file, several at
// once, or where grains were that nothing names any more.
type grainRoom struct {
	next  int64 // where the next grain goes
	end   int64 // of the file
	ahead int64 // bytes to make room for at once

	free     []freed // that nothing names
	released []freed // the same, once the tables without them are durable
}

// freed is the room of a grain.
type freed struct{ at, length int64 }

// take finds room, aligned in the file. Used is whether it has held something
// before; else it is zeros.
func (r *grainRoom) take(f store.File, length, align int64) (at int64, used bool, err error) {
	for i, p := range r.free {
		if p.length == length {
			r.free = slices.Delete(r.free, i, i+1)
			return p.at, true, nil
		}
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

// release gives up a grain's room. Nobody gets it before settle.
func (r *grainRoom) release(at, length int64) { r.released = append(r.released, freed{at, length}) }

// settle is told that the tables are durable.
func (r *grainRoom) settle() {
	r.free = append(r.free, r.released...)
	r.released = nil
}

// recede forgets what was given up at the end of the file.
func (r *grainRoom) recede() {
	slices.SortFunc(r.free, func(a, b freed) int { return cmp.Compare(a.at, b.at) })
	for n := len(r.free) - 1; n >= 0 && r.free[n].at+r.free[n].length == r.next; n-- {
		r.next, r.free = r.free[n].at, r.free[:n]
	}
}

// giveBack cuts off what was taken in advance, and what recede has found.
func (r *grainRoom) giveBack(f store.File) error {
	if r.next >= r.end {
		return nil
	}
	if err := f.Truncate(r.next); err != nil {
		return err
	}
	r.end = r.next
	return f.Sync()
}
