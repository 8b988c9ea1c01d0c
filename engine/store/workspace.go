package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// MaxStaged bounds the bytes, over the whole history, that a workspace takes in;
// it keeps them in memory together with the old ones.
const MaxStaged = 32 << 20

// Workspace is an Opener whose files are overlays over real ones. The real files
// stay open for reading only: what Do writes is staged in memory, visible to every
// reader of the workspace, with one undo history over all files. Commit alone
// writes to disk. All methods may be called from several goroutines.
type Workspace struct {
	base       FS
	image      string
	generation atomic.Uint64

	mu      sync.RWMutex
	byName  map[string]*overlay
	byID    map[FileID]*overlay // two names of one file share an overlay
	order   []*overlay          // as opened
	history []*change
	cursor  int     // changes before it are visible
	running *change // the one that Do is making
	busy    bool    // a change or a commit is under way
	lastID  int
	epoch   uint64 // number of commits
	held    int64  // bytes in the history
}

// NewWorkspace makes a workspace over a folder. The image's name says where the
// journal of a commit goes: beside it.
func NewWorkspace(base FS, image string) *Workspace {
	return &Workspace{base: base, image: image, byName: map[string]*overlay{}, byID: map[FileID]*overlay{}}
}

// Open opens a file as staged. Writing through it is staging, and needs a Do
// around it; else it fails with ErrNotStaging.
func (w *Workspace) Open(name string) (File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.byName[name]
	if o == nil {
		var err error
		if o, err = w.load(name); err != nil {
			return nil, err
		}
	}
	o.refs++
	return &staged{w: w, o: o}, nil
}

// OpenWrite is Open: nothing reaches the disk before Commit, which opens the
// file for writing itself.
func (w *Workspace) OpenWrite(name string) (File, error) { return w.Open(name) }

func (w *Workspace) load(name string) (*overlay, error) {
	f, err := w.base.Open(name)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	id, err := f.ID()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if o := w.byID[id]; o != nil {
		w.byName[name] = o
		return o, f.Close()
	}
	o := &overlay{name: name, file: f, id: id, diskSize: size, shape: shape{size: size}}
	w.byName[name], w.byID[id] = o, o
	w.order = append(w.order, o)
	return o, nil
}

// Resolve turns a path found in an image into a name, see Opener.
func (w *Workspace) Resolve(from, claimed string) (string, error) {
	return w.base.Resolve(from, claimed)
}

// Dir is the folder on the host, as Folder has it; empty for files in memory.
func (w *Workspace) Dir() string {
	if d, ok := w.base.(interface{ Dir() string }); ok {
		return d.Dir()
	}
	return ""
}

// Stat describes a file; its size is the staged one.
func (w *Workspace) Stat(name string) (Info, error) {
	info, err := w.base.Stat(name)
	w.mu.RLock()
	defer w.mu.RUnlock()
	if o := w.byName[name]; o != nil && err == nil {
		info.Size = o.size
	}
	return info, err
}

// ReadDir lists the base names in a folder, sorted.
func (w *Workspace) ReadDir(dir string) ([]string, error) { return w.base.ReadDir(dir) }

// OnDisk is the file as it is on disk, for the side of a comparison that shows
// what was there before. It is valid until the workspace closes.
func (w *Workspace) OnDisk(name string) (File, error) {
	f, err := w.Open(name)
	if err != nil {
		return nil, err
	}
	return &onDisk{f.(*staged)}, nil
}

// Close closes all files. Staged changes are lost.
func (w *Workspace) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, o := range w.order {
		errs = append(errs, o.file.Close())
	}
	w.order, w.byName, w.byID = nil, map[string]*overlay{}, map[FileID]*overlay{}
	w.history, w.cursor = nil, 0
	return errors.Join(errs...)
}

// Generation grows with every change to what any file of the workspace shows or
// to what is staged: caches and screens keyed by it are never stale.
func (w *Workspace) Generation() uint64 { return w.generation.Load() }

// Do makes one undoable change of all that fn writes to files of the workspace,
// whichever they are. An error, or a panic, takes back every byte of it. Changes
// that were undone can't be redone afterwards. A Do that changes nothing leaves no
// entry. There is one at a time: ErrBusy tells that another is under way, also
// when it is called within fn.
func (w *Workspace) Do(title string, fn func() error) error {
	c, err := w.begin(title)
	if err != nil {
		return err
	}
	finished := false
	defer func() {
		if !finished {
			w.rollback(c)
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	finished = true
	w.finish(c)
	return nil
}

func (w *Workspace) begin(title string) (*change, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		return nil, fmt.Errorf("%s: %w", title, ErrBusy)
	}
	w.busy = true
	w.lastID++
	w.running = &change{id: w.lastID, title: title, applied: true, epoch: w.epoch}
	return w.running, nil
}

func (w *Workspace) rollback(c *change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if takeBack(c.splices) {
		w.generation.Add(1)
	}
	w.held -= c.weight
	w.running, w.busy = nil, false
}

func takeBack(list []splice) bool {
	for i := len(list) - 1; i >= 0; i-- {
		list[i].inverse().apply()
	}
	return len(list) > 0
}

func (w *Workspace) finish(c *change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running, w.busy = nil, false
	if len(c.splices) == 0 {
		return
	}
	w.record(c)
}

// record makes c the last change of the history, forgetting those undone.
func (w *Workspace) record(c *change) {
	for _, gone := range w.history[w.cursor:] {
		w.held -= gone.weight
	}
	clear(w.history[w.cursor:])
	w.history = append(w.history[:w.cursor], c)
	w.cursor++
	w.generation.Add(1)
}

// stage runs a write on an overlay as part of the change under way.
func (w *Workspace) stage(o *overlay, write func(by *change) ([]splice, error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.running
	if c == nil {
		return nameErr("write", o.name, ErrNotStaging)
	}
	list, err := write(c)
	if err != nil {
		return nameErr("write", o.name, err)
	}
	weight := weigh(list)
	if w.held+weight > MaxStaged {
		takeBack(list)
		return nameErr("write", o.name, ErrTooMuch)
	}
	if len(list) > 0 {
		c.splices = append(c.splices, list...)
		c.weight += weight
		w.held += weight
		w.generation.Add(1)
	}
	return nil
}

func weigh(list []splice) int64 {
	var n int64
	for _, s := range list {
		n += int64(len(s.made.cut))
		for _, e := range s.inserted {
			n += int64(len(e.data))
		}
	}
	return n
}

// Revert stages, inside a Do, what is on disk for a range of a file: what was
// staged there is gone. Offset and length are in bytes; the file's length stays.
func (w *Workspace) Revert(name string, off, length int64) error {
	f, err := w.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	o := f.(*staged).o
	return w.stage(o, func(*change) ([]splice, error) {
		end := min(off+min(length, o.size), o.size)
		if off < 0 || length < 0 || off >= end {
			return nil, nil
		}
		return o.revert(off, end), nil
	})
}
