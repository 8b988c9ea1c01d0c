package store

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrPipe: a file that goes to a pipe was to be read, or written out of order.
var ErrPipe = errors.New("not possible in a pipe")

// Pipe is an FS with one file, which is made once and goes to a writer byte by byte. It
// can only be written from front to back; gaps become zeros.
type Pipe struct {
	*Mem
	to   io.Writer
	made bool
}

// NewPipe makes the FS of one file that goes to w.
func NewPipe(w io.Writer) *Pipe { return &Pipe{Mem: NewMem(), to: w} }

// Create begins the file; a second one fails with ErrPipe.
func (p *Pipe) Create(name string) (File, error) {
	if p.made {
		return nil, nameErr("create", name, fmt.Errorf("%w: a second file", ErrPipe))
	}
	p.made = true
	return &pipeFile{to: p.to}, nil
}

// pipeFile is what is written to a pipe.
type pipeFile struct {
	to     io.Writer
	at     int64 // bytes that were sent
	size   int64 // that there will be at least
	closed bool
}

var pipeZeros [64 << 10]byte

// WriteAt sends zeros up to off, and then the bytes.
func (f *pipeFile) WriteAt(b []byte, off int64) (int, error) {
	if off < f.at {
		return 0, fmt.Errorf("%w: a write at %d after one that ends at %d", ErrPipe, off, f.at)
	}
	if err := f.pad(off); err != nil {
		return 0, err
	}
	n, err := f.to.Write(b)
	f.at += int64(n)
	return n, err
}

func (f *pipeFile) pad(to int64) error {
	for f.at < to {
		n, err := f.to.Write(pipeZeros[:min(to-f.at, int64(len(pipeZeros)))])
		if f.at += int64(n); err != nil {
			return err
		}
	}
	return nil
}

// Truncate says how long the file will be at least.
func (f *pipeFile) Truncate(size int64) error {
	if size < f.at {
		return fmt.Errorf("%w: it was to be cut off", ErrPipe)
	}
	f.size = size
	return nil
}

// Size is how long the file is, or will be at least.
func (f *pipeFile) Size() (int64, error) { return max(f.at, f.size), nil }

// Close sends the zeros that are missing at the end.
func (f *pipeFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	return f.pad(f.size)
}

// ReadAt fails: what was sent is gone.
func (f *pipeFile) ReadAt([]byte, int64) (int, error) {
	return 0, fmt.Errorf("%w: to read what was sent", ErrPipe)
}

// NextData fails like ReadAt.
func (f *pipeFile) NextData(int64) (Range, error) {
	return Range{}, fmt.Errorf("%w: to read what was sent", ErrPipe)
}

// Sync does nothing: how safe the bytes are is up to who gets them.
func (f *pipeFile) Sync() error { return nil }

// ID fails: a pipe is no file of the host.
func (f *pipeFile) ID() (FileID, error) { return FileID{}, ErrUnknown }

// ModTime is not known.
func (f *pipeFile) ModTime() (time.Time, error) { return time.Time{}, nil }
