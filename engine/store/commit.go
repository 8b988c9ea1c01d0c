package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Commit brings everything staged to disk. First nothing is written: each file is
// opened for writing and locked (else ErrLocked), it must be the file that was read,
// and hold the old bytes (else ErrChanged). The image's own file is locked too. Then the journal is laid beside the image, exactly the planned
// bytes are written, made durable, read back and compared (else ErrVerify), and the
// journal is removed. If anything fails on the way, the old bytes are put back and
// the changes stay staged. The context is heeded until the first byte is written.
// Afterwards the history remains: undoing a committed change stages its inverse.
// Before anything is written, checks can refuse too, while others are locked out. They
// are told whether the files were changed since they were read, as their times tell.
func (w *Workspace) Commit(ctx context.Context, checks ...Check) error {
	return w.commit(ctx, true, checks...)
}

// Check refuses a commit.
type Check func(changed bool) error

// CommitUnjournaled is Commit for a folder in which no journal can be made
// (ErrNoJournal): a power cut in the middle leaves some old and some new bytes.
func (w *Workspace) CommitUnjournaled(ctx context.Context) error { return w.commit(ctx, false) }

func (w *Workspace) commit(ctx context.Context, journaled bool, checks ...Check) error {
	steps, err := w.claim()
	if err != nil || len(steps) == 0 {
		return err
	}
	defer w.unclaim()
	list, err := w.targets(ctx, steps)
	defer list.close()
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	own, err := list.lockImage(w.base, w.image)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	defer own.Close()
	changed := w.changedSince(list)
	for _, check := range checks {
		if err := check(changed); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	var kept *journalFile // nil: there is none
	if journaled {
		if kept, err = writeJournal(w.base, w.image, list); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		defer kept.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disk.Lock()
	defer w.disk.Unlock()
	if err := list.write(); err != nil {
		return fmt.Errorf("commit: %w", w.abort(list, err, kept))
	}
	w.settle(list)
	if err := kept.drop(); err != nil {
		return fmt.Errorf("the changes are on disk, but: %w", err)
	}
	return nil
}

// changedSince reports whether a file has another time than when it was read.
func (w *Workspace) changedSince(list targets) bool {
	return slices.ContainsFunc(list, func(t target) bool {
		now, err := t.ModTime()
		return err != nil || !now.Equal(w.original(t.name).time)
	})
}

// claim keeps others from changing the workspace, if there is anything to commit.
func (w *Workspace) claim() ([]Step, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		return nil, fmt.Errorf("commit: %w", ErrBusy)
	}
	steps := w.plan()
	if len(steps) == 0 {
		w.disk.Lock()
		defer w.disk.Unlock()
		w.settle(nil)
		return nil, nil
	}
	w.busy = true
	return steps, nil
}

func (w *Workspace) unclaim() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = false
}

// settle makes what is visible the content on disk. Snapshots from before keep what
// was overwritten.
func (w *Workspace) settle(list targets) {
	now := w.now.Load()
	over := map[*original]former{}
	for _, t := range list {
		o := w.byName[t.name]
		over[o] = former{o.length, t.replaced()}
		o.length = now.staged[o].size
		o.time, _ = t.ModTime()
	}
	next := &epoch{number: now.epoch.number + 1}
	now.epoch.over, now.epoch.next = over, next
	for i, c := range w.history {
		c.settle()
		c.committed = i < w.cursor && !c.dropped
	}
	w.now.Store(&state{generation: now.generation + 1, epoch: next})
}

// replaced are the bytes that the steps take away.
func (t target) replaced() []extent {
	var list []extent
	for _, s := range t.steps {
		if len(s.Old) > 0 {
			list = append(list, extent{off: s.Offset, data: s.Old})
		}
	}
	return list
}

// abort puts the old bytes back after a failed write. If that fails too, the
// journal stays.
func (w *Workspace) abort(list targets, cause error, kept *journalFile) error {
	if err := list.restore(); err != nil {
		return fmt.Errorf("%w; the old bytes could not be put back: %w", cause, err)
	}
	if err := kept.drop(); err != nil {
		return fmt.Errorf("%w; the old bytes are back, but: %w", cause, err)
	}
	return fmt.Errorf("%w; the old bytes are back", cause)
}

// target is a file being written and its part of the plan.
type target struct {
	File
	name  string
	steps []Step
}

type targets []target

// targets opens the files of a plan for writing and checks that they are as they
// were read.
func (w *Workspace) targets(ctx context.Context, steps []Step) (targets, error) {
	list, err := openTargets(w.base, steps)
	if err != nil {
		return list, err
	}
	for _, t := range list {
		if err := t.unchanged(ctx, w.original(t.name)); err != nil {
			return list, err
		}
	}
	return list, nil
}

// openTargets opens the files of a plan; those that it could are returned with
// the error too, to be closed.
func openTargets(in Opener, steps []Step) (targets, error) {
	var list targets
	for _, s := range steps {
		if n := len(list); n > 0 && list[n-1].name == s.File {
			list[n-1].steps = append(list[n-1].steps, s)
			continue
		}
		f, err := in.OpenWrite(s.File)
		if err != nil {
			return list, err
		}
		list = append(list, target{f, s.File, []Step{s}})
	}
	return list, nil
}

// lockImage has the image's own file locked too where a plan writes to others only:
// whoever else wants to write to the image, or to follow its journal, begins there.
// One that can't be written to is left alone.
func (ts targets) lockImage(in Opener, image string) (io.Closer, error) {
	if !slices.ContainsFunc(ts, func(t target) bool { return t.name == image }) {
		f, err := in.OpenWrite(image)
		if err == nil || errors.Is(err, ErrLocked) {
			return f, err
		}
	}
	return io.NopCloser(nil), nil
}

// steps are those of all files, in order.
func (ts targets) steps() []Step {
	var list []Step
	for _, t := range ts {
		list = append(list, t.steps...)
	}
	return list
}

func (ts targets) close() {
	for _, t := range ts {
		t.Close()
	}
}

func (t target) unchanged(ctx context.Context, o *original) error {
	id, err := t.ID()
	if err != nil {
		return err
	}
	size, err := t.Size()
	if err != nil {
		return err
	}
	switch {
	case id != o.id:
		return fmt.Errorf("%q: another file has this name now: %w", t.name, ErrChanged)
	case size != o.length:
		return fmt.Errorf("%q: it has %d bytes now, and had %d when it was read: %w", t.name, size, o.length, ErrChanged)
	}
	for _, s := range t.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.expect(s.Offset, s.Old, ErrChanged); err != nil {
			return err
		}
	}
	return nil
}

// expect reads and compares; a difference is the given error, with its place.
func (t target) expect(off int64, want []byte, differs error) error {
	got := make([]byte, len(want))
	if n, err := t.ReadAt(got, off); n < len(got) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%q at offset 0x%x: %w", t.name, off+int64(n), err)
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("%q at offset 0x%x: byte 0x%02x, expected 0x%02x: %w", t.name, off+int64(i), got[i], want[i], differs)
		}
	}
	return nil
}

// write carries out the plan and proves it.
func (ts targets) write() error {
	for _, t := range ts {
		if err := t.carryOutAll(); err != nil {
			return err
		}
	}
	return ts.secure(func(s Step) ([]byte, int64) { return s.New, s.SizeAfter })
}

func (t target) carryOutAll() error {
	for _, s := range t.steps {
		if err := t.carryOut(s); err != nil {
			return err
		}
	}
	return nil
}

func (t target) carryOut(s Step) error {
	if s.Resizes() {
		return t.Truncate(s.SizeAfter)
	}
	_, err := t.WriteAt(s.New, s.Offset)
	return err
}

// restore takes a plan back, as far as it was carried out. It goes on after an
// error, to save what can be saved, and returns the first.
func (ts targets) restore() error {
	var first error
	for _, t := range ts {
		if err := t.takeBackAll(); err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		return first
	}
	return ts.secure(func(s Step) ([]byte, int64) { return s.Old, s.SizeBefore })
}

// takeBackAll goes on after an error too, and returns the first.
func (t target) takeBackAll() error {
	var first error
	for _, s := range slices.Backward(t.steps) {
		if err := t.takeBack(s); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// takeBack writes only where the old bytes are not there: what a full disk has no room
// for was not written, and needs none to be taken back.
func (t target) takeBack(s Step) error {
	if s.Resizes() {
		size, err := t.Size()
		if err != nil {
			return err
		}
		if size != s.SizeBefore {
			if err := t.Truncate(s.SizeBefore); err != nil {
				return err
			}
		}
	}
	now := make([]byte, takenBack)
	for at := int64(0); at < int64(len(s.Old)); {
		off := s.Offset + at
		old := s.Old[at:min(at+takenBack-off%takenBack, int64(len(s.Old)))]
		n, err := t.ReadAt(now[:len(old)], off)
		if err != nil && err != io.EOF {
			return err
		}
		if !bytes.Equal(now[:n], old) {
			if _, err := t.WriteAt(old, off); err != nil {
				return err
			}
		}
		at += int64(len(old))
	}
	return nil
}

// takenBack is how many bytes of a file are written together if one of them differs.
const takenBack = 4096

// secure makes the files durable, reads back, and compares with the bytes and
// the size that each step should have left.
func (ts targets) secure(left func(Step) (content []byte, size int64)) error {
	for _, t := range ts {
		if err := t.Sync(); err != nil {
			return err
		}
	}
	for _, t := range ts {
		for _, s := range t.steps {
			content, size := left(s)
			if err := t.prove(s, content, size); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t target) prove(s Step, content []byte, size int64) error {
	if s.Resizes() {
		got, err := t.Size()
		if err != nil {
			return err
		}
		if got != size {
			return fmt.Errorf("%q has %d bytes, expected %d: %w", t.name, got, size, ErrVerify)
		}
	}
	return t.expect(s.Offset, content, ErrVerify)
}
