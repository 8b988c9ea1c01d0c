package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// ErrNoJournal: the journal of a commit can't be made beside the image.
var ErrNoJournal = errors.New("no commit journal can be made beside the image")

// ErrTorn: a journal was not written to its end. Of a commit nothing else had been
// written then: it can be removed.
var ErrTorn = errors.New("the journal is incomplete")

// ErrDamaged: a journal was written to its end, but is not what was written any more,
// or its format is not known. The commit may have begun: it must be kept.
var ErrDamaged = errors.New("the journal is damaged, or of an unknown format")

// ErrOtherVersion: a journal whose format another version of the program knows.
var ErrOtherVersion = errors.New("the journal is of another version of the program")

const (
	journalMagic = "platter commit journal 3\n"
	// anyJournal begins the journals of all versions.
	anyJournal = "platter commit journal "
)

// JournalName is the name of an image's commit journal: beside it, so that it
// travels with a torn image.
func JournalName(image string) string { return image + ".platter-journal" }

// Journal is what an interrupted commit left: what it meant to write, with the
// old bytes.
type Journal struct {
	Image string
	Steps []Step
	files []string // that it may concern besides the image's own
}

// whyBroken tells whether the writing of a journal, of which the first line is given,
// did not come to its end. It gets that line when the rest is durable, and in one
// sector: without it the journal is torn, with any it was whole.
func whyBroken(head []byte) error {
	switch {
	case len(bytes.TrimLeft(head, "\x00")) == 0:
		return ErrTorn
	case bytes.HasPrefix(head, []byte(anyJournal)) && string(head) != journalMagic:
		return fmt.Errorf("%w: %w", ErrDamaged, ErrOtherVersion)
	}
	return ErrDamaged
}

func writeJournal(to FS, image string, steps []Step) error {
	name := JournalName(image)
	f, err := to.Create(name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("an interrupted commit left its journal: %w", err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoJournal, err)
	}
	if err = errors.Join(fillJournal(f, image, steps), f.Close(), to.SyncDir()); err != nil {
		return errors.Join(err, to.Remove(name))
	}
	return nil
}

// fillJournal puts the first line in when the rest is durable, see whyBroken.
func fillJournal(f File, image string, steps []Step) error {
	if err := putSteps(io.NewOffsetWriter(f, int64(len(journalMagic))), journalMagic, image, steps); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(journalMagic), 0); err != nil {
		return err
	}
	return f.Sync()
}

// DropJournal removes the journal beside an image so that it stays removed.
func DropJournal(from FS, image string) error {
	if err := from.Remove(JournalName(image)); err != nil {
		return err
	}
	return from.SyncDir()
}

// HasJournal tells whether an interrupted commit left its journal beside an image.
func HasJournal(o Opener, image string) bool {
	info, err := o.Stat(JournalName(image))
	return err == nil && info.Regular
}

// ReadJournal reads the journal beside an image. Without one it gives
// fs.ErrNotExist; ErrTorn tells that the commit had not begun to write, ErrDamaged
// that it may have, ErrUnfit that it is no commit's. It concerns the image's own
// file only, unless Allow adds others.
func ReadJournal(o Opener, image string) (*Journal, error) {
	f, err := o.Open(JournalName(image))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	steps, err := readJournal(f, size, image)
	if err != nil {
		return nil, nameErr("read", JournalName(image), err)
	}
	if err := wellFormed(steps); err != nil {
		return nil, nameErr("read", JournalName(image), err)
	}
	return &Journal{Image: image, Steps: steps}, nil
}

func readJournal(f File, size int64, image string) ([]Step, error) {
	head := make([]byte, min(size, int64(len(journalMagic))))
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	rest := size - int64(len(head))
	switch {
	case string(head) != journalMagic:
		return nil, whyBroken(head)
	case rest > maxRecords+sha256.Size:
		return nil, fmt.Errorf("a commit journal of %d bytes: %w", size, ErrTooMuch)
	}
	return getSteps(io.NewSectionReader(f, int64(len(head)), rest), rest, journalMagic, image)
}

// RollBack puts the old bytes of an interrupted commit back and removes its journal.
func (j *Journal) RollBack(to FS) error {
	return j.roll(to, "roll back", targets.restore)
}

// RollForward completes an interrupted commit and removes its journal.
func (j *Journal) RollForward(to FS) error {
	return j.roll(to, "roll forward", targets.write)
}

// roll requires that every byte concerned is an old or a new one: else somebody
// wrote to the files since, and the journal no longer speaks of them.
func (j *Journal) roll(to FS, op string, act func(targets) error) error {
	list, err := j.open(to)
	defer list.close()
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := act(list); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return DropJournal(to, j.Image)
}

func (j *Journal) open(to FS) (targets, error) {
	if err := errors.Join(wellFormed(j.Steps), j.Fits()); err != nil {
		return nil, err
	}
	list, err := openTargets(to, j.Steps)
	if err != nil {
		return list, err
	}
	for _, t := range list {
		for _, s := range t.steps {
			if err := t.halfDone(s); err != nil {
				return list, err
			}
		}
	}
	return list, nil
}

// halfDone checks that a step was carried out for some of its bytes, all, or none.
func (t target) halfDone(s Step) error {
	size, err := t.Size()
	if err != nil {
		return err
	}
	if !s.Resizes() {
		return t.oldOrNew(s.Offset, s.Old, s.New)
	}
	if size < min(s.SizeBefore, s.SizeAfter) || size > max(s.SizeBefore, s.SizeAfter) {
		return fmt.Errorf("%q has %d bytes, expected %d to %d: %w", t.name, size, s.SizeBefore, s.SizeAfter, ErrChanged)
	}
	// What is left of a tail that is cut off. Zeros stand where the way back had
	// given the file its length again, but not yet the bytes.
	left := s.Old[:max(min(int64(len(s.Old)), size-s.SizeAfter), 0)]
	return t.oldOrNew(s.SizeAfter, left, make([]byte, len(left)))
}

// oldOrNew checks that each byte at off is as it was or as it is to be. The file has
// the old ones at least; what lies after them was zeros.
func (t target) oldOrNew(off int64, before, after []byte) error {
	got := make([]byte, len(after))
	n, err := t.ReadAt(got, off)
	if err != nil && err != io.EOF {
		return err
	}
	if n < len(before) {
		return fmt.Errorf("%q ends at 0x%x, in the middle of old bytes: %w", t.name, off+int64(n), ErrChanged)
	}
	for i, b := range got[:n] {
		old := byte(0)
		if i < len(before) {
			old = before[i]
		}
		if b != old && b != after[i] {
			return fmt.Errorf("%q at offset 0x%x: byte 0x%02x is neither old nor new: %w", t.name, off+int64(i), b, ErrChanged)
		}
	}
	return nil
}
