package store

import (
	"errors"
	"io"
	"math"
	"time"
)

// joined is several files as one, for reading.
type joined struct {
	parts []File
	ends  []int64 // of each part, in the whole
}

// Join makes one file of several that follow each other, read-only; its
// ID is that of the first. It owns the files: Close closes them. Their lengths
// are taken now and must not change.
func Join(parts ...File) (File, error) {
	j := &joined{parts: parts}
	var end int64
	for _, p := range parts {
		n, err := p.Size()
		if err != nil {
			return nil, err
		}
		if n > math.MaxInt64-end {
			return nil, errOffset
		}
		end += n
		j.ends = append(j.ends, end)
	}
	return j, nil
}

// part is the one that holds a byte, and where it begins; all parts are over if
// there is none.
func (j *joined) part(off int64) (i int, start int64) {
	for i < len(j.ends) && off >= j.ends[i] {
		start = j.ends[i]
		i++
	}
	return i, start
}

func (j *joined) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errOffset
	}
	for n < len(p) {
		i, start := j.part(off)
		if i == len(j.parts) {
			return n, io.EOF
		}
		want := int(min(int64(len(p)-n), j.ends[i]-off))
		got, err := j.parts[i].ReadAt(p[n:n+want], off-start)
		if n, off = n+got, off+int64(got); got < want {
			return n, err
		}
	}
	return n, nil
}

// NextData skips the holes of the parts.
func (j *joined) NextData(off int64) (Range, error) {
	for {
		i, start := j.part(off)
		if i == len(j.parts) {
			return Range{}, io.EOF
		}
		r, err := NextData(j.parts[i], off-start, j.ends[i]-start)
		if err != io.EOF {
			return Range{start + r.Offset, r.Length}, err
		}
		off = j.ends[i]
	}
}

// ModTime is when the part that was changed last was.
func (j *joined) ModTime() (time.Time, error) {
	var last time.Time
	for _, p := range j.parts {
		t, err := p.ModTime()
		if err != nil {
			return t, err
		}
		if t.After(last) {
			last = t
		}
	}
	return last, nil
}

func (j *joined) Size() (int64, error) { return j.ends[len(j.ends)-1], nil }

func (j *joined) ID() (FileID, error) { return j.parts[0].ID() }

func (j *joined) WriteAt([]byte, int64) (int, error) { return 0, ErrReadOnly }

func (j *joined) Truncate(int64) error { return ErrReadOnly }

func (j *joined) Sync() error { return ErrReadOnly }

func (j *joined) Close() error {
	var errs []error
	for _, p := range j.parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
