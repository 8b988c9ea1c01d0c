// Package eyes shows an image as other programs read it. The same file can
// mean different disks to different programs: one takes another footer, one
// rounds the size, one does not look at sector bitmaps or at a log. Each of
// them is a [Policy]: what it does otherwise than the format says is declared
// as a list of [Deviation]s, each with its source and how sure we are of it.
//
// A reader of a policy is no second engine: it says for each byte of the disk
// where that program takes it from ([Piece]), or why the program refuses. What
// is not known of a program is said to be unknown, never guessed. Sections
// such as "vhd.md 17" are those of the format references.
package eyes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// Kind says what a reader finds in a range of the disk.
type Kind uint8

// The kinds.
const (
	Zeros  Kind = iota // zeros, and nothing is read for them
	Stored             // bytes of a file, as they are
	Packed             // a compressed grain
	Lost               // the reader fails here
	Past               // the disk has ended for this reader
)

// Piece is a range of the disk that one reader takes from one place.
type Piece struct {
	Start, End int64 // bytes of the disk
	Kind       Kind
	File       string // that is read; empty where none is
	Offset     int64  // bytes in File where Start lies; for a packed piece where the grain starts
	Via        []disk.Via
	By         string // the code of the deviation that decided; empty where the format did
	Why        string // a Lost piece: the reason, in the program's terms

	src    io.ReaderAt // what is read for it
	from   int64       // where Start lies in src
	packed int64       // length of a packed piece's grain in the file
}

// cut takes what lies before off away.
func (p Piece) cut(off int64) Piece {
	if n := off - p.Start; n > 0 {
		p.Start, p.from = off, p.from+n
		if p.Kind == Stored {
			p.Offset += n
		}
	}
	return p
}

// same reports whether two pieces at the same place of the disk are the same bytes
// without a look at them.
func (p Piece) same(q Piece) bool {
	switch {
	case p.Kind != q.Kind:
		return false
	case p.Kind == Stored:
		return p.File == q.File && p.Offset-p.Start == q.Offset-q.Start
	}
	return p.Kind == Zeros || p.Kind == Past
}

// read fills b with the bytes of the disk from off on, which lie in the piece.
func (p Piece) read(b []byte, off int64) error {
	switch p.Kind {
	case Zeros:
		clear(b)
		return nil
	case Stored, Packed:
		n, err := p.src.ReadAt(b, p.from+off-p.Start)
		if n < len(b) {
			return readError(off, err)
		}
		return nil
	}
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: p.place(), What: fmt.Sprintf("virtual byte 0x%x: %s", off, p.Why)}
}

func readError(off int64, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("virtual byte 0x%x: %w", off, err)
}

// place is what decided about the piece: the innermost entry or bit.
func (p Piece) place() decode.Place {
	if n := len(p.Via); n > 0 {
		return p.Via[n-1].Place
	}
	return decode.Place{}
}

// Note is a deviation that took effect when a reader opened the image.
type Note struct {
	Code  string
	Place decode.Place // the footer, header or field that was taken
	Text  string
}

// Reader is an image as one program reads it.
type Reader struct {
	Policy  Policy
	Size    int64  // bytes of the disk; 0 where it is refused or unknown
	Refused error  // why the program does not open it; nil if it does
	Unknown string // why nothing can be said of this program and this image; empty if something can
	Notes   []Note // what decided at opening

	format string // that the image was opened as
	disk   virtual
	close  []io.Closer
}

// virtual is a disk that can tell where its bytes come from.
type virtual interface {
	// at is the piece that holds the byte at off, as long as one entry or a
	// row of equal ones decides. Off lies in the disk.
	at(off int64) (Piece, error)
}

// Readable reports whether the program opens the image and it is known how.
func (r *Reader) Readable() bool { return r.Refused == nil && r.Unknown == "" }

// Close closes the files that were opened for the reader alone.
func (r *Reader) Close() error {
	var err error
	for _, c := range r.close {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Pieces tells where the disk's bytes from off on come from, in ascending order and
// without holes, up to the end of the disk. It stops with the context.
func (r *Reader) Pieces(ctx context.Context, off int64) iter.Seq2[Piece, error] {
	if s, ok := r.disk.(spec); ok {
		return s.walk(ctx, off, r.Size)
	}
	return func(yield func(Piece, error) bool) {
		for n := 0; off < r.Size; n++ {
			if n%1024 == 0 && ctx.Err() != nil {
				yield(Piece{}, ctx.Err())
				return
			}
			p, err := r.disk.at(off)
			if err != nil {
				yield(Piece{}, err)
				return
			}
			p.End = min(p.End, r.Size)
			if !yield(p, nil) {
				return
			}
			off = p.End
		}
	}
}

// ReadAt reads the disk as the program does.
func (r *Reader) ReadAt(b []byte, off int64) (int, error) {
	if err := r.why(); err != nil {
		return 0, err
	}
	done := 0
	for done < len(b) {
		at := off + int64(done)
		if at >= r.Size {
			return done, io.EOF
		}
		p, err := r.disk.at(at)
		if err != nil {
			return done, err
		}
		n := int(min(p.End, r.Size, off+int64(len(b))) - at)
		if err := p.read(b[done:done+n], at); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// why is the error of a reader that has no disk.
func (r *Reader) why() error {
	switch {
	case r.Refused != nil:
		return r.Refused
	case r.Unknown != "":
		return disk.Errorf(disk.Unsupported, decode.Place{}, "%s", r.Unknown)
	}
	return nil
}
