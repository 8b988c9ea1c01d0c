package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Rehearsal is an FS over files that are only read: what is written is read back for a
// while, counted, and forgotten. It tells what a change would do that is far too much to
// be held in memory: the format's writer carries it out as on the files themselves.
//
// What was written last is kept, table pages longer than data, and the start of each file
// for ever. What has to be read later than that fails with [ErrForgotten].
type Rehearsal struct {
	Opener
	mu    sync.Mutex
	byID  map[FileID]*rehearsed
	order []*rehearsed

	shelf  []shelved // sectors that are kept for a while, the oldest first
	pieces []keptPiece
	held   int // bytes of the pieces
}

// Rehearse makes a rehearsal over files.
func Rehearse(base Opener) *Rehearsal {
	return &Rehearsal{Opener: base, byID: map[FileID]*rehearsed{}}
}

// Rehearsed is what would become of a file.
type Rehearsed struct {
	Name          string
	Before, After int64   // sizes, in bytes
	Written       []Range // ascending
}

// Changes lists the files that would change, in the order in which they were opened.
func (r *Rehearsal) Changes() []Rehearsed {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Rehearsed
	for _, f := range r.order {
		if c := f.change(); c.Before != c.After || len(c.Written) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// Close closes the files underneath.
func (r *Rehearsal) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, f := range r.order {
		errs = append(errs, f.base.Close())
	}
	return errors.Join(errs...)
}

// Open opens a file for reading, as it would be so far.
func (r *Rehearsal) Open(name string) (File, error) { return r.open(name, false) }

// OpenWrite opens a file to be written to in the rehearsal.
func (r *Rehearsal) OpenWrite(name string) (File, error) { return r.open(name, true) }

func (r *Rehearsal) open(name string, writable bool) (File, error) {
	f, err := r.Opener.Open(name)
	if err != nil {
		return nil, err
	}
	id, err := f.ID()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.byID[id]; known != nil {
		return rehearsing{known, writable}, f.Close()
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	made := &rehearsed{all: r, base: f, name: name, before: size, size: size, low: size, sectors: map[int64]*keptSector{}}
	r.byID[id], r.order = made, append(r.order, made)
	return rehearsing{made, writable}, nil
}

// Stat describes a file; its size is that in the rehearsal.
func (r *Rehearsal) Stat(name string) (Info, error) {
	info, err := r.Opener.Stat(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.order {
		if f.name == name && err == nil {
			info.Size = f.size
		}
	}
	return info, err
}

// Create fails with ErrNames.
func (r *Rehearsal) Create(name string) (File, error) { return nil, nameErr("create", name, ErrNames) }

// Remove fails with ErrNames.
func (r *Rehearsal) Remove(name string) error { return nameErr("remove", name, ErrNames) }

// Rename fails with ErrNames.
func (r *Rehearsal) Rename(from, _ string) error { return nameErr("rename", from, ErrNames) }

// SyncDir has nothing to do.
func (r *Rehearsal) SyncDir() error { return nil }

// rehearsing is a handle of a file.
type rehearsing struct {
	*rehearsed
	writable bool
}

// WriteAt writes in the rehearsal.
func (h rehearsing) WriteAt(p []byte, off int64) (int, error) {
	if !h.writable {
		return 0, nameErr("write", h.name, ErrReadOnly)
	}
	return h.write(p, off)
}

// Truncate changes the length in the rehearsal.
func (h rehearsing) Truncate(size int64) error {
	if !h.writable {
		return nameErr("truncate", h.name, ErrReadOnly)
	}
	return h.truncate(size)
}

// Close leaves the file to the rehearsal.
func (h rehearsing) Close() error { return nil }

// change is what has become of the file.
func (f *rehearsed) change() Rehearsed {
	f.written.sort()
	return Rehearsed{f.name, f.before, f.size, slices.Clone(f.written.sorted)}
}

func (f *rehearsed) forgotten(off int64) error {
	return nameErr("read", f.name, fmt.Errorf("byte 0x%x: %w", off, ErrForgotten))
}
