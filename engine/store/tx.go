package store

import (
	"fmt"
	"io/fs"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// draft is what becomes the next state: overlays of its own over those of a state
// that stays as it is.
type draft struct {
	from   *state
	edited map[*original]*overlay
}

func (s *state) draft() draft { return draft{s, map[*original]*overlay{}} }

// overlay is a file as the draft has it, to be read or changed.
func (d draft) overlay(o *original) *overlay {
	v := d.edited[o]
	if v == nil {
		v = d.from.overlay(o).clone()
		d.edited[o] = v
	}
	return v
}

// Tx is a change being made: an FS whose files show what was written to them at once,
// while nobody else sees any of it. It lasts as long as the function that it was given
// to. Its methods may be called from several goroutines.
type Tx struct {
	w      *Workspace
	held   int64 // bytes in the history
	change *change

	mu    sync.RWMutex
	draft draft
	ended bool
}

func (w *Workspace) tx(c *change, held int64) *Tx {
	return &Tx{w: w, held: held, change: c, draft: w.now.Load().draft()}
}

// end keeps what comes too late from changing what others see.
func (tx *Tx) end() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.ended = true
}

// Open opens a file for reading, as the change has it so far.
func (tx *Tx) Open(name string) (File, error) { return tx.open(name, false) }

// OpenWrite opens a file for reading and writing. Nothing reaches the disk before
// Commit.
func (tx *Tx) OpenWrite(name string) (File, error) { return tx.open(name, true) }

func (tx *Tx) open(name string, writable bool) (File, error) {
	o, err := tx.w.hold(name)
	if err != nil {
		return nil, err
	}
	return &changing{tx: tx, original: o, writable: writable}, nil
}

// Resolve turns a path found in an image into a name, see Opener.
func (tx *Tx) Resolve(from, claimed string) (string, error) { return tx.w.base.Resolve(from, claimed) }

// Stat describes a file; its size is that in the change.
func (tx *Tx) Stat(name string) (Info, error) {
	info, err := tx.w.base.Stat(name)
	if o := tx.w.original(name); o != nil && err == nil {
		info.Size = tx.size(o)
	}
	return info, err
}

// ReadDir lists the base names in a folder, sorted.
func (tx *Tx) ReadDir(dir string) ([]string, error) { return tx.w.base.ReadDir(dir) }

// Create fails with ErrNames.
func (tx *Tx) Create(name string) (File, error) { return nil, nameErr("create", name, ErrNames) }

// Remove fails with ErrNames.
func (tx *Tx) Remove(name string) error { return nameErr("remove", name, ErrNames) }

// Rename fails with ErrNames.
func (tx *Tx) Rename(from, _ string) error { return nameErr("rename", from, ErrNames) }

// SyncDir has nothing to do: a change makes no names.
func (tx *Tx) SyncDir() error { return nil }

// Revert brings back what is on disk for a range of a file: what was staged there is
// gone. Offset and length are in bytes; the file's length stays.
func (tx *Tx) Revert(name string, off, length int64) error {
	f, err := tx.open(name, true)
	if err != nil {
		return err
	}
	defer f.Close()
	return tx.stage(f.(*changing).original, func(v *overlay, _ *change) ([]splice, error) {
		end := min(off+min(length, v.size), v.size)
		if off < 0 || length < 0 || off >= end {
			return nil, nil
		}
		return v.revert(off, end), nil
	})
}

// stage runs a write on a file.
func (tx *Tx) stage(o *original, write func(*overlay, *change) ([]splice, error)) error {
	tx.w.keep(o)
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return nameErr("write", o.name, fs.ErrClosed)
	}
	c := tx.change
	list, err := write(tx.draft.overlay(o), c)
	if err != nil {
		return nameErr("write", o.name, err)
	}
	weight := weigh(list)
	if tx.held+c.weight+weight > MaxStaged {
		tx.draft.takeBack(list)
		return nameErr("write", o.name, fmt.Errorf("%w: more than %d MiB", ErrTooMuch, MaxStaged>>20))
	}
	c.splices = append(c.splices, list...)
	c.weight += weight
	return nil
}

func weigh(list []splice) int64 {
	var n int64
	for _, s := range list {
		n += int64(len(s.made.cut))
		for _, e := range s.inserted {
			n += int64(len(e.data))
		}
	}
	return n
}

func (tx *Tx) size(o *original) int64 {
	tx.mu.RLock()
	defer tx.mu.RUnlock()
	return tx.overlay(o).size
}

// overlay is a file as the change has it, for reading.
func (tx *Tx) overlay(o *original) *overlay {
	if v := tx.draft.edited[o]; v != nil {
		return v
	}
	return tx.draft.from.overlay(o)
}

// changing is an open file of a change.
type changing struct {
	*original
	tx       *Tx
	writable bool
	closed   atomic.Bool
}

func (f *changing) ReadAt(p []byte, off int64) (int, error) {
	f.tx.mu.RLock()
	defer f.tx.mu.RUnlock()
	return f.tx.overlay(f.original).readAt(p, off)
}

func (f *changing) WriteAt(p []byte, off int64) (int, error) { return f.WriteFor(p, off, "") }

// WriteFor keeps the reason with the change.
func (f *changing) WriteFor(p []byte, off int64, why string) (int, error) {
	switch {
	case !f.writable:
		return 0, nameErr("write", f.name, ErrReadOnly)
	case len(p) > MaxStaged:
		return 0, nameErr("write", f.name, ErrTooMuch)
	case off < 0 || off > math.MaxInt64-int64(len(p)):
		return 0, nameErr("write", f.name, errOffset)
	}
	err := f.tx.stage(f.original, func(v *overlay, by *change) ([]splice, error) {
		list, err := v.write(p, off, by)
		for i := range list {
			list[i].why = why
		}
		return list, err
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *changing) Truncate(size int64) error {
	if !f.writable {
		return nameErr("resize", f.name, ErrReadOnly)
	}
	return f.tx.stage(f.original, func(v *overlay, by *change) ([]splice, error) {
		if size == v.size {
			return nil, nil
		}
		s, err := v.resize(size, by)
		return []splice{s}, err
	})
}

func (f *changing) Size() (int64, error) { return f.tx.size(f.original), nil }

// Sync has nothing to do: what is staged becomes durable by Commit.
func (f *changing) Sync() error { return nil }

func (f *changing) ID() (FileID, error) { return f.id, nil }

// ModTime is when the file on disk was last changed.
func (f *changing) ModTime() (time.Time, error) { return f.file.ModTime() }

// NextData is the next run of data on disk or written since.
func (f *changing) NextData(off int64) (Range, error) {
	f.tx.mu.RLock()
	defer f.tx.mu.RUnlock()
	return f.tx.overlay(f.original).nextData(off)
}

// Close lets go of the file; what was written to it stays.
func (f *changing) Close() error {
	if f.closed.Swap(true) {
		return nil
	}
	return f.tx.w.release(f.original)
}
