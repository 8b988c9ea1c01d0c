package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
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
	journalMagic = "platter commit journal 4\n"
	// anyJournal begins the journals of all versions.
	anyJournal = "platter commit journal "
	// maxJournal bounds the length of a journal that is read.
	maxJournal = int64(len(journalMagic)) + maxRecords + sha256.Size
)

// JournalName is the name of an image's commit journal: beside it, so that it
// travels with a torn image.
func JournalName(image string) string { return image + journalSuffix }

// Journal is what an interrupted commit left: what it meant to write, with the
// old bytes.
type Journal struct {
	Image string
	Steps []Step
	// Other is set if the journal was written for another file than the one that is
	// called Image now: a copy of it, or what has its name since.
	Other bool

	name  string
	files []string // that it may concern besides the image's own
	of    owners
	read  digest
	torn  bool
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

// journalFile is the journal of a commit that is under way, locked until it is closed.
type journalFile struct {
	File
	fs   FS
	name string
}

func writeJournal(to FS, image string, list targets) (*journalFile, error) {
	name := JournalName(image)
	f, err := to.Create(name)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("an interrupted commit left its journal: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoJournal, err)
	}
	if err = errors.Join(fillJournal(f, image, list), to.SyncDir()); err != nil {
		return nil, errors.Join(err, f.Close(), to.Remove(name))
	}
	return &journalFile{f, to, name}, nil
}

// lock opens the journal so that nobody else follows it. It must be the one that was
// read.
func (j *Journal) lock(in FS) (*journalFile, error) {
	f, err := in.OpenWrite(j.name)
	if err != nil {
		return nil, err
	}
	now, err := digestOf(f)
	if err == nil && now != j.read {
		err = nameErr("open", j.name, ErrChanged)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &journalFile{f, in, j.name}, nil
}

// drop removes the journal so that it stays removed.
func (j *journalFile) drop() error {
	if j == nil {
		return nil
	}
	if runtime.GOOS == "windows" { // what is open has to stay; the image is locked still
		j.Close()
	}
	if err := j.fs.Remove(j.name); err != nil {
		return err
	}
	return j.fs.SyncDir()
}

// digest tells two journals apart.
type digest [sha256.Size]byte

// digestOf is the digest of a journal of a size that is read at all.
func digestOf(f File) (digest, error) {
	size, err := f.Size()
	if err != nil {
		return digest{}, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, min(size, maxJournal+1))); err != nil {
		return digest{}, err
	}
	return digest(sum.Sum(nil)), nil
}

// fillJournal puts the first line in when the rest is durable, see whyBroken.
func fillJournal(f File, image string, list targets) error {
	owners, err := list.owners(image)
	if err != nil {
		return err
	}
	out := io.NewOffsetWriter(f, int64(len(journalMagic)))
	if err := putSteps(out, journalMagic, image, list.steps(), owners.put); err != nil {
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

// HasJournal tells whether a commit to an image that is interrupted, or under way, has
// its journal beside it. IsRunning tells the two apart.
func HasJournal(o Opener, image string) bool {
	info, err := o.Stat(JournalName(image))
	return err == nil && info.Regular
}

// IsRunning tells whether another program is writing to an image now, through the
// journal beside it. Where the file system knows no locks nobody can tell.
func IsRunning(o Opener, image string) bool {
	return errors.Is(HeldBy(o, JournalName(image)), ErrRunning) || errors.Is(HeldBy(o, image), ErrRunning)
}

// ReadJournal reads the journal beside an image, or the one of the same file under
// another name (see FindJournals). Without one it gives fs.ErrNotExist; ErrTorn tells
// that the commit had not begun to write (the journal can then only be rolled back),
// ErrDamaged that it may have, ErrUnfit that it is no commit's, ErrRunning that the
// commit is running. It concerns the image's own file only, unless Allow adds others.
func ReadJournal(o Opener, image string) (*Journal, error) {
	name, err := journalFor(o, image)
	if err != nil {
		return nil, err
	}
	j := &Journal{Image: image, name: name}
	if IsRunning(o, image) || errors.Is(HeldBy(o, name), ErrRunning) {
		return nil, nameErr("read", name, ErrRunning)
	}
	f, err := o.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err = j.load(f); err == nil {
		err = wellFormed(j.Steps)
	}
	j.torn = errors.Is(err, ErrTorn)
	switch {
	case err != nil && !j.torn:
		return nil, nameErr("read", name, err)
	case err == nil:
		j.Other, err = j.of.exclude(o, image)
	}
	return j, nameErr("read", name, err)
}

// load reads a journal's file.
func (j *Journal) load(f File) (err error) {
	if j.read, err = digestOf(f); err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return err
	}
	j.Steps, err = readJournal(f, size, j.Image, j.of.get)
	return err
}

func readJournal(f File, size int64, image string, owners func(*recordReader)) ([]Step, error) {
	head := make([]byte, min(size, int64(len(journalMagic))))
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	rest := size - int64(len(head))
	switch {
	case string(head) != journalMagic:
		return nil, whyBroken(head)
	case size > maxJournal:
		return nil, fmt.Errorf("a commit journal of %d bytes: %w", size, ErrTooMuch)
	}
	return getSteps(io.NewSectionReader(f, int64(len(head)), rest), rest, journalMagic, image, owners)
}

// RollBack puts the old bytes of an interrupted commit back and removes its journal;
// one that was torn is only removed. While others write to the image, or follow its
// journal, that is ErrLocked.
func (j *Journal) RollBack(to FS) error {
	return j.roll(to, "roll back", targets.restore)
}

// RollForward completes an interrupted commit and removes its journal. A journal that
// was torn does not hold all that is to be written: ErrTorn.
func (j *Journal) RollForward(to FS) error {
	if j.torn {
		return fmt.Errorf("roll forward: %w", ErrTorn)
	}
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
	own, err := list.lockImage(to, j.Image)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer own.Close()
	kept, err := j.lock(to)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer kept.Close()
	if err := act(list); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return kept.drop()
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
