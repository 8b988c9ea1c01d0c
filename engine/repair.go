package engine

import (
	"context"

	"platter/engine/disk"
)

// Repairs lists the ways to repair what a finding of an image found, see
// [disk.Repairer].
func Repairs(ctx context.Context, img disk.Image, f disk.Finding) ([]disk.Repair, error) {
	format, err := named(img.Info().Format)
	if err != nil || format.repairs == nil || !f.Repairable {
		return nil, nil
	}
	return format.repairs(ctx, img, f)
}

// Renewal gives the disk of an image a new mark of its content, see [disk.Renewer].
func Renewal(img disk.Image) (disk.Repair, bool) {
	format, err := named(img.Info().Format)
	if err != nil || format.renewal == nil {
		return disk.Repair{}, false
	}
	return format.renewal(img)
}
