package store

import (
	"errors"
	"io"
	"sync"
)

// Taken is a step that a writer has taken on a file, in the order in which the steps
// reach the disk. The slices must not be modified.
type Taken struct {
	Step        // without change and title
	Why  string // what the step is for, in a few words; may be empty
	Sync bool   // a barrier: all before it is on disk before anything after it
}

// Watch is an FS that tells of each step that is taken on the files of another. What tell
// returns as an error fails the step, after it was taken.
func Watch(fs FS, tell func(Taken) error) FS { return &watch{FS: fs, tell: tell} }

type watch struct {
	FS
	mu   sync.Mutex
	tell func(Taken) error
	open bool // something was written since the last barrier
}

// OpenWrite opens a file for reading and writing.
func (w *watch) OpenWrite(name string) (File, error) {
	f, err := w.FS.OpenWrite(name)
	if err != nil {
		return nil, err
	}
	return watched{f, name, w}, nil
}

// watched is a file whose steps are told.
type watched struct {
	File
	name string
	w    *watch
}

// WriteAt tells of a write without a reason.
func (f watched) WriteAt(p []byte, off int64) (int, error) { return f.WriteFor(p, off, "") }

// WriteFor tells of a write.
func (f watched) WriteFor(p []byte, off int64, why string) (int, error) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	old := make([]byte, len(p))
	got, err := f.File.ReadAt(old, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	n, err := WriteFor(f.File, p, off, why)
	if err != nil {
		return n, err
	}
	f.w.open = true
	return n, f.w.tell(Taken{Step: Step{File: f.name, Offset: off, Old: old[:got], New: append([]byte(nil), p...)}, Why: why})
}

// Truncate tells of another length.
func (f watched) Truncate(size int64) error {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	before, err := f.File.Size()
	if err != nil {
		return err
	}
	if err := f.File.Truncate(size); err != nil || before == size {
		return err
	}
	f.w.open = true
	return f.w.tell(Taken{Step: Step{File: f.name, Offset: min(before, size), SizeBefore: before, SizeAfter: size}})
}

// Sync tells of a barrier, unless nothing was done since the last one.
func (f watched) Sync() error {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	if err := f.File.Sync(); err != nil || !f.w.open {
		return err
	}
	f.w.open = false
	return f.w.tell(Taken{Step: Step{File: f.name}, Sync: true})
}
