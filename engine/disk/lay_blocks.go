package disk

import (
	"context"
	"errors"
	"io"

	"platter/engine/store"
)

// Shelf is room for blocks in a new file: one after the other, each after a head.
type Shelf struct {
	File  store.File
	Start int64 // where the first one goes, in bytes of the file
	Unit  int64 // length of a block of the disk
	Head  int64 // length of what comes before each block

	// Place is told of each block before its data are written, in the order of the
	// disk: where its head begins.
	Place func(block, at int64) error
}

// Lay stores the blocks of the spec's content that hold anything, and returns where the
// last one ends. What is zeros in them stays a hole.
func (s Shelf) Lay(ctx context.Context, spec Spec) (end int64, err error) {
	size := spec.Bytes(OptionSize)
	buf := make([]byte, min(s.Unit, copyPiece))
	for off := int64(0); spec.Filling != nil && off < size; {
		r, err := spec.Filling.NextData(off)
		if errors.Is(err, io.EOF) || err == nil && r.Offset >= size {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return 0, err
		}
		block := r.Offset / s.Unit
		at := s.Start + end
		if err := s.Place(block, at); err != nil {
			return 0, err
		}
		off = (block + 1) * s.Unit
		if err := fill(ctx, s.File, at+s.Head, min(s.Unit, size-block*s.Unit), block*s.Unit, spec.Filling, buf); err != nil {
			return 0, err
		}
		end += s.Head + s.Unit
	}
	end += s.Start
	if have, err := s.File.Size(); err != nil || have >= end {
		return end, err
	}
	return end, s.File.Truncate(end)
}

// EntryWriter writes a long table of a new file in pieces, in the order of its entries.
type EntryWriter struct {
	File  store.File
	At    int64  // where the table begins, in bytes of the file
	Blank []byte // an entry of a block that is not stored
	Count int64  // of the entries

	page  []byte // the entries that come next
	first int64  // the number of the first of them
}

// entryPage is how many bytes of a table are written at once.
const entryPage = 1 << 20

// Put enters the bytes of an entry. Entries come in ascending order.
func (w *EntryWriter) Put(i int64, entry []byte) error {
	width := int64(len(w.Blank))
	for w.page == nil || i >= w.first+int64(len(w.page))/width {
		if err := w.turn(); err != nil {
			return err
		}
	}
	copy(w.page[(i-w.first)*width:], entry)
	return nil
}

// turn writes the page and begins the next one.
func (w *EntryWriter) turn() error {
	width := int64(len(w.Blank))
	if w.page != nil {
		if _, err := w.File.WriteAt(w.page, w.At+w.first*width); err != nil {
			return err
		}
		w.first += int64(len(w.page)) / width
	}
	n := min(entryPage/width, w.Count-w.first) * width
	if int64(cap(w.page)) < n {
		w.page = make([]byte, n)
	}
	w.page = w.page[:n]
	for i := int64(0); i < n; i += width {
		copy(w.page[i:], w.Blank)
	}
	return nil
}

// Close writes what is left, all entries that were never put among them.
func (w *EntryWriter) Close(ctx context.Context) error {
	for w.first < w.Count {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.turn(); err != nil {
			return err
		}
	}
	return nil
}
