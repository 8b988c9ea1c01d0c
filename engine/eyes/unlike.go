package eyes

import (
	"context"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// The bounds of one look at what two readers see otherwise.
const (
	unlikePieces = 1 << 16
	unlikeBytes  = 16 << 20
)

// After is the image as the reader sees it that follows the one with a name, the first but
// the format for none. Readers of which nothing is known are passed over; nil comes after
// the last. Closing the image closes e.
func (e *Eyes) After(name string) disk.Image {
	found := name == ""
	for _, r := range e.Readers {
		if found && r.Policy.Name != Spec && r.Unknown == "" {
			return seen{e.Image, r, e.Close}
		}
		found = found || r.Policy.Name == name
	}
	return nil
}

// Through is the name of the reader.
func (s seen) Through() string { return s.r.Policy.Name }

// Unlike compares the reader with the format, byte by byte where they take the disk from
// different places.
func (s seen) Unlike(ctx context.Context, off, n int64) (list []decode.Place, at int64, err error) {
	end := off + min(n, max(s.r.Size, s.Image.Info().VirtualSize)-off)
	var cursors [2]cursor
	readers := [2]*Reader{specReader(s.Image), s.r}
	for i, r := range readers {
		cursors[i] = cursor{piece: Piece{Kind: Past, End: 1 << 62}}
		if r.Readable() && off < r.Size {
			cursors[i].piece = Piece{Start: off, End: off}
			cursors[i].next, cursors[i].stop = iter.Pull2(r.Pieces(ctx, off))
			defer cursors[i].stop()
		}
	}
	u := unlike{a: make([]byte, chunkSize), b: make([]byte, chunkSize)}
	for at = off; at < end && u.pieces < unlikePieces && u.read < unlikeBytes; u.pieces++ {
		to := end
		for i := range cursors {
			if err := cursors[i].reach(at); err != nil {
				return u.list, at, err
			}
			to = min(to, cursors[i].piece.End)
		}
		at = u.piece(cursors[0].piece, cursors[1].piece, at, to)
	}
	return u.list, at, ctx.Err()
}

// unlike collects what two readers see otherwise.
type unlike struct {
	list   []decode.Place
	a, b   []byte
	pieces int
	read   int // bytes that were compared
}

// piece compares a range in which no piece ends, and gives where it came to.
func (u *unlike) piece(p, q Piece, from, to int64) int64 {
	switch {
	case p.same(q), p.Kind == Lost && q.Kind == Lost:
		return to
	case p.Kind == Lost, p.Kind == Past, q.Kind == Lost, q.Kind == Past:
		u.add(from, to)
		return to
	}
	for from < to && u.read < unlikeBytes {
		n := min(to-from, chunkSize)
		u.read += int(n)
		a, b := u.a[:n], u.b[:n]
		wrong, wrongToo := p.read(a, from), q.read(b, from)
		switch {
		case wrong != nil && wrongToo != nil:
		case wrong != nil || wrongToo != nil:
			u.add(from, from+n)
		default:
			u.bytes(a, b, from)
		}
		from += n
	}
	return from
}

func (u *unlike) bytes(a, b []byte, from int64) {
	for i := range a {
		if a[i] != b[i] {
			u.add(from+int64(i), from+int64(i)+1)
		}
	}
}

func (u *unlike) add(from, to int64) {
	if n := len(u.list); n > 0 && u.list[n-1].End() == from {
		u.list[n-1].Length += to - from
		return
	}
	u.list = append(u.list, decode.Place{File: disk.VirtualDisk, Offset: from, Length: to - from})
}
