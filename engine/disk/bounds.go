package disk

import (
	"io"

	"platter/decode"
)

// ReadWithin keeps the rules of io.ReaderAt for a disk of size bytes: read gets
// the part of p that lies on the disk, and fills it or fails. File is the one to
// name where an offset makes no sense.
func ReadWithin(size int64, file string, p []byte, off int64, read func(p []byte, off int64) (int, error)) (int, error) {
	switch {
	case off < 0:
		return 0, Errorf(OutOfRange, decode.Place{File: file}, "read at the negative offset %d", off)
	case len(p) == 0:
		return 0, nil
	case off >= size:
		return 0, io.EOF
	case int64(len(p)) <= size-off:
		return read(p, off)
	}
	n, err := read(p[:size-off], off)
	if err == nil {
		err = io.EOF
	}
	return n, err
}
