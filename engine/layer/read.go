package layer

import (
	"fmt"

	"platter/decode"
	"platter/engine/disk"
)

// ReadAt reads the virtual disk, composed of all layers.
func (s *Stack) ReadAt(p []byte, off int64) (int, error) {
	top := &s.layers[0]
	if err := top.Refused(); err != nil {
		return 0, err
	}
	return disk.ReadWithin(top.size, top.name, p, off, s.read)
}

// small is how many bytes a read has that mostly ends with one answer.
const small = 32 << 10

func (s *Stack) read(p []byte, off int64) (done int, err error) {
	if len(p) <= small {
		if done, err = s.readRun(p, off, nil); err != nil || done == len(p) {
			return done, err
		}
	}
	var left reaches
	for done < len(p) {
		n, err := s.readRun(p[done:], off+int64(done), &left)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// readRun reads the start of p, as far as one answer goes.
func (s *Stack) readRun(p []byte, off int64, left *reaches) (int, error) {
	l, r, err := s.find(off, off+int64(len(p)), left)
	if err != nil {
		return 0, l.failed(Run{Start: off}, err)
	}
	return l.fill(p[:r.End-off], r)
}

// reaches is up to where each layer of a chain is known to leave everything to
// those below, so that it is not asked again before that.
type reaches [MaxDepth]int64

// find is the layer that answers for the byte at pos, with the answer, which
// goes to end at most.
func (s *Stack) find(pos, end int64, left *reaches) (*member, Run, error) {
	for i := 0; ; {
		i, end = s.skip(i, pos, end, left)
		l := &s.layers[i]
		if pos >= l.size { // a child may be larger than its parent
			return l, Run{Start: pos, End: end, State: disk.Unallocated, Offset: -1}, nil
		}
		r, err := l.Run(pos, min(end, l.size))
		if err != nil || r.State != disk.FromParent || i == len(s.layers)-1 {
			return l, r, err
		}
		end = r.End
		if left != nil {
			left[i] = end
		}
		i++
	}
}

// skip goes past the layers, from number i on, that are known to have nothing at
// pos, and tells how far below end that holds.
func (s *Stack) skip(i int, pos, end int64, left *reaches) (int, int64) {
	for ; i < len(s.layers)-1; i++ {
		if left != nil && left[i] > pos {
			end = min(end, left[i])
			continue
		}
		l := &s.layers[i]
		if pos >= l.size {
			break
		}
		to, absent := l.Absent(pos, min(end, l.size))
		if !absent {
			break
		}
		if end = to; left != nil {
			left[i] = to
		}
	}
	return i, end
}

// fill reads what a run holds.
func (m *member) fill(p []byte, r Run) (int, error) {
	switch r.State {
	case disk.Data:
		n, err := m.Fill(p, r)
		if err != nil {
			err = m.failed(r, err)
		}
		return n, err
	case disk.Missing, disk.FromParent:
		return 0, m.Lost(r)
	}
	clear(p)
	return len(p), nil
}

// failed says where reading a run failed, unless the error says so itself.
func (m *member) failed(r Run, err error) error {
	if e, ok := err.(*disk.Error); ok {
		return e
	}
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: decode.Place{File: m.name, Offset: max(r.Offset, 0)}, What: fmt.Sprintf("virtual byte 0x%x", r.Start), Err: err}
}
