package edit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// placement is where a part of the virtual disk was found when it was written to.
type placement struct {
	start  int64 // on the disk, in bytes
	file   string
	offset int64
	length int64
}

// placements tell for which reason bytes of files are written: what the tables said of
// the disk then. They are looked at again when the bytes are committed.
type placements struct {
	asked   map[placement]bool // since the last change
	of      map[int][]placement
	through map[int]bool // changes that a writer made, which chose new places
	meant   map[int][]meant
}

// meant is a part of a change of the virtual disk as it was asked for, wherever that led in
// the files: with it the change can be made again in files that are others by now.
type meant struct {
	Start     int64 // on the disk, in bytes
	Was, Data []byte
}

// placing notes where the sectors lie that a session's edits are meant for.
type placing struct{ *Session }

// meaning reads what edits of the disk replace.
func (s placing) meaning(edits []disk.Edit) ([]meant, error) {
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	var list []meant
	for _, e := range edits {
		m := meant{e.Offset, make([]byte, len(e.Data)), e.Data}
		if _, err := img.ReadAt(m.Was, e.Offset); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// mean remembers what the last change was meant to do.
func (s placing) mean(list []meant) {
	id := s.ws.Last()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placed.meant == nil {
		s.placed.meant = map[int][]meant{}
	}
	s.placed.meant[id] = list
}

// maxAsked bounds how many places are remembered that nothing was staged at.
const maxAsked = 1 << 12

// asked remembers that places were looked up.
func (s placing) asked(list []placement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placed.asked == nil || len(s.placed.asked)+len(list) > maxAsked {
		s.placed.asked = map[placement]bool{}
	}
	for _, p := range list {
		s.placed.asked[p] = true
	}
}

// onDisk are the edits of a list that places were looked up for, as edits of the disk, and
// whether those are all.
func (s placing) onDisk(edits []disk.Edit) (places []placement, content []disk.Edit, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = len(edits) > 0
	for _, e := range edits {
		found := false
		for p := range s.placed.asked {
			if in := e.Offset - p.offset; p.file == e.File && in >= 0 && in+int64(len(e.Data)) <= p.length {
				places = append(places, placement{p.start + in, e.File, e.Offset, int64(len(e.Data))})
				if !found {
					content = append(content, disk.Edit{Offset: p.start + in, Data: e.Data})
				}
				found = true
			}
		}
		all = all && found
	}
	return places, content, all
}

// keepPlaces ties the places that edits were looked up for to the last change.
func (s placing) keepPlaces(list []placement) {
	id := s.ws.Last()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range list {
		s.place(id, p)
	}
}

// place ties a place to a change. The lock is held.
func (s placing) place(id int, p placement) {
	if s.placed.of == nil {
		s.placed.of = map[int][]placement{}
	}
	s.placed.of[id] = append(s.placed.of[id], p)
}

// keepThrough remembers that the last change was made by a writer.
func (s placing) keepThrough() {
	id := s.ws.Last()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placed.through == nil {
		s.placed.through = map[int]bool{}
	}
	s.placed.through[id] = true
}

// stillPlaced checks before a commit that the disk's bytes are where they were when the
// staged changes were made: another program may have moved blocks, whose bytes are equal
// to those that were there. It opens the image again, since tables are kept in memory.
func (s placing) stillPlaced(ctx context.Context) store.Check {
	return func(changed bool) error {
		list, through := s.stagedPlaces()
		if through && changed {
			return fmt.Errorf("%q was written to since it was read, and places for new blocks were chosen by what it held then; read it again, and make the change again: %w", s.name, store.ErrChanged)
		}
		if len(list) == 0 {
			return nil
		}
		files := s.ws.Snapshot()
		file, err := files.Open(s.name)
		if err != nil {
			return err
		}
		img, err := engine.OpenIn(ctx, files, s.name, file, s.path, s.opt)
		if err != nil {
			return err
		}
		defer img.Close()
		for _, p := range list {
			if err := p.holds(img); err != nil {
				return err
			}
		}
		return nil
	}
}

// stagedPlaces are the places of what is staged, and whether a writer chose some.
func (s placing) stagedPlaces() (list []placement, through bool) {
	history := s.ws.History()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range history {
		if c.State == store.Staged {
			list = append(list, s.placed.of[c.ID]...)
			through = through || s.placed.through[c.ID]
		}
	}
	return list, through
}

// holds checks that an image has a place where it was.
func (p placement) holds(img disk.Image) error {
	for span, err := range img.Map(p.start, p.length) {
		if err != nil {
			return err
		}
		if span.State != disk.Data || span.Layer != 0 || span.File != p.file || span.Offset != p.offset+span.Start-p.start {
			return &disk.Error{Kind: disk.ReadOnly, At: decode.Place{File: p.file, Offset: p.offset, Length: p.length},
				What: fmt.Sprintf("byte 0x%x of the virtual disk was here when it was edited, and is elsewhere now: read the image again, and make the change again", span.Start), Err: store.ErrChanged}
		}
	}
	return nil
}
