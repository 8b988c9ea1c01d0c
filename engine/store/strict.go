package store

import "sync"

// Strict is a file that changes nothing more once a Sync has failed: the host
// may have dropped what it could not write, so that nobody knows what the file
// holds. Whatever comes later fails with the same error.
func Strict(f File) File { return &strict{File: f} }

type strict struct {
	File
	mu     sync.RWMutex
	failed error
}

func (s *strict) change(do func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.failed != nil {
		return s.failed
	}
	return do()
}

func (s *strict) WriteAt(p []byte, off int64) (n int, err error) {
	err = s.change(func() error { n, err = s.File.WriteAt(p, off); return err })
	return n, err
}

// WriteFor hands the reason on.
func (s *strict) WriteFor(p []byte, off int64, why string) (n int, err error) {
	err = s.change(func() error { n, err = WriteFor(s.File, p, off, why); return err })
	return n, err
}

// Punch makes a hole where that is possible.
func (s *strict) Punch(off, n int64) error {
	return s.change(func() error { return Punch(s.File, off, n) })
}

// Reserve promises room where that is possible.
func (s *strict) Reserve(off, n int64) error {
	return s.change(func() error { return Reserve(s.File, off, n) })
}

func (s *strict) Truncate(size int64) error {
	return s.change(func() error { return s.File.Truncate(size) })
}

func (s *strict) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = s.File.Sync()
	}
	return s.failed
}
