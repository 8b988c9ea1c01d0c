package store

import (
	"errors"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// staged is an open file of a workspace.
type staged struct {
	w      *Workspace
	o      *overlay
	closed atomic.Bool
}

func (f *staged) ReadAt(p []byte, off int64) (int, error) {
	f.w.mu.RLock()
	defer f.w.mu.RUnlock()
	return f.o.readAt(p, off)
}

func (f *staged) WriteAt(p []byte, off int64) (int, error) {
	if len(p) > MaxStaged {
		return 0, nameErr("write", f.o.name, ErrTooMuch)
	}
	err := f.w.stage(f.o, func(by *change) ([]splice, error) { return f.o.write(p, off, by) })
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *staged) Truncate(size int64) error {
	return f.w.stage(f.o, func(by *change) ([]splice, error) {
		if size == f.o.size {
			return nil, nil
		}
		s, err := f.o.resize(size, by)
		return []splice{s}, err
	})
}

func (f *staged) Size() (int64, error) {
	f.w.mu.RLock()
	defer f.w.mu.RUnlock()
	return f.o.size, nil
}

// Sync has nothing to do: what is staged becomes durable by Commit.
func (f *staged) Sync() error { return nil }

func (f *staged) ID() (FileID, error) { return f.o.id, nil }

// Generation makes page caches over the file follow it.
func (f *staged) Generation() uint64 { return f.w.Generation() }

// Close lets go of the file. It stays open underneath if anything was staged in it.
func (f *staged) Close() error {
	if f.closed.Swap(true) {
		return nil
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	return f.w.release(f.o)
}

// release drops a handle's hold on an overlay.
func (w *Workspace) release(o *overlay) error {
	o.refs--
	if o.refs > 0 || o.touched || w.byID[o.id] != o {
		return nil
	}
	delete(w.byID, o.id)
	maps.DeleteFunc(w.byName, func(_ string, other *overlay) bool { return other == o })
	w.order = slices.DeleteFunc(w.order, func(other *overlay) bool { return other == o })
	return o.file.Close()
}

// ModTime is when the file on disk was last changed. Files in memory have no
// such time.
func (f *staged) ModTime() (time.Time, error) {
	if d, ok := f.o.file.(interface{ ModTime() (time.Time, error) }); ok {
		return d.ModTime()
	}
	return time.Time{}, nameErr("stat", f.o.name, errors.ErrUnsupported)
}

// NextData is the next run of data on disk or staged, see Sparse.
func (f *staged) NextData(off int64) (Range, error) {
	f.w.mu.RLock()
	defer f.w.mu.RUnlock()
	next, err := NextData(f.o.file, off, min(f.o.size, f.o.diskSize))
	if err != nil && err != io.EOF {
		return Range{}, err
	}
	if i := f.o.find(off); i < len(f.o.extents) {
		e := f.o.extents[i]
		if err == io.EOF || e.off < next.Offset {
			start := max(off, e.off)
			return Range{start, e.end() - start}, nil
		}
	}
	return next, err
}

// onDisk is the file under an overlay.
type onDisk struct{ *staged }

func (f *onDisk) ReadAt(p []byte, off int64) (int, error) { return f.o.file.ReadAt(p, off) }

func (f *onDisk) WriteAt([]byte, int64) (int, error) {
	return 0, nameErr("write", f.o.name, ErrReadOnly)
}

func (f *onDisk) Truncate(int64) error { return nameErr("resize", f.o.name, ErrReadOnly) }

func (f *onDisk) Size() (int64, error) {
	f.w.mu.RLock()
	defer f.w.mu.RUnlock()
	return f.o.diskSize, nil
}

func (f *onDisk) NextData(off int64) (Range, error) {
	size, err := f.Size()
	if err != nil {
		return Range{}, err
	}
	return NextData(f.o.file, off, size)
}
