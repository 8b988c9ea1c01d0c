package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// place is a path and the root it is opened through; without a root it is the
// path that the user typed.
type place struct {
	root *os.Root
	path string
	mode fs.FileMode // of a file to be made
}

func (p place) stat() (fs.FileInfo, error) {
	if p.root == nil {
		return os.Stat(p.path)
	}
	return p.root.Stat(p.path)
}

// straight refuses a path with a symbolic link in it: what is written must be what
// the name says. What the user typed was resolved before.
func (p place) straight() error {
	if p.root == nil {
		return nil
	}
	for at := p.path; at != "."; at = filepath.Dir(at) {
		fi, err := p.root.Lstat(at)
		if err != nil {
			return err
		}
		if fi.Mode()&fs.ModeSymlink != 0 {
			return ErrLink
		}
	}
	return nil
}

// open opens the file. One that it makes is for its owner alone unless the place says
// otherwise: the journal of a commit holds bytes of an image that others may not be
// allowed to read.
func (p place) open(flag int) (*os.File, error) {
	mode := p.mode
	if mode == 0 {
		mode = 0o600
	}
	if p.root == nil {
		return os.OpenFile(p.path, flag, mode)
	}
	return p.root.OpenFile(p.path, flag, mode)
}

// openHost opens a regular file, or with device a block device for reading. It
// looks before it opens, since opening alone makes some devices act, and looks
// again afterwards, since the name may have passed to another file.
func openHost(p place, name string, flag int, device bool) (*hostFile, error) {
	fi, err := p.stat()
	if err != nil {
		return nil, err
	}
	if err := acceptable(fi, flag, device); err != nil {
		return nil, err
	}
	if flag != os.O_RDONLY {
		if err := p.straight(); err != nil {
			return nil, err
		}
	}
	f, err := p.open(flag | nonblock | noatime)
	traced := noatime == 0
	if noatime != 0 && errors.Is(err, fs.ErrPermission) { // only the owner may keep the access time
		traced = true
		f, err = p.open(flag | nonblock)
	}
	if err != nil {
		return nil, err
	}
	h := &hostFile{f: f, name: name, writable: flag != os.O_RDONLY, traced: traced}
	if err := h.admit(fi, flag, device); err != nil {
		f.Close()
		return nil, err
	}
	return h, nil
}

func acceptable(fi fs.FileInfo, flag int, device bool) error {
	switch {
	case fi.Mode().IsRegular():
		return nil
	case !device || !isBlockDevice(fi):
		return ErrNotRegular
	case flag != os.O_RDONLY:
		return ErrReadOnly
	}
	return nil
}

func isBlockDevice(fi fs.FileInfo) bool {
	return fi.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice
}

// hostFile is a file of the host.
type hostFile struct {
	f        *os.File
	name     string
	writable bool
	traced   bool  // reading may set the access time
	device   int64 // capacity of a block device, else 0

	lock    *lock        // of a file that is open for writing
	release func() error // closes such a file
	closed  atomic.Bool
}

// admit checks what was really opened, which is to be written only if it is what was
// looked at, and learns a device's capacity.
func (h *hostFile) admit(looked fs.FileInfo, flag int, device bool) error {
	fi, err := h.f.Stat()
	if err != nil {
		return err
	}
	if flag != os.O_RDONLY && !os.SameFile(looked, fi) {
		return ErrChanged
	}
	if err := acceptable(fi, flag, device); err != nil || fi.Mode().IsRegular() {
		return err
	}
	h.device, err = h.f.Seek(0, io.SeekEnd)
	if err == nil && h.device == 0 {
		err = errors.New("the capacity of the device can't be told")
	}
	return err
}

func (h *hostFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := h.f.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = nameErr("read", h.name, err)
	}
	return n, err
}

func (h *hostFile) WriteAt(p []byte, off int64) (int, error) {
	if !h.writable {
		return 0, nameErr("write", h.name, ErrReadOnly)
	}
	n, err := h.f.WriteAt(p, off)
	return n, nameErr("write", h.name, err)
}

func (h *hostFile) Close() error {
	switch {
	case h.closed.Swap(true):
		return nameErr("close", h.name, fs.ErrClosed)
	case h.release == nil:
		return nameErr("close", h.name, h.f.Close())
	}
	return nameErr("close", h.name, h.release())
}

func (h *hostFile) Size() (int64, error) {
	if h.device != 0 {
		return h.device, nil
	}
	fi, err := h.f.Stat()
	if err != nil {
		return 0, nameErr("stat", h.name, err)
	}
	return fi.Size(), nil
}

func (h *hostFile) Truncate(size int64) error {
	if !h.writable {
		return nameErr("resize", h.name, ErrReadOnly)
	}
	err := h.f.Truncate(size)
	if errors.Is(err, syscall.EFBIG) {
		err = ErrTooLong
	}
	return nameErr("resize", h.name, err)
}

func (h *hostFile) Sync() error {
	if !h.writable {
		return nil
	}
	return nameErr("sync", h.name, h.f.Sync())
}

func (h *hostFile) ModTime() (time.Time, error) {
	fi, err := h.f.Stat()
	if err != nil {
		return time.Time{}, nameErr("stat", h.name, err)
	}
	return fi.ModTime(), nil
}

func (h *hostFile) ID() (FileID, error) {
	id, err := fileID(h.f)
	return id, nameErr("identify", h.name, err)
}

// Names is how many names a file of the host has; 1 for others.
func Names(f File) int {
	if h, ok := f.(*hostFile); ok {
		return fileNames(h.f)
	}
	return 1
}
