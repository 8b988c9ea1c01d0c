package layer

import (
	"errors"
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Units is a disk that is written by whole units, such as sectors.
type Units interface {
	io.ReaderAt
	// Size is the length of the disk in bytes.
	Size() int64
	// WriteUnits writes a range that begins and ends between two units, or ends
	// where the disk does.
	WriteUnits(p []byte, off int64) error
}

// WriteAt writes any range of a disk. What the first and the last unit hold
// besides is read and written again. The caller lets nobody else write.
func WriteAt(d Units, unit int64, p []byte, off int64) (int, error) {
	if err := InRange(d.Size(), off, int64(len(p))); err != nil {
		return 0, err
	}
	done := 0
	for done < len(p) {
		n, err := writePiece(d, unit, p[done:], off+int64(done))
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// writePiece writes the part of a unit that p begins in, or all whole units.
func writePiece(d Units, unit int64, p []byte, off int64) (int, error) {
	into := off % unit
	whole := int64(len(p)) / unit * unit
	if off+int64(len(p)) == d.Size() {
		whole = int64(len(p))
	}
	if into == 0 && whole > 0 {
		return int(whole), d.WriteUnits(p[:whole], off)
	}
	start := off - into
	b := make([]byte, min(unit, d.Size()-start))
	if n, err := d.ReadAt(b, start); n < len(b) {
		return 0, err
	}
	n := copy(b[into:], p)
	return n, d.WriteUnits(b, start)
}

// InRange fails for a range that does not lie wholly on a disk.
func InRange(size, off, n int64) error {
	if off < 0 || n < 0 || off > size || n > size-off {
		return disk.Errorf(disk.OutOfRange, decode.Place{}, "%d bytes at %d do not lie on the disk of %d bytes", n, off, size)
	}
	return nil
}

// Pieces splits [off, off+n) where blocks of a size meet, and hands on each piece.
func Pieces(off, n, block int64, use func(off, n int64) error) error {
	for end := off + n; off < end; {
		length := min(end-off, block-off%block)
		if err := use(off, length); err != nil {
			return err
		}
		off += length
	}
	return nil
}

// ReadAt reads a disk of size bytes by pieces that lie in one block; read fills a
// piece or fails.
func ReadAt(size, block int64, p []byte, off int64, read func(p []byte, off int64) error) (int, error) {
	short := off+int64(len(p)) > size
	if short {
		p = p[:max(size-off, 0)]
	}
	done := 0
	err := Pieces(off, int64(len(p)), block, func(at, n int64) error {
		err := read(p[at-off:][:n], at)
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

// ReadFull reads all of p or fails.
func ReadFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Under is what an image that is written leaves to its parent; nil: there is none.
type Under struct{ Parent disk.Image }

// Read reads the parent; zeros where there is none, or past its end.
func (b Under) Read(p []byte, off int64) error {
	n := 0
	if b.Parent != nil {
		n = int(max(min(int64(len(p)), b.Parent.Info().VirtualSize-off), 0))
		if err := ReadFull(b.Parent, p[:n], off); err != nil {
			return err
		}
	}
	clear(p[n:])
	return nil
}

// Empty reports whether no ancestor stores any of a range, so that it reads as
// zeros and always will.
func (b Under) Empty(off, n int64) (bool, error) {
	if b.Parent == nil || off >= b.Parent.Info().VirtualSize {
		return true, nil
	}
	for s, err := range b.Parent.Map(off, min(n, b.Parent.Info().VirtualSize-off)) {
		if err != nil {
			return false, err
		}
		if s.State != disk.Unallocated && s.State != disk.Zero {
			return false, nil
		}
	}
	return true, nil
}

// Padded reads the parent as a disk that goes on with zeros.
func (b Under) Padded() io.ReaderAt { return padded{b} }

type padded struct{ Under }

// ReadAt reads the parent, or zeros.
func (p padded) ReadAt(b []byte, off int64) (int, error) {
	if err := p.Read(b, off); err != nil {
		return 0, err
	}
	return len(b), nil
}
