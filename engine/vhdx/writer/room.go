package writer

import (
	"cmp"
	"fmt"
	"slices"

	"platter/decode/vhdx"
	"platter/engine/layer"
	"platter/engine/store"
)

// room is where new blocks go: past the end of the file, several at once, or
// where blocks were that nothing names any more.
type room struct {
	next  int64 // where the next block goes, a multiple of 1 MiB
	end   int64 // of the file
	ahead int64 // bytes to make room for at once

	free     []place // that nothing names
	released []place // the same, once the table without them is durable
}

// place is the room of a block.
type place struct{ at, length int64 }

// take finds room of a length, a multiple of 1 MiB. Used is whether it has held
// something before; else it is zeros.
func (r *room) take(f store.File, length int64) (at int64, used bool, err error) {
	for i, p := range r.free {
		if p.length == length {
			r.free = slices.Delete(r.free, i, i+1)
			return p.at, true, nil
		}
	}
	at = r.next
	if end := at + length; end > r.end {
		end = at + max(length, r.ahead)
		if err := f.Truncate(end); err != nil {
			return 0, false, err
		}
		r.end = end
	}
	r.next = at + length
	return at, false, nil
}

// release gives up a block's room. Nobody gets it before settle.
func (r *room) release(at, length int64) { r.released = append(r.released, place{at, length}) }

// settle is told that the table is durable.
func (r *room) settle() {
	r.free = append(r.free, r.released...)
	r.released = nil
}

// giveBack cuts off what was taken in advance, and what was given up at the end of the
// file. The log must be closed.
func (r *room) giveBack(f store.File) error {
	slices.SortFunc(r.free, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	for n := len(r.free) - 1; n >= 0 && r.free[n].at+r.free[n].length == r.next; n-- {
		r.next, r.free = r.free[n].at, r.free[:n]
	}
	if r.next >= r.end {
		return nil
	}
	if err := f.Truncate(r.next); err != nil {
		return err
	}
	r.end = r.next
	return f.Sync()
}

// zeroPiece is how many zeros are written at once, in bytes.
const zeroPiece = vhdx.MiB

// zeros writes zeros to a range of the file.
func zeros(f store.File, off, n int64, why string) error {
	b := make([]byte, min(n, zeroPiece))
	return layer.Pieces(off, n, zeroPiece, func(at, n int64) error {
		_, err := store.WriteFor(f, b[:n], at, why)
		return err
	})
}

// why words the reason for a write.
func why(format string, number int64) string { return fmt.Sprintf(format, number) }
