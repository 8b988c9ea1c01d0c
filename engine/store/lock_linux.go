package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// QEMU locks single bytes of an image that it has open: 100 and on for what it does
// with the image, 200 and on for what others may not do meanwhile (its bdrv
// permissions; see raw_apply_lock_bytes in its block/file-posix.c). Its locks are
// shared and belong to an open file. One exclusive lock over all of these bytes
// excludes QEMU, as reader and as writer, and other writers of this program.
const (
	lockStart  = 100
	lockLength = 200
	// writerByte is locked while somebody writes: QEMU's permission to write.
	writerByte = 101
)

func exclusive(start, length int64) *unix.Flock_t {
	return &unix.Flock_t{Type: unix.F_WRLCK, Start: start, Len: length}
}

// lockFile locks a file that is open for writing until it is closed.
func lockFile(f *os.File) error {
	err := lockFailure(unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, exclusive(lockStart, lockLength)))
	if !errors.Is(err, ErrLocked) {
		return err
	}
	held := exclusive(lockStart, lockLength)
	if unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, held) == nil && held.Type == unix.F_RDLCK {
		return errByQEMU
	}
	return ErrRunning
}

// lockFailure sorts what the system answers.
func lockFailure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return ErrLocked
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return errNoLocks
	}
	return err
}

// heldForWriting tells who has such a lock on another open file.
func heldForWriting(f *os.File) error {
	held := exclusive(writerByte, 1)
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, held); err != nil {
		return nil
	}
	switch held.Type {
	case unix.F_UNLCK:
		return nil
	case unix.F_RDLCK:
		return errByQEMU
	}
	return ErrRunning
}
