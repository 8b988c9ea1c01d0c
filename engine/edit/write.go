package edit

import (
	"context"
	"errors"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// Blocks is how many blocks (grains) a change has stored that were not stored
// before, and how many are not stored any more.
type Blocks struct{ Stored, Dropped int64 }

// Task is what is done to a disk that is open for writing.
type Task func(ctx context.Context, w disk.Writer) error

// Write makes one undoable change of writing to the virtual disk. Sectors that are
// stored plainly are overwritten where they lie, and nothing else changes. Others
// are stored first, as their format does it: in a new block, with the table entries
// and bits that name it. What can't be written is an [disk.Error] of kind
// Unsupported or ReadOnly that says why.
func (s *Session) Write(ctx context.Context, title string, off int64, data []byte) (Blocks, error) {
	edits, err := s.Place(off, int64(len(data)))
	if errors.Is(err, disk.ErrUnsupported) {
		return s.Through(ctx, title, func(_ context.Context, w disk.Writer) error {
			_, err := w.WriteAt(data, off)
			return err
		})
	}
	if err != nil {
		return Blocks{}, err
	}
	for i := range edits {
		data = data[copy(edits[i].Data, data):]
	}
	return Blocks{}, s.Stage(title, edits...)
}

// Store makes one undoable change of writing to the virtual disk with the format's writer.
func (s *Session) Store(ctx context.Context, title string, edits ...disk.Edit) (int64, error) {
	meant, err := placing{s}.meaning(edits)
	if err != nil {
		return 0, err
	}
	top := s.ws.Last()
	n, err := s.Through(ctx, title, func(_ context.Context, w disk.Writer) error {
		for _, e := range edits {
			if _, err := w.WriteAt(e.Data, e.Offset); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && s.ws.Last() != top {
		placing{s}.mean(meant)
	}
	return n.Stored, err
}

// Through makes one undoable change of what a task does with the format's writer: it
// is visible when all of it is done.
func (s *Session) Through(ctx context.Context, title string, do Task) (n Blocks, err error) {
	if err := s.sealed(); err != nil {
		return n, err
	}
	top := s.ws.Last()
	err = s.ws.Do(title, func(tx *store.Tx) error {
		n, err = s.run(ctx, tx, disk.WriteOptions{}, do)
		return err
	})
	if err == nil && s.ws.Last() != top {
		placing{s}.keepThrough()
	}
	return n, err
}

// Straight has tasks write to the files themselves, durable at the end of each, instead of
// staging a change: what is too long to be kept in memory. After a failure the disk
// holds a part of the new content. The session shows the image as it was before, and
// must be closed.
func (s *Session) Straight(ctx context.Context, how disk.WriteOptions, do ...Task) (Blocks, error) {
	if err := s.sealed(); err != nil {
		return Blocks{}, err
	}
	if err := errors.Join(s.unstored("write"), s.settled()); err != nil {
		return Blocks{}, err
	}
	if len(s.Plan()) > 0 {
		return Blocks{}, disk.Errorf(disk.ReadOnly, decode.Place{File: s.name}, "there are staged changes, which have to be committed first")
	}
	return s.each(ctx, s.folder, how, do)
}

// each has tasks done one after the other, each by a writer of its own.
func (s *Session) each(ctx context.Context, to store.FS, how disk.WriteOptions, tasks []Task) (all Blocks, err error) {
	for _, do := range tasks {
		n, err := s.run(ctx, to, how, do)
		if all.Stored, all.Dropped = all.Stored+n.Stored, all.Dropped+n.Dropped; err != nil {
			return all, err
		}
	}
	return all, nil
}

// Rehearse carries out what Straight would do without changing a file, and tells what
// would become of each. It holds little of what is written in memory, however much that
// is. Changes that are staged count as made.
func (s *Session) Rehearse(ctx context.Context, how disk.WriteOptions, do ...Task) ([]store.Rehearsed, Blocks, error) {
	if err := s.sealed(); err != nil {
		return nil, Blocks{}, err
	}
	if err := s.settled(); err != nil {
		return nil, Blocks{}, err
	}
	files := store.Rehearse(s.ws.Snapshot())
	n, err := s.each(ctx, files, how, do)
	return files.Changes(), n, errors.Join(err, files.Close())
}

// run opens the disk for writing and has the task done.
func (s *Session) run(ctx context.Context, to store.FS, how disk.WriteOptions, do Task) (n Blocks, err error) {
	w, err := engine.WriteIn(ctx, to, s.name, s.path, s.opt, how)
	if err != nil {
		return n, err
	}
	err = do(ctx, w)
	if c, ok := w.(disk.Counter); ok {
		n.Stored, n.Dropped = c.Blocks()
	}
	closed := w.Close(context.WithoutCancel(ctx))
	switch {
	case closed == nil:
		return n, err
	case err == nil || closed.Error() == err.Error(): // a full disk, say, is full at each attempt
		return n, Unsure{closed}
	}
	return n, Unsure{errors.Join(err, closed)}
}

// Unsure is an error by which what was written before it is not made durable either: the
// disk holds old or new content wherever something was written.
type Unsure struct{ Err error }

// Error is what went wrong.
func (e Unsure) Error() string { return e.Err.Error() }

// Unwrap is what went wrong.
func (e Unsure) Unwrap() error { return e.Err }
