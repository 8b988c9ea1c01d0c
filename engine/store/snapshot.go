package store

import (
	"io"
	"sync/atomic"
	"time"
)

// state is what a workspace shows at a moment. It is never changed: a change, an
// undo or a commit puts another one in its place.
type state struct {
	generation uint64
	epoch      *epoch
	staged     map[*original]*overlay // files that differ from the disk
}

// overlay is a file as the state shows it.
func (s *state) overlay(o *original) *overlay {
	if v := s.staged[o]; v != nil {
		return v
	}
	return s.clean(o)
}

// clean is a file as it is on disk.
func (s *state) clean(o *original) *overlay {
	size := o.sizeAt(s.epoch)
	return &overlay{original: o, epoch: s.epoch, diskSize: size, shape: shape{size: size}}
}

// Snapshot is an Opener of a workspace's files as they were staged at a moment. It
// goes on showing them whatever is changed or committed afterwards, until the
// workspace closes.
type Snapshot struct {
	w *Workspace
	*state
}

// Snapshot shows the files as they are staged now.
func (w *Workspace) Snapshot() *Snapshot { return &Snapshot{w, w.now.Load()} }

// Open opens a file for reading.
func (s *Snapshot) Open(name string) (File, error) {
	o, err := s.w.hold(name)
	if err != nil {
		return nil, err
	}
	return &seen{overlay: s.overlay(o), w: s.w}, nil
}

// OpenWrite fails with ErrReadOnly: see Workspace.Do.
func (s *Snapshot) OpenWrite(name string) (File, error) {
	return nil, nameErr("open", name, ErrReadOnly)
}

// Resolve turns a path found in an image into a name, see Opener.
func (s *Snapshot) Resolve(from, claimed string) (string, error) {
	return s.w.base.Resolve(from, claimed)
}

// Dir is the folder on the host, as Folder has it; empty for files in memory.
func (s *Snapshot) Dir() string {
	if d, ok := s.w.base.(interface{ Dir() string }); ok {
		return d.Dir()
	}
	return ""
}

// Stat describes a file; its size is the staged one.
func (s *Snapshot) Stat(name string) (Info, error) {
	info, err := s.w.base.Stat(name)
	if o := s.w.original(name); o != nil && err == nil {
		info.Size = s.overlay(o).size
	}
	return info, err
}

// ReadDir lists the base names in a folder, sorted.
func (s *Snapshot) ReadDir(dir string) ([]string, error) { return s.w.base.ReadDir(dir) }

// OnDisk is a file as it is on disk now, for the side of a comparison that shows what
// was there before.
func (w *Workspace) OnDisk(name string) (File, error) {
	o, err := w.hold(name)
	if err != nil {
		return nil, err
	}
	return &seen{overlay: w.now.Load().clean(o), w: w}, nil
}

// seen is an open file of a snapshot.
type seen struct {
	*overlay
	w      *Workspace
	closed atomic.Bool
}

func (f *seen) ReadAt(p []byte, off int64) (int, error) { return f.readAt(p, off) }

func (f *seen) WriteAt([]byte, int64) (int, error) { return 0, nameErr("write", f.name, ErrReadOnly) }

func (f *seen) Truncate(int64) error { return nameErr("resize", f.name, ErrReadOnly) }

func (f *seen) Size() (int64, error) { return f.size, nil }

// Sync has nothing to do: what is staged becomes durable by Commit.
func (f *seen) Sync() error { return nil }

func (f *seen) ID() (FileID, error) { return f.id, nil }

// ModTime is when the file on disk was last changed.
func (f *seen) ModTime() (time.Time, error) { return f.file.ModTime() }

// NextData is the next run of data on disk or staged.
func (f *seen) NextData(off int64) (Range, error) { return f.nextData(off) }

// Close lets go of the file. It stays open underneath if others hold it, or if
// anything was staged in it.
func (f *seen) Close() error {
	if f.closed.Swap(true) {
		return nil
	}
	return f.w.release(f.original)
}

// nextData is the next run of data on disk or staged.
func (o *overlay) nextData(off int64) (Range, error) {
	next, err := o.original.nextData(off, min(o.size, o.diskSize), o.epoch)
	next, err = sooner(o.extents, off, next, err)
	if err == nil && next.Offset >= o.size {
		return Range{}, io.EOF
	}
	return next, err
}
