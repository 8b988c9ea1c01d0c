package eyes

import (
	"context"
	"iter"
	"slices"

	"platter/engine/disk"
)

// spec is the image as the engine reads it, by the format's rules.
type spec struct{ img disk.Image }

// specReader is the reader that follows the format.
func specReader(img disk.Image) *Reader {
	info := img.Info()
	r := &Reader{Policy: policies[0], Size: info.VirtualSize, Refused: info.Refused, disk: spec{img}}
	if r.Refused != nil {
		r.Size = 0
	}
	return r
}

// window bounds how much is asked of a map for one piece.
const window = 64 << 30

// at asks the image's map. A walk does not come through here, see [Reader.Pieces].
func (s spec) at(off int64) (Piece, error) {
	for span, err := range s.img.Map(off, window) {
		p := s.piece(span)
		p.Via = slices.Clone(span.Via)
		return p, err
	}
	return Piece{Start: off, End: off + window, Kind: Lost, Why: "nothing is known of it"}, nil
}

func (s spec) piece(span disk.Span) Piece {
	p := Piece{Start: span.Start, End: span.Start + span.Length, File: span.File, Offset: span.Offset, Via: span.Via, src: s.img, from: span.Start}
	switch {
	case span.State.Content() == disk.Zeros:
		p.Kind, p.File, p.Offset = Zeros, "", -1
	case span.State == disk.FromParent:
		p.Kind, p.Why = Lost, "it is in the parent, which is missing"
	case span.State == disk.Missing:
		p.Kind, p.Why = Lost, "it should be stored, but is not there"
	case span.Packed > 0:
		p.Kind = Packed
	default:
		p.Kind = Stored
	}
	return p
}

// walk is [Reader.Pieces] for the engine's own image: its map is asked once for a whole window,
// so that it can join what belongs together.
func (s spec) walk(ctx context.Context, off, size int64) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		for off < size {
			if ctx.Err() != nil {
				yield(Piece{}, ctx.Err())
				return
			}
			n := min(size-off, window)
			for span, err := range s.img.Map(off, n) {
				if err != nil {
					yield(Piece{}, err)
					return
				}
				p := s.piece(span)
				p.Via = slices.Clone(span.Via)
				if !yield(p, nil) {
					return
				}
				off = p.End
			}
		}
	}
}
