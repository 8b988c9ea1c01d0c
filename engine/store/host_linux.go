package store

import (
	"errors"
	"io"
	"math"
	"syscall"
)

// noatime keeps reading from leaving a trace in the access time.
const noatime = syscall.O_NOATIME

// The whence values of lseek(2) that find data and holes.
const (
	seekData = 3
	seekHole = 4
)

// NextData asks the file system where it holds data.
func (h *hostFile) NextData(off int64) (Range, error) {
	size, err := h.Size()
	if err != nil {
		return Range{}, err
	}
	start, err := h.f.Seek(off, seekData)
	switch {
	case errors.Is(err, syscall.ENXIO) || off >= size:
		return Range{}, io.EOF
	case errors.Is(err, syscall.EINVAL): // a file system without the notion
		return Range{off, size - off}, nil
	case err != nil:
		return Range{}, nameErr("seek", h.name, err)
	}
	end, err := h.f.Seek(start, seekHole)
	if err != nil {
		return Range{}, nameErr("seek", h.name, err)
	}
	return Range{start, end - start}, nil
}

// Reserve has the file system promise room for n bytes from off on.
func (h *hostFile) Reserve(off, n int64) error {
	err := syscall.Fallocate(int(h.f.Fd()), 0, off, n)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		err = ErrNoReserve
	}
	return nameErr("reserve room in", h.name, err)
}

// The flags of statfs(2) of a file system that sets no access times.
const setsNoTimes = 1 | 1024 // read-only, noatime

// Why an access time may be set, and what helps.
const (
	TraceReason = "only the owner of a file can keep the system from it"
	TraceAdvice = "as the owner, or on a file system that is mounted read-only or with noatime"
)

// leavesTrace reports whether reading the file may set its access time.
func (h *hostFile) leavesTrace() bool {
	var s syscall.Statfs_t
	return h.traced && (syscall.Fstatfs(int(h.f.Fd()), &s) != nil || s.Flags&setsNoTimes == 0)
}

// The modes of fallocate(2) that make a hole and keep the file's length.
const punchHole = 1 | 2

// Punch makes n bytes from off on a hole.
func (h *hostFile) Punch(off, n int64) error {
	if !h.writable {
		return nameErr("make a hole in", h.name, ErrReadOnly)
	}
	err := syscall.Fallocate(int(h.f.Fd()), punchHole, off, n)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		err = ErrNoHoles
	}
	return nameErr("make a hole in", h.name, err)
}

// Free is how many bytes the user may still write to the folder's file system.
func (d *Folder) Free() (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		return 0, nameErr("look for free room in", d.dir, err)
	}
	block := int64(s.Bsize)
	return int64(min(s.Bavail, uint64(math.MaxInt64/block))) * block, nil
}
