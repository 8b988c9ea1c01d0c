package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// CodeLeftover is the code of the warning that an earlier run was interrupted.
const CodeLeftover = "file/F3"

// CodeReplaced is the code of the warnings about what was based on an image that is
// replaced, and about its files that stay.
const CodeReplaced = "file/F8"

// vacant checks that files can be made in the folder and that the name is free, or may
// be replaced, and takes care of what earlier runs left.
func (c *creation) vacant() error {
	if err := c.folder.Writable(); err != nil {
		return err
	}
	_, err := c.folder.Stat(c.name)
	switch {
	case err == nil:
		if err := c.replaceable(); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if !c.opt.Replace && store.HasJournal(c.folder, c.name) {
		return &store.NameError{Op: "create", Name: store.JournalName(c.path), Err: fs.ErrExist}
	}
	left, err := store.Leftovers(c.folder, c.name)
	for _, name := range left {
		if !c.opt.Replace {
			c.made.Warnings = append(c.made.Warnings, disk.Finding{Code: CodeLeftover, Severity: disk.SeverityWarning, Where: []decode.Place{{File: name}},
				Text: fmt.Sprintf("an earlier run left %s behind; --force removes it", decode.InQuotes(name))})
		} else if !c.opt.DryRun {
			err = errors.Join(err, c.folder.Remove(name))
		}
	}
	return err
}

// replaceable refuses to put the new image in the place of what has its name, unless
// that is an image that is to give way.
func (c *creation) replaceable() error {
	info, err := c.folder.Stat(c.name)
	if err != nil {
		return err
	}
	if !info.Regular {
		return &disk.Error{Kind: disk.Unsupported, Op: "create", What: fmt.Sprintf("%s is a folder, or something else that is no file: choose another name", decode.InQuotes(c.path))}
	}
	err = Childless(c.ctx, c.folder, c.name)
	var r *disk.Refusal
	switch {
	case err != nil && !errors.As(err, &r):
		return err
	case !c.opt.Replace && r != nil:
		return r
	case !c.opt.Replace:
		return &store.NameError{Op: "create", Name: c.path, Err: fs.ErrExist}
	case r != nil:
		c.made.Warnings = append(c.made.Warnings, disk.Finding{Code: CodeReplaced, Severity: disk.SeverityWarning, Where: r.Where, Text: r.Error()})
	}
	if err := errors.Join(store.HeldBy(c.folder, c.name), c.stranger(c.name)); err != nil {
		return err
	}
	if store.HasJournal(c.folder, c.name) {
		c.made.Warnings = append(c.made.Warnings, disk.Finding{Code: CodeReplaced, Severity: disk.SeverityWarning, Where: []decode.Place{{File: store.JournalName(c.name)}},
			Text: "a write to the image that is replaced was interrupted: its journal goes with it"})
	}
	c.oldParts()
	return nil
}

// oldParts finds the further files of the image that is replaced. Those whose names are
// made of its name go with it; others may be somebody else's, and stay.
func (c *creation) oldParts() {
	if c.describe != nil {
		return // a descriptor replaces nothing but a descriptor
	}
	file, err := c.folder.Open(c.name)
	if err != nil {
		return
	}
	img, err := OpenIn(c.ctx, c.folder, c.name, file, c.path, Options{})
	if err != nil {
		return // it is no image: it has no further files
	}
	defer img.Close()
	stem := strings.TrimSuffix(c.name, path.Ext(c.name)) + "-"
	for _, f := range img.Files()[1:] {
		if _, err := c.folder.Stat(f.Name); err != nil {
			continue
		}
		if strings.HasPrefix(f.Name, stem) && strings.EqualFold(path.Ext(f.Name), ".vmdk") {
			c.old = append(c.old, disk.File{Name: f.Name, Size: f.Size})
			continue
		}
		c.made.Warnings = append(c.made.Warnings, disk.Finding{Code: CodeReplaced, Severity: disk.SeverityWarning, Where: []decode.Place{{File: f.Name}},
			Text: fmt.Sprintf("%s was a part of the image that is replaced, and stays", decode.InQuotes(f.Name))})
	}
}

// removed lists the parts of the replaced image that the new one has no files for.
func (c *creation) removed() (list []disk.File) {
	for _, f := range c.old {
		if !hasFile(c.made.Files, f.Name) {
			list = append(list, f)
		}
	}
	return list
}

// before is how long the files are that give way to the new ones.
func (c *creation) before() map[string]int64 {
	sizes := map[string]int64{}
	for _, f := range c.made.Files {
		if i, err := c.folder.Stat(f.Name); err == nil {
			sizes[f.Name] = i.Size
		}
	}
	return sizes
}

func hasFile(list []disk.File, name string) bool {
	for _, f := range list {
		if f.Name == name {
			return true
		}
	}
	return false
}

// tidy removes what belonged to the image that was replaced: its journal, which would be
// taken for one of the new image, and its further files.
func (c *creation) tidy() error {
	var errs []error
	if store.HasJournal(c.folder, c.name) {
		errs = append(errs, c.folder.Remove(store.JournalName(c.name)))
	}
	for _, f := range c.made.Removed {
		errs = append(errs, c.folder.Remove(f.Name))
	}
	return errors.Join(errs...)
}

// apart refuses to replace files of the images that the new one is made of or based on.
func (c *creation) apart(to *store.Target) error {
	if !c.opt.Replace {
		return nil
	}
	names := to.Made()
	for _, f := range c.removed() {
		names = append(names, f.Name)
	}
	for _, name := range names {
		if err := c.stranger(name); err != nil {
			return err
		}
	}
	return nil
}

// stranger refuses to replace a file of an image that the new one is based on or made of.
func (c *creation) stranger(name string) error {
	old, err := os.Stat(filepath.Join(c.folder.Dir(), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if c.spec.Parent != nil && Consists(c.spec.Parent.Image, old) {
		return disk.Wrong("parent", "%s is a file of the parent itself and can't be replaced", decode.InQuotes(c.path))
	}
	if c.content != nil && Consists(c.content.src, old) {
		return disk.Wrong("image", "%s is a file of the source itself and can't be replaced", decode.InQuotes(filepath.Join(filepath.Dir(c.path), name)))
	}
	return nil
}

// Consists reports whether a file of the host is one of an image's, or of its parents'.
func Consists(img disk.Image, file fs.FileInfo) bool {
	for ; img != nil; img = img.Parent() {
		dir := filepath.Dir(img.Info().Path)
		for _, f := range img.Files() {
			if fi, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Name))); err == nil && os.SameFile(fi, file) {
				return true
			}
		}
	}
	return false
}
