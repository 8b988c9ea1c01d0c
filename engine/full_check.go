package engine

import (
	"context"
	"iter"

	"platter/engine/disk"
	"platter/engine/guest"
)

// FullCheck is [disk.FullCheck], followed by what is found about file systems that something
// was written over: whoever misses one looks there first. What else there is to say of the
// guest's partitions is theirs.
func FullCheck(ctx context.Context, img disk.Image, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		for f, err := range disk.FullCheck(ctx, img, profile) {
			if !yield(f, err) || err != nil {
				return
			}
		}
		if !img.Info().Readable() {
			return
		}
		t, err := guest.Partitions(ctx, img)
		if err != nil {
			return // the disk can't be read there, which the check has said
		}
		for _, f := range t.Findings {
			if f.Code == guest.CodeRemains && !yield(f, nil) {
				return
			}
		}
	}
}
