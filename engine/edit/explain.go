package edit

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// The bounds of what is explained: steps, and bytes that they write.
const (
	mostExplained      = 20_000
	mostExplainedBytes = 64 << 20
)

// Explained is what a task would do to the files of an image.
type Explained struct {
	Steps  []store.Taken // in the order in which they reach the disk
	Blocks Blocks

	// Together: the steps are not safe one by one, so that they become durable all at once,
	// through the journal.
	Together bool

	before, after *disk.EffectFinder
	close         func() error
}

// Effects is what a step changes, by the structures that the image has afterwards; where
// something is replaced by zeros, by those that it had.
func (e *Explained) Effects(step store.Taken) disk.Effects {
	old := make([]byte, len(step.New)) // what lies past the end of a file is zeros
	copy(old, step.Old)
	finder := e.after
	if bytes.Count(step.New, []byte{0}) == len(step.New) {
		finder = e.before
	}
	return finder.Compare(decode.Place{File: step.File, Offset: step.Offset, Length: int64(len(step.New))}, old, step.New)
}

// Close lets go of the files.
func (e *Explained) Close() error { return e.close() }

// Explain carries a task out on a copy that is kept in memory, as the format's writer does
// it on the files themselves, and tells each step. Changes that are staged count as made.
// It has to be closed before the session is.
func (s *Session) Explain(ctx context.Context, how disk.WriteOptions, do Task) (*Explained, error) {
	if err := errors.Join(s.sealed(), s.settled()); err != nil {
		return nil, err
	}
	e, err := s.explain(ctx, how, do, false)
	var refused *disk.Refusal
	if errors.As(err, &refused) && refused.Reason == disk.RefusedStream {
		return s.explain(ctx, how, do, true)
	}
	return e, err
}

// explain carries the task out; together says that it goes through a journal.
func (s *Session) explain(ctx context.Context, how disk.WriteOptions, do Task, together bool) (*Explained, error) {
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	written, files := 0, store.Rehearse(s.ws.Snapshot())
	e := &Explained{before: disk.NewEffectFinder(img), close: files.Close, Together: together}
	watched := store.Watch(files, func(t store.Taken) error {
		if t.Sync && together { // there is but the one of the journal
			return nil
		}
		if written += len(t.New); len(e.Steps) == mostExplained || written > mostExplainedBytes {
			return disk.Errorf(disk.Limit, decode.Place{File: s.path}, "more than %s or %s are not explained: take a smaller range", decode.Plural(mostExplained, "step", "steps"), decode.FormatSize(mostExplainedBytes))
		}
		e.Steps = append(e.Steps, t)
		return nil
	})
	if together {
		watched = store.Together(watched)
	}
	n, err := s.run(ctx, watched, how, do)
	if err != nil {
		return nil, errors.Join(err, files.Close())
	}
	e.Blocks = n
	return e, s.afterwards(ctx, e, files)
}

// afterwards opens the image as it would be.
func (s *Session) afterwards(ctx context.Context, e *Explained, files *store.Rehearsal) error {
	file, err := files.Open(s.name)
	if err != nil {
		return errors.Join(err, files.Close())
	}
	img, err := engine.OpenIn(ctx, files, s.name, file, s.path, s.opt)
	if err != nil {
		return errors.Join(fmt.Errorf("the image as it would be: %w", err), files.Close())
	}
	e.after = disk.NewEffectFinder(img)
	e.close = func() error { return errors.Join(img.Close(), files.Close()) }
	return nil
}
