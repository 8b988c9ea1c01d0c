package edit

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// places is where the layers of a chain lie: on the host each in its own folder, else all
// among some files.
type places interface {
	// member opens the folder of the image at a path.
	member(path string) (*member, error)
	// base is a parent as a child names it.
	base(ctx context.Context, child, parent *member) (*disk.Base, error)
	// same reports whether two paths lead to one file.
	same(a, b string) bool
}

// member is a layer of the chain that is merged, or a child of one, with its folder.
type member struct {
	folder folder
	name   string // in the folder
	path   string
	opt    engine.Options
	held   []store.File // open for writing, so that nobody else writes to them
}

// session opens the layer for a change of its metadata.
func (m *member) session(ctx context.Context) (*Session, error) {
	return open(ctx, borrowed{m.folder}, m.name, m.path, m.opt)
}

// image opens the layer for reading.
func (m *member) image(ctx context.Context) (disk.Image, error) {
	f, err := m.folder.Open(m.name)
	if err != nil {
		return nil, err
	}
	return engine.OpenIn(ctx, m.folder, m.name, f, m.path, m.opt)
}

// commit changes the layer's metadata, all or nothing.
func (m *member) commit(ctx context.Context, change func(disk.Image) (disk.Repair, error)) error {
	s, err := m.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	img, err := s.Image()
	if err != nil {
		return err
	}
	r, err := change(img)
	if err != nil {
		return err
	}
	if err := s.Repair(ctx, r.Title, r); err != nil && !errors.Is(err, errNothing) {
		return err
	}
	return s.Commit(ctx)
}

// settle finishes a change of the layer's metadata that a cut has interrupted, or takes it
// back where it had not begun.
func (m *member) settle() error {
	j, err := store.ReadJournal(m.folder, m.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, store.ErrTorn):
		return j.RollBack(m.folder)
	case err != nil:
		return err
	}
	j.Allow(m.name)
	return j.RollForward(m.folder)
}

// hold keeps others from writing to the files of the layer.
func (m *member) hold(img disk.Image) error {
	for _, f := range img.Files() {
		h, err := m.folder.OpenWrite(f.Name)
		if err != nil {
			return err
		}
		m.held = append(m.held, h)
	}
	return nil
}

func (m *member) letGo() {
	for _, h := range m.held {
		h.Close()
	}
	m.held = nil
}

func (m *member) close() error {
	m.letGo()
	return m.folder.Close()
}

// onHost are the files of the host.
type onHost struct{ opt engine.Options }

func (h onHost) member(path string) (*member, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, name, err := openFolder(abs, h.opt)
	if errors.Is(err, fs.ErrNotExist) {
		return h.gone(abs)
	}
	if err != nil {
		return nil, err
	}
	return &member{folder: f, name: name, path: path, opt: h.opt}, nil
}

// gone is the place of an image that a merge has removed already.
func (h onHost) gone(path string) (*member, error) {
	dir, name, err := store.OpenTarget(path)
	if err != nil {
		return nil, err
	}
	if _, err := dir.Stat(store.JobName(name)); err != nil {
		dir.Close()
		return nil, &store.NameError{Op: "open", Name: path, Err: fs.ErrNotExist}
	}
	return &member{folder: dir, name: name, path: path, opt: h.opt}, nil
}

func (h onHost) base(ctx context.Context, child, parent *member) (*disk.Base, error) {
	return engine.OpenBase(ctx, child.path, parent.path, engine.ParentNames{Relative: true, Absolute: true}, h.opt.Allow...)
}

func (onHost) same(a, b string) bool { return same(a, b) }

// among are files of any kind that lie in one folder.
type among struct {
	files store.FS
	opt   engine.Options
}

func (a among) member(path string) (*member, error) {
	if _, err := a.files.Stat(path); err != nil {
		if _, job := a.files.Stat(store.JobName(path)); job != nil {
			return nil, err
		}
	}
	return &member{folder: borrowed{a.files}, name: filepath.ToSlash(path), path: path, opt: a.opt}, nil
}

func (a among) base(ctx context.Context, _, parent *member) (*disk.Base, error) {
	img, err := parent.image(ctx)
	if err != nil {
		return nil, err
	}
	b := &disk.Base{Image: img, Relative: parent.name}
	f, err := a.files.Open(parent.name)
	if err == nil {
		b.Changed, err = f.ModTime()
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, errors.Join(err, img.Close())
	}
	return b, nil
}

func (among) same(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }

// refusedLink is the refusal to merge a chain in which a layer does not fit its parent.
func refusedLink(path string, l disk.LinkInfo) error {
	return disk.Refuse(disk.RefusedLink, disk.BadChain, []decode.Place{{File: path}}, "its parent can't be used, so that nothing is known of what it leaves to that: %v", l.Fault)
}

// beside is the path of a file that an image at a path names.
func beside(path, name string) string {
	if native := filepath.FromSlash(name); filepath.IsAbs(native) {
		return native
	}
	return filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
}
