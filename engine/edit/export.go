package edit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// changed is what is staged: where on the disk, and what of the files' own bytes.
type changed struct {
	disk  []store.Range // ascending, apart
	files []store.Step
	title string // of a change of the files' own bytes
}

// changed sorts the staged changes out. The mark of the content, which belongs to changes of
// the disk, is none of them.
func (s *Session) changed() changed {
	history, plan := s.ws.History(), s.ws.Plan()
	s.mu.Lock()
	defer s.mu.Unlock()
	var c changed
	own := map[int]bool{}
	for _, h := range history {
		m := s.placed.meant[h.ID]
		switch {
		case h.State == store.Dropped || h.State == store.Undone || h.State == store.Committed || h.ID == s.mark:
		case h.State == store.Staged && len(m) > 0:
			for _, part := range m {
				c.disk = append(c.disk, store.Range{Offset: part.Start, Length: int64(len(part.Data))})
			}
		default:
			own[h.ID] = true
		}
	}
	for _, step := range plan {
		if own[step.Change] {
			c.files, c.title = append(c.files, step), step.Title
		}
	}
	slices.SortFunc(c.disk, func(a, b store.Range) int { return cmp.Compare(a.Offset, b.Offset) })
	c.disk = joined(c.disk)
	return c
}

// joined makes one range of those that touch.
func joined(list []store.Range) []store.Range {
	var out []store.Range
	for _, r := range list {
		if n := len(out); n > 0 && r.Offset <= out[n-1].End() {
			out[n-1].Length = max(out[n-1].End(), r.End()) - out[n-1].Offset
			continue
		}
		out = append(out, r)
	}
	return out
}

// sides are a range of the disk as it is in the files, and as it is staged.
func (s *Session) sides(r store.Range) (old, now []byte, err error) {
	was, err := s.Original(s.ctx)
	if err != nil {
		return nil, nil, err
	}
	is, err := s.Image()
	if err != nil {
		return nil, nil, err
	}
	old, now = make([]byte, r.Length), make([]byte, r.Length)
	return old, now, errors.Join(layer.ReadFull(was, old, r.Offset), layer.ReadFull(is, now, r.Offset))
}

// ExportPatch writes what is staged as a patch to the image as it is on disk: changes of
// the virtual disk as such, wherever they are stored, others by the bytes of their files.
func (s *Session) ExportPatch(w io.Writer) error {
	was, err := s.Original(s.ctx)
	if err != nil {
		return err
	}
	c := s.changed()
	p := Patch{Image: IdentityOf(was), Why: []string{"staged changes of " + filepath.Base(s.path)}}
	for _, r := range c.disk {
		old, now, err := s.sides(r)
		if err != nil {
			return err
		}
		if !bytes.Equal(old, now) {
			p.Edits = append(p.Edits, PatchEdit{Offset: r.Offset, Old: old, New: now})
		}
	}
	for _, step := range c.files {
		if step.Resizes() || len(step.Old) != len(step.New) {
			return disk.Errorf(disk.Unsupported, decode.Place{File: step.File}, "%q changes the length of a file, which a patch can't hold: write to a copy instead", step.Title)
		}
		p.Edits = append(p.Edits, PatchEdit{File: step.File, Offset: step.Offset, Old: step.Old, New: step.New, Comment: step.Title})
	}
	if len(p.Edits) == 0 {
		return errors.New("there is nothing to export: no staged change differs from the disk")
	}
	return WritePatch(w, p)
}

// ChildWith makes a differencing child of the image that holds the staged changes of its
// disk. The image stays as it is. Changes of the files' own bytes have no place in a child.
func (s *Session) ChildWith(ctx context.Context, path string) error {
	if err := errors.Join(s.unstored("child"), s.settled()); err != nil {
		return err
	}
	c := s.changed()
	switch {
	case len(c.files) > 0:
		return disk.Errorf(disk.Unsupported, decode.Place{File: s.name}, "%q changes the file's own bytes, not the disk, so a child can't hold it: drop it first, or write to a copy", c.title)
	case len(c.disk) == 0:
		return errors.New("no change of the disk is staged")
	}
	made, err := engine.Create(ctx, path, engine.CreateOptions{Parent: s.path, Allow: s.opt.Allow})
	if err != nil {
		return err
	}
	if err := s.fillChild(ctx, path, c.disk); err != nil {
		for _, f := range made.Files {
			err = errors.Join(err, os.Remove(filepath.Join(filepath.Dir(path), filepath.FromSlash(f.Name))))
		}
		return err
	}
	return nil
}

// fillChild writes the ranges as they are staged to the child.
func (s *Session) fillChild(ctx context.Context, path string, ranges []store.Range) error {
	child, err := Open(ctx, path, engine.Options{Allow: s.opt.Allow})
	if err != nil {
		return err
	}
	defer child.Close()
	var edits []disk.Edit
	for _, r := range ranges {
		_, now, err := s.sides(r)
		if err != nil {
			return err
		}
		edits = append(edits, disk.Edit{Offset: r.Offset, Data: now})
	}
	if _, err := child.Store(ctx, "changes", edits...); err != nil {
		return err
	}
	return child.Commit(ctx)
}

// CopyTo makes a copy of an image of one file, as it is staged. Holes stay holes.
func (s *Session) CopyTo(ctx context.Context, path string, progress func(done, of int64)) error {
	img, err := s.Image()
	if err != nil {
		return err
	}
	switch files := img.Files(); {
	case len(files) != 1:
		return disk.Errorf(disk.Unsupported, decode.Place{File: s.name}, "the image has %d files that name each other: platter convert makes a copy of such an image", len(files))
	case img.Parent() != nil && filepath.Dir(path) != filepath.Dir(s.path):
		return disk.Errorf(disk.Unsupported, decode.Place{File: s.name}, "a copy of a child finds its parent from the same folder only: choose a name in %s", filepath.Dir(s.path))
	}
	folder, name, err := store.OpenTarget(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	to := &store.Target{FS: folder}
	if err := copySparse(ctx, to, name, s.ws.Snapshot(), s.name, progress); err != nil {
		return errors.Join(err, to.Discard())
	}
	return to.Publish()
}

// copySparse copies the runs of data of a file.
func copySparse(ctx context.Context, to *store.Target, name string, from store.Opener, source string, progress func(done, of int64)) error {
	in, err := from.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	size, err := in.Size()
	if err != nil {
		return err
	}
	out, err := to.Create(name)
	if err != nil {
		return err
	}
	err = out.Truncate(size)
	for at := int64(0); err == nil; {
		run, e := store.NextData(in, at, size)
		if e == io.EOF {
			break
		}
		if err = errors.Join(e, ctx.Err()); err != nil {
			break
		}
		n := min(run.Length, copyPiece)
		b := make([]byte, n)
		if err = layer.ReadFull(in, b, run.Offset); err == nil {
			_, err = out.WriteAt(b, run.Offset)
		}
		at = run.Offset + n
		progress(at, size)
	}
	return errors.Join(err, out.Sync(), out.Close())
}

// copyPiece is how many bytes are copied at once.
const copyPiece = 1 << 20

// HasUndo reports whether there is a record of the last commit.
func (s *Session) HasUndo() bool {
	info, err := s.folder.Stat(s.name + undoSuffix)
	return err == nil && info.Regular
}

// StageUndo stages the opposite of the last commit that has left a record.
func (s *Session) StageUndo() error {
	top := s.ws.Last()
	_, err := s.TakeBack(false)
	if err != nil && s.ws.Last() != top {
		return errors.Join(err, s.ws.Undo())
	}
	return err
}
