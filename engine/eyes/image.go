package eyes

import (
	"errors"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// seen is an image whose disk is the one that a program sees.
type seen struct {
	disk.Image
	r     *Reader
	close func() error
}

// As is an image as one policy reads it: ReadAt, Map and Info are that program's, all else
// the image's own. It fails where nothing is known of the program and such images. The
// image belongs to what it gives.
func As(p Policy, src disk.Source, img disk.Image) (disk.Image, error) {
	r := open(p, src, img)
	if r.Unknown != "" {
		return nil, errors.Join(disk.Errorf(disk.Unsupported, decode.Place{File: src.Name}, "not known as %s reads it: %s", p.Name, r.Unknown), r.Close())
	}
	return seen{img, r, func() error { return errors.Join(img.Close(), r.Close()) }}, nil
}

// ReadAt reads the disk as the program does.
func (s seen) ReadAt(b []byte, off int64) (int, error) { return s.r.ReadAt(b, off) }

// Close closes the image and the reader.
func (s seen) Close() error { return s.close() }

// Info is the image's, with the disk that the program sees.
func (s seen) Info() disk.Info {
	info := s.Image.Info()
	info.VirtualSize, info.Refused = s.r.Size, s.r.Refused
	info.Details = append([]disk.Detail{{Label: "read as", Value: s.r.Policy.Program}}, info.Details...)
	for _, n := range s.r.Notes {
		info.Details = append(info.Details, disk.Detail{Label: s.r.Policy.Name, Value: n.Text})
	}
	return info
}

// Map tells where the program takes the bytes from.
func (s seen) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		if s.r.Refused != nil {
			yield(disk.Span{}, s.r.Refused)
			return
		}
		if off < 0 || n <= 0 || off >= s.r.Size {
			return
		}
		out := disk.NewJoiner(yield)
		end := off + min(n, s.r.Size-off)
		for off < end {
			p, err := s.r.disk.at(off)
			if err != nil {
				yield(disk.Span{}, err)
				return
			}
			p.End = min(p.End, end)
			if span := p.span(); !out.Add(&span) {
				return
			}
			off = p.End
		}
		out.Flush()
	}
}

// span is the piece in the terms of a map.
func (p Piece) span() disk.Span {
	s := disk.Span{Start: p.Start, Length: p.End - p.Start, File: p.File, Offset: p.Offset, Via: p.Via}
	switch p.Kind {
	case Stored:
		s.State = disk.Data
	case Packed:
		s.State, s.Packed = disk.Data, p.packed
	case Lost:
		s.State, s.File, s.Offset = disk.Missing, "", -1
	default:
		s.State, s.File, s.Offset = disk.Unallocated, "", -1
	}
	return s
}
