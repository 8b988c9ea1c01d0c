package engine

import (
	"context"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Repairs lists the ways to repair what a finding of an image found, see
// [disk.Repairer]: those that can be carried out. Each is tried in memory. Where all
// of them fail, the error says why the first one does. A row of many findings has repairs
// of all of them, then of the first. What follows from another finding is not repaired
// before that.
func Repairs(ctx context.Context, img disk.Image, f disk.Finding) ([]disk.Repair, error) {
	format, err := formatOf(img)
	if err != nil || format.repairs == nil || !f.Repairable {
		return nil, nil
	}
	if f.Cause != "" {
		return nil, disk.Errorf(disk.Unsupported, decode.Place{}, "%s is to be settled first", f.Cause)
	}
	list, err := format.repairs(ctx, img, f)
	if err != nil || len(list) == 0 {
		return list, err
	}
	return feasible(ctx, img, whole(img, format.forAll(img, f, list)))
}

// whole says of repairs in a file that is only a piece of an image what they cost.
func whole(img disk.Image, list []disk.Repair) []disk.Repair {
	if !slices.ContainsFunc(img.Info().Findings, func(f disk.Finding) bool { return f.Code == CodePiece }) {
		return list
	}
	for i := range list {
		if list[i].Risk == "" {
			list[i].Risk = "by its name this file is a piece of an image: what is changed in it may not fit the other pieces any more"
		}
	}
	return list
}

// feasible are the repairs that do not fail.
func feasible(ctx context.Context, img disk.Image, list []disk.Repair) (possible []disk.Repair, err error) {
	files := opened{store.NewMem(), map[string]store.File{}}
	for _, f := range img.Files() {
		file, ok := f.Data.(store.File)
		if !ok {
			return list, nil // a state that is not that of the files
		}
		files.files[f.Name] = file
	}
	w := store.NewWorkspace(files, img.Files()[0].Name)
	defer w.Close()
	var first error
	for _, r := range list {
		_, err := w.Try(func(tx *store.Tx) error { return r.Apply(ctx, tx) })
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			possible = append(possible, r)
		case first == nil:
			first = err
		}
	}
	if len(possible) > 0 {
		return possible, nil
	}
	return nil, first
}

// opened are the files of an image that is open, beside an empty folder.
type opened struct {
	*store.Mem
	files map[string]store.File
}

// kept is a file that whoever opened the image closes.
type kept struct{ store.File }

// Close leaves the file open.
func (kept) Close() error { return nil }

// Open is the file that is open.
func (o opened) Open(name string) (store.File, error) {
	if f := o.files[name]; f != nil {
		return kept{f}, nil
	}
	return o.Mem.Open(name)
}

// Stat describes a file.
func (o opened) Stat(name string) (store.Info, error) {
	f := o.files[name]
	if f == nil {
		return o.Mem.Stat(name)
	}
	size, err := f.Size()
	return store.Info{Size: size, Regular: true}, err
}

// Renewal gives the disk of an image a new mark of its content, see [disk.Renewer].
func Renewal(img disk.Image) (disk.Repair, bool) {
	format, err := formatOf(img)
	if err != nil || format.renewal == nil {
		return disk.Repair{}, false
	}
	return format.renewal(img)
}
