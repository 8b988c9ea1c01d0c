package edit

import (
	"context"
	"errors"
	"io"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// conflict is a kept change that no longer fits the files: of the bytes of files, or of the
// virtual disk.
type conflict struct {
	Title string
	Why   string // what speaks against it besides other bytes; may be empty
	Steps []store.Step
	Disk  []meant
}

// setAside keeps changes that were not staged.
func (s *Session) setAside(list ...conflict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside = append(s.aside, list...)
}

// Conflicts lists the kept changes that were set aside.
func (s *Session) Conflicts() []disk.Conflict {
	s.mu.Lock()
	aside := slices.Clone(s.aside)
	s.mu.Unlock()
	var list []disk.Conflict
	for _, c := range aside {
		list = append(list, s.conflict(c))
	}
	return list
}

// conflict tells what a change that was set aside replaces, and what is there now.
func (s *Session) conflict(c conflict) disk.Conflict {
	out := disk.Conflict{Title: c.Title, Why: c.Why}
	for _, m := range c.Disk {
		part := disk.ConflictPart{Place: decode.Place{File: disk.VirtualDisk, Offset: m.Start, Length: int64(len(m.Data))}, Was: m.Was, New: m.Data}
		if img, err := s.Image(); err == nil {
			part.Now = readSome(img, m.Start, len(m.Data))
		}
		out.Parts = append(out.Parts, part)
	}
	for _, step := range c.Steps {
		if step.Resizes() {
			out.Fixed = "it changes the length of a file, which is another one now: make it again"
		}
		part := disk.ConflictPart{Place: decode.Place{File: step.File, Offset: step.Offset, Length: int64(len(step.New))}, Was: step.Old, New: step.New}
		if f, err := s.ws.OnDisk(step.File); err == nil {
			part.Now = readSome(f, step.Offset, len(step.New))
			f.Close()
		}
		out.Parts = append(out.Parts, part)
	}
	return out
}

// readSome reads what there is of n bytes.
func readSome(r io.ReaderAt, off int64, n int) []byte {
	b := make([]byte, n)
	got, _ := r.ReadAt(b, off)
	return b[:max(got, 0)]
}

// errNoConflict: the list has become another one.
var errNoConflict = errors.New("that change is not set aside any more")

// StageConflict stages the n-th change that was set aside, over what is there now.
func (s *Session) StageConflict(ctx context.Context, n int) error {
	c, err := s.conflictAt(n)
	if err != nil {
		return err
	}
	if fixed := s.conflict(c).Fixed; fixed != "" {
		return disk.Errorf(disk.Unsupported, decode.Place{File: s.name}, "%s", fixed)
	}
	if len(c.Disk) > 0 {
		var edits []disk.Edit
		for _, m := range c.Disk {
			edits = append(edits, disk.Edit{Offset: m.Start, Data: m.Data})
		}
		if _, err := s.Renew(ctx); err != nil {
			return err
		}
		err = s.stageDisk(ctx, c.Title, edits)
	} else {
		var edits []disk.Edit
		for _, step := range c.Steps {
			edits = append(edits, disk.Edit{File: step.File, Offset: step.Offset, Data: step.New})
		}
		err = s.Stage(c.Title, edits...)
	}
	if err != nil {
		return err
	}
	return s.DropConflict(n)
}

// DropConflict throws the n-th change away that was set aside.
func (s *Session) DropConflict(n int) error {
	if _, err := s.conflictAt(n); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside = slices.Delete(slices.Clone(s.aside), n, n+1)
	return nil
}

func (s *Session) conflictAt(n int) (conflict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 0 || n >= len(s.aside) {
		return conflict{}, errNoConflict
	}
	return s.aside[n], nil
}
