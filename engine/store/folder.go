package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

var notExist = fs.ErrNotExist

// Folder is the FS of one folder on the host. Nothing outside it can be
// reached, neither by a path nor by a link, except in the folders that Allow
// added. Only regular files are opened, and the block device the user named.
type Folder struct {
	dir     string      // absolute, links resolved
	image   string      // base name of the image
	root    *os.Root    // nil: nothing but the image can be opened
	mode    fs.FileMode // of files made here; 0: their owner alone can read them
	allowed []allowed
	locks   locks
}

type allowed struct {
	dir  string // absolute, links resolved
	root *os.Root
}

// OpenImage opens for reading the file that the user named, and its folder: the
// one it really lies in, after links. The name is the file's in that folder. A
// pipe, socket, terminal or folder is refused with ErrNotRegular before a byte
// of it is read; a block device is accepted, but then no other file can be
// reached. Neither content nor times of the file change, the access time only
// where the system insists.
func OpenImage(file string) (*Folder, string, File, error) {
	real, err := realPath(file)
	if err != nil {
		return nil, "", nil, nameErr("open", file, err)
	}
	d := &Folder{dir: filepath.Dir(real), image: filepath.Base(real)}
	f, err := openHost(place{path: real}, d.image, os.O_RDONLY, true)
	if err != nil {
		return nil, "", nil, nameErr("open", file, err)
	}
	if f.device == 0 {
		// A folder that can be searched but not read has a usable image and
		// no neighbours.
		d.root, err = os.OpenRoot(d.dir)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			f.Close()
			return nil, "", nil, nameErr("open", file, err)
		}
	}
	return d, d.image, f, nil
}

func realPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// Dir is the absolute path of the folder, links resolved.
func (d *Folder) Dir() string { return d.dir }

// Allow adds folders in which an image may name files: by a path inside one of
// them, or by a base name found there. It must be called before other methods.
func (d *Folder) Allow(dirs ...string) error {
	for _, dir := range dirs {
		real, err := realPath(dir)
		if err != nil {
			return nameErr("allow", dir, err)
		}
		root, err := os.OpenRoot(real)
		if err != nil {
			return nameErr("allow", dir, err)
		}
		d.allowed = append(d.allowed, allowed{real, root})
	}
	return nil
}

// Allowed are the folders that were added, by names that the other methods take.
func (d *Folder) Allowed() []string {
	var names []string
	for _, a := range d.allowed {
		names = append(names, filepath.ToSlash(a.dir))
	}
	return names
}

// Close releases the folder; files opened through it stay open.
func (d *Folder) Close() error {
	var errs []error
	if d.root != nil {
		errs = append(errs, d.root.Close())
	}
	for _, a := range d.allowed {
		errs = append(errs, a.root.Close())
	}
	return errors.Join(errs...)
}

// Open opens a file for reading.
func (d *Folder) Open(name string) (File, error) { return d.open(name, os.O_RDONLY) }

// OpenWrite opens a file for reading and writing, and locks it until it is closed:
// one that somebody else has open for writing, or that QEMU has open, is ErrLocked. Block devices are refused with ErrReadOnly, symbolic links with ErrLink.
func (d *Folder) OpenWrite(name string) (File, error) { return d.open(name, os.O_RDWR) }

func (d *Folder) open(name string, flag int) (File, error) {
	p, err := d.place(name)
	if err != nil {
		return nil, nameErr("open", name, err)
	}
	h, err := openHost(p, name, flag, name == d.image)
	if err != nil {
		return nil, nameErr("open", name, err)
	}
	if h.writable {
		if err := d.locks.take(h); err != nil {
			h.f.Close()
			return nil, nameErr("open", name, err)
		}
	}
	return h, nil
}

// Resolve turns a path found inside the file named from into a name, see Opener.
func (d *Folder) Resolve(from, claimed string) (string, error) {
	c, err := parseClaim(claimed)
	if err != nil {
		return "", nameErr("resolve", claimed, err)
	}
	name := c.join(from)
	within := !c.absolute && inside(name)
	if within && d.exists(name) {
		return name, nil
	}
	if other, ok := d.resolveAllowed(c, name); ok {
		return other, nil
	}
	if !within {
		return "", nameErr("resolve", claimed, ErrOutside)
	}
	return name, nil
}

// resolveAllowed looks for a claim in the allowed folders: at the place it
// names, or by its base name.
func (d *Folder) resolveAllowed(c claim, joined string) (string, bool) {
	abs := filepath.FromSlash(joined)
	if c.absolute {
		abs = filepath.FromSlash(path.Clean(c.path))
	} else if !filepath.IsAbs(abs) {
		abs = filepath.Join(d.dir, abs)
	}
	if a, rel, ok := d.allowing(abs); ok && a.exists(rel) {
		return filepath.ToSlash(abs), true
	}
	base := c.base()
	if !inside(base) {
		return "", false
	}
	for _, a := range d.allowed {
		if a.exists(base) {
			return filepath.ToSlash(filepath.Join(a.dir, base)), true
		}
	}
	return "", false
}

func (d *Folder) allowing(abs string) (allowed, string, bool) {
	if !filepath.IsAbs(abs) {
		return allowed{}, "", false
	}
	for _, a := range d.allowed {
		rel, err := filepath.Rel(a.dir, abs)
		if err == nil && filepath.IsLocal(rel) {
			return a, rel, true
		}
	}
	return allowed{}, "", false
}

func (a allowed) exists(rel string) bool {
	fi, err := a.root.Stat(rel)
	return err == nil && fi.Mode().IsRegular()
}

func (d *Folder) exists(name string) bool {
	p, err := d.place(name)
	if err != nil {
		return false
	}
	_, err = p.stat()
	return err == nil
}

// place finds the root that a name is opened through.
func (d *Folder) place(name string) (place, error) {
	native := filepath.FromSlash(name)
	switch {
	case name == "":
		return place{}, ErrBadName
	case filepath.IsAbs(native):
		a, rel, ok := d.allowing(native)
		if !ok {
			return place{}, ErrOutside
		}
		return place{root: a.root, path: rel}, nil
	case !inside(name):
		return place{}, ErrOutside
	case d.root != nil:
		return place{root: d.root, path: native}, nil
	case name == d.image:
		return place{path: filepath.Join(d.dir, native)}, nil
	}
	return place{}, ErrOutside
}

// Stat describes a file without opening it.
func (d *Folder) Stat(name string) (Info, error) {
	p, err := d.place(name)
	if err != nil {
		return Info{}, nameErr("stat", name, err)
	}
	fi, err := p.stat()
	if err != nil {
		return Info{}, nameErr("stat", name, err)
	}
	return Info{fi.Size(), fi.ModTime(), fi.Mode().IsRegular()}, nil
}

// ReadDir lists the base names in a folder, sorted.
func (d *Folder) ReadDir(dir string) ([]string, error) {
	p, err := d.place(dir)
	if err != nil {
		return nil, nameErr("list", dir, err)
	}
	f, err := p.open(os.O_RDONLY | nonblock)
	if err != nil {
		return nil, nameErr("list", dir, err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, nameErr("list", dir, err)
	}
	slices.Sort(names)
	return names, nil
}

// Create makes a new empty file, locked as by OpenWrite, which its owner alone can read unless OpenTarget
// opened the folder. A name that is taken fails with fs.ErrExist.
func (d *Folder) Create(name string) (File, error) {
	p, err := d.place(name)
	if err != nil {
		return nil, nameErr("create", name, err)
	}
	p.mode = d.mode
	f, err := p.open(os.O_RDWR | os.O_CREATE | os.O_EXCL)
	if err != nil {
		return nil, nameErr("create", name, err)
	}
	h := &hostFile{f: f, name: name, writable: true}
	if err := d.locks.take(h); err != nil {
		f.Close()
		return nil, nameErr("create", name, err)
	}
	return h, nil
}

// MakeLike gives files that Create makes the permissions of one that is there, until done is
// called. Nobody else may use the folder meanwhile.
func (d *Folder) MakeLike(name string) (done func(), err error) {
	p, err := d.place(name)
	if err != nil {
		return nil, nameErr("stat", name, err)
	}
	f, err := p.open(os.O_RDONLY | nonblock)
	if err != nil {
		return nil, nameErr("stat", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nameErr("stat", name, err)
	}
	before := d.mode
	d.mode = info.Mode().Perm()
	return func() { d.mode = before }, nil
}

// Remove deletes a file of the folder.
func (d *Folder) Remove(name string) error {
	if err := d.own(name); err != nil {
		return nameErr("remove", name, err)
	}
	err := d.root.Remove(filepath.FromSlash(name))
	if withoutRoot(err) {
		err = os.Remove(filepath.Join(d.dir, filepath.FromSlash(name)))
	}
	return nameErr("remove", name, err)
}

// Rename gives a file of the folder another name in it.
func (d *Folder) Rename(from, to string) error {
	for _, name := range []string{from, to} {
		if err := d.own(name); err != nil {
			return nameErr("rename", name, err)
		}
	}
	err := d.root.Rename(filepath.FromSlash(from), filepath.FromSlash(to))
	if withoutRoot(err) {
		err = os.Rename(filepath.Join(d.dir, filepath.FromSlash(from)), filepath.Join(d.dir, filepath.FromSlash(to)))
	}
	return nameErr("rename", from, err)
}

// own refuses names that are not in this folder itself: what the user allowed
// an image to name is there to be read.
func (d *Folder) own(name string) error {
	if d.root == nil || !inside(name) || strings.HasPrefix(name, "/") {
		return ErrOutside
	}
	return nil
}
