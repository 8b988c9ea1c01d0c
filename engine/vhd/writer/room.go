package writer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// room is where new blocks go: after all that the file holds, with the footer
// moved on for several blocks at once, since a move costs two syncs. As in [layer.Room]
// only blocks that were given up since the image was opened are used again: what an earlier
// session left may be a block that has lost its entry.
type room struct {
	footer []byte // 512 bytes
	block  int64  // bytes that a block takes, with its bitmap
	ahead  int64  // blocks to make room for at once
	next   int64  // where the next block goes
	last   int64  // where the footer at the end of the file is

	free     []int64 // starts of blocks that nothing names any more
	released []int64 // the same, once the table without them is durable
}

// maxSector is the last that an entry of the table can name; the next one means
// that a block is not stored.
const maxSector = int64(vhd.Unallocated) - 1

// take finds room for a block. Used is whether it has held something before.
func (r *room) take(f store.File) (start int64, used bool, err error) {
	if n := len(r.free); n > 0 {
		start, r.free = r.free[n-1], r.free[:n-1]
		return start, true, nil
	}
	start = r.next
	if start/vhd.Sector > maxSector {
		return 0, false, &disk.Error{Kind: disk.OutOfRange, What: fmt.Sprintf("the file is full: a block at 0x%x is past the last sector that the table can name", start)}
	}
	if start+r.block > r.last {
		if err := r.extend(f); err != nil {
			return 0, false, err
		}
	}
	if err := store.Reserve(f, start+r.block, vhd.FooterSize); err != nil && !errors.Is(err, store.ErrNoReserve) {
		return 0, false, err // on a full disk the footer could not come to its place
	}
	r.next = start + r.block
	return start, false, nil
}

// extend moves the footer on: at each moment there is one at the end of the file.
// The old one lies where the next block begins, and becomes zeros like the rest
// of that room.
func (r *room) extend(f store.File) error {
	old, last := r.last, r.next+r.ahead*r.block
	if _, err := store.WriteFor(f, r.footer, last, "footer at the new end of the file"); err != nil {
		return errors.Join(err, f.Truncate(old+vhd.FooterSize))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	r.last = last
	_, err := store.WriteFor(f, make([]byte, vhd.FooterSize), old, "zeros over the old footer, where a block will be")
	return err
}

// release gives up the room of a block. Nobody gets it before settle.
func (r *room) release(start int64) { r.released = append(r.released, start) }

// settle is told that the table is durable.
func (r *room) settle() {
	r.free = append(r.free, r.released...)
	r.released = nil
}

// vacate makes what was given up in the middle of the file zeros.
func (r *room) vacate(ctx context.Context, f store.File) error {
	for _, start := range r.free {
		if start >= r.next {
			continue // it is cut off
		}
		if err := layer.Vacate(ctx, f, start, r.block, "zeros where nothing is stored any more"); err != nil {
			return err
		}
	}
	return nil
}

// giveBack puts the footer after the last block and cuts off the rest: blocks at the
// end that were given up too, since QEMU puts a new block after the last one that the
// table names and takes what lies there for zeros.
func (r *room) giveBack(f store.File) error {
	for slices.Contains(r.free, r.next-r.block) {
		r.next -= r.block
	}
	if r.next >= r.last {
		return nil
	}
	if _, err := store.WriteFor(f, r.footer, r.next, "footer after the last block"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	r.last = r.next
	if err := f.Truncate(r.next + vhd.FooterSize); err != nil {
		return err
	}
	return f.Sync()
}
