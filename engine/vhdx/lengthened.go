package vhdx

import (
	"io"

	"platter/engine/store"
)

// lengthened is a file with zeros past its end.
type lengthened struct {
	borrowed
	end, size int64
}

// Size is the length with the zeros.
func (l lengthened) Size() (int64, error) { return l.size, nil }

// NextData is all that there is of the file, and nothing of the zeros.
func (l lengthened) NextData(off int64) (store.Range, error) {
	if off >= l.end {
		return store.Range{}, io.EOF
	}
	return l.borrowed.NextData(off)
}

// ReadAt reads the file, and zeros after it.
func (l lengthened) ReadAt(p []byte, off int64) (int, error) {
	if off >= l.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), l.size-off)]
	clear(want)
	if n := min(int64(len(want)), l.end-off); n > 0 {
		if got, err := l.File.ReadAt(want[:n], off); int64(got) < n {
			return got, shortRead(off, got, int(n), err)
		}
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}
