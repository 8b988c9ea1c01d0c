package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
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

// maxJournal bounds what is read of a journal; Commit writes none that is longer.
const maxJournal = 6 * MaxStaged

const (
	journalMagic = "platter commit journal 2\n"
	// journalMagic1 marks a journal that was written in one go, head and all.
	journalMagic1 = "platter commit journal 1\n"
)

// savedMagic marks steps that were not committed, see Save.
const savedMagic = "platter staged changes 1\n"

// JournalName is the name of an image's commit journal: beside it, so that it
// travels with a torn image.
func JournalName(image string) string { return image + ".platter-journal" }

// Journal is what an interrupted commit left: what it meant to write, with the
// old bytes.
type Journal struct {
	Image string
	Steps []Step
}

// entry is a step in a journal. A file name need not be UTF-8, as text in JSON must.
type entry struct {
	Name []byte
	Step
}

// A journal is a line that names the format, the SHA-256 of the rest in hex on a
// line, and the steps in JSON. The image's own file has no name in it: a journal
// belongs to the image that it lies beside, whatever that is called now.
func encodeJournal(magic, image string, steps []Step) (head, body []byte, err error) {
	var entries []entry
	for _, s := range steps {
		name := []byte(s.File)
		if s.File == image {
			name, s.File = nil, ""
		}
		entries = append(entries, entry{name, s})
	}
	if body, err = json.Marshal(entries); err != nil {
		return nil, nil, err
	}
	return fmt.Appendf(nil, "%s%x\n", magic, sha256.Sum256(body)), body, nil
}

func decodeJournal(magic, image string, b []byte) ([]Step, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	sum, body, found := bytes.Cut(rest, []byte("\n"))
	if !ok || !found || string(sum) != fmt.Sprintf("%x", sha256.Sum256(body)) {
		return nil, whyBroken(magic, b)
	}
	var entries []entry
	if err := json.Unmarshal(body, &entries); err != nil {
		return nil, err
	}
	var steps []Step
	for _, e := range entries {
		if e.Step.File = string(e.Name); e.Step.File == "" {
			e.Step.File = image
		}
		steps = append(steps, e.Step)
	}
	return steps, nil
}

// whyBroken tells whether the writing of b did not come to its end. A journal gets
// its head when the rest is durable, and in one sector: without a head it is torn,
// with any it was whole. What was written in one go is torn if it ends too early,
// or has zeros, which no text has, where a sector was not written.
func whyBroken(magic string, b []byte) error {
	head := b[:min(len(b), len(magic))]
	torn := len(bytes.TrimLeft(head, "\x00")) == 0
	if magic != journalMagic {
		torn = torn || bytes.HasPrefix([]byte(magic), b) ||
			string(head) == magic && (bytes.IndexByte(b, 0) >= 0 || !bytes.HasSuffix(b, []byte("]")))
	}
	if torn {
		return ErrTorn
	}
	return ErrDamaged
}

func writeJournal(to FS, image string, steps []Step) error {
	name := JournalName(image)
	head, body, err := encodeJournal(journalMagic, image, steps)
	if err != nil {
		return err
	}
	if n := len(head) + len(body); n > maxJournal {
		return fmt.Errorf("a journal of %d bytes: %w", n, ErrTooMuch)
	}
	f, err := to.Create(name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("an interrupted commit left its journal: %w", err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoJournal, err)
	}
	if err = errors.Join(fillJournal(f, head, body), f.Close(), to.SyncDir()); err != nil {
		return errors.Join(err, to.Remove(name))
	}
	return nil
}

// fillJournal puts the head in when the body is durable, see whyBroken.
func fillJournal(f File, head, body []byte) error {
	if _, err := f.WriteAt(body, int64(len(head))); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if _, err := f.WriteAt(head, 0); err != nil {
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
// that it may have.
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
	if size > maxJournal {
		return nil, fmt.Errorf("a commit journal of %d bytes: %w", size, ErrTooMuch)
	}
	content := make([]byte, size)
	if n, err := f.ReadAt(content, 0); n < len(content) {
		return nil, fmt.Errorf("commit journal: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	magic := journalMagic
	if bytes.HasPrefix(content, []byte(journalMagic1)) {
		magic = journalMagic1
	}
	steps, err := decodeJournal(magic, image, content)
	if err != nil {
		return nil, nameErr("read", JournalName(image), err)
	}
	return &Journal{image, steps}, nil
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
	if s.Offset < 0 || s.SizeBefore < 0 || s.SizeAfter < 0 {
		return fmt.Errorf("%q: %w", t.name, errOffset)
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
// the old ones at least; what lies behind them was zeros.
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
