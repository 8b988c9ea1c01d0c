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
)

// resume takes up what an earlier try has left.
func (m *Merge) resume(ctx context.Context, top *member) error {
	j, err := store.ReadJob(top.folder, top.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, store.ErrTornJob):
		if m.how.DryRun {
			return nil
		}
		return top.folder.Remove(store.JobName(top.name))
	case errors.Is(err, store.ErrForeignJob):
		return &disk.Error{Kind: disk.Damaged, At: decode.Place{File: store.JobName(top.name)}, What: "nothing of it is followed; remove it if it came with the image", Err: err}
	case err != nil:
		return err
	case errors.Is(store.HeldBy(top.folder, store.JobName(top.name)), store.ErrLocked):
		return &disk.Error{Kind: disk.ReadOnly, At: decode.Place{File: store.JobName(top.name)}, What: "another platter is merging this image now", Err: store.ErrRunning}
	}
	j = j.Under(filepath.Dir(top.path))
	if m.how.Into != "" && m.how.Into != Bottom && !m.at.same(m.how.Into, j.Into) {
		return disk.Wrong("into", "an earlier merge into %s was interrupted, which is to be finished first", decode.InQuotes(j.Into))
	}
	m.job, m.Resumed = j, true
	m.From, m.Into, m.Children = j.Layers, j.Into, j.Children
	if m.how.DryRun {
		return nil
	}
	return m.heal(ctx, top)
}

// heal brings changes of metadata to an end that were interrupted, so that the chain can be
// opened.
func (m *Merge) heal(ctx context.Context, top *member) error {
	paths := append([]string{m.job.Above, m.job.Into}, m.job.Children...)
	if err := top.settle(); err != nil {
		return err
	}
	for _, p := range paths {
		l, err := m.at.member(p)
		if errors.Is(err, fs.ErrNotExist) && m.job.Merged {
			continue
		}
		if err != nil {
			return err
		}
		m.others = append(m.others, l)
		if l.opt.Parent = ""; m.at.same(p, top.path) {
			continue
		}
		if err := l.settle(); err != nil {
			return err
		}
	}
	if m.job.Merged {
		return nil
	}
	if err := m.others[1].replay(ctx); err != nil {
		return err
	}
	if m.job.Next == "" {
		return nil
	}
	return m.agree(ctx, m.others[0], m.others[1])
}

// agree gives the target the mark that the layer above expects, if only that is missing.
func (m *Merge) agree(ctx context.Context, above, into *member) error {
	img, err := above.image(ctx)
	if err != nil {
		return err
	}
	expects := slices.Contains(tieOf(img).Link.Wanted, m.job.Next)
	if err := img.Close(); err != nil || !expects {
		return err
	}
	return into.assume(ctx, m.job.Next)
}

// replay settles what the earlier try has left in the target: a log, tables that do not
// agree.
func (l *member) replay(ctx context.Context) error {
	s, err := l.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Replay(ctx); err != nil {
		return err
	}
	img, err := s.Image()
	if err != nil {
		return err
	}
	if ties := engine.Ties(img); ties != nil && ties.Settle != nil {
		r, err := ties.Settle(ctx, img)
		if err != nil {
			return err
		}
		if err := s.Repair(ctx, r.Title, r); err != nil && !errors.Is(err, errNothing) {
			return err
		}
	}
	return s.Commit(ctx)
}

// assume gives a layer a mark, unless it has it.
func (l *member) assume(ctx context.Context, mark string) error {
	return l.commit(ctx, func(img disk.Image) (disk.Repair, error) { return assumed(img, mark) })
}

func assumed(img disk.Image, mark string) (disk.Repair, error) {
	if marked, ok := img.(disk.Marked); ok {
		if _, now := marked.Mark(); now == mark {
			return nothing, nil
		}
	}
	return engine.Ties(img).Assume(img, mark)
}

// assume stages a mark, unless the image has it.
func (s *Session) assume(ctx context.Context, mark string) error {
	img, err := s.Image()
	if err != nil {
		return err
	}
	r, err := assumed(img, mark)
	if err != nil {
		return err
	}
	if err := s.Repair(ctx, r.Title, r); !errors.Is(err, errNothing) {
		return err
	}
	return nil
}

// nothing is a repair of what is in order.
var nothing = disk.Repair{Title: "nothing", Apply: disk.Steps()}
