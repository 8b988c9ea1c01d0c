package disk

import (
	"context"
	"errors"

	"platter/engine/store"
)

// Carried is the [Repairer] of formats whose repairs come with the finding.
func Carried(_ context.Context, _ Image, f Finding) ([]Repair, error) { return f.Repairs, nil }

// EditsOf are the edits that a repair makes of files as they are.
func EditsOf(ctx context.Context, files store.Opener, r Repair) ([]Edit, error) {
	if r.Apply == nil {
		return r.Edits(ctx)
	}
	w := store.NewWorkspace(asFS{files}, "")
	defer w.Close()
	made, err := w.Try(func(tx *store.Tx) error { return r.Apply(ctx, tx) })
	if err != nil {
		return nil, err
	}
	var list []Edit
	for _, e := range made {
		switch {
		case e.Resizes():
			list = append(list, Resized(e.File, e.SizeAfter))
		case len(e.After) > 0:
			list = append(list, Edit{File: e.File, Offset: e.Offset, Data: e.After})
		}
	}
	return list, nil
}

// asFS has no other files than an opener.
type asFS struct{ store.Opener }

var errNoFiles = errors.New("a repair makes and removes no files")

// Create fails.
func (asFS) Create(string) (store.File, error) { return nil, errNoFiles }

// Remove fails.
func (asFS) Remove(string) error { return errNoFiles }

// Rename fails.
func (asFS) Rename(_, _ string) error { return errNoFiles }

// SyncDir fails.
func (asFS) SyncDir() error { return errNoFiles }
