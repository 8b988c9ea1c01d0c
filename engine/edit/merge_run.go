package edit

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/transfer"
)

// CarryOut merges. After a failure, and after a power cut at any time, the image shows
// what it did, and the same merge continues; a file beside the image says so until it is
// done.
//
// Where children know their parent by a mark of its content, the target gets a new one
// before its content changes, so that images elsewhere that are based on it too notice;
// the layer above is told first. A VHDX can expect either of two (vhdx.md 7). A VMDK
// can't: between the two steps the chain opens because the job is known, see
// [disk.Passer].
func (m *Merge) CarryOut(ctx context.Context) (done Merged, err error) {
	if !m.job.Merged && !m.Resumed {
		if err := m.plan(ctx); err != nil {
			return done, err
		}
	}
	kept, err := beginJob(m.job, m.top().folder, m.top().name, m.top().path, m.Resumed)
	if err != nil {
		return done, err
	}
	if !m.job.Merged {
		if err = m.merge(ctx, &done); err == nil {
			err = kept.done()
		}
	}
	if err == nil && m.how.Delete {
		err = m.delete(ctx, &done)
	}
	if err == nil || !m.Resumed && !m.changed(ctx) {
		return done, errors.Join(err, kept.drop())
	}
	return done, errors.Join(err, kept.Close())
}

// changed reports whether something was changed besides the job, as far as can be told.
func (m *Merge) changed(ctx context.Context) bool {
	if m.begun || store.HasJournal(m.above().folder, m.above().name) {
		return true
	}
	img, err := m.above().image(context.WithoutCancel(ctx))
	if err != nil {
		return true
	}
	defer img.Close()
	return slices.Contains(tieOf(img).Link.Wanted, m.job.Next)
}

// plan notes what is to be done.
func (m *Merge) plan(ctx context.Context) error {
	m.job = store.Job{Into: m.Into, Above: m.above().path, Layers: m.From, Files: m.files}
	if !m.how.Leave {
		m.job.Children = m.Children
	}
	img, err := m.target().image(ctx)
	if err != nil {
		return err
	}
	marked, ok := img.(disk.Marked)
	if ties := engine.Ties(img); ok && ties != nil {
		_, m.job.Now = marked.Mark()
		m.job.Next = ties.Fresh(img)
	}
	return img.Close()
}

// merge does all but the removal of files.
func (m *Merge) merge(ctx context.Context, done *Merged) (err error) {
	for _, step := range []func(context.Context) error{m.mark, m.grow} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if done.Overlaid, err = m.write(ctx); err != nil {
		return err
	}
	done.Kind, done.Old, done.New = m.kind, m.job.Now, m.job.Next
	for _, f := range m.before {
		if rel, err := filepath.Rel(filepath.Dir(m.target().path), f.Path); err == nil {
			if info, err := m.target().folder.Stat(filepath.ToSlash(rel)); err == nil {
				f.After = info.Size
			}
		}
		done.Grown = append(done.Grown, f)
	}
	return m.relink(ctx, done)
}

// mark gives the target its new mark, and tells the layer above before.
func (m *Merge) mark(ctx context.Context) error {
	if m.job.Next == "" {
		m.begun = true
		return nil
	}
	err := m.above().commit(ctx, func(img disk.Image) (disk.Repair, error) {
		if slices.Contains(tieOf(img).Link.Wanted, m.job.Next) {
			return nothing, nil
		}
		return engine.Ties(img).Expect(img, m.job.Now, m.job.Next)
	})
	if err != nil {
		return err
	}
	m.begun = true
	return m.target().assume(ctx, m.job.Next)
}

// grow makes the target's disk as large as the image's.
func (m *Merge) grow(ctx context.Context) error {
	if m.Grows[1] == 0 {
		return nil
	}
	s, err := m.target().session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.Resize(ctx, Sizing{NewSize: disk.NewSize{Size: m.Grows[1]}, Mark: m.job.Next})
	if err != nil {
		return err
	}
	return r.CarryOut(ctx)
}

// mergeAhead is how much room for new blocks the target takes at once, in bytes.
const mergeAhead = 64 << 20

// write brings what the layers hold into the target. What they leave to it, and to those
// below, stays; the image shows the same all the time, since its own layers are asked first.
func (m *Merge) write(ctx context.Context) (transfer.Overlaid, error) {
	t := m.target()
	w, err := engine.WriteIn(ctx, t.folder, t.name, t.path, t.opt, disk.WriteOptions{Ahead: mergeAhead})
	if err != nil {
		return transfer.Overlaid{}, err
	}
	size := m.image.Info().VirtualSize
	passed := func(at int64) {
		if m.how.Progress != nil {
			m.how.Progress(at, size)
		}
	}
	o, err := transfer.Overlay(ctx, m.image, len(m.list)-1, w, passed)
	return o, errors.Join(err, w.Close(context.WithoutCancel(ctx)))
}

// relink ties the image to the target, which then has all that was between, and the images
// that are based on it. A layer between is not to fit any more: it would show a mixture.
func (m *Merge) relink(ctx context.Context, done *Merged) error {
	several := len(m.list) > 2
	if err := m.tie(ctx, m.top(), several || m.top().opt.Parent != ""); err != nil {
		return err
	}
	if several && m.job.Next != "" {
		err := m.above().commit(ctx, func(img disk.Image) (disk.Repair, error) { return engine.Ties(img).Expect(img, m.job.Now, m.job.Now) })
		if err != nil {
			return err
		}
	}
	for _, path := range m.job.Children {
		l, err := m.at.member(path)
		if err != nil {
			return err
		}
		m.others = append(m.others, l)
		l.opt.Parent = ""
		if err := m.tie(ctx, l, true); err != nil {
			return err
		}
		done.Relinked = append(done.Relinked, path)
	}
	return nil
}

// tie has a child name the target as its parent, as that is now.
func (m *Merge) tie(ctx context.Context, child *member, names bool) error {
	base, err := m.at.base(ctx, child, m.target())
	if err != nil {
		return err
	}
	defer base.Image.Close()
	return child.commit(ctx, func(img disk.Image) (disk.Repair, error) {
		return engine.Relink(img, disk.Relink{Base: base, Names: names, Identity: true})
	})
}

// delete removes the files of the merged layers, the image's first one last. What belongs to
// the target, or to those below it, stays whatever the job says.
func (m *Merge) delete(ctx context.Context, done *Merged) error {
	keep, err := m.needed(ctx)
	if err != nil {
		return err
	}
	for _, l := range m.list {
		l.letGo()
	}
	for _, path := range slices.Backward(m.job.Files) {
		l, err := m.at.member(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		m.others = append(m.others, l)
		info, err := l.folder.Stat(l.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if m.has(keep, path) || engine.FormatOf(path) == "" {
			done.Warnings = append(done.Warnings, disk.Finding{Code: "merge/kept", Severity: disk.SeverityWarning, Where: []decode.Place{{File: path}},
				Text: decode.InQuotes(path) + " was not removed: it is needed still, or its name is not that of an image"})
			continue
		}
		if err := errors.Join(l.folder.Remove(l.name), l.folder.SyncDir()); err != nil {
			return err
		}
		done.Deleted = append(done.Deleted, Sized{path, info.Size, -1})
	}
	return nil
}

// needed are the files of the target, and of those below it.
func (m *Merge) needed(ctx context.Context) (list []string, err error) {
	t, err := m.at.member(m.job.Into)
	if err != nil {
		return nil, err
	}
	m.others = append(m.others, t)
	t.opt.Parent = ""
	top, err := t.image(ctx)
	if err != nil {
		return nil, err
	}
	for img := top; img != nil; img = img.Parent() {
		if l := tieOf(img).Link; l.Fault != nil {
			return nil, errors.Join(refusedLink(img.Info().Path, l), top.Close())
		}
		for _, f := range img.Files() {
			list = append(list, beside(m.job.Into, f.Name))
		}
	}
	return list, top.Close()
}
