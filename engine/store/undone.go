package store

import (
	"fmt"
	"io"
	"slices"
)

// TakeBack stages the opposite of what Save wrote, which was committed since: the old
// bytes in the place of the new ones, as one change. It returns the steps that it takes
// back. The files must hold the new bytes still, else nothing is staged (ErrChanged); so
// too if anything is staged already (ErrBusy), or the text is incomplete (ErrTorn) or
// damaged (ErrDamaged).
//
// What a file has gained is cut off with it, unless that is too much to be kept for a
// rollback: a step of which TooLongToCut is true is left to the caller, after the commit,
// when nothing refers to it any more.
func (w *Workspace) TakeBack(title string, from io.Reader) ([]Step, error) {
	steps, err := w.saved(from)
	if err != nil {
		return nil, fmt.Errorf("take back: %w", err)
	}
	if len(w.Plan()) > 0 {
		return nil, fmt.Errorf("take back: %w", ErrBusy)
	}
	for _, s := range steps {
		if err := w.carriedOut(s); err != nil {
			return steps, fmt.Errorf("take back: %w", err)
		}
	}
	return steps, w.Do(title, func(tx *Tx) error {
		for _, s := range slices.Backward(steps) {
			if s.TooLongToCut() {
				continue
			}
			f, err := tx.OpenWrite(s.File)
			if err != nil {
				return err
			}
			err = target{File: f, name: s.File}.takeBack(s)
			f.Close()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TooLongToCut reports whether a step makes a file so much longer that a change can't keep
// what it would cut off to take it back.
func (s Step) TooLongToCut() bool { return s.SizeAfter-s.SizeBefore > MaxStaged/4 }

// carriedOut checks that the disk holds what a step has left.
func (w *Workspace) carriedOut(s Step) error {
	f, err := w.OnDisk(s.File)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	if s.Resizes() && size != s.SizeAfter {
		return fmt.Errorf("%q has %d bytes, expected %d: %w", s.File, size, s.SizeAfter, ErrChanged)
	}
	return target{File: f, name: s.File}.expect(s.Offset, s.New, ErrChanged)
}
