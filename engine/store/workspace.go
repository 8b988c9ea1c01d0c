package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxStaged bounds the bytes, over the whole history, that a workspace takes in;
// it keeps them in memory together with the old ones.
const MaxStaged = 32 << 20

// Workspace holds overlays over the files of a folder. The real files stay open for
// reading only: what Do writes is staged in memory, with one undo history over all
// files, and Commit alone writes to disk. A change becomes visible all at once, in the
// snapshots taken after it. All methods may be called from several goroutines.
type Workspace struct {
	base  FS
	image string
	now   atomic.Pointer[state]

	mu      sync.RWMutex
	byName  map[string]*original
	byID    map[FileID]*original // two names of one file share an overlay
	order   []*original          // as opened
	history []*change
	cursor  int  // changes before it are visible
	busy    bool // a change or a commit is under way
	lastID  int
	held    int64 // bytes in the history

	disk sync.RWMutex // held while a commit writes
}

// NewWorkspace makes a workspace over a folder. The image's name says where the
// journal of a commit goes: beside it.
func NewWorkspace(base FS, image string) *Workspace {
	w := &Workspace{base: base, image: image, byName: map[string]*original{}, byID: map[FileID]*original{}}
	w.now.Store(&state{epoch: new(epoch)})
	return w
}

// hold finds a file or opens it, for one handle more.
func (w *Workspace) hold(name string) (*original, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.byName[name]
	if o == nil {
		var err error
		if o, err = w.load(name); err != nil {
			return nil, err
		}
	}
	o.opens++
	return o, nil
}

func (w *Workspace) load(name string) (*original, error) {
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
	o := &original{name: name, file: f, id: id, disk: &w.disk, length: size}
	o.time, _ = f.ModTime() // none: nothing can be told by it
	w.byName[name], w.byID[id] = o, o
	w.order = append(w.order, o)
	return o, nil
}

// original is a file that is open, else nil.
func (w *Workspace) original(name string) *original {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.byName[name]
}

// keep has a file stay open.
func (w *Workspace) keep(o *original) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o.kept = true
}

// release drops a handle's hold on a file.
func (w *Workspace) release(o *original) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	o.opens--
	if o.opens > 0 || o.kept || w.byID[o.id] != o {
		return nil
	}
	delete(w.byID, o.id)
	maps.DeleteFunc(w.byName, func(_ string, other *original) bool { return other == o })
	w.order = slices.DeleteFunc(w.order, func(other *original) bool { return other == o })
	return o.file.Close()
}

// Close closes all files. Staged changes are lost.
func (w *Workspace) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, o := range w.order {
		errs = append(errs, o.file.Close())
	}
	w.order, w.byName, w.byID = nil, map[string]*original{}, map[FileID]*original{}
	w.history, w.cursor = nil, 0
	return errors.Join(errs...)
}

// Generation grows with every change to what the files show or to what is staged.
func (w *Workspace) Generation() uint64 { return w.now.Load().generation }

// Do makes one undoable change of all that fn writes to the files of tx, whichever
// they are. Nobody else sees any of it before fn has returned without an error. Changes
// that were undone can't be redone afterwards. A Do that changes nothing leaves no
// entry. There is one at a time: ErrBusy tells that another is under way, also
// when it is called within fn.
func (w *Workspace) Do(title string, fn func(tx *Tx) error) error {
	tx, err := w.begin(title)
	if err != nil {
		return err
	}
	defer w.unclaim()
	defer tx.end()
	if err := fn(tx); err != nil {
		return err
	}
	tx.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := tx.change; len(c.splices) > 0 {
		w.held += c.weight
		w.record(c, tx.draft)
	}
	return nil
}

func (w *Workspace) begin(title string) (*Tx, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		return nil, fmt.Errorf("%s: %w", title, ErrBusy)
	}
	w.busy = true
	w.lastID++
	return w.tx(&change{id: w.lastID, title: title, applied: true, epoch: w.now.Load().epoch.number}, w.held), nil
}

// Try is Do for what is never seen by others: it tells what fn would edit.
func (w *Workspace) Try(fn func(tx *Tx) error) ([]Edit, error) {
	w.mu.RLock()
	tx := w.tx(&change{}, w.held)
	w.mu.RUnlock()
	defer tx.end()
	if err := fn(tx); err != nil {
		return nil, err
	}
	tx.end()
	return tx.change.edits(), nil
}

// record makes c, which led to a draft, the last change of the history, forgetting
// those undone.
func (w *Workspace) record(c *change, d draft) {
	for _, gone := range w.history[w.cursor:] {
		w.held -= gone.weight
	}
	clear(w.history[w.cursor:])
	w.history = append(w.history[:w.cursor], c)
	w.cursor++
	w.publish(d)
}

// publish makes a draft what everybody sees from now on.
func (w *Workspace) publish(d draft) {
	staged := maps.Clone(d.from.staged)
	if staged == nil {
		staged = map[*original]*overlay{}
	}
	maps.Copy(staged, d.edited)
	maps.DeleteFunc(staged, func(_ *original, v *overlay) bool { return v.isClean() })
	w.now.Store(&state{d.from.generation + 1, d.from.epoch, staged})
}
