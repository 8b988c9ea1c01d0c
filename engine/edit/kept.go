package edit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"platter/engine/disk"
	"platter/engine/store"
)

// keptHead begins what Save writes; the length and the SHA-256 of a [keptRecord] follow it,
// that, and what the workspace saves.
const keptHead = "platter kept changes 1 "

// maxKept bounds the length of a record that is read, in bytes: the old and the new bytes
// of all changes, as text.
const maxKept = 8 * store.MaxStaged

// keptRecord is what a later session has to know of staged changes besides their bytes.
type keptRecord struct {
	Files []store.FileState // as they were read
	Disk  []keptChange      // changes of the virtual disk, oldest first
	Mark  int               // ID of the change that renewed the content's mark; 0 for none
	Aside []conflict        // what was set aside before
}

// keptChange is a staged change of the virtual disk.
type keptChange struct {
	ID      int
	Title   string
	Through bool // a writer made it
	Meant   []meant
}

// Save writes what is staged, so that a later session can load it, and what was set aside.
func (s *Session) Save(w io.Writer) error {
	record, err := json.Marshal(s.keptRecord())
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s%d %x\n", keptHead, len(record), sha256.Sum256(record)); err != nil {
		return err
	}
	if _, err := w.Write(record); err != nil {
		return err
	}
	return s.ws.Save(w)
}

func (s *Session) keptRecord() keptRecord {
	r := keptRecord{Files: s.ws.States()}
	history := s.ws.History()
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Mark, r.Aside = s.mark, s.aside
	for _, c := range history {
		m, through := s.placed.meant[c.ID], s.placed.through[c.ID]
		if c.State == store.Staged && (len(m) > 0 || through) {
			r.Disk = append(r.Disk, keptChange{c.ID, c.Title, through, m})
		}
	}
	return r
}

// Load stages what Save wrote. Where the files were not written to since, that is all of it,
// byte for byte. Else each change is looked at on its own: one of the virtual disk is made
// again if the disk holds what it replaced, wherever that lies by now; one of the files'
// bytes is staged if they hold what it replaced. What does not fit is set aside. After a
// write that was interrupted nothing is loaded, and the error says that.
func (s *Session) Load(ctx context.Context, r io.Reader) (disk.Loaded, error) {
	record, list, err := s.readKept(r)
	if err != nil {
		return disk.Loaded{}, err
	}
	if len(s.ws.Plan()) > 0 {
		return disk.Loaded{}, fmt.Errorf("load kept changes: %w", store.ErrBusy)
	}
	if err := s.settled(); err != nil {
		return disk.Loaded{}, err
	}
	s.setAside(record.Aside...)
	l := loading{s: s, ctx: ctx, record: record, result: disk.Loaded{Aside: len(record.Aside)}}
	if err := l.all(list); err != nil {
		return l.result, fmt.Errorf("load kept changes: %w", err)
	}
	return l.result, nil
}

// readKept reads what Save wrote, or an earlier version did, which kept bytes only.
func (s *Session) readKept(r io.Reader) (record keptRecord, list []store.SavedChange, err error) {
	from := bufio.NewReader(r)
	if head, _ := from.Peek(len(keptHead)); string(head) == keptHead {
		length, sum := int64(0), []byte(nil)
		if n, err := fmt.Fscanf(from, keptHead+"%d %x\n", &length, &sum); err != nil || n != 2 || length < 0 || length > maxKept {
			return record, nil, store.ErrDamaged
		}
		text, err := io.ReadAll(io.LimitReader(from, length))
		if err != nil || int64(len(text)) < length {
			return record, nil, errors.Join(store.ErrTorn, err)
		}
		if now := sha256.Sum256(text); !bytes.Equal(now[:], sum) || json.Unmarshal(text, &record) != nil {
			return record, nil, store.ErrDamaged
		}
	}
	list, err = s.ws.Saved(from)
	return record, list, err
}

// loading brings kept changes back, one after the other.
type loading struct {
	s      *Session
	ctx    context.Context
	record keptRecord
	result disk.Loaded
}

// all stages the changes, oldest first. One of the disk that later ones have covered whole
// has no bytes of its own any more; in files that are others by now the later ones build on
// it all the same.
func (l *loading) all(list []store.SavedChange) error {
	same := l.unchanged()
	bytes := map[int]store.SavedChange{}
	var ids []int
	for _, c := range list {
		bytes[c.ID] = c
		ids = append(ids, c.ID)
	}
	asked := map[int]keptChange{}
	for _, c := range l.record.Disk {
		asked[c.ID] = c
		if _, has := bytes[c.ID]; !has && !same {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		c, onDisk := asked[id]
		if err := l.one(bytes[id], c, onDisk, same); err != nil {
			return err
		}
	}
	return nil
}

// unchanged reports whether all files are as they were when the changes were kept.
func (l *loading) unchanged() bool {
	now := map[string]store.FileState{}
	for _, f := range l.s.ws.States() {
		now[f.Name] = f
	}
	for _, f := range l.record.Files {
		if have, open := now[f.Name]; open && have != f {
			return false
		}
	}
	return len(l.record.Files) > 0
}

// one stages a change, or sets it aside.
func (l *loading) one(saved store.SavedChange, c keptChange, onDisk, same bool) error {
	fits := l.s.ws.StartsFrom(saved)
	switch {
	case len(saved.Steps) > 0 && errors.Is(fits, store.ErrWritten):
		l.result.Written++
		return nil
	case fits == nil && (same || !onDisk):
		return l.bytes(saved, c)
	case onDisk && len(c.Meant) > 0:
		return l.again(c, len(saved.Steps) == 0)
	case saved.ID == l.record.Mark && saved.ID != 0:
		_, err := l.s.RenewAgain(l.ctx)
		l.result.Staged++
		return err
	case errors.Is(fits, store.ErrChanged), errors.Is(fits, store.ErrPartly), fits == nil:
		l.aside(conflict{Title: saved.Title, Steps: saved.Steps})
		return nil
	case errors.Is(fits, fs.ErrNotExist):
		l.aside(conflict{Title: saved.Title, Steps: saved.Steps, Why: fits.Error()})
		return nil
	}
	return fits
}

// bytes stages a change as it was kept.
func (l *loading) bytes(saved store.SavedChange, c keptChange) error {
	if err := l.s.ws.StageSaved(saved); err != nil {
		return err
	}
	l.result.Staged++
	if c.Through {
		placing{l.s}.keepThrough()
	}
	if len(c.Meant) > 0 {
		placing{l.s}.mean(c.Meant)
	}
	if saved.ID == l.record.Mark {
		l.s.remember(l.s.ws.Last())
	}
	return nil
}

// again makes a change of the disk again if it holds what the change replaced. One that
// later changes have covered is worth nothing on its own.
func (l *loading) again(c keptChange, covered bool) error {
	var edits []disk.Edit
	for _, m := range c.Meant {
		edits = append(edits, disk.Edit{Offset: m.Start, Data: m.Data})
	}
	now, err := placing{l.s}.meaning(edits)
	for i := range now {
		switch same := bytes.Equal(now[i].Was, c.Meant[i].Was); {
		case !same && covered:
			return nil
		case !same:
			l.aside(conflict{Title: c.Title, Disk: c.Meant})
			return nil
		}
	}
	if err == nil {
		err = l.s.stageDisk(l.ctx, c.Title, edits)
	}
	if err != nil {
		l.aside(conflict{Title: c.Title, Disk: c.Meant, Why: err.Error()})
		return nil
	}
	l.result.Staged++
	return nil
}

func (l *loading) aside(c conflict) {
	l.s.setAside(c)
	l.result.Aside++
}

// stageDisk makes one change of edits of the virtual disk: where its sectors are stored, or
// through the format's writer.
func (s *Session) stageDisk(ctx context.Context, title string, edits []disk.Edit) error {
	var placed []disk.Edit
	for _, e := range edits {
		parts, err := s.Place(e.Offset, int64(len(e.Data)))
		if errors.Is(err, disk.ErrUnsupported) {
			_, err := s.Store(ctx, title, edits...)
			return err
		}
		if err != nil {
			return err
		}
		data := e.Data
		for _, p := range parts {
			data = data[copy(p.Data, data):]
		}
		placed = append(placed, parts...)
	}
	return s.Stage(title, placed...)
}
