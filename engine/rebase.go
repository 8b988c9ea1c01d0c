package engine

import (
	"context"
	"io/fs"
	"path/filepath"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Relink makes the change of a child's metadata by which it names a parent, see
// [disk.Relinker].
func Relink(img disk.Image, to disk.Relink) (disk.Repair, error) {
	f, err := formatOf(img)
	if err != nil || f.relink == nil {
		return disk.Repair{}, disk.NoChild(img.Info().Path)
	}
	return f.relink(img, to)
}

// ParentNames says which names of a parent a child stores.
type ParentNames struct{ Relative, Absolute bool }

// OpenBase opens the image at parent, with what a child at a path would store of its
// names. Parents are followed into the folders that are allowed.
func OpenBase(ctx context.Context, child, parent string, keep ParentNames, allow ...string) (*disk.Base, error) {
	b, err := openBase(ctx, child, CreateOptions{Parent: parent, Relative: !keep.Absolute, Allow: allow})
	if err != nil {
		return nil, err
	}
	if !keep.Relative {
		b.Relative = ""
	}
	return b, nil
}

// NamedParent is the path of the file that a child's names lead to, whatever is in it: the
// parent that is open, else the first file that is there. In is the folder of the child,
// name its name in there, and path where that is.
func NamedParent(in store.Opener, name, path string, img disk.Image) (string, error) {
	if p := img.Parent(); p != nil {
		return p.Info().Path, nil
	}
	var first error = &store.NameError{Op: "open", Name: img.Info().Parent, Err: fs.ErrNotExist}
	linked, ok := img.(disk.Linked)
	if !ok {
		return "", disk.NoChild(path)
	}
	o := &opener{folder: store.NewListing(in), from: name}
	for i, n := range linked.Link().Names {
		f, found, err := o.find(n.Name)
		if err == nil {
			f.Close()
			return hostPath(filepath.Dir(path), found), nil
		}
		if i == 0 {
			first = err
		}
	}
	return "", &disk.Error{Kind: disk.NotFound, At: decode.Place{File: name}, What: "no name of the parent leads to a file: --parent names it", Err: first}
}

// hostPath is where a file of a folder is.
func hostPath(dir, name string) string {
	if native := filepath.FromSlash(name); filepath.IsAbs(native) {
		return native
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// Ties are those of an image's format; nil where children do not know by a mark that their
// parent was changed.
func Ties(img disk.Image) *disk.Ties {
	f, err := formatOf(img)
	if err != nil {
		return nil
	}
	return f.ties
}
