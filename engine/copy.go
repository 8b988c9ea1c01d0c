package engine

import (
	"context"
	"errors"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/transfer"
)

// Copy makes a copy of an image's file at a path, all or nothing, holes included. What
// consists of several files is [disk.ErrUnsupported]: they name each other. A child's
// copy finds the parent only where the original did.
func Copy(ctx context.Context, img disk.Image, target string, replace bool) (err error) {
	files := img.Files()
	if len(files) != 1 {
		return &disk.Error{Kind: disk.Unsupported, Op: "copy", What: "the image consists of " + decode.Plural(len(files), "file", "files") + ", which name each other: copy its folder"}
	}
	folder, name, err := store.OpenTarget(target)
	if err != nil {
		return err
	}
	defer folder.Close()
	c := &creation{ctx: ctx, path: target, name: name, opt: CreateOptions{Replace: replace}, folder: folder, content: &conversion{src: img}}
	if err := c.vacant(); err != nil {
		return err
	}
	to := &store.Target{FS: folder, Replace: replace}
	if err := copyFile(ctx, files[0], to, name); err != nil {
		return errors.Join(err, to.Discard())
	}
	return to.Publish()
}

func copyFile(ctx context.Context, from disk.File, to store.FS, name string) (err error) {
	f, err := to.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(from.Size); err != nil {
		return err
	}
	for r, err := range disk.FileRuns(ctx, from, 0, from.Size) {
		if err != nil {
			return err
		}
		if r.Content == disk.Zeros {
			continue
		}
		at := r.Start
		err = transfer.File(ctx, from, r.Start, r.Length, func(b []byte) error {
			_, err := f.WriteAt(b, at)
			at += int64(len(b))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
