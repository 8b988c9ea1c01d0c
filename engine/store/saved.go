package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// savedMagic begins steps that were not committed.
const savedMagic = "platter staged changes 2\n"

// Save writes what is staged, with the old bytes, so that a later run can Load it:
// work is not lost with the program. It keeps who changed which byte last, not the
// history before that. Nothing staged is saved as such.
func (w *Workspace) Save(to io.Writer) error {
	if _, err := io.WriteString(to, savedMagic); err != nil {
		return err
	}
	return putSteps(to, savedMagic, w.image, w.Plan(), func(*recordWriter) {})
}

// Load stages what Save wrote, one change for each that had a part in it. The files
// must hold the old bytes still, else nothing is staged: they hold the new ones
// (ErrWritten), some of both (ErrPartly), or others (ErrChanged). So too if
// anything is staged already (ErrBusy), or the text is incomplete (ErrTorn) or
// damaged (ErrDamaged).
func (w *Workspace) Load(from io.Reader) error {
	list, err := w.Saved(from)
	if err != nil {
		return err
	}
	if len(w.Plan()) > 0 {
		return fmt.Errorf("load staged changes: %w", ErrBusy)
	}
	var steps []Step
	for _, c := range list {
		steps = append(steps, c.Steps...)
	}
	if err := w.startsFrom(steps); err != nil {
		return fmt.Errorf("load staged changes: %w", err)
	}
	return w.stageAll(list)
}

func (w *Workspace) saved(from io.Reader) ([]Step, error) {
	head := make([]byte, len(savedMagic))
	if n, err := io.ReadFull(from, head); err != nil && string(head[:n]) == savedMagic[:n] {
		return nil, ErrTorn
	}
	if string(head) != savedMagic {
		return nil, ErrDamaged
	}
	steps, err := getSteps(from, maxRecords+sha256.Size, savedMagic, w.image, func(*recordReader) {})
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrTorn
	}
	return steps, err
}

// startsFrom fails unless the files hold what the steps start from, and tells how far
// they were carried out.
func (w *Workspace) startsFrom(steps []Step) error {
	old, done := true, true
	for _, s := range steps {
		was, is, err := w.stands(s)
		if err != nil {
			return err
		}
		old, done = old && was, done && is
	}
	switch {
	case old:
		return nil
	case done:
		return ErrWritten
	}
	return ErrPartly
}

// stands tells whether a file holds the old bytes of a step and the new ones. Bytes
// that are neither are ErrChanged.
func (w *Workspace) stands(s Step) (old, done bool, err error) {
	f, err := w.OnDisk(s.File)
	if err != nil {
		return false, false, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return false, false, err
	}
	if s.Resizes() && size != s.SizeBefore && size != s.SizeAfter {
		return false, false, fmt.Errorf("%q has %d bytes, expected %d: %w", s.File, size, s.SizeBefore, ErrChanged)
	}
	old, done = !s.Resizes() || size == s.SizeBefore, !s.Resizes() || size == s.SizeAfter
	got := make([]byte, max(len(s.Old), len(s.New)))
	n, err := f.ReadAt(got, s.Offset)
	if err != nil && err != io.EOF {
		return false, false, err
	}
	got = got[:n]
	for i, b := range got {
		was, is := i < len(s.Old) && s.Old[i] == b, i < len(s.New) && s.New[i] == b
		if !was && !is && (i < len(s.Old) || i < len(s.New)) {
			return false, false, target{File: f, name: s.File}.expect(s.Offset, s.Old, ErrChanged)
		}
		old, done = old && (was || i >= len(s.Old)), done && (is || i >= len(s.New))
	}
	return old && n >= len(s.Old), done && n >= len(s.New), nil
}

// stageAll stages changes, oldest first; all or none.
func (w *Workspace) stageAll(list []SavedChange) error {
	for n, c := range list {
		if err := w.StageSaved(c); err != nil {
			for range n {
				w.Undo()
			}
			return fmt.Errorf("load staged changes: %w", err)
		}
	}
	return nil
}

func stageSteps(tx *Tx, steps []Step) error {
	for _, s := range steps {
		f, err := tx.OpenWrite(s.File)
		if err != nil {
			return err
		}
		err = target{File: f, name: s.File}.carryOut(s)
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
