package edit

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/layer"
	"platter/engine/store"
)

// Sizing is the wish for another size of the disk.
type Sizing struct {
	disk.NewSize
	Discard     bool   // a smaller disk may lose content
	MoveGPT     bool   // the backup of a GUID partition table moves to the new end
	Preallocate string // [disk.PreallocateOff], ... what a fixed or flat disk gains; empty is off
	Mark        string // the mark that children shall know the disk by then; empty: one that the format gives it

	Progress func(done, of int64) // is told how much of that is written, in bytes; may be nil
}

// Resize is how a disk gets another size, to be carried out or tried.
type Resize struct {
	disk.Resizing
	GPT   bool // there is a GUID partition table with a backup at the end of the disk
	Moves bool // which moves

	how     Sizing
	backup  guest.Backup
	session *Session
	staged  bool // the change of the structures
}

// Resize finds out how the disk can get another size in place. Nothing is changed. A disk
// that would lose content is a [disk.Refusal] for the reason loss.
func (s *Session) Resize(ctx context.Context, how Sizing) (*Resize, error) {
	if err := errors.Join(s.sealed(), s.settled()); err != nil {
		return nil, err
	}
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	if err := s.Replayed(); err != nil {
		return nil, err
	}
	r := &Resize{how: how, session: s}
	if r.backup, r.GPT, err = guest.FindBackup(ctx, img); err != nil {
		return nil, err
	}
	r.GPT = r.GPT && r.backup.Found()
	if r.Moves = r.GPT && how.MoveGPT; r.Moves {
		if err := r.backup.Fits(how.Size); err != nil {
			return nil, err
		}
	}
	if r.Resizing, err = engine.Resizing(ctx, img, how.NewSize); err != nil {
		return nil, err
	}
	if how.Preallocate != "" && how.Preallocate != disk.PreallocateOff {
		if len(r.Fresh) == 0 {
			return nil, disk.Wrong(disk.OptionPreallocate, "only fixed, flat and raw disks have their room from the start, and only where they grow")
		}
		for _, p := range r.Fresh {
			r.Needs += p.Length
		}
	}
	if r.After < r.Before && !how.Discard {
		but := r.Dropped
		if r.Moves {
			but = append(but, r.backup.Ranges()...)
		}
		if err := engine.Spared(ctx, img, r.After, but...); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Rehearse carries out what can be without changing a file, and tells what would become of
// each.
func (r *Resize) Rehearse(ctx context.Context) ([]store.Rehearsed, error) {
	files := store.Rehearse(r.session.ws.Snapshot())
	var list []disk.Step
	for _, stage := range r.Stages {
		list = append(list, stage.Prepare, stage.Switch)
	}
	if list = append(list, r.Prepare); r.After > r.Before {
		list = append(list, r.Switch, r.moveIn, r.Finish)
	} else {
		list = append(list, r.moveIn, r.Switch, r.Finish)
	}
	var err error
	for _, step := range list {
		if step != nil && err == nil {
			err = step(ctx, files)
		}
	}
	return files.Changes(), errors.Join(err, files.Close())
}

// moveIn moves the backup of the partition table, unless the disk consists of files that
// are not there yet.
func (r *Resize) moveIn(ctx context.Context, to store.FS) error {
	if !r.Moves || len(r.New) > 0 {
		return nil
	}
	s := r.session
	_, err := s.run(ctx, to, disk.WriteOptions{}, r.move)
	return err
}

func (r *Resize) move(_ context.Context, w disk.Writer) error { return r.backup.Move(w, r.After) }

// CarryOut gives the disk its new size. Until the change of its structures is on disk, as a
// whole or not at all, the image is as it was; the context is heeded until then. What comes
// later only gives back room, or takes it: [ErrUnfinished] tells that this has failed.
func (r *Resize) CarryOut(ctx context.Context) (err error) {
	s := r.session
	if err := s.unstored("resize"); err != nil {
		return err
	}
	if len(s.Plan()) > 0 {
		return disk.Errorf(disk.ReadOnly, decode.Place{File: s.name}, "there are staged changes, which have to be committed first")
	}
	made, err := r.make(ctx)
	if err == nil {
		err = r.switchOver(ctx)
	}
	if err != nil && r.isOld() {
		for _, name := range made {
			err = errors.Join(err, s.folder.Remove(name))
		}
	}
	if err != nil {
		return err
	}
	if err := r.finish(context.WithoutCancel(ctx)); err != nil {
		if r.Late {
			return err
		}
		return fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	return nil
}

// isOld reports whether nothing on disk names the further files after a failure: a journal
// that stands may lead forward, and of a commit only the removal of its journal may have failed.
func (r *Resize) isOld() bool {
	s := r.session
	return !store.HasJournal(s.folder, s.name) && (r.Switch == nil || !r.staged || len(s.Plan()) > 0)
}

// ErrUnfinished: the disk has its new size, but room was not given back, or not taken.
var ErrUnfinished = errors.New("the disk has its new size, but not all of its room is as was asked for")

// make makes further files, with the permissions of the image, and tells which are new.
func (r *Resize) make(ctx context.Context) (made []string, err error) {
	if dir, ok := r.session.folder.(*store.Folder); ok && len(r.New) > 0 {
		done, err := dir.MakeLike(r.session.name)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	for _, f := range r.New {
		_, taken := r.session.folder.Stat(f.Name)
		if err := errors.Join(ctx.Err(), f.Make(ctx, r.session.folder)); err != nil {
			return made, err
		}
		if taken != nil {
			made = append(made, f.Name)
		}
	}
	return made, nil
}

// switchOver prepares the files, and commits the change of the structures.
func (r *Resize) switchOver(ctx context.Context) error {
	s := r.session
	for _, stage := range r.Stages {
		if err := r.prepare(ctx, stage.Prepare); err != nil {
			return err
		}
		if err := r.stage(ctx, "move what lies in the way", stage.Switch); err != nil {
			return err
		}
		if err := s.Commit(ctx); err != nil {
			return err
		}
	}
	if err := r.prepare(ctx, r.Prepare); err != nil {
		return err
	}
	stage := []func(context.Context) error{r.stageSwitch, r.stageMove}
	if r.After < r.Before {
		stage = []func(context.Context) error{r.stageMove, r.stageSwitch}
	}
	for _, step := range stage {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if r.how.Mark != "" {
		if err := s.assume(ctx, r.how.Mark); err != nil {
			return err
		}
	}
	return s.Commit(ctx)
}

// prepare writes straight to the files, and reads them again.
func (r *Resize) prepare(ctx context.Context, step disk.Step) error {
	if step == nil {
		return nil
	}
	if err := step(ctx, r.session.folder); err != nil {
		return err
	}
	return r.session.reload()
}

// stage makes a step a change. What another program writes meanwhile makes it void.
func (r *Resize) stage(ctx context.Context, title string, step disk.Step) error {
	if err := r.session.ws.Do(title, func(tx *store.Tx) error { return step(ctx, tx) }); err != nil {
		return err
	}
	placing{r.session}.keepThrough()
	return nil
}

func (r *Resize) stageMove(ctx context.Context) error {
	if !r.Moves {
		return nil
	}
	if _, err := r.session.Through(ctx, "move the backup of the partition table", r.move); err != nil || r.After > r.Before {
		return err
	}
	return r.again(ctx)
}

// again works the switch out for the image as it is staged: what was written first may
// have taken room, and moved what lies at the end of a file.
func (r *Resize) again(ctx context.Context) error {
	img, err := r.session.Image()
	if err != nil {
		return err
	}
	next, err := engine.Resizing(ctx, img, r.how.NewSize)
	if err == nil {
		r.Switch, r.Finish = next.Switch, next.Finish
	}
	return err
}

// stageSwitch stages the change of the structures, and holds the image that it leads to
// against what was wanted.
func (r *Resize) stageSwitch(ctx context.Context) error {
	if r.Switch == nil {
		return nil
	}
	s := r.session
	if err := r.stage(ctx, "resize", r.Switch); err != nil {
		return err
	}
	r.staged = true
	if r.Late {
		return nil
	}
	img, err := s.Image()
	if err != nil {
		return err
	}
	if got := img.Info().VirtualSize; got != r.After {
		return disk.Errorf(disk.Damaged, decode.Place{File: s.name}, "the disk would have %d bytes, not %d; nothing was written", got, r.After)
	}
	return disk.Trusted(ctx, img)
}

// finish gives back room, and takes what is asked for.
func (r *Resize) finish(ctx context.Context) error {
	if r.Finish != nil {
		if err := r.Finish(ctx, r.session.folder); err != nil {
			return err
		}
	}
	if r.how.Preallocate == "" || r.how.Preallocate == disk.PreallocateOff {
		return nil
	}
	done, of := int64(0), int64(0)
	for _, p := range r.Fresh {
		of += p.Length
	}
	for _, p := range r.Fresh {
		if err := r.take(p, func(n int64) {
			if done += n; r.how.Progress != nil {
				r.how.Progress(done, of)
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// take takes the room of a range of a file, which is a hole so far.
func (r *Resize) take(p decode.Place, tell func(n int64)) error {
	if p.Length == 0 {
		return nil
	}
	f, err := r.session.folder.OpenWrite(p.File)
	if err != nil {
		return err
	}
	if r.how.Preallocate == disk.PreallocateReserve {
		err = store.Reserve(f, p.Offset, p.Length)
		tell(p.Length)
	} else {
		err = layer.Pieces(p.Offset, p.Length, 1<<20, func(at, n int64) error {
			defer tell(n)
			return layer.WriteZeros(f, at, n, "zeros of a disk that has grown")
		})
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// reload reads the files again, which were written to beside what is staged: nothing is. An
// image that was had before stays usable.
func (s *Session) reload() error {
	if _, err := s.Image(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.past = append(s.past, past{s.image, s.ws})
	s.ws, s.image, s.verdict, s.placed = store.NewWorkspace(s.folder, s.name), nil, verdict{}, placements{}
	return nil
}

// past is what a session showed before its files were read again.
type past struct {
	image disk.Image
	ws    *store.Workspace
}

// close closes the files.
func (p past) close() error { return errors.Join(p.image.Close(), p.ws.Close()) }
