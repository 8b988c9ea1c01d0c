package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"platter/engine/store"
)

// Change is a page of a table as it is to be.
type Change struct {
	Off  int64  // bytes in the file
	Data []byte // the whole page
	Why  string // what the change is for, in a few words
}

// Sink brings changed pages to the file: straight, as [Direct] does, or through a
// log. They are sorted by offset, and are durable when it returns. They need no
// order among themselves: what a page begins to name is zeros before.
type Sink interface {
	Commit(ctx context.Context, list []Change) error
}

// Ledger holds the changed pages of a file's tables until what they point to is
// durable. A table is never written when it changes, only by Flush. It is used
// by one goroutine at a time.
type Ledger struct {
	f     store.File
	size  int64
	dirty map[int64]Change
	read  [4]seen // pages as they are in the file, since entries are asked for one after the other
	turn  int     // which of them goes next
}

// seen is a page of the file.
type seen struct {
	off  int64
	data []byte // nil: none
}

// NewLedger makes a ledger for pages of size bytes, a power of two.
func NewLedger(f store.File, size int64) *Ledger {
	return &Ledger{f: f, size: size, dirty: map[int64]Change{}}
}

// Page is where the page of a byte begins.
func (l *Ledger) Page(off int64) int64 { return off &^ (l.size - 1) }

// Changed reports how many bytes the ledger holds.
func (l *Ledger) Changed() int64 { return int64(len(l.dirty)) * l.size }

// Most is how many bytes of changed pages are held before they are to be flushed, whoever
// asks for it: scattered changes would else fill the memory.
const Most = 8 << 20

// Full reports whether it is time for a Flush.
func (l *Ledger) Full() bool { return l.Changed() >= Most }

// ReadAt reads the tables as changed. What lies past the end of the file is an
// error.
func (l *Ledger) ReadAt(p []byte, off int64) (int, error) {
	for n := 0; n < len(p); {
		at := off + int64(n)
		start := l.Page(at)
		piece := p[n:min(len(p), n+int(start+l.size-at))]
		if c, ok := l.dirty[start]; ok {
			copy(piece, c.Data[at-start:])
		} else if page := l.look(start); page != nil {
			copy(piece, page[at-start:])
		} else if got, err := l.f.ReadAt(piece, at); got < len(piece) {
			return n + got, fmt.Errorf("page at 0x%x: %w", start, err)
		}
		n += len(piece)
	}
	return len(p), nil
}

// look is a page of the file; nil where the file ends in it or can't be read.
func (l *Ledger) look(start int64) []byte {
	for _, p := range l.read {
		if p.data != nil && p.off == start {
			return p.data
		}
	}
	p := &l.read[l.turn]
	data := p.data
	if p.data = nil; data == nil {
		data = make([]byte, l.size)
	}
	if n, _ := l.f.ReadAt(data, start); n < len(data) {
		return nil
	}
	*p = seen{start, data}
	l.turn = (l.turn + 1) % len(l.read)
	return data
}

// Edit is the page that starts at off, to be changed by the caller; off is a
// multiple of the page's size. A fresh page begins as zeros, whatever the file
// holds. Of several reasons the first is kept. Room on the host is reserved for the page
// where that is possible: a full disk is met here, before anything hangs on the change.
func (l *Ledger) Edit(off int64, fresh bool, why string) ([]byte, error) {
	if c, ok := l.dirty[off]; ok {
		return c.Data, nil
	}
	if err := store.Reserve(l.f, off, l.size); err != nil && !errors.Is(err, store.ErrNoReserve) {
		return nil, err
	}
	c := Change{Off: off, Data: make([]byte, l.size), Why: why}
	if !fresh {
		if n, err := l.f.ReadAt(c.Data, off); n < len(c.Data) {
			return nil, fmt.Errorf("page at 0x%x: %w", off, err)
		}
	}
	l.dirty[off] = c
	l.unsee()
	return c.Data, nil
}

// unsee forgets pages of the file, which is about to change.
func (l *Ledger) unsee() { clear(l.read[:]) }

// Forget drops changes to pages in a range that is given up.
func (l *Ledger) Forget(off, length int64) {
	l.unsee()
	for at := l.Page(off); at < off+length; at += l.size {
		delete(l.dirty, at)
	}
}

// Flush makes what was written to the file durable, then the changed pages.
func (l *Ledger) Flush(ctx context.Context, to Sink) error {
	l.unsee()
	if err := l.f.Sync(); err != nil || len(l.dirty) == 0 {
		return err
	}
	list := slices.SortedFunc(maps.Values(l.dirty), func(a, b Change) int {
		return cmp.Compare(a.Off, b.Off)
	})
	if err := to.Commit(ctx, list); err != nil {
		return err
	}
	clear(l.dirty)
	return nil
}

// Direct writes changed pages where they belong.
type Direct struct{ File store.File }

// Commit writes the pages and makes them durable.
func (d Direct) Commit(_ context.Context, list []Change) error {
	if err := Place(d.File, list); err != nil {
		return err
	}
	return d.File.Sync()
}

// Place writes pages where they belong.
func Place(f store.File, list []Change) error {
	for _, c := range list {
		if _, err := store.WriteFor(f, c.Data, c.Off, c.Why); err != nil {
			return err
		}
	}
	return nil
}
