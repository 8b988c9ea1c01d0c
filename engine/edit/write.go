package edit

import (
	"context"
	"errors"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// Write makes one undoable change of writing to the virtual disk. Sectors that are
// stored plainly are overwritten where they lie, and nothing else changes. Others
// are stored first, as their format does it: in a new block, with the table entries
// and bits that name it. What can't be written is an [disk.Error] of kind
// Unsupported or ReadOnly that says why.
func (s *Session) Write(ctx context.Context, title string, off int64, data []byte) error {
	edits, err := s.Place(off, int64(len(data)))
	if errors.Is(err, disk.ErrUnsupported) {
		return s.store(ctx, title, off, data)
	}
	if err != nil {
		return err
	}
	for i := range edits {
		data = data[copy(edits[i].Data, data):]
	}
	return s.Stage(title, edits...)
}

// store writes through the format's writer, in a change: what it does is visible
// when all of it is.
func (s *Session) store(ctx context.Context, title string, off int64, data []byte) error {
	if err := s.sealed(); err != nil {
		return err
	}
	return s.ws.Do(title, func(tx *store.Tx) error {
		w, err := engine.WriteIn(ctx, tx, s.name, s.path, s.opt, disk.WriteOptions{})
		if err != nil {
			return err
		}
		_, err = w.WriteAt(data, off)
		return errors.Join(err, w.Close(ctx))
	})
}
