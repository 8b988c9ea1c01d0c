package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockOffset is where the byte lies that is locked: far past the end, since locks keep
// other programs from reading there.
const lockOffset = 1 << 62

func lockByte(f *os.File, flags uint32) error {
	at := windows.Overlapped{OffsetHigh: lockOffset >> 32}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
}

// lockFile locks a file until it is closed.
func lockFile(f *os.File) error {
	err := lockByte(f, windows.LOCKFILE_EXCLUSIVE_LOCK)
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrRunning
	case errors.Is(err, windows.ERROR_INVALID_FUNCTION), errors.Is(err, windows.ERROR_NOT_SUPPORTED):
		return errNoLocks
	}
	return err
}

// heldForWriting tells whether another open file has such a lock. There is no way to
// ask: it tries one, which others may share.
func heldForWriting(f *os.File) error {
	err := lockByte(f, 0)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrRunning
	}
	if err == nil {
		at := windows.Overlapped{OffsetHigh: lockOffset >> 32}
		_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &at)
	}
	return nil
}
