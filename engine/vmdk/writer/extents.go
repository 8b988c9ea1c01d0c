package writer

import (
	"context"
	"errors"
	"io"
	"sync"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	reader "platter/engine/vmdk"
)

// extents writes the disk of an image: its extents lie one after the other.
type extents struct {
	mu    sync.Mutex
	list  []part
	size  int64
	below layer.Under                 // the parent
	renew func(context.Context) error // gives the disk a new content ID; nil: it stays
	// settled fails while it is not known what of the file of an extent is free.
	settled func(context.Context, reader.Target) error
	failed  error
}

// part is an extent that is open for writing. Offsets are those of the disk.
type part struct {
	start, end int64
	storage
}

// storage is how the bytes of an extent are kept. Ranges lie in the extent.
type storage interface {
	readAt(p []byte, off int64) error
	// write takes whole sectors.
	write(p []byte, off int64) error
	zero(off, n int64) error
	trim(off, n int64) error
	flush(ctx context.Context) error
	// changed is how many bytes of tables wait for a flush.
	changed() int64
	// close tidies up after a last flush.
	close(ctx context.Context) error
	abandon() error
}

// Size is the length of the virtual disk in bytes.
func (w *extents) Size() int64 { return w.size }

// each hands on the pieces of a range that lie in one extent.
func (w *extents) each(off, n int64, do func(s part, off, n int64) error) error {
	for _, s := range w.list {
		from, to := max(off, s.start), min(off+n, s.end)
		if from >= to {
			continue
		}
		if err := do(s, from, to-from); err != nil {
			return err
		}
	}
	return nil
}

// ReadAt reads the virtual disk as written so far.
func (w *extents) ReadAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return held{w}.ReadAt(p, off)
}

// held is the disk for whoever holds the lock.
type held struct{ *extents }

// ReadAt reads extent by extent.
func (w held) ReadAt(p []byte, off int64) (int, error) {
	short := off+int64(len(p)) > w.size
	if short {
		p = p[:max(w.size-off, 0)]
	}
	done := 0
	err := w.each(off, int64(len(p)), func(s part, at, n int64) error {
		err := s.readAt(p[at-off:][:n], at)
		if err == nil {
			done += int(n)
		}
		return err
	})
	if err == nil && short {
		err = io.EOF
	}
	return done, err
}

// WriteUnits writes whole sectors.
func (w held) WriteUnits(p []byte, off int64) error {
	return w.each(off, int64(len(p)), func(s part, at, n int64) error { return s.write(p[at-off:][:n], at) })
}

// WriteAt writes any range of the virtual disk.
func (w *extents) WriteAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(context.Background(), off, int64(len(p))); err != nil || len(p) == 0 {
		return 0, err
	}
	return layer.WriteAt(held{w}, vmdk.SectorSize, p, off)
}

// Zero makes a range read as zeros.
func (w *extents) Zero(ctx context.Context, off, n int64) error {
	return w.change(ctx, off, n, func(s part, off, n int64) error { return s.zero(off, n) })
}

// Trim gives back the room of grains that lie wholly in a range, where the format
// can say so.
func (w *extents) Trim(ctx context.Context, off, n int64) error {
	return w.change(ctx, off, n, func(s part, off, n int64) error { return s.trim(off, n) })
}

// Keeps says why Trim gives nothing back: the kinds of all extents keep everything.
func (w *extents) Keeps() string {
	why := ""
	for _, x := range w.list {
		switch x.storage.(type) {
		case *grains:
			return ""
		case *packed:
			why = "a stream keeps its grains: programs that read it from marker to marker would find them all the same"
		case *flat:
			why = "in a flat extent each sector has its place in the file, and keeps it"
		}
	}
	return why
}

// stride is how far a change goes before it looks whether to go on, in bytes.
const stride = 64 << 20

func (w *extents) change(ctx context.Context, off, n int64, do func(s part, off, n int64) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(ctx, off, n); err != nil {
		return err
	}
	return layer.Pieces(off, n, stride, func(at, n int64) error {
		if err := errors.Join(ctx.Err(), w.relieve(ctx)); err != nil {
			return err
		}
		return w.each(at, n, do)
	})
}

// ready is called before each change: the range must be on the disk, and the disk
// has its new content ID before its first change.
func (w *extents) ready(ctx context.Context, off, n int64) error {
	if w.failed != nil {
		return w.failed
	}
	if err := layer.InRange(w.size, off, n); err != nil {
		return err
	}
	if err := w.relieve(ctx); err != nil || w.renew == nil || n == 0 {
		return err
	}
	if err := w.renew(ctx); err != nil {
		w.failed = err
		return err
	}
	w.renew = nil
	return nil
}

// relieve makes all that was written durable where too much waits for that.
func (w *extents) relieve(ctx context.Context) error {
	waiting := int64(0)
	for _, s := range w.list {
		waiting += s.changed()
	}
	if waiting < pages.Most {
		return w.failed
	}
	return w.sync(ctx)
}

// Blocks counts the grains that were stored and given up.
func (w *extents) Blocks() (stored, dropped int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.list {
		switch g := x.storage.(type) {
		case *grains:
			stored, dropped = stored+g.stored, dropped+g.dropped
		case *packed:
			stored += g.stored
		}
	}
	return stored, dropped
}

// Sync makes all that was written durable.
func (w *extents) Sync(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sync(ctx)
}

func (w *extents) sync(ctx context.Context) error {
	for i := 0; i < len(w.list) && w.failed == nil; i++ {
		w.failed = w.list[i].flush(ctx)
	}
	return w.failed
}

// Close makes all that was written durable, says that the files are closed
// cleanly, gives back the room that was taken in advance, and closes the files.
func (w *extents) Close(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.sync(ctx)
	for i := 0; i < len(w.list) && err == nil; i++ {
		err = w.list[i].close(ctx)
	}
	w.failed = errClosed
	return errors.Join(err, w.abandon())
}

// abandon closes the files.
func (w *extents) abandon() error {
	var errs []error
	for _, s := range w.list {
		errs = append(errs, s.abandon())
	}
	return errors.Join(errs...)
}

// errClosed is what a writer says after Close.
var errClosed = disk.Errorf(disk.ReadOnly, decode.Place{}, "the image is closed")
