package engine

import (
	"context"
	"errors"

	"platter/engine/disk"
	"platter/engine/eyes"
)

// Eyes opens the image at path as every program reads it that there is a policy for.
// Closing what it gives closes the image too.
func Eyes(ctx context.Context, path string, opt Options) (*eyes.Eyes, error) {
	img, src, err := OpenFrom(ctx, path, opt)
	if err != nil {
		return nil, err
	}
	return eyes.Look(src, img), nil
}

// OpenAs opens the image at path as one program reads it: its disk is the one that the
// program sees, or is refused with that program's reason. All else is the image's own.
func OpenAs(ctx context.Context, path string, opt Options, policy string) (disk.Image, error) {
	p, err := eyes.Named(policy)
	if err != nil {
		return nil, err
	}
	img, src, err := OpenFrom(ctx, path, opt)
	if err != nil || policy == eyes.Spec {
		return img, err
	}
	seen, err := eyes.As(p, src, img)
	if err != nil {
		return nil, errors.Join(err, img.Close())
	}
	return seen, nil
}
