package eyes

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"

	"platter/decode/vmdk"
)

// packedGrain is a compressed grain, which is read as its bytes.
type packedGrain struct {
	x      *vmdkExtent
	at     int64 // in the file
	number int64
	pad    bool
}

var errPacked = errors.New("the compressed grain is damaged")

// ReadAt inflates the grain and gives what lies at off in it.
func (g *packedGrain) ReadAt(b []byte, off int64) (int, error) {
	data, err := g.inflate(off + int64(len(b)))
	if err != nil {
		return 0, err
	}
	if off >= int64(len(data)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, data[off:])
	if n < len(b) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

// inflate gives at least the first need bytes of the grain, or fails.
func (g *packedGrain) inflate(need int64) ([]byte, error) {
	size := g.x.grain
	raw := make([]byte, min(2*size+512, max(g.x.file.size-g.at, 0)))
	if len(raw) == 0 {
		return nil, errPacked
	}
	if n, err := g.x.file.ReadAt(raw, g.at); n < len(raw) {
		return nil, err
	}
	length := size
	if g.x.marked {
		if len(raw) < vmdk.GrainMarkerSize {
			return nil, errPacked
		}
		m, _ := vmdk.GrainMarkerTable.Of(raw)
		length = int64(vmdk.GrainMarkerSizeField.Get(m))
		if g.x.pack == packStrict && int64(vmdk.GrainMarkerLBA.Get(m))*512 != g.number*size {
			return nil, errPacked
		}
		raw = raw[vmdk.GrainMarkerSize:]
	}
	if length == 0 || length > 2*size {
		return nil, errPacked
	}
	if length > int64(len(raw)) {
		if !g.pad {
			return nil, errPacked
		}
		raw = append(raw, make([]byte, length-int64(len(raw)))...)
	}
	return unzip(raw[:length], size, need, g.x.pack == packStrict)
}

// unzip inflates a zlib stream into at most size bytes, as zlib's uncompress does: it has
// to end, and must not be longer. A strict reader wants all of the size and of the input.
func unzip(raw []byte, size, need int64, strict bool) ([]byte, error) {
	in := bytes.NewReader(raw)
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, errPacked
	}
	out := make([]byte, size)
	n, err := io.ReadFull(z, out)
	if err == nil {
		var more [1]byte
		if k, end := z.Read(more[:]); k > 0 || end != io.EOF {
			return nil, errPacked
		}
	} else if !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return nil, errPacked
	} else if k, end := z.Read(make([]byte, 1)); k > 0 || end != io.EOF {
		return nil, errPacked
	}
	if strict && (int64(n) != size || in.Len() > 0) || int64(n) < need {
		return nil, errPacked
	}
	return out[:n], nil
}
