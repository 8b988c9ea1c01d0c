package engine

import (
	"context"
	"path"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// maxSiblings bounds how many images of a folder are looked into for children.
const maxSiblings = 200

// Children lists the images of a folder that name one of it as their parent, printable.
// Children in other folders are not found.
func Children(ctx context.Context, in store.Opener, name string) ([]string, error) {
	names, err := in.ReadDir(path.Dir(name))
	if err != nil {
		return nil, err
	}
	var found []string
	looked := 0
	for _, n := range names {
		switch strings.ToLower(path.Ext(n)) {
		case ".vhd", ".avhd", ".vhdx", ".avhdx", ".vmdk":
		default:
			continue
		}
		if looked++; looked > maxSiblings || ctx.Err() != nil {
			return found, ctx.Err()
		}
		if n != path.Base(name) && isChild(ctx, in, path.Join(path.Dir(name), n), path.Base(name)) {
			found = append(found, decode.Printable(n))
		}
	}
	return found, nil
}

// isChild reports whether an image names another one as its parent. Anything that can't
// be opened is no child that a write could orphan.
func isChild(ctx context.Context, in store.Opener, name, parent string) bool {
	file, err := in.Open(name)
	if err != nil {
		return false
	}
	img, err := OpenIn(ctx, in, name, file, name, Options{})
	if err != nil {
		return false
	}
	defer img.Close()
	named := path.Base(strings.ReplaceAll(img.Info().Parent, `\`, "/"))
	return strings.EqualFold(named, parent)
}

// Childless refuses a change of an image while others of its folder are based on it.
func Childless(ctx context.Context, in store.Opener, name string) error {
	children, err := Children(ctx, in, name)
	if err != nil || len(children) == 0 {
		return err
	}
	where := make([]decode.Place, len(children))
	for i, n := range children {
		where[i].File = n
	}
	these := "those images"
	if len(children) == 1 {
		these = "that image"
	}
	return &disk.Refusal{Reason: disk.RefusedChildren, Where: where, Err: disk.Errorf(disk.ReadOnly, decode.Place{}, "%s is the parent of %s in this folder: a change to it makes %s show something else, or refuse to open",
		decode.Printable(name), strings.Join(children, ", "), these)}
}
