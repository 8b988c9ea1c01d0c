package store

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Mem is an FS in memory, for the built-in samples and for tests. Folders exist
// as far as names have slashes.
type Mem struct {
	mu    sync.RWMutex
	files map[string]*MemFile
}

// NewMem makes an empty one.
func NewMem() *Mem { return &Mem{files: map[string]*MemFile{}} }

// PutFile makes a file of these bytes, which are copied, or replaces one.
func (m *Mem) PutFile(name string, content []byte) *MemFile {
	f := NewMemFile(int64(len(content)))
	f.WriteAt(content, 0)
	m.Put(name, f)
	return f
}

// Put gives a file a name, replacing what had it.
func (m *Mem) Put(name string, f *MemFile) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[path.Clean(name)] = f
}

// memHandle is a MemFile as opened under a name.
type memHandle struct {
	*MemFile
	name string
}

func (h memHandle) WriteAt([]byte, int64) (int, error) {
	return 0, nameErr("write", h.name, ErrReadOnly)
}

func (h memHandle) Truncate(int64) error { return nameErr("resize", h.name, ErrReadOnly) }

func (m *Mem) file(op, name string) (*MemFile, error) {
	if !inside(name) {
		return nil, nameErr(op, name, ErrOutside)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	f := m.files[path.Clean(name)]
	if f == nil {
		return nil, nameErr(op, name, fs.ErrNotExist)
	}
	return f, nil
}

// Open opens a file for reading.
func (m *Mem) Open(name string) (File, error) {
	f, err := m.file("open", name)
	if err != nil {
		return nil, err
	}
	return memHandle{f, name}, nil
}

// OpenWrite opens a file for reading and writing.
func (m *Mem) OpenWrite(name string) (File, error) {
	f, err := m.file("open", name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Resolve turns a path found in an image into a name, see Opener.
func (m *Mem) Resolve(from, claimed string) (string, error) { return resolveInside(from, claimed) }

// Stat describes a file.
func (m *Mem) Stat(name string) (Info, error) {
	f, err := m.file("stat", name)
	if err != nil {
		return Info{}, err
	}
	size, err := f.Size()
	return Info{Size: size, Regular: true}, err
}

// ReadDir lists the base names in a folder, sorted.
func (m *Mem) ReadDir(dir string) ([]string, error) {
	prefix := path.Clean(dir) + "/"
	if prefix == "./" {
		prefix = ""
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	names := map[string]bool{}
	for name := range m.files {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			first, _, _ := strings.Cut(rest, "/")
			names[first] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// Create makes a new empty file. A name that is taken fails with fs.ErrExist.
func (m *Mem) Create(name string) (File, error) {
	if !inside(name) {
		return nil, nameErr("create", name, ErrOutside)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[path.Clean(name)] != nil {
		return nil, nameErr("create", name, fs.ErrExist)
	}
	f := NewMemFile(0)
	m.files[path.Clean(name)] = f
	return f, nil
}

// Remove takes a name away; whoever has the file open keeps it.
func (m *Mem) Remove(name string) error {
	if _, err := m.file("remove", name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, path.Clean(name))
	return nil
}

// Rename gives a file another name, replacing what had it.
func (m *Mem) Rename(from, to string) error {
	f, err := m.file("rename", from)
	if err != nil {
		return err
	}
	if !inside(to) {
		return nameErr("rename", to, ErrOutside)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, path.Clean(from))
	m.files[path.Clean(to)] = f
	return nil
}

// SyncDir has nothing to do.
func (m *Mem) SyncDir() error { return nil }
