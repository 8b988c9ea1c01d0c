package vmdk

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// fast unpacks grains that are as they should be: its input is read at once, and its
// decoder is faster, but neither tells how far it read nor exactly what is wrong.
type fast struct {
	inputs, readers sync.Pool
}

// unpack unpacks a sound grain; whatever else there is in the compressed data, or is not,
// it reports false.
func (f *fast) unpack(u *unpacker, at int64) ([]byte, bool) {
	size, ok, err := u.size(at)
	if err != nil || !ok {
		return nil, false
	}
	in, _ := f.inputs.Get().(*[]byte)
	if in == nil || int64(cap(*in)) < size {
		fresh := make([]byte, size)
		in = &fresh
	}
	defer f.inputs.Put(in)
	packed := (*in)[:size]
	if n, _ := u.file.Data.ReadAt(packed, at+u.headBytes()); int64(n) < size {
		return nil, false
	}
	if size > 1 && packed[1]&dictionary != 0 {
		return nil, false
	}
	z, err := f.reader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	defer f.readers.Put(z)
	data := make([]byte, u.grain)
	n, err := io.ReadFull(z, data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, false
	}
	var over [1]byte
	if m, err := z.Read(over[:]); m > 0 || err != io.EOF { // at its end the checksum is compared
		return nil, false
	}
	return data[:n], true
}

// reader takes a decoder from the pool.
func (f *fast) reader(in io.Reader) (io.ReadCloser, error) {
	if z, ok := f.readers.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(in, nil)
	}
	return zlib.NewReader(in)
}
