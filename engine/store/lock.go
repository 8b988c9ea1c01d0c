package store

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

var (
	// ErrLocked: another program holds the file, so that it is not to be written to now.
	ErrLocked = errors.New("held by another program")
	// ErrRunning: it is held by this program, run by somebody else. It matches ErrLocked.
	ErrRunning = fmt.Errorf("%w: another platter is writing to it now", ErrLocked)

	errByQEMU  = fmt.Errorf("%w: QEMU, or a program that locks as QEMU does, has it open", ErrLocked)
	errNoLocks = errors.New("the file system knows no locks")
)

// locks are the files that a folder has open for writing. A lock belongs to an open file,
// and the folder may have the same file open several times: the first one has the lock,
// and stays open underneath as long as any.
type locks struct {
	mu   sync.Mutex
	held map[FileID]*lock
}

type lock struct {
	on    *os.File
	opens int
	none  bool // the file system knows no locks
}

// take keeps others from writing to a file until it is closed. Where the file system
// knows no locks, the file stays usable, and Unlocked says so.
func (l *locks) take(h *hostFile) error {
	id, err := fileID(h.f)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.held[id]
	if k == nil {
		err := lockFile(h.f)
		if err != nil && !errors.Is(err, errNoLocks) {
			return err
		}
		if k = (&lock{on: h.f, none: err != nil}); l.held == nil {
			l.held = map[FileID]*lock{}
		}
		l.held[id] = k
	}
	k.opens++
	h.lock, h.release = k, func() error { return l.release(id, k, h.f) }
	return nil
}

// release closes a file, or has it stay open for the sake of its lock.
func (l *locks) release(id FileID, k *lock, f *os.File) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	k.opens--
	var err error
	if f != k.on {
		err = f.Close()
	}
	if k.opens == 0 {
		delete(l.held, id)
		err = errors.Join(err, k.on.Close())
	}
	return err
}

// has reports whether a lock on a file is the folder's own.
func (l *locks) has(f *os.File) bool {
	id, err := fileID(f)
	l.mu.Lock()
	defer l.mu.Unlock()
	return err == nil && l.held[id] != nil
}

// Unlocked reports whether a file that is open for writing could not be locked,
// since its file system knows no locks: nothing keeps another program from writing
// to it at the same time.
func Unlocked(f File) bool {
	h, ok := f.(*hostFile)
	return ok && h.lock != nil && h.lock.none
}

// lockLooker is an ability of openers on the host's files.
type lockLooker interface {
	heldBy(name string) error
}

// HeldBy tells whether another program has a file open for writing now and says so by
// a lock, as platter (ErrRunning) and QEMU (ErrLocked) do. Nil means that nobody is
// known to.
func HeldBy(o Opener, name string) error {
	if l, ok := o.(lockLooker); ok {
		return l.heldBy(name)
	}
	return nil
}

func (d *Folder) heldBy(name string) error {
	f, err := d.open(name, os.O_RDONLY)
	if err != nil {
		return nil
	}
	defer f.Close()
	if d.locks.has(f.(*hostFile).f) {
		return nil
	}
	return nameErr("look for the lock of", name, heldForWriting(f.(*hostFile).f))
}

func (s *Snapshot) heldBy(name string) error { return HeldBy(s.w.base, name) }

func (tx *Tx) heldBy(name string) error { return HeldBy(tx.w.base, name) }
