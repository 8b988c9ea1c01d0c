package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
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
// must hold the old bytes still, else nothing is staged (ErrChanged); so too if
// anything is staged already (ErrBusy), or the text is incomplete (ErrTorn) or
// damaged (ErrDamaged).
func (w *Workspace) Load(from io.Reader) error {
	steps, err := w.saved(from)
	if err != nil {
		return fmt.Errorf("load staged changes: %w", err)
	}
	if len(w.Plan()) > 0 {
		return fmt.Errorf("load staged changes: %w", ErrBusy)
	}
	for _, s := range steps {
		if err := w.fits(s); err != nil {
			return fmt.Errorf("load staged changes: %w", err)
		}
	}
	return w.stageAll(steps)
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

// fits checks that a step starts from what is on disk.
func (w *Workspace) fits(s Step) error {
	f, err := w.OnDisk(s.File)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	if s.Resizes() && size != s.SizeBefore {
		return fmt.Errorf("%q has %d bytes, expected %d: %w", s.File, size, s.SizeBefore, ErrChanged)
	}
	return target{File: f, name: s.File}.expect(s.Offset, s.Old, ErrChanged)
}

// stageAll makes a change of the steps of each change, oldest first; all or none.
func (w *Workspace) stageAll(steps []Step) error {
	byChange := map[int][]Step{}
	for _, s := range steps {
		byChange[s.Change] = append(byChange[s.Change], s)
	}
	for n, id := range slices.Sorted(maps.Keys(byChange)) {
		part := byChange[id]
		if err := w.Do(part[0].Title, func(tx *Tx) error { return stageSteps(tx, part) }); err != nil {
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
