package engine

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// maxSiblings bounds how many images of a folder are looked into for children.
const maxSiblings = 100

// CodeBase is the code of the finding that other images are based on this one.
const CodeBase = "file/F9"

// family is what a folder tells of the images that are based on one of its files.
type family struct {
	children []string // printable
	strange  []string // those of them that want another identity
	fitting  []string // the names of the others, as they are
	looked   int      // how many images were looked into
	left     int      // how many were not
}

// familyOf looks into the images of a folder for those that want one of it as their
// parent: by its name, or by its identity where no file has the name that they give. Of
// each only the identifiers and the parent locator or descriptor are read.
func familyOf(ctx context.Context, in store.Opener, name string) (family, error) {
	var f family
	names, err := in.ReadDir(path.Dir(name))
	if err != nil {
		return f, err
	}
	own := kinOf(in, name)
	near := relatives(names, path.Base(name))
	for i, n := range near {
		if i == maxSiblings || ctx.Err() != nil {
			f.left = len(near) - i
			return f, ctx.Err()
		}
		f.looked++
		k := kinOf(in, path.Join(path.Dir(name), n))
		byName := slices.ContainsFunc(k.Names, func(p string) bool { return sameBase(p, path.Base(name)) })
		byID := own.ID != "" && slices.Contains(k.Wanted, own.ID)
		if !k.Child || !byName && (!byID || namesAny(k, names)) {
			continue
		}
		f.children = append(f.children, decode.Printable(n))
		if own.ID != "" && len(k.Wanted) > 0 && !byID {
			f.strange = append(f.strange, decode.Printable(n))
		} else {
			f.fitting = append(f.fitting, path.Join(path.Dir(name), n))
		}
	}
	return f, nil
}

// relatives are the names that may be those of children, the most likely first: those
// that start as the image's own does.
func relatives(names []string, own string) []string {
	stem := strings.ToLower(strings.TrimSuffix(own, path.Ext(own)))
	var near, far []string
	for _, n := range names {
		lower := strings.ToLower(n)
		switch path.Ext(lower) {
		case ".vhd", ".avhd", ".vhdx", ".avhdx", ".vmdk":
		default:
			continue
		}
		switch {
		case n == own || isPart(lower):
		case strings.HasPrefix(lower, stem):
			near = append(near, n)
		default:
			far = append(far, n)
		}
	}
	return append(near, far...)
}

// isPart reports whether a name is one that the data of an image have beside its
// descriptor, which name no parent.
func isPart(name string) bool {
	stem, ok := strings.CutSuffix(name, ".vmdk")
	if !ok {
		return false
	}
	for _, end := range []string{"-flat", "-delta", "-sesparse", "-ctk", "-rdm", "-rdmp"} {
		if strings.HasSuffix(stem, end) {
			return true
		}
	}
	rest := strings.TrimRight(stem, "0123456789")
	return len(stem)-len(rest) == 3 && (strings.HasSuffix(rest, "-s") || strings.HasSuffix(rest, "-f"))
}

// kinOf reads what a file tells of its parent; nothing if it can't be read.
func kinOf(in store.Opener, name string) disk.Kin {
	k, _ := kinAs(in, name)
	return k
}

// kinAs is kinOf with the name of the file's format.
func kinAs(in store.Opener, name string) (disk.Kin, string) {
	file, err := in.Open(name)
	if err != nil {
		return disk.Kin{}, ""
	}
	defer file.Close()
	for _, f := range formats {
		if f.kin == nil {
			continue
		}
		if k, ok := f.kin(disk.Source{Name: name, File: file}); ok {
			return k, f.name
		}
	}
	return disk.Kin{}, ""
}

// sameBase reports whether a path, of Windows or of Unix, ends with a name in any case.
func sameBase(p, name string) bool {
	return strings.EqualFold(path.Base(strings.ReplaceAll(p, `\`, "/")), name)
}

// namesAny reports whether the name of a parent leads to one of the files of the folder.
func namesAny(k disk.Kin, names []string) bool {
	return slices.ContainsFunc(k.Names, func(p string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return sameBase(p, n) })
	})
}

// based tells of the images beside this one that are based on it, and how far was
// looked for them.
func based(ctx context.Context, in store.Opener, name string) []disk.Finding {
	f, err := familyOf(ctx, in, name)
	if err != nil || len(f.children) == 0 && f.left == 0 {
		return nil // what lies beside the image is no part of it
	}
	found := disk.Finding{Code: CodeBase, Severity: disk.SeverityInfo, Where: []decode.Place{{File: name}}}
	found.Detail = fmt.Sprintf("Of %s in the folder all were looked into. ", decode.Plural(f.looked, "other image", "other images"))
	if f.left > 0 {
		found.Detail = fmt.Sprintf("Of the images in the folder %d were looked into, and %d were not. ", f.looked, f.left)
	}
	if len(f.children) == 0 {
		found.Text = fmt.Sprintf("whether images beside it are based on this one is known of %d of %d", f.looked, f.looked+f.left)
		return []disk.Finding{found}
	}
	switch n := len(f.children) - len(f.strange); {
	case n == 0:
		found.Text = fmt.Sprintf("%s beside it %s this image as the parent, but %s another identity than it has: it was changed since, or is another one", few(f.strange), verb(f.strange, "name"), verb(f.strange, "want"))
		found.Detail += "A change of a parent makes its children show something else, or refuse to open."
		return []disk.Finding{found}
	case len(f.strange) > 0:
		found.Text = fmt.Sprintf("; %s another identity than it has", few(f.strange)+" "+verb(f.strange, "want"))
	}
	are := "are"
	if len(f.children) == 1 {
		are = "is"
	}
	found.Text = fmt.Sprintf("%s beside it %s based on this image: it is not the newest state of the disk, and not to be written to", few(f.children), are) + found.Text
	found.Detail += "What the machine wrote since the snapshot is in the newest of them: open that one for what it saw last. A change here shows through in them, or makes them refuse to open."
	return []disk.Finding{found}
}

// few lists the first of some names.
func few(names []string) string {
	s := strings.Join(names[:min(len(names), 3)], ", ")
	if more := len(names) - 3; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// verb is a verb for what names stand for.
func verb(names []string, v string) string {
	if len(names) == 1 {
		return v + "s"
	}
	return v
}

// Children lists the images of a folder that want one of it as their parent, printable.
// Children in other folders are not found, nor any past the first hundred images.
func Children(ctx context.Context, in store.Opener, name string) ([]string, error) {
	f, err := familyOf(ctx, in, name)
	return f.children, err
}

// Based lists the images of a folder that have one of it as their parent and fit it, by
// their names, and tells how many images were not looked into.
func Based(ctx context.Context, in store.Opener, name string) (names []string, left int, err error) {
	f, err := familyOf(ctx, in, name)
	return f.fitting, f.left, err
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
