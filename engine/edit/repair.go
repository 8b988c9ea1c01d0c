package edit

import (
	"context"
	"errors"

	"platter/engine/disk"
	"platter/engine/store"
)

// errNothing is what a repair fails with that changes no byte.
var errNothing = errors.New("the bytes are already as this repair would make them")

// Repair makes one undoable change of what a repair writes.
func (s *Session) Repair(ctx context.Context, title string, r disk.Repair) error {
	if err := s.sealed(); err != nil {
		return err
	}
	before := s.ws.Generation()
	err := s.ws.Do(title, func(tx *store.Tx) error { return r.Apply(ctx, tx) })
	if err == nil && s.ws.Generation() == before {
		return errNothing
	}
	return err
}
