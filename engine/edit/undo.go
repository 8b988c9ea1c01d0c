package edit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// undoSuffix is what the name of a record of the last commit adds to the image's. It lies
// beside the image, where a journal lies too, and only where somebody asks for it: it
// holds bytes of the image, and nobody else is to keep copies of those.
const undoSuffix = ".platter-undo"

// undoHead begins a record; the time follows at which the image was changed last.
const undoHead = "platter-undo 1 "

// ErrNoUndo: there is no record of the last commit.
var ErrNoUndo = errors.New("there is no record of the last change: --keep-undo of the verb that makes it keeps one")

// CommitKept is Commit, and leaves a record with which [Session.Revert] takes it back,
// instead of an earlier one.
func (s *Session) CommitKept(ctx context.Context) error {
	names := s.touched()
	var record bytes.Buffer
	if err := s.ws.Save(&record); err != nil {
		return err
	}
	if err := s.Commit(ctx); err != nil {
		return err
	}
	err := undoing{s}.keepUndo(names, record.Bytes())
	if err != nil {
		return fmt.Errorf("the changes are on disk, but no record to take them back: %w", err)
	}
	return nil
}

// undoing takes back what a session has committed.
type undoing struct{ *Session }

// keepUndo writes the record under its name when it is whole.
func (s undoing) keepUndo(names []string, record []byte) error {
	at, err := s.changedAt(names)
	if err != nil {
		return err
	}
	name, part := s.name+undoSuffix, s.name+undoSuffix+".part"
	if err := s.folder.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := s.folder.Create(part)
	if err != nil {
		return err
	}
	head := fmt.Sprintf("%s%d\n", undoHead, at.UnixNano())
	err = store.Put(f, store.Piece{Data: []byte(head)}, store.Piece{Offset: int64(len(head)), Data: record})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return errors.Join(s.folder.Rename(part, name), s.folder.SyncDir())
}

// changedAt is when one of the files was changed last.
func (s undoing) changedAt(names []string) (last time.Time, err error) {
	for _, name := range names {
		f, err := s.folder.Open(name)
		if err != nil {
			return last, err
		}
		at, err := f.ModTime()
		if err = errors.Join(err, f.Close()); err != nil {
			return last, err
		}
		if at.After(last) {
			last = at
		}
	}
	return last, nil
}

// TakeBack stages the opposite of the last commit that has left a record. It is refused for
// the reason changed if the image's files were written to since, as their times tell, and
// always where they do not hold the new bytes; force leaves the times alone. The steps are
// those of the commit.
func (s *Session) TakeBack(force bool) ([]store.Step, error) {
	f, err := s.folder.Open(s.name + undoSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoUndo
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	from := bufio.NewReader(io.NewSectionReader(f, 0, size))
	head := make([]byte, len(undoHead))
	if _, err := io.ReadFull(from, head); err != nil || string(head) != undoHead {
		return nil, fmt.Errorf("%s: it is no record of a change: %w", decode.Printable(s.name+undoSuffix), store.ErrDamaged)
	}
	at := int64(0)
	if n, err := fmt.Fscanf(from, "%d\n", &at); err != nil || n != 1 {
		return nil, fmt.Errorf("%s: it is no record of a change: %w", decode.Printable(s.name+undoSuffix), store.ErrDamaged)
	}
	steps, err := s.ws.TakeBack("take back the last change", from)
	if err != nil {
		return steps, err
	}
	names := []string{s.name}
	for _, step := range steps {
		names = append(names, step.File)
	}
	if last, err := (undoing{s}).changedAt(names); err != nil || !force && last.UnixNano() != at {
		if err != nil {
			return steps, err
		}
		return steps, disk.Refuse(disk.RefusedChanged, disk.ReadOnly, []decode.Place{{File: s.name}},
			"the image was written to after the change that would be taken back, at %s; the bytes of the change itself are as it has left them", last.UTC().Format(time.DateTime))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = tookBack{s.ws.Last(), steps}
	return steps, nil
}

// CommitTakenBack commits what TakeBack has staged, cuts off what files have gained, and
// removes the record.
func (s *Session) CommitTakenBack(ctx context.Context) error { return s.Commit(ctx) }

// tookBack is what is left to do once the opposite of a commit is on disk.
type tookBack struct {
	change int
	steps  []store.Step
}

// endTakeBack cuts off what files have gained, and removes the record, if the change that
// takes it back is on disk.
func (s undoing) endTakeBack() error {
	s.mu.Lock()
	t := s.taken
	s.mu.Unlock()
	if !slices.ContainsFunc(s.ws.History(), func(c store.Change) bool { return c.ID == t.change && c.State == store.Committed }) {
		return nil
	}
	s.mu.Lock()
	s.taken = tookBack{}
	s.mu.Unlock()
	for _, step := range t.steps {
		if !step.TooLongToCut() {
			continue
		}
		if err := s.cut(step); err != nil {
			return fmt.Errorf("the change was taken back, but what it had added to the file was not cut off: %w", err)
		}
	}
	return errors.Join(s.folder.Remove(s.name+undoSuffix), s.folder.SyncDir())
}

// cut gives a file the length that it had before a step.
func (s undoing) cut(step store.Step) error {
	f, err := s.folder.OpenWrite(step.File)
	if err != nil {
		return err
	}
	if size, e := f.Size(); e != nil || size != step.SizeAfter {
		return errors.Join(e, f.Close(), store.ErrChanged)
	}
	return errors.Join(f.Truncate(step.SizeBefore), f.Sync(), f.Close())
}
