package disk

import (
	"context"

	"platter/engine/store"
)

// Carried is the [Repairer] of formats whose repairs come with the finding.
func Carried(_ context.Context, _ Image, f Finding) ([]Repair, error) { return f.Repairs, nil }

// Applied is a repair of a format that does not write yet as one that does.
func Applied(r Repair) Step {
	if r.Apply != nil {
		return r.Apply
	}
	return func(ctx context.Context, to store.FS) error {
		edits, err := r.Edits(ctx)
		if err != nil {
			return err
		}
		var list []Step
		for _, e := range edits {
			if e.Resize {
				list = append(list, Resize(e.File, e.Offset))
			} else {
				list = append(list, Put(e.File, e.Offset, e.Data))
			}
		}
		return Steps(list...)(ctx, to)
	}
}
