package layer

import (
	"context"
	"errors"
	"io"
	"sync"

	"platter/engine/disk"
	"platter/engine/store"
)

// plain writes a disk whose sectors lie at the start of its file as they are on the
// disk: a raw one, or that of a fixed VHD (vhd.md 1). No other byte of the file changes.
type plain struct {
	mu   sync.RWMutex
	file store.File
	size int64
}

// NewPlain writes a disk of size bytes, which lies at the start of a file. Close closes
// the file.
func NewPlain(f store.File, size int64) disk.Writer { return &plain{file: f, size: size} }

// Size is the length of the virtual disk in bytes.
func (w *plain) Size() int64 { return w.size }

// ReadAt reads the virtual disk.
func (w *plain) ReadAt(p []byte, off int64) (int, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return io.NewSectionReader(w.file, 0, w.size).ReadAt(p, off)
}

// WriteAt writes any range of the virtual disk.
func (w *plain) WriteAt(p []byte, off int64) (int, error) {
	if err := InRange(w.size, off, int64(len(p))); err != nil {
		return 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return store.WriteFor(w.file, p, off, "data of the disk")
}

// Zero writes zeros, but for holes, which are zeros already.
func (w *plain) Zero(ctx context.Context, off, n int64) error {
	if err := InRange(w.size, off, n); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return ClearStored(ctx, w.file, off, n, "zeros on the disk")
}

// Trim keeps everything: a fixed image gives no room back.
func (w *plain) Trim(_ context.Context, off, n int64) error { return InRange(w.size, off, n) }

// Keeps says why Trim gives nothing back.
func (w *plain) Keeps() string {
	return "in a raw disk or a fixed VHD each sector has its place in the file, and keeps it"
}

// Sync makes all that was written durable.
func (w *plain) Sync(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.file.Sync()
}

// Close makes all that was written durable and closes the file.
func (w *plain) Close(ctx context.Context) error {
	err := w.Sync(ctx)
	return errors.Join(err, w.file.Close())
}
