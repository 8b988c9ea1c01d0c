//go:build !linux

package store

import "io"

// noatime exists on Linux only.
const noatime = 0

// NextData says that all of the file is data: there is no portable way to ask.
func (h *hostFile) NextData(off int64) (Range, error) {
	size, err := h.Size()
	if err == nil && off >= size {
		err = io.EOF
	}
	return Range{off, size - off}, err
}

// Free fails with ErrUnknown: there is no portable way to ask.
func (d *Folder) Free() (int64, error) { return 0, nameErr("look for free room in", d.dir, ErrUnknown) }

// Why an access time may be set, and what helps.
const (
	TraceReason = "this system lets no program prevent that"
	TraceAdvice = "or on a volume that is read-only or keeps no access times"
)

// leavesTrace reports whether reading the file may set its access time.
func (h *hostFile) leavesTrace() bool { return h.traced }
