package engine

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// MaxDepth is how many layers a differencing chain may have.
const MaxDepth = 256

// maxLines is how many lines all layers of a chain may list together: three
// times what a single descriptor may.
const maxLines = 1 << 16

// opener opens the files that one layer of an image names. The names come out
// of the image and are not to be trusted: the folder holds the rules.
type opener struct {
	ctx    context.Context
	folder *store.Listing
	from   string         // the layer's own name in the folder
	over   *opener        // of the layer above; nil for the image itself
	prefix string         // put before names so that they are unique among all layers
	dir    string         // the folder as the user named it, by the path of the image
	chain  []store.FileID // the layers from the image down to this one
	lines  *int           // that all layers of the chain listed so far
	opt    Options
}

// Take counts what a layer lists.
func (o *opener) Take(n int) error {
	if *o.lines += n; *o.lines > maxLines {
		return disk.Errorf(disk.BadChain, decode.Place{File: o.prefix + o.from}, "the layers of the chain have more than %d lines together", maxLines)
	}
	return nil
}

// OpenFile opens a file that the image names, read-only.
func (o *opener) OpenFile(claimed string) (store.File, string, error) {
	file, name, err := o.find(claimed)
	if err != nil {
		return nil, "", err
	}
	return file, o.prefix + name, nil
}

// find opens the name as given, else one that differs from it in case only:
// images come from systems that do not tell the two apart.
func (o *opener) find(claimed string) (store.File, string, error) {
	name, err := o.folder.Resolve(o.from, claimed)
	if err != nil {
		return nil, "", err
	}
	file, err := o.folder.Open(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, name, err
	}
	other, findErr := store.Find(o.folder, path.Dir(name), path.Base(name))
	if findErr != nil {
		return nil, "", err
	}
	file, err = o.folder.Open(other)
	return file, other, err
}

var _ disk.Lister = (*opener)(nil)

// List names what lies in the folder of this layer.
func (o *opener) List() ([]string, error) { return o.folder.ReadDir(path.Dir(o.from)) }

// Chosen reports whether the user has named the parent of this layer.
func (o *opener) Chosen() bool { return len(o.chain) == 1 && o.opt.Parent != "" }

// Forced reports whether the user takes a parent of another identity.
func (o *opener) Forced() bool { return o.opt.AnyParent }

// Passing reports whether a merge of one of the layers so far is about to give a parent the
// mark that is expected.
func (o *opener) Passing(found, expected string) bool {
	for l := o; l != nil; l = l.over {
		if j, err := store.ReadJob(l.folder, l.from); err == nil && !j.Merged && j.Now == found && j.Next == expected {
			return true
		}
	}
	return false
}

// OpenParent opens the next layer, in the format that the child demands. What
// the user names as parent stands for whatever the image says.
func (o *opener) OpenParent(claimed, format string) (disk.Image, error) {
	f, err := named(format)
	if err != nil {
		return nil, err
	}
	if o.Chosen() {
		return o.openGiven(f)
	}
	file, name, err := o.find(claimed)
	if err != nil {
		return nil, err
	}
	next := &opener{ctx: o.ctx, folder: o.folder, from: name, over: o, prefix: o.prefix, dir: o.dir, lines: o.lines, opt: o.opt}
	return o.openLayer(f, next, disk.Source{Path: filepath.Join(o.dir, filepath.FromSlash(name)), Name: o.prefix + name, File: file, Opener: next, Redundant: o.opt.Redundant})
}

// openGiven opens the parent that the user named. It may lie anywhere, and
// brings its own folder with it.
func (o *opener) openGiven(f format) (disk.Image, error) {
	folder, name, file, err := store.OpenImage(o.opt.Parent)
	if err != nil {
		return nil, err
	}
	if err := folder.Allow(o.opt.Allow...); err != nil {
		file.Close()
		folder.Close()
		return nil, err
	}
	next := &opener{ctx: o.ctx, folder: store.NewListing(folder), from: name, over: o, dir: filepath.Dir(o.opt.Parent), lines: o.lines, opt: o.opt}
	if own, ok := o.folder.Opener.(interface{ Dir() string }); !ok || own.Dir() != folder.Dir() {
		next.prefix = slashed(folder.Dir()) + "/"
	}
	src := disk.Source{Path: o.opt.Parent, Name: next.prefix + name, File: withFolder{file, folder}, Opener: next, Redundant: o.opt.Redundant}
	return o.openLayer(f, next, src)
}

// openLayer opens a parent's file as its format, unless the chain is too long
// or comes back to itself.
func (o *opener) openLayer(f format, next *opener, src disk.Source) (disk.Image, error) {
	img, err := o.tryLayer(f, next, src)
	if err != nil {
		src.File.Close()
		return nil, err
	}
	return img, nil
}

func (o *opener) tryLayer(f format, next *opener, src disk.Source) (disk.Image, error) {
	at := decode.Place{File: src.Name}
	if len(o.chain) >= MaxDepth {
		return nil, disk.Errorf(disk.BadChain, at, "the chain has more than %d layers", MaxDepth)
	}
	id, err := src.File.ID()
	if err != nil {
		return nil, err
	}
	if slices.Contains(o.chain, id) {
		return nil, disk.Errorf(disk.BadChain, at, "the chain of parents comes back to this file")
	}
	next.chain = append(slices.Clone(o.chain), id)
	return f.open(o.ctx, src)
}
