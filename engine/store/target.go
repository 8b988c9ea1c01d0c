package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// OpenTarget opens the folder of a file that is to be made, and tells the file's
// name in it. Files made there have the permissions that the user's files
// usually have.
func OpenTarget(file string) (*Folder, string, error) {
	dir, err := realPath(filepath.Dir(file))
	if err != nil {
		return nil, "", nameErr("open", filepath.Dir(file), err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", nameErr("open", dir, err)
	}
	d := &Folder{dir: dir, image: filepath.Base(file), root: root, mode: 0o666}
	return d, d.image, nil
}

// RenameNew gives a file of the folder another name in it that nobody has: one that
// is taken fails with fs.ErrExist and stays as it is.
func (d *Folder) RenameNew(from, to string) error {
	for _, name := range []string{from, to} {
		if err := d.own(name); err != nil {
			return nameErr("rename", name, err)
		}
	}
	err := d.root.Link(filepath.FromSlash(from), filepath.FromSlash(to))
	switch {
	case err == nil:
		return d.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return nameErr("rename", to, err)
	}
	return renameUnlessThere(d, from, to) // a file system that knows no second names
}

// renameUnlessThere looks before it renames.
func renameUnlessThere(to FS, from, name string) error {
	switch _, err := to.Stat(name); {
	case err == nil:
		return nameErr("rename", name, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return to.Rename(from, name)
}

// temporary is in the names of files that are not finished.
const temporary = ".platter-tmp-"

// Leftovers lists the unfinished files that earlier runs left behind when they were
// to make the file called name.
func Leftovers(o Opener, name string) ([]string, error) {
	all, err := o.ReadDir(path.Dir(name))
	var list []string
	for _, n := range all {
		if strings.HasPrefix(n, "."+path.Base(name)+temporary) {
			list = append(list, path.Join(path.Dir(name), n))
		}
	}
	return list, err
}

// Target is an FS in which new files are all or nothing. Until Publish they have
// temporary names, and only who made them can open them by their own.
type Target struct {
	FS
	Replace bool // files that have the names give way
	made    []born
}

// born is a file that has no name of its own yet.
type born struct{ name, temp string }

// Create makes a new file. It fails with fs.ErrExist if the name is taken and may not
// be replaced. Closing the file makes it durable.
func (t *Target) Create(name string) (File, error) {
	if _, taken := t.temp(name); taken || !t.Replace && t.taken(name) {
		return nil, nameErr("create", name, fs.ErrExist)
	}
	temp := path.Join(path.Dir(name), fmt.Sprintf(".%s%s%08x", path.Base(name), temporary, rand.Uint32()))
	f, err := t.FS.Create(temp)
	if err != nil {
		return nil, err
	}
	t.made = append(t.made, born{name, temp})
	return &durable{File: f, name: name}, nil
}

func (t *Target) taken(name string) bool {
	_, err := t.FS.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// temp is the name that a file has until it is published.
func (t *Target) temp(name string) (string, bool) {
	i := slices.IndexFunc(t.made, func(b born) bool { return b.name == path.Clean(name) })
	if i < 0 {
		return name, false
	}
	return t.made[i].temp, true
}

// Open opens a file for reading, a new one by its own name.
func (t *Target) Open(name string) (File, error) {
	temp, _ := t.temp(name)
	return t.FS.Open(temp)
}

// OpenWrite opens a file for reading and writing, a new one by its own name.
func (t *Target) OpenWrite(name string) (File, error) {
	temp, _ := t.temp(name)
	return t.FS.OpenWrite(temp)
}

// Stat describes a file, a new one by its own name.
func (t *Target) Stat(name string) (Info, error) {
	temp, _ := t.temp(name)
	return t.FS.Stat(temp)
}

// Made lists the names of the new files, in the order in which they were made.
func (t *Target) Made() []string {
	var names []string
	for _, b := range t.made {
		names = append(names, b.name)
	}
	return names
}

// Publish gives the new files their names, in the order in which they were made, so
// that the one that names the others comes last. After a failure none of them is there.
func (t *Target) Publish() error {
	if err := t.clear(); err != nil {
		return errors.Join(err, t.Discard())
	}
	for i, b := range t.made {
		if err := t.rename(b); err != nil {
			return errors.Join(err, t.retract(t.made[:i]), t.Discard())
		}
		t.made[i].temp = b.name
	}
	if err := t.SyncDir(); err != nil {
		return errors.Join(err, t.Discard())
	}
	t.made = nil
	return nil
}

// clear removes what the last of several files replaces: it must not name the new ones
// among the others.
func (t *Target) clear() error {
	if !t.Replace || len(t.made) < 2 {
		return nil
	}
	last := t.made[len(t.made)-1].name
	if err := t.Remove(last); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return t.SyncDir()
}

func (t *Target) rename(b born) error {
	if t.Replace {
		return t.Rename(b.temp, b.name)
	}
	if fs, ok := t.FS.(interface{ RenameNew(from, to string) error }); ok {
		return fs.RenameNew(b.temp, b.name)
	}
	return renameUnlessThere(t.FS, b.temp, b.name)
}

// retract takes names away that were given already; Discard removes the rest.
func (t *Target) retract(list []born) error {
	var errs []error
	for _, b := range list {
		errs = append(errs, t.Remove(b.name))
	}
	t.made = slices.Clone(t.made[len(list):])
	return errors.Join(errs...)
}

// Discard removes what was made and not published.
func (t *Target) Discard() error {
	var errs []error
	for _, b := range t.made {
		errs = append(errs, t.Remove(b.temp))
	}
	t.made = nil
	return errors.Join(errs...)
}

// durable is a file whose content survives a power cut once it is closed.
type durable struct {
	File
	name   string // that it is to have: errors name it so
	closed bool
}

// named words an error with the name that the file is to have.
func (f *durable) named(err error) error {
	if n, ok := err.(*NameError); ok {
		return &NameError{n.Op, f.name, n.Err}
	}
	return err
}

// WriteAt writes to the file.
func (f *durable) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.named(err)
}

// Truncate changes the length of the file.
func (f *durable) Truncate(size int64) error { return f.named(f.File.Truncate(size)) }

func (f *durable) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	return errors.Join(f.named(f.Sync()), f.named(f.File.Close()))
}

// Reserve passes on where room can be reserved.
func (f *durable) Reserve(off, n int64) error { return f.named(Reserve(f.File, off, n)) }

// ErrNoReserve: the file system can't promise room.
var ErrNoReserve = errors.New("room can't be reserved here")

// Reserve promises room for n bytes of a file from off on, which read as zeros. It
// fails with ErrNoReserve where there is no such promise.
func Reserve(f File, off, n int64) error {
	if r, ok := f.(interface{ Reserve(off, n int64) error }); ok {
		return r.Reserve(off, n)
	}
	return ErrNoReserve
}

// ErrNoHoles: the file system can't make a hole where a file has data.
var ErrNoHoles = errors.New("no hole can be made here")

// Punch gives back the room of n bytes of a file from off on, which read as zeros then.
// It fails with ErrNoHoles where that can't be done.
func Punch(f File, off, n int64) error {
	if p, ok := f.(interface{ Punch(off, n int64) error }); ok {
		return p.Punch(off, n)
	}
	return ErrNoHoles
}

// Piece is a run of bytes and where it goes.
type Piece struct {
	Offset int64
	Data   []byte
}

// Put writes pieces of a file in their order.
func Put(f io.WriterAt, pieces ...Piece) error {
	for _, p := range pieces {
		if _, err := f.WriteAt(p.Data, p.Offset); err != nil {
			return err
		}
	}
	return nil
}
