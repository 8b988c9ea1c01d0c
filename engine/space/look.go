package space

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"platter/decode"
	"platter/engine/store"
)

// How many stored bytes of a range a [Looker] reads at most.
const (
	Quick = 1 << 20       // for views: the rest is said not to have been read
	All   = math.MaxInt64 // for checks, and for whoever takes a range away
)

// Source is a file that knows its holes.
type Source interface {
	io.ReaderAt
	store.Holes
}

// Looker tells what ranges of a file hold. It is cheap where they are asked for
// in the order of the file: it remembers where bytes are stored next.
type Looker struct {
	file  Source
	size  int64       // of the file
	asked int64       // from there on to stored the file has a hole
	next  store.Range // where bytes are stored
	buf   []byte
}

// NewLooker looks at a file of size bytes.
func NewLooker(file Source, size int64) *Looker { return &Looker{file: file, size: size} }

// Stored is the first run of bytes from off on that is not in a hole; at the
// file's size if there is none.
func (l *Looker) Stored(off int64) (store.Range, error) {
	if off >= l.asked && off < l.next.End() {
		return l.next, nil
	}
	next, err := store.NextData(l.file, off, l.size)
	if errors.Is(err, io.EOF) {
		next, err = store.Range{Offset: max(off, l.size), Length: 1}, nil
	}
	if err == nil {
		l.asked, l.next = off, next
	}
	return next, err
}

// Filling is what a range of a file holds, as far as it was read.
type Filling struct {
	Length int64 // of the range, in bytes
	Ones   int64 // it starts with so many bytes 0xFF,
	Zeros  int64 // and so many zeros after them
	Other  int64 // where in the file the first other byte lies; -1 if none was met
}

// Whole reports whether all of the range is ones and zeros, and was read.
func (f Filling) Whole() bool { return f.Other < 0 && f.Ones+f.Zeros == f.Length }

// Zero reports whether all of the range is zeros, and was read.
func (f Filling) Zero() bool { return f.Whole() && f.Ones == 0 }

// First is where the first byte lies that is not zero, of a range that starts at
// a byte; -1 if none was met.
func (f Filling) First(off int64) int64 {
	if f.Ones > 0 {
		return off
	}
	return f.Other
}

// String words a filling: what, and if it was not read to its end how far.
func (f Filling) String() string {
	text := "ones and zeros"
	switch {
	case f.Other >= 0:
		return "data"
	case f.Ones == 0:
		text = "zeros"
	case f.Zeros == 0:
		text = "ones"
	}
	if !f.Whole() {
		text += fmt.Sprintf(" in the first %s, the rest not read", decode.FormatSize(uint64(f.Ones+f.Zeros)))
	}
	return text
}

// lookPiece is how much is read at once, in bytes.
const lookPiece = 64 << 10

var zeroPiece [lookPiece]byte

// Look tells what [off, off+n) holds, until the first byte that is neither zeros
// nor ones in front of them, or until most stored bytes were read. Holes are
// zeros and are not read. A range that reaches past the file's end is an error.
func (l *Looker) Look(ctx context.Context, off, n, most int64) (Filling, error) {
	f := Filling{Length: n, Other: -1}
	for at, end := off, off+n; at < end; {
		stored, err := l.stored(ctx, at)
		if err != nil {
			return f, err
		}
		if stored.Offset > at {
			n := min(stored.Offset, end) - at
			f.Zeros, at = f.Zeros+n, at+n
			continue
		}
		if most <= 0 {
			return f, nil
		}
		b, err := l.read(at, min(end-at, stored.End()-at, most))
		if err != nil {
			return f, err
		}
		at, most = at+int64(len(b)), most-int64(len(b))
		if f.add(b, at); f.Other >= 0 {
			return f, nil
		}
	}
	return f, nil
}

// add takes a piece that ends at a byte of the file.
func (f *Filling) add(b []byte, end int64) {
	if f.Zeros == 0 {
		n := leadingOnes(b)
		f.Ones, b = f.Ones+int64(n), b[n:]
	}
	rest := b
	if !bytes.Equal(b, zeroPiece[:len(b)]) {
		rest = bytes.TrimLeft(b, "\x00")
		f.Other = end - int64(len(rest))
		b = b[:len(b)-len(rest)]
	}
	f.Zeros += int64(len(b))
}

// leadingOnes counts them. To trim them like the zeros takes any byte that is no
// UTF-8 for one.
func leadingOnes(b []byte) int {
	for i, c := range b {
		if c != 0xFF {
			return i
		}
	}
	return len(b)
}

// NotZero is where the first byte of [off, off+n) lies that is not zero; -1 if
// there is none. All of the range is read but its holes.
func (l *Looker) NotZero(ctx context.Context, off, n int64) (int64, error) {
	for at, end := off, off+n; at < end; {
		stored, err := l.stored(ctx, at)
		if err != nil {
			return -1, err
		}
		if at = max(at, stored.Offset); at >= end {
			break
		}
		b, err := l.read(at, min(end-at, stored.End()-at))
		if err != nil {
			return -1, err
		}
		if !bytes.Equal(b, zeroPiece[:len(b)]) {
			return at + int64(len(b)-len(bytes.TrimLeft(b, "\x00"))), nil
		}
		at += int64(len(b))
	}
	return -1, nil
}

// Count tells how many bytes of [off, off+n) are not zero, and where the last of them
// lies; -1 if there is none. All of the range is read but its holes.
func (l *Looker) Count(ctx context.Context, off, n int64) (count, last int64, err error) {
	last = -1
	for at, end := off, off+n; at < end; {
		stored, err := l.stored(ctx, at)
		if err != nil {
			return count, last, err
		}
		if at = max(at, stored.Offset); at >= end {
			break
		}
		b, err := l.read(at, min(end-at, stored.End()-at))
		if err != nil {
			return count, last, err
		}
		if k := int64(len(b) - bytes.Count(b, []byte{0})); k > 0 {
			count, last = count+k, at+int64(len(bytes.TrimRight(b, "\x00")))-1
		}
		at += int64(len(b))
	}
	return count, last, nil
}

func (l *Looker) stored(ctx context.Context, at int64) (store.Range, error) {
	if err := ctx.Err(); err != nil {
		return store.Range{}, err
	}
	return l.Stored(at)
}

// read reads up to n bytes, all of them stored.
func (l *Looker) read(at, n int64) ([]byte, error) {
	if l.buf == nil {
		l.buf = make([]byte, lookPiece)
	}
	b := l.buf[:min(n, lookPiece)]
	got, err := l.file.ReadAt(b, at)
	if got == len(b) {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("%d of %d bytes at 0x%x: %w", got, len(b), at, err)
}
