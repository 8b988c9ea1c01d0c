package edit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/vhdx"
)

// verdict is whether the structures that place the disk can be trusted, as it was
// found out when so much was staged.
type verdict struct {
	known  bool
	staged uint64 // the generation
	err    error
	placed []disk.Edit // where sectors were found to lie: to change them changes no structure
}

// trusted refuses edits through the virtual disk while a finding says that the
// structures which place its sectors overlap, or can't be trusted. Edits of the
// files' own bytes stay possible: they are how such an image is repaired. To find out
// takes a walk over the tables, once, and again after anything but sectors changed.
func (s *Session) trusted(img disk.Image) error {
	generation := s.ws.Generation()
	s.mu.Lock()
	v := s.verdict
	s.mu.Unlock()
	if v.known && v.staged == generation {
		return v.err
	}
	v = verdict{known: true, staged: generation, err: disk.Trusted(s.ctx, img)}
	if errors.Is(v.err, context.Canceled) || errors.Is(v.err, context.DeadlineExceeded) {
		return v.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdict = v
	return v.err
}

// sectorsOnly reports whether edits stay where sectors were found to lie while the
// verdict was the one of what is staged.
func (s *Session) sectorsOnly(edits []disk.Edit) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.verdict.known || s.verdict.err != nil || s.verdict.staged != s.ws.Generation() {
		return false
	}
	for _, e := range edits {
		if !slices.ContainsFunc(s.verdict.placed, func(p disk.Edit) bool {
			return p.File == e.File && p.Offset <= e.Offset && e.Offset+int64(len(e.Data)) <= p.Offset+int64(len(p.Data))
		}) {
			return false
		}
	}
	return true
}

// unreplayed reports whether an image has a log that the next program to open
// it replays.
func unreplayed(img disk.Image) bool {
	_, logged := img.(disk.Logged)
	return logged && img.Info().Dirty
}

// Writable tries whether the files with staged changes can be opened for
// writing, without writing, and looks for what the user should know first.
func (s *Session) Writable(ctx context.Context) ([]string, error) {
	warnings, err := s.Openable()
	if err != nil {
		return nil, err
	}
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	if unreplayed(img) {
		warnings = append(warnings, s.name+" has a log that was not replayed: the next program that opens it may write over the changes")
	}
	err = s.Childless(ctx)
	var r *disk.Refusal
	if errors.As(err, &r) {
		return append(warnings, r.Error()), nil
	}
	return warnings, err
}

// Openable tries whether the files that staged changes are in can be opened for
// writing and locked, the image's first one at least. It tells what is to be known
// of them before they are written to.
func (s *Session) Openable() (warnings []string, err error) {
	if err := errors.Join(s.unstored("write"), s.sealed()); err != nil {
		return nil, err
	}
	for _, name := range s.touched() {
		told, err := s.openable(name)
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, told...)
	}
	return warnings, nil
}

func (s *Session) openable(name string) (warnings []string, err error) {
	f, err := s.folder.OpenWrite(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if store.Unlocked(f) {
		warnings = append(warnings, name+" can't be locked, its file system knows no locks: nothing keeps another program from writing to it at the same time")
	}
	if n := store.Names(f); n > 1 {
		warnings = append(warnings, fmt.Sprintf("%s has %d names (hard links): what is written shows under all of them, and the journal lies beside this one", name, n))
	}
	return warnings, nil
}

// Journalable fails with [store.ErrNoJournal] where a commit could not lay its journal
// beside the image.
func (s *Session) Journalable() error { return journalable(s.folder) }

func journalable(folder any) error {
	f, ok := folder.(interface{ Writable() error })
	if !ok {
		return nil
	}
	if err := f.Writable(); err != nil {
		return fmt.Errorf("%w: %w", store.ErrNoJournal, err)
	}
	return nil
}

// Room refuses to go on where the folder has less free space than is needed, in bytes.
func (s *Session) Room(needed int64) error {
	dir, ok := s.folder.(*store.Folder)
	if !ok {
		return nil // files in memory
	}
	return engine.Room(dir, needed)
}

// touched lists the image's own file and those with staged changes.
func (s *Session) touched() []string {
	names := []string{s.name}
	for _, step := range s.Plan() {
		if !slices.Contains(names, step.File) {
			names = append(names, step.File)
		}
	}
	return names
}

// Childless refuses a change of the content while images of the folder are based on
// it.
func (s *Session) Childless(ctx context.Context) error {
	return engine.Childless(ctx, s.folder, s.name)
}

// Replayed refuses a change while the image has a log that is to be replayed first.
func (s *Session) Replayed() error {
	img, err := s.Image()
	if err != nil || !unreplayed(img) {
		return err
	}
	return disk.Refuse(disk.RefusedDirty, disk.ReadOnly, []decode.Place{{File: s.name}}, "the log was not replayed in the file: the replay to come would undo what is written to sectors now")
}

// Replay stages the replay of the log in the file, as a change of its own. It reports
// false for an image whose log needs none.
func (s *Session) Replay(ctx context.Context) (bool, error) {
	img, err := s.Image()
	if err != nil || !unreplayed(img) {
		return false, err
	}
	for _, f := range img.Info().Findings {
		if f.Code != vhdx.CodeDirty {
			continue
		}
		list, err := engine.Repairs(ctx, img, f)
		if err != nil || len(list) == 0 {
			return false, err
		}
		return true, s.Repair(ctx, list[0].Title, list[0])
	}
	return false, s.Replayed()
}

// Children lists the images of the folder that name this one as their parent.
func (s *Session) Children(ctx context.Context) ([]string, error) {
	return engine.Children(ctx, s.folder, s.name)
}

// Settled fails while an earlier write to the image is neither finished nor undone.
func (s *Session) Settled() error { return s.settled() }

// settled fails while an earlier write to the image is neither finished nor undone,
// whatever the file was called then.
func (s *Session) settled() error {
	journal, recover := store.JournalName(s.name), s.name
	switch {
	case store.IsRunning(s.folder, s.name):
		return fmt.Errorf("commit: %s: %w", decode.Printable(s.name), store.ErrRunning)
	case store.HasJournal(s.folder, s.name):
	default:
		found, err := s.ownJournal()
		if err != nil || found.Name == "" {
			return err
		}
		if journal = found.Name; found.Part {
			recover = found.Image
		}
	}
	return &disk.Error{Kind: disk.ReadOnly, Op: "commit", At: decode.Place{File: journal},
		What: "an earlier write to this image was interrupted: platter recover " + recover + " shows what is open, and undoes or finishes it first"}
}

// ownJournal looks for a journal of the image's file under another name; one without a
// name is none.
func (s *Session) ownJournal() (store.Found, error) {
	f, err := s.ws.OnDisk(s.name)
	if err != nil {
		return store.Found{}, err
	}
	defer f.Close()
	id, err := f.ID()
	if err != nil {
		return store.Found{}, err
	}
	for _, found := range store.FindJournals(s.folder, s.name, id) {
		if found.Own || found.Part {
			return found, nil
		}
	}
	return store.Found{}, nil
}
