package storetest

import (
	"io/fs"
	"path"
	"time"

	"platter/engine/store"
)

// handle is a file as opened.
type handle struct {
	*file
	writable bool
}

// Open opens a file for reading.
func (s *FS) Open(name string) (store.File, error) { return s.open(name, false) }

// OpenWrite opens a file for reading and writing.
func (s *FS) OpenWrite(name string) (store.File, error) { return s.open(name, true) }

func (s *FS) open(name string, writable bool) (store.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find("open", name)
	if err != nil {
		return nil, err
	}
	return handle{f, writable}, nil
}

// Resolve turns a path found in an image into a name, as store.Mem does.
func (s *FS) Resolve(from, claimed string) (string, error) {
	return store.NewMem().Resolve(from, claimed)
}

// Stat describes a file.
func (s *FS) Stat(name string) (store.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find("stat", name)
	if err != nil {
		return store.Info{}, err
	}
	size, err := f.live.Size()
	return store.Info{Size: size, Regular: true}, err
}

// ReadDir lists the base names in a folder.
func (s *FS) ReadDir(dir string) ([]string, error) { return s.Clone().ReadDir(dir) }

// Create makes a new empty file.
func (s *FS) Create(name string) (store.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = path.Clean(name)
	if s.live[name] != nil {
		return nil, &store.NameError{Op: "create", Name: name, Err: fs.ErrExist}
	}
	f := &file{fs: s, live: store.NewMemFile(0), synced: store.NewMemFile(0)}
	if err := s.rename(naming{to: name, file: f}); err != nil {
		return nil, err
	}
	return handle{f, true}, nil
}

// Remove deletes a file.
func (s *FS) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find("remove", name); err != nil {
		return err
	}
	return s.rename(naming{from: path.Clean(name)})
}

// Rename gives a file another name, replacing what had it.
func (s *FS) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find("rename", from)
	if err != nil {
		return err
	}
	return s.rename(naming{path.Clean(from), path.Clean(to), f})
}

// rename applies a change of names, durable with the next SyncDir.
func (s *FS) rename(n naming) error {
	if err := s.operate(); err != nil {
		return err
	}
	s.trace.add(event{naming: n})
	n.apply(s.live)
	s.names = append(s.names, n)
	return nil
}

// SyncDir makes all names durable.
func (s *FS) SyncDir() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.operate(); err != nil {
		return err
	}
	s.trace.add(event{sync: true, site: site()})
	s.syncNames()
	return nil
}

func (s *FS) syncNames() {
	for _, n := range s.names {
		n.apply(s.durable)
	}
	s.names = nil
}

func (h handle) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	bad, err := h.bad, h.badErr
	h.fs.mu.Unlock()
	if err != nil && off < bad.End() && off+int64(len(p)) > bad.Offset {
		n := int(max(bad.Offset-off, 0))
		h.live.ReadAt(p[:n], off)
		return n, err
	}
	return h.live.ReadAt(p, off)
}

func (h handle) WriteAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := h.change(op{p, off}); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (h handle) Truncate(size int64) error {
	return h.change(op{nil, size})
}

func (h handle) change(o op) error {
	if !h.writable {
		return store.ErrReadOnly
	}
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.fs.operate(); err != nil {
		return err
	}
	if err := o.apply(h.live); err != nil {
		return err
	}
	o = o.wholeSectors(h.live)
	h.fs.trace.add(event{file: h.file, op: o})
	h.pending = append(h.pending, o)
	return nil
}

func (h handle) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.fs.operate(); err != nil {
		return err
	}
	h.fs.trace.add(event{file: h.file, sync: true, site: site()})
	h.sync()
	return nil
}

func (f *file) sync() {
	for _, o := range f.pending {
		o.apply(f.synced)
	}
	f.pending = nil
}

func (h handle) Close() error { return nil }

func (h handle) Size() (int64, error) { return h.live.Size() }

func (h handle) ID() (store.FileID, error) { return h.live.ID() }

func (h handle) ModTime() (time.Time, error) { return h.live.ModTime() }

func (h handle) NextData(off int64) (store.Range, error) { return h.live.NextData(off) }
